//! board, both programs at their terminals: "Socket programming" project 2.

use crate::diagnosis::NOT_KEPT;
use crate::diagnosis::clients::{NOT_MET, ONE_LINE};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams};
use crate::rule::Said::Text;
use crate::rule::Step::{Shows, Sleeps, Start, Type};
use crate::rule::{Cast, Part, Rule};

/// More than a client waits for a further text, before it shows all of them or takes the next query.
const MORE_S: u64 = 6;
const SENDS_BACK: &str = "“GET”: then server send all saved data back to client.";

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[
        Sleeps(MORE_S),
        Start("Ada"),
        Type("Ada", "POST \"milk\""),
        Start("Bob"),
        Type("Bob", "GET"),
        Shows("Bob", Text("milk")),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "board.pair.others",
            level: Must,
            over: Datagrams,
            sentence: "“GET”: then server send all saved data back to client, whoever posted it.",
            play: &[
                Sleeps(MORE_S),
                Start("Ada"),
                Type("Ada", "POST \"milk and honey\""),
                Start("Bob"),
                Type("Bob", "GET"),
                Shows("Bob", Text("milk and honey")),
            ],
            diagnosis: &NOT_MET,
        },
        Rule {
            id: "board.pair.again",
            level: Should,
            over: Both,
            sentence: "Client can send two types of queries to the server: one after the other, without being started again.",
            play: &[
                Sleeps(MORE_S),
                Start("Ada"),
                Type("Ada", "POST \"milk\""),
                Type("Ada", "GET"),
                Shows("Ada", Text("milk")),
                Type("Ada", "POST \"honey\""),
                Type("Ada", "GET"),
                Shows("Ada", Text("honey")),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "board.pair.all",
            level: Should,
            over: Datagrams,
            sentence: SENDS_BACK,
            play: &[
                Sleeps(MORE_S),
                Start("Ada"),
                Type("Ada", "POST \"milk\""),
                Type("Ada", "POST \"honey\""),
                Start("Bob"),
                Type("Bob", "GET"),
                Shows("Bob", Text("milk")),
                Shows("Bob", Text("honey")),
            ],
            diagnosis: &NOT_KEPT,
        },
    ],
};
