//! talk, both programs at their terminals: "Socket programming" project 3.
//!
//! Between themselves they may encrypt as they like; that they do is seen on the wire.

use crate::diagnosis::GOOD_BYE;
use crate::diagnosis::clients::{LANGUAGE, NOT_HEARD, READABLE};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::Text;
use crate::rule::Step::{Exits, Shows, Start, Talk, Type};
use crate::rule::Talk::{Answer, GoodBye, Keys, Secret};
use crate::rule::{Cast, Part, Rule, SERVER};

use super::{BYE, TURN};

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Start("Ada"), Talk("Ada", Keys), Type("Ada", "Hello, server"), Shows(SERVER, Text("Hello, server"))],
    visit: &[],
    rules: &[
        Rule {
            id: "talk.pair.turns",
            level: Must,
            over: Streams,
            sentence: TURN,
            play: &[
                Start("Ada"),
                Talk("Ada", Keys),
                Type("Ada", "one"),
                Shows(SERVER, Text("one")),
                Talk("Ada", Answer("two")),
                Type("Ada", "three"),
                Shows(SERVER, Text("three")),
                Talk("Ada", Answer("four")),
                Type("Ada", "five"),
                Shows(SERVER, Text("five")),
                Talk("Ada", Answer("six")),
            ],
            diagnosis: &NOT_HEARD,
        },
        Rule {
            id: "talk.pair.secret",
            level: Must,
            over: Streams,
            sentence: "Messages are encrypted using RSA method: who listens on the way reads neither them nor a private key.",
            play: &[
                Start("Ada"),
                Talk("Ada", Keys),
                Type("Ada", "The first secret"),
                Shows(SERVER, Text("The first secret")),
                Talk("Ada", Secret("The first secret")),
                Talk("Ada", Secret("PRIVATE KEY")),
                Talk("Ada", Answer("The second secret")),
                Talk("Ada", Secret("The second secret")),
                Type("Ada", "Our last secret"),
                Shows(SERVER, Text("Our last secret")),
            ],
            diagnosis: &READABLE,
        },
        Rule {
            id: "talk.pair.client-bye",
            level: Should,
            over: Streams,
            sentence: BYE,
            play: &[Start("Ada"), Talk("Ada", Keys), Type("Ada", "Good Bye"), Exits("Ada")],
            diagnosis: &GOOD_BYE,
        },
        Rule {
            id: "talk.pair.server-bye",
            level: Should,
            over: Streams,
            sentence: BYE,
            play: &[
                Start("Ada"),
                Talk("Ada", Keys),
                Type("Ada", "Hello, server"),
                Shows(SERVER, Text("Hello, server")),
                Talk("Ada", GoodBye),
            ],
            diagnosis: &GOOD_BYE,
        },
        Rule {
            id: "talk.pair.unicode",
            level: Should,
            over: Streams,
            sentence: "A message may be in any language.",
            play: &[
                Start("Ada"),
                Talk("Ada", Keys),
                Type("Ada", "سلام 東京"),
                Shows(SERVER, Text("سلام 東京")),
                Talk("Ada", Answer("خداحافظ")),
            ],
            diagnosis: &LANGUAGE,
        },
    ],
};
