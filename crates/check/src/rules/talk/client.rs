//! talk's client: "Socket programming" project 3, in the lab's dialect.
//!
//! The sheet leaves open how the keys are exchanged: the client gives its own first, in PEM, and one that waits for ours gets it. Whether a program ends with
//! its talk is left open, too.

use crate::diagnosis::clients::{LANGUAGE, NOT_DECRYPTED, NOT_ENCRYPTED, ONE_ROUND, OWN_KEY};
use crate::diagnosis::{GOOD_BYE, HALF_A_BLOCK, SERVER_GONE, STAYS, TALK_CRASHES};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Anything, Text};
use crate::rule::Step::{
    Accept, Close, Ended, Exits, Finish, IfOpen, Never, NoCrash, OrExits, Rest, ServerEnds, Shows, Start, Talk, Type,
};
use crate::rule::Talk::{Begins, Begun, Copes, Garbage, Hears, Keys, Say, SayInHalves};
use crate::rule::{Cast, Part, Rule};

use super::{BYE, OVER_LONG, TURN};

/// What nobody hears, since the talk has ended.
const MORE: &str = "One more thing";

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[Start("Ada"), Accept("Ada"), Talk("Ada", Begins("Hello, server"))],
    visit: &[],
    rules: &[
        Rule {
            id: "talk.client.keys",
            level: Must,
            over: Streams,
            sentence: "Messages are encrypted using RSA method: so each side gives the other its public key, and nothing but that.",
            play: &[Start("Ada"), Accept("Ada"), Talk("Ada", Keys), Never("Ada", Text("PRIVATE")), NoCrash],
            diagnosis: &OWN_KEY,
        },
        Rule {
            id: "talk.client.sends",
            level: Must,
            over: Streams,
            sentence: "Messages are encrypted using RSA method: what the user types is encrypted with the key that the server gave.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
            ],
            diagnosis: &NOT_ENCRYPTED,
        },
        Rule {
            id: "talk.client.shows",
            level: Must,
            over: Streams,
            sentence: TURN,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                Talk("Ada", Say("Hello, client")),
                Shows("Ada", Text("Hello, client")),
            ],
            diagnosis: &NOT_DECRYPTED,
        },
        Rule {
            id: "talk.client.turns",
            level: Must,
            over: Streams,
            sentence: TURN,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "one"),
                Talk("Ada", Hears("one")),
                Talk("Ada", Say("two")),
                Shows("Ada", Text("two")),
                Type("Ada", "three"),
                Talk("Ada", Hears("three")),
                Talk("Ada", Say("four")),
                Shows("Ada", Text("four")),
                Type("Ada", "five"),
                Talk("Ada", Hears("five")),
                Talk("Ada", Say("six")),
                Shows("Ada", Text("six")),
                Type("Ada", "seven"),
                Talk("Ada", Hears("seven")),
            ],
            diagnosis: &ONE_ROUND,
        },
        Rule {
            id: "talk.client.says-bye",
            level: Must,
            over: Streams,
            sentence: BYE,
            // One that waits for the server to answer or to close ends then; one that goes on has more to say.
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                Talk("Ada", Say("Hello, client")),
                Shows("Ada", Text("Hello, client")),
                Type("Ada", "Good Bye"),
                Talk("Ada", Hears("Good Bye")),
                IfOpen("Ada"),
                OrExits("Ada", &Type("Ada", MORE)),
                Never("Ada", Anything),
                IfOpen("Ada"),
                Talk("Ada", Say("Still there?")),
                Never("Ada", Anything),
                Finish("Ada"),
                Ended("Ada"),
            ],
            diagnosis: &GOOD_BYE,
        },
        Rule {
            id: "talk.client.hears-bye",
            level: Must,
            over: Streams,
            sentence: BYE,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                Talk("Ada", Say("Good Bye")),
                // One whose thread has heard it may still wait for its user, and says nothing more then.
                OrExits("Ada", &Type("Ada", MORE)),
                Never("Ada", Anything),
                Rest,
                Finish("Ada"),
                Ended("Ada"),
            ],
            diagnosis: &GOOD_BYE,
        },
        Rule {
            id: "talk.client.unicode",
            level: Should,
            over: Streams,
            sentence: "A message may be in any language.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "سلام 東京"),
                Talk("Ada", Hears("سلام 東京")),
                Talk("Ada", Say("سلام")),
                Shows("Ada", Text("سلام")),
            ],
            diagnosis: &LANGUAGE,
        },
        Rule {
            id: "talk.client.ends",
            level: Should,
            over: Streams,
            sentence: "Who has said or heard “Good Bye” has ended the talk: the program ends, too, and asks for nothing more.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                Talk("Ada", Say("Good Bye")),
                Rest,
                Close("Ada"),
                Exits("Ada"),
                NoCrash,
            ],
            diagnosis: &STAYS,
        },
        Rule {
            id: "talk.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends, and neither hangs nor spins nor crashes.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                ServerEnds("Ada", "Are you there?"),
            ],
            diagnosis: &SERVER_GONE,
        },
        Rule {
            id: "talk.client.long",
            level: Should,
            over: Streams,
            sentence: "What does not fit into one block is refused, cut or sent in parts; the program does not end with it.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", OVER_LONG),
                Rest,
                Talk("Ada", Copes("Hello, server")),
            ],
            diagnosis: &TALK_CRASHES,
        },
        Rule {
            id: "talk.client.garbage",
            level: Should,
            over: Streams,
            sentence: "What cannot be decrypted is no message; the program goes on, or says why it ends.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                Talk("Ada", Garbage),
                Rest,
                NoCrash,
            ],
            diagnosis: &TALK_CRASHES,
        },
        Rule {
            id: "talk.client.pieces",
            level: Should,
            over: Streams,
            sentence: "A message is one block, also when it arrives in pieces.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Talk("Ada", Begun),
                Type("Ada", "Hello, server"),
                Talk("Ada", Hears("Hello, server")),
                Talk("Ada", SayInHalves("Hello, client")),
                Shows("Ada", Text("Hello, client")),
            ],
            diagnosis: &HALF_A_BLOCK,
        },
    ],
};
