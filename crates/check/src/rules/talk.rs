//! talk: "Socket programming" project 3, in the lab's dialect.
//!
//! The sheet asks for one talk: a server that ends with its client is right, and so no newcomer comes behind a play. A server's person types each
//! answer; one that answers by itself is right, too.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::{GOOD_BYE, HALF_A_BLOCK, KEYS, TALK_CRASHES, TURNS};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::Text;
use crate::rule::Step::{Close, Ended, Hear, Never, NoCrash, Open, Rest, Shows, Talk, Type};
use crate::rule::Talk::{Answer, Garbage, GoodBye, Keys, Say, SayInHalves, SendKey};
use crate::rule::{Cast, Part, Rule};

/// At whose terminal the server's person sits.
use crate::rule::SERVER as PERSON;

const TURN: &str = "Client and server can send unlimited number of messages to each others (one message client then one message server).";
const BYE: &str = "Then each one can terminate connection by sending “Good Bye”.";

/// More than fits into a block of 2048 bits, the size of our key.
const OVER_LONG: &str = "This is a text that is far too long for one block of RSA with OAEP, whatever key it is encrypted to, if that key has no more than \
                         2048 bits: for a block has 256 bytes then, of which the padding takes 42, and this has some more than that.";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[Open("Ada"), Talk("Ada", SendKey), Hear("Ada", Text("-----BEGIN "))],
    visit: &[],
    rules: &[
        Rule {
            id: "talk.keys",
            level: Must,
            over: Streams,
            sentence: "Messages are encrypted using RSA method: so each side gives the other its public key, and nothing but that.",
            play: &[Open("Ada"), Talk("Ada", Keys), Never("Ada", Text("PRIVATE"))],
            diagnosis: &KEYS,
        },
        Rule {
            id: "talk.reads",
            level: Must,
            over: Streams,
            sentence: TURN,
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("Hello, server")),
                Shows(PERSON, Text("Hello, server")),
            ],
            diagnosis: &TURNS,
        },
        Rule {
            id: "talk.answers",
            level: Must,
            over: Streams,
            sentence: TURN,
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("Hello, server")),
                Talk("Ada", Answer("Hello, client")),
            ],
            diagnosis: &TURNS,
        },
        Rule {
            id: "talk.turns",
            level: Must,
            over: Streams,
            sentence: TURN,
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("one")),
                Talk("Ada", Answer("two")),
                Talk("Ada", Say("three")),
                Talk("Ada", Answer("four")),
                Talk("Ada", Say("five")),
                Talk("Ada", Answer("six")),
            ],
            diagnosis: &TURNS,
        },
        Rule {
            id: "talk.hears-bye",
            level: Must,
            over: Streams,
            sentence: BYE,
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("Hello, server")),
                Talk("Ada", Answer("Hello, client")),
                Talk("Ada", Say("Good Bye")),
                Ended("Ada"),
                NoCrash,
            ],
            diagnosis: &GOOD_BYE,
        },
        Rule {
            id: "talk.says-bye",
            level: Must,
            over: Streams,
            sentence: BYE,
            play: &[Open("Ada"), Talk("Ada", Keys), Talk("Ada", Say("Hello, server")), Talk("Ada", GoodBye), NoCrash],
            diagnosis: &GOOD_BYE,
        },
        Rule {
            id: "talk.unicode",
            level: Should,
            over: Streams,
            sentence: "A message may be in any language.",
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("سلام 東京")),
                Shows(PERSON, Text("سلام 東京")),
                Talk("Ada", Answer("سلام")),
            ],
            diagnosis: &TURNS,
        },
        Rule {
            id: "talk.closed",
            level: Should,
            over: Streams,
            sentence: "A peer that closes, or crashes, has ended the talk; the program says so.",
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("Hello, server")),
                Talk("Ada", Answer("Hello, client")),
                Close("Ada"),
                Rest,
                NoCrash,
            ],
            diagnosis: &TALK_CRASHES,
        },
        Rule {
            id: "talk.long",
            level: Should,
            over: Streams,
            sentence: "What does not fit into one block is refused, cut or sent in parts; the program does not end with it.",
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", Say("Hello, server")),
                Type(PERSON, OVER_LONG),
                Rest,
                NoCrash,
            ],
            diagnosis: &TALK_CRASHES,
        },
        Rule {
            id: "talk.garbage",
            level: Should,
            over: Streams,
            sentence: "What cannot be decrypted is no message; the program goes on, or says why it ends.",
            play: &[Open("Ada"), Talk("Ada", Keys), Talk("Ada", Garbage), Rest, NoCrash],
            diagnosis: &TALK_CRASHES,
        },
        Rule {
            id: "talk.pieces",
            level: Should,
            over: Streams,
            sentence: "A message is one block, also when it arrives in pieces.",
            play: &[
                Open("Ada"),
                Talk("Ada", Keys),
                Talk("Ada", SayInHalves("Hello, server")),
                Talk("Ada", Answer("Hello, client")),
            ],
            diagnosis: &HALF_A_BLOCK,
        },
    ],
};
