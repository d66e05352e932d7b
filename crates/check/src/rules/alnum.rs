//! alnum: "Software Systems" task 1, before its change. Its programs answer one message a connection, so that only one is a MUST.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::{
    ADDRESS_IN_USE, BAD_INPUT, DATAGRAM, ENDS_WITH_CLIENT, GONE_CLIENT, ONE_CLIENT, PROTOCOL, STREAM_END,
};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::{Alphanumeric, Anything};
use crate::rule::Step::{Close, Finish, Hear, Open, Reset, Rest, Restart, Say, Send};
use crate::rule::{Cast, Part, Rule};

const ANSWERS: &str =
    "The server answers whether what it was sent is alphanumeric: `Alphanumeric.` or `Not Alphanumeric.`";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[Open("Ada"), Say("Ada", "abc123"), Hear("Ada", Alphanumeric(true))],
    visit: &[Open("Robin"), Say("Robin", "robin1"), Hear("Robin", Anything)],
    rules: &[
        Rule {
            id: "alnum.next",
            level: Must,
            over: Both,
            sentence: "Run the Client and Server processes: each client that comes is served.",
            play: &[Open("Ada"), Say("Ada", "one"), Hear("Ada", Anything), Close("Ada")],
            diagnosis: &ENDS_WITH_CLIENT,
        },
        Rule {
            id: "alnum.end",
            level: Must,
            over: Streams,
            sentence: "A client closes when it has its answer, or before it asked anything; the server waits for the next.",
            play: &[
                Open("Ada"),
                Say("Ada", "one"),
                Hear("Ada", Anything),
                Finish("Ada"),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Finish("Bob"),
                Rest,
                Close("Bob"),
                Rest,
            ],
            diagnosis: &STREAM_END,
        },
        Rule {
            id: "alnum.yes",
            level: Must,
            over: Both,
            sentence: ANSWERS,
            play: &[
                Open("Ada"),
                Say("Ada", "Hello123"),
                Hear("Ada", Alphanumeric(true)),
                Close("Ada"),
                Open("Bob"),
                Say("Bob", "2026"),
                Hear("Bob", Alphanumeric(true)),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "alnum.no",
            level: Must,
            over: Both,
            sentence: ANSWERS,
            play: &[
                Open("Ada"),
                Say("Ada", "hello, world!"),
                Hear("Ada", Alphanumeric(false)),
                Close("Ada"),
                Open("Bob"),
                Say("Bob", "two words"),
                Hear("Bob", Alphanumeric(false)),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "alnum.bytes",
            level: Must,
            over: Both,
            sentence: "What is no text is not alphanumeric; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b"\xff\xfe\x80\n"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "alnum.empty",
            level: Must,
            over: Datagrams,
            sentence: "A datagram may be empty; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b""), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "alnum.reset",
            level: Must,
            over: Streams,
            sentence: "A client may crash; the server goes on serving others.",
            play: &[
                Open("Ada"),
                Say("Ada", "one"),
                Hear("Ada", Alphanumeric(true)),
                Reset("Ada"),
                Rest,
                Open("Bob"),
                Reset("Bob"),
                Rest,
            ],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "alnum.again",
            level: Should,
            over: Streams,
            sentence: ANSWERS,
            play: &[
                Open("Ada"),
                Say("Ada", "one"),
                Hear("Ada", Alphanumeric(true)),
                Say("Ada", "no!"),
                Hear("Ada", Alphanumeric(false)),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "alnum.several",
            level: Should,
            over: Streams,
            sentence: "Several clients at a time are served, also while one of them says nothing.",
            play: &[Open("Ada"), Open("Bob"), Say("Bob", "first"), Hear("Bob", Alphanumeric(true))],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "alnum.restart",
            level: Should,
            over: Streams,
            sentence: "A server that was ended while a client was there can be started again at once.",
            play: &[Open("Ada"), Open("Bob"), Say("Ada", "one"), Hear("Ada", Anything), Restart],
            diagnosis: &ADDRESS_IN_USE,
        },
    ],
};
