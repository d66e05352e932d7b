//! echo, both programs at their terminals: "Socket Programming using Python" q1 and q4, "Software Systems" task 1.

use crate::diagnosis::ONE_CLIENT;
use crate::diagnosis::clients::{NOT_MET, NOT_PRINTED, ONE_LINE};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Both;
use crate::rule::Said::{Bytes, Text};
use crate::rule::Step::{Shows, Start, Type};
use crate::rule::{Cast, Part, Rule, SERVER};

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Start("Ada"), Type("Ada", "stressed"), Shows("Ada", Bytes(b"stressed"))],
    visit: &[],
    rules: &[
        Rule {
            id: "echo.pair.answer",
            level: Must,
            over: Both,
            sentence: "Run the Client and Server processes and observe the output: what was sent comes back, and is printed.",
            play: &[Start("Ada"), Type("Ada", "stressed"), Shows("Ada", Bytes(b"stressed"))],
            diagnosis: &NOT_MET,
        },
        Rule {
            id: "echo.pair.prints",
            level: Must,
            over: Both,
            sentence: "Enter a message from the client and print in the server.",
            play: &[Start("Ada"), Type("Ada", "drawer"), Shows(SERVER, Text("drawer"))],
            diagnosis: &NOT_PRINTED,
        },
        Rule {
            id: "echo.pair.again",
            level: Should,
            over: Both,
            sentence: "A client takes lines from its user, sends each, and prints each answer.",
            play: &[
                Start("Ada"),
                Type("Ada", "stressed"),
                Shows("Ada", Bytes(b"stressed")),
                Type("Ada", "drawer"),
                Shows("Ada", Bytes(b"drawer")),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "echo.pair.several",
            level: Should,
            over: Both,
            sentence: "Several clients at a time are served, also while one of them says nothing.",
            play: &[
                Start("Ada"),
                Start("Bob"),
                Type("Bob", "drawer"),
                Shows("Bob", Bytes(b"drawer")),
                Type("Ada", "stressed"),
                Shows("Ada", Bytes(b"stressed")),
            ],
            diagnosis: &ONE_CLIENT,
        },
    ],
};
