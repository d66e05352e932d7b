//! echo: "Socket Programming using Python" q1, q2 and q4, "Software Systems" tasks 1 and 2.
//!
//! The sheets' templates answer one message a connection, so that only one is a MUST.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::{
    ADDRESS_IN_USE, BAD_INPUT, DATAGRAM, ENDS_WITH_CLIENT, GONE_CLIENT, ONE_CLIENT, PROTOCOL, STREAM_END,
};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::{Anything, Bytes, Text};
use crate::rule::Step::{Close, Finish, Hear, Never, Open, OpenDeaf, Pieces, Reset, Rest, Restart, Say, Send};
use crate::rule::{Cast, Part, Rule};

const RUN: &str = "Run the Client and Server processes and observe the output.";
const MESSAGE: &str = "… enter a message from the client and print in the server; what was sent comes back.";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[Open("Ada"), Say("Ada", "hello, server"), Hear("Ada", Bytes(b"hello, server"))],
    visit: &[Open("Robin"), Say("Robin", "still here?"), Hear("Robin", Anything)],
    rules: &[
        Rule {
            id: "echo.next",
            level: Must,
            over: Both,
            sentence: RUN,
            play: &[Open("Ada"), Say("Ada", "one"), Hear("Ada", Anything), Close("Ada")],
            diagnosis: &ENDS_WITH_CLIENT,
        },
        Rule {
            id: "echo.end",
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
            id: "echo.same",
            level: Must,
            over: Both,
            sentence: MESSAGE,
            play: &[Open("Ada"), Say("Ada", "Hello World 42"), Hear("Ada", Bytes(b"Hello World 42"))],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "echo.text",
            level: Must,
            over: Both,
            sentence: MESSAGE,
            play: &[Open("Ada"), Say("Ada", "naïve 東京"), Hear("Ada", Text("naïve 東京"))],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "echo.bytes",
            level: Must,
            over: Both,
            sentence: "What is no text may be answered as it is, with an error or not at all; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b"\xff\xfe\x80\n"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "echo.empty",
            level: Must,
            over: Datagrams,
            sentence: "A datagram may be empty; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b""), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "echo.each-its-own",
            level: Must,
            over: Datagrams,
            sentence: "The server will need to distinguish between the two clients: each gets its own answer, at its own port.",
            play: &[
                Open("Ada"),
                Open("Bob"),
                Say("Ada", "from Ada"),
                Say("Bob", "from Bob"),
                Hear("Ada", Bytes(b"from Ada")),
                Hear("Bob", Bytes(b"from Bob")),
                Never("Ada", Bytes(b"from Bob")),
                Say("Ada", "Ada again"),
                Hear("Ada", Bytes(b"Ada again")),
            ],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "echo.unheard",
            level: Must,
            over: Datagrams,
            sentence: "Who asked may be gone before the answer comes; the server goes on serving.",
            play: &[OpenDeaf("Ada"), Say("Ada", "answer to nobody"), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "echo.reset",
            level: Must,
            over: Streams,
            sentence: "A client may crash; the server goes on serving others.",
            play: &[
                Open("Ada"),
                Say("Ada", "one"),
                Hear("Ada", Bytes(b"one")),
                Reset("Ada"),
                Rest,
                Open("Bob"),
                Reset("Bob"),
                Rest,
            ],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "echo.again",
            level: Should,
            over: Streams,
            sentence: MESSAGE,
            play: &[
                Open("Ada"),
                Say("Ada", "one"),
                Hear("Ada", Bytes(b"one")),
                Say("Ada", "two"),
                Hear("Ada", Bytes(b"two")),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "echo.pieces",
            level: Should,
            over: Streams,
            sentence: "All that was sent comes back, in however many pieces it arrived.",
            play: &[Open("Ada"), Pieces("Ada", "a message in pieces\n"), Hear("Ada", Bytes(b"a message in pieces"))],
            diagnosis: &crate::diagnosis::ONE_RECV,
        },
        Rule {
            id: "echo.several",
            level: Should,
            over: Streams,
            sentence: "Several clients at a time are served, also while one of them says nothing.",
            play: &[Open("Ada"), Open("Bob"), Say("Bob", "me first"), Hear("Bob", Bytes(b"me first"))],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "echo.restart",
            level: Should,
            over: Streams,
            sentence: "A server that was ended while a client was there can be started again at once.",
            play: &[Open("Ada"), Open("Bob"), Say("Ada", "one"), Hear("Ada", Anything), Restart],
            diagnosis: &ADDRESS_IN_USE,
        },
    ],
};
