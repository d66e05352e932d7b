//! add, both programs at their terminals: "Lab 2" q1 and q2.

use crate::diagnosis::{ENDS_WITH_CLIENT, NOT_PRINTED, ONE_CLIENT, PROTOCOL, STAYS};
use crate::report::Level::Must;
use crate::rule::Over::Streams;
use crate::rule::Said::{Sum, Text};
use crate::rule::Step::{Exits, Shows, Start, Type};
use crate::rule::{Cast, Part, Rule, SERVER};

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Start("Ada"), Type("Ada", "a"), Shows("Ada", Sum)],
    visit: &[],
    rules: &[
        Rule {
            id: "add.pair.answer",
            level: Must,
            over: Streams,
            sentence: "The client program chooses two numbers […]. The Server […] adds them up and sends the answer back to the client. The Client prints \
                       “answer received from Server = <answer>”.",
            play: &[Start("Ada"), Type("Ada", "a"), Shows("Ada", Sum), Type("Ada", "a"), Shows("Ada", Sum)],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "add.pair.quit",
            level: Must,
            over: Streams,
            sentence: "If the command is “q” (short for quit), the client program closes the connection and exits.",
            play: &[Start("Ada"), Type("Ada", "a"), Shows("Ada", Sum), Type("Ada", "q"), Exits("Ada")],
            diagnosis: &STAYS,
        },
        Rule {
            id: "add.pair.next",
            level: Must,
            over: Streams,
            sentence: "When one client has left with “q”, the next is served.",
            play: &[
                Start("Ada"),
                Type("Ada", "a"),
                Shows("Ada", Sum),
                Type("Ada", "q"),
                Exits("Ada"),
                Start("Bob"),
                Type("Bob", "a"),
                Shows("Bob", Sum),
            ],
            diagnosis: &ENDS_WITH_CLIENT,
        },
        Rule {
            id: "add.pair.several",
            level: Must,
            over: Streams,
            sentence: "A single Server process is able to communicate with multiple client processes at a time.",
            play: &[
                Start("Ada"),
                Start("Bob"),
                Type("Bob", "a"),
                Shows("Bob", Sum),
                Type("Ada", "a"),
                Shows("Ada", Sum),
                Type("Bob", "a"),
                Shows("Bob", Sum),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "add.pair.initiated",
            level: Must,
            over: Streams,
            sentence: "Upon receiving the name, the Server should print “Connection initiated by <client name>”.",
            play: &[Start("Ada"), Type("Ada", "a"), Shows("Ada", Sum), Shows(SERVER, Text("connection initiated by"))],
            diagnosis: &NOT_PRINTED,
        },
    ],
};
