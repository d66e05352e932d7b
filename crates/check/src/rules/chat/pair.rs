//! chat, a server and its clients at their terminals: the transcript of "Socket Programming using Python" q8.

use crate::diagnosis::{COUNT, DUPLICATE, NOT_TOLD, STAYS};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Joined, Left, Line};
use crate::rule::Step::{Exits, Hides, Shows, Start, Type};
use crate::rule::{Cast, Part, Rule};

use super::{BATMAN, EVENT, TYPES, UNIQUE, VOLDEMORT};

const ANOTHER: &str = "another Batman";

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[
        Start(BATMAN),
        Type(BATMAN, "Batman"),
        Start(VOLDEMORT),
        Type(VOLDEMORT, "Voldemort"),
        Type(BATMAN, "Anyone here?"),
        Shows(VOLDEMORT, Line(BATMAN, "Anyone here?")),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "chat.pair.says",
            level: Must,
            over: Streams,
            sentence: TYPES,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Start(VOLDEMORT),
                Type(VOLDEMORT, "Voldemort"),
                Type(BATMAN, "Anyone here?"),
                Shows(VOLDEMORT, Line(BATMAN, "Anyone here?")),
            ],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.pair.joins",
            level: Must,
            over: Streams,
            sentence: EVENT,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Start(VOLDEMORT),
                Type(VOLDEMORT, "Voldemort"),
                Shows(BATMAN, Joined(VOLDEMORT, Some(2))),
            ],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.pair.quit",
            level: Must,
            over: Streams,
            sentence: "Client 1: “> quit”",
            play: &[Start(BATMAN), Type(BATMAN, "Batman"), Type(BATMAN, "quit"), Exits(BATMAN)],
            diagnosis: &STAYS,
        },
        Rule {
            id: "chat.pair.leaves",
            level: Must,
            over: Streams,
            sentence: EVENT,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Start(VOLDEMORT),
                Type(VOLDEMORT, "Voldemort"),
                Type(BATMAN, "quit"),
                Shows(VOLDEMORT, Left(BATMAN, Some(1))),
            ],
            diagnosis: &COUNT,
        },
        Rule {
            id: "chat.pair.unique",
            level: Must,
            over: Streams,
            sentence: UNIQUE,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Start(ANOTHER),
                Type(ANOTHER, "Batman"),
                Hides(BATMAN, Joined(BATMAN, Some(2))),
                Hides(ANOTHER, Joined(BATMAN, Some(2))),
                Start(VOLDEMORT),
                Type(VOLDEMORT, "Voldemort"),
                Type(VOLDEMORT, "Crucio!"),
                Shows(BATMAN, Line(VOLDEMORT, "Crucio!")),
            ],
            diagnosis: &DUPLICATE,
        },
        Rule {
            id: "chat.pair.transcript",
            level: Should,
            over: Streams,
            sentence: "The following lines show an example of output that might be displayed to two different clients. […]",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Shows(BATMAN, Joined(BATMAN, Some(1))),
                Start(VOLDEMORT),
                Type(VOLDEMORT, "Voldemort"),
                Shows(VOLDEMORT, Joined(VOLDEMORT, Some(2))),
                Shows(BATMAN, Joined(VOLDEMORT, Some(2))),
                Type(BATMAN, "Anyone here?"),
                Shows(VOLDEMORT, Line(BATMAN, "Anyone here?")),
                Type(VOLDEMORT, "Crucio!"),
                Shows(BATMAN, Line(VOLDEMORT, "Crucio!")),
                Type(BATMAN, "Aaaaaahrrhhhhh.."),
                Shows(VOLDEMORT, Line(BATMAN, "Aaaaaahrrhhhhh..")),
                Type(BATMAN, "quit"),
                Shows(VOLDEMORT, Left(BATMAN, Some(1))),
                Exits(BATMAN),
            ],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.pair.another-name",
            level: Should,
            over: Streams,
            sentence: "Each client needs to have a unique name: whose name is taken may log in with another.",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Start(ANOTHER),
                Type(ANOTHER, "Batman"),
                Type(ANOTHER, "Robin"),
                Type(ANOTHER, "Holy smoke!"),
                Shows(BATMAN, Line("Robin", "Holy smoke!")),
            ],
            diagnosis: &DUPLICATE,
        },
    ],
};
