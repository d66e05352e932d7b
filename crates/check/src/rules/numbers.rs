//! numbers: "Software Systems" task 3. Its server answers nothing: what it does is seen at its terminal.
//!
//! The numbers are such as are in no port, address or time of day.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::clients::{NOT_PRINTED, SENDERS};
use crate::diagnosis::{BAD_INPUT, DATAGRAM};
use crate::report::Level::Must;
use crate::rule::Over::Datagrams;
use crate::rule::Said::{InOrder, Text};
use crate::rule::Step::{OpenFrom, Rest, Say, Send, Shows, TellsApart};
use crate::rule::{self, Cast, Part, Rule};

const PRINTS: &str =
    "The server should accept messages from c1 and c2, and simply print which message was sent by which client.";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    // It may have no word for what it hears, as long as it listens.
    sounding: &[OpenFrom("c1", 11000), Say("c1", "71"), Rest],
    visit: &[OpenFrom("Robin", 11000), Say("Robin", "88"), Shows(rule::SERVER, Text("88"))],
    rules: &[
        Rule {
            id: "numbers.prints",
            level: Must,
            over: Datagrams,
            sentence: PRINTS,
            play: &[
                OpenFrom("c1", 11000),
                OpenFrom("c2", 13000),
                Say("c1", "71"),
                Shows(rule::SERVER, Text("71")),
                Say("c2", "82"),
                Shows(rule::SERVER, Text("82")),
            ],
            diagnosis: &NOT_PRINTED,
        },
        Rule {
            id: "numbers.which",
            level: Must,
            over: Datagrams,
            sentence: "The server will need to distinguish between the two clients. […] The port number will be needed to distinguish them.",
            play: &[
                OpenFrom("c1", 11000),
                OpenFrom("c2", 13000),
                Say("c1", "71"),
                Shows(rule::SERVER, Text("71")),
                Say("c2", "72"),
                Shows(rule::SERVER, Text("72")),
                TellsApart("c1", "c2"),
                // One that takes turns for clients is out of step now.
                Say("c1", "73"),
                Shows(rule::SERVER, Text("73")),
                Say("c1", "74"),
                Shows(rule::SERVER, Text("74")),
                TellsApart("c1", "c2"),
            ],
            diagnosis: &SENDERS,
        },
        Rule {
            id: "numbers.order",
            level: Must,
            over: Datagrams,
            sentence: "It should print the messages in the order they were received in.",
            play: &[
                OpenFrom("c1", 11000),
                OpenFrom("c2", 13000),
                Say("c1", "61"),
                Say("c2", "62"),
                Say("c1", "63"),
                Say("c2", "64"),
                Shows(rule::SERVER, InOrder(&["61", "62", "63", "64"])),
            ],
            diagnosis: &NOT_PRINTED,
        },
        Rule {
            id: "numbers.bytes",
            level: Must,
            over: Datagrams,
            sentence: "What is no text is no number; the server goes on.",
            play: &[OpenFrom("c1", 11000), Send("c1", b"\xff\xfe\x80\n"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "numbers.empty",
            level: Must,
            over: Datagrams,
            sentence: "A datagram may be empty; the server goes on.",
            play: &[OpenFrom("c1", 11000), Send("c1", b""), Rest],
            diagnosis: &DATAGRAM,
        },
    ],
};
