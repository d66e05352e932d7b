//! calc, both programs at their terminals: "Socket Programming using Python" q6 and q8.

use crate::diagnosis::{NOT_ENDED, ONE_CLIENT, PROTOCOL};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Answers, Number, Text};
use crate::rule::Step::{Exits, Shows, Start, Type};
use crate::rule::{Cast, Part, Rule, SERVER};

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Start("Ada"), Type("Ada", "12 + 42"), Shows("Ada", Number(54.0))],
    visit: &[],
    rules: &[
        Rule {
            id: "calc.pair.answer",
            level: Must,
            over: Streams,
            sentence: "Upon receiving a request, the server prints the received message, computes the answer […] and sends it back as a string. The Client \
                       prints the answer it received from the server.",
            play: &[
                Start("Ada"),
                Type("Ada", "12 + 42"),
                Shows("Ada", Answers("12 + 42")),
                Shows(SERVER, Number(12.0)),
                Shows(SERVER, Number(42.0)),
                Type("Ada", "4.5 / -6"),
                Shows("Ada", Answers("4.5 / -6")),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "calc.pair.ends",
            level: Must,
            over: Streams,
            sentence: "The client process forwards the “q” to the Server upon which the server ends the communication session and prints “Session ended”. The \
                       Client processes stops.",
            play: &[
                Start("Ada"),
                Type("Ada", "3 + 8"),
                Shows("Ada", Number(11.0)),
                Type("Ada", "q"),
                Exits("Ada"),
                Shows(SERVER, Text("session")),
                Shows(SERVER, Text("ended")),
            ],
            diagnosis: &NOT_ENDED,
        },
        Rule {
            id: "calc.pair.several",
            level: Should,
            over: Streams,
            sentence: "Think of how you could modify the Server so that it can handle multiple clients at the same time.",
            play: &[
                Start("Ada"),
                Start("Bob"),
                Type("Bob", "5 * 8"),
                Shows("Bob", Number(40.0)),
                Type("Ada", "9 - 2"),
                Shows("Ada", Number(7.0)),
            ],
            diagnosis: &ONE_CLIENT,
        },
    ],
};
