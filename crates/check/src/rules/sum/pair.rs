//! sum, both programs at their terminals: "Socket programming" project 1.

use crate::diagnosis::ONE_CLIENT;
use crate::diagnosis::clients::{NOT_MET, ONE_LINE};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Both;
use crate::rule::Said::{Answers, Number};
use crate::rule::Step::{Gives, Shows, Start};
use crate::rule::{Cast, Part, Rule};

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Start("Ada"), Gives("Ada", "17", "25"), Shows("Ada", Number(42.0))],
    visit: &[],
    rules: &[
        Rule {
            id: "sum.pair.answer",
            level: Must,
            over: Both,
            sentence: "… each client send two numbers to server and receives sum of those as a result.",
            play: &[Start("Ada"), Gives("Ada", "170", "255"), Shows("Ada", Answers("170 + 255"))],
            diagnosis: &NOT_MET,
        },
        Rule {
            id: "sum.pair.several",
            level: Must,
            over: Both,
            sentence: "Project1 can have multiple clients running.",
            play: &[
                Start("Ada"),
                Start("Bob"),
                Gives("Bob", "170", "255"),
                Shows("Bob", Number(425.0)),
                Gives("Ada", "300", "33"),
                Shows("Ada", Number(333.0)),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "sum.pair.again",
            level: Should,
            over: Both,
            sentence: "A client takes two more numbers once it has shown a sum, so that it need not be started again.",
            play: &[
                Start("Ada"),
                Gives("Ada", "170", "255"),
                Shows("Ada", Number(425.0)),
                Gives("Ada", "300", "33"),
                Shows("Ada", Number(333.0)),
            ],
            diagnosis: &ONE_LINE,
        },
    ],
};
