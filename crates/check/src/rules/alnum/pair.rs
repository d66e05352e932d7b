//! alnum, both programs at their terminals: "Software Systems" task 1, before its change.

use crate::diagnosis::clients::{NOT_MET, ONE_LINE};
use crate::diagnosis::{ONE_CLIENT, PROTOCOL};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Both;
use crate::rule::Said::Alphanumeric;
use crate::rule::Step::{Shows, Start, Type};
use crate::rule::{Cast, Part, Rule};

const ANSWERS: &str =
    "The client's user reads whether the line is alphanumeric: `Alphanumeric.` or `Not Alphanumeric.`";

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Start("Ada"), Type("Ada", "Hello123"), Shows("Ada", Alphanumeric(true))],
    visit: &[],
    rules: &[
        Rule {
            id: "alnum.pair.yes",
            level: Must,
            over: Both,
            sentence: ANSWERS,
            play: &[Start("Ada"), Type("Ada", "Hello123"), Shows("Ada", Alphanumeric(true))],
            diagnosis: &NOT_MET,
        },
        Rule {
            id: "alnum.pair.no",
            level: Must,
            over: Both,
            sentence: ANSWERS,
            play: &[Start("Ada"), Type("Ada", "two words!"), Shows("Ada", Alphanumeric(false))],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "alnum.pair.again",
            level: Should,
            over: Both,
            sentence: "A client takes lines from its user, sends each, and prints each answer.",
            play: &[
                Start("Ada"),
                Type("Ada", "two words!"),
                Shows("Ada", Alphanumeric(false)),
                Type("Ada", "Hello123"),
                Shows("Ada", Alphanumeric(true)),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "alnum.pair.several",
            level: Should,
            over: Both,
            sentence: "Several clients at a time are served, also while one of them says nothing.",
            play: &[
                Start("Ada"),
                Start("Bob"),
                Type("Bob", "Hello123"),
                Shows("Bob", Alphanumeric(true)),
                Type("Ada", "two words!"),
                Shows("Ada", Alphanumeric(false)),
            ],
            diagnosis: &ONE_CLIENT,
        },
    ],
};
