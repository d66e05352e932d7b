//! add: "Lab 2" q1 and q2.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::{
    ADDRESS_IN_USE, BAD_INPUT, ENDS_WITH_CLIENT, GONE_CLIENT, NOT_PRINTED, ONE_CLIENT, ONE_RECV, PROTOCOL, STREAM_END,
    WRONG_SUM,
};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Answers, Anything, Number, Text};
use crate::rule::Step::{Close, Finish, Hear, Open, Pieces, Reset, Rest, Restart, Say, Send, Shows};
use crate::rule::{Cast, Part, Rule, SERVER as TERMINAL};

const ADDS: &str = "The Server, upon receiving this message, separates out the two numbers, adds them up and sends the answer back to the client.";
const MULTIPLE: &str = "… a single Server process is able to communicate with multiple client processes at a time. […] For each connection, the Server should \
                        provide the same service as described in question 1.";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[Open("client1"), Say("client1", "client1"), Say("client1", "3 4"), Hear("client1", Anything)],
    visit: &[Open("client99"), Say("client99", "client99"), Say("client99", "9 8"), Hear("client99", Anything)],
    rules: &[
        Rule {
            id: "add.next",
            level: Must,
            over: Streams,
            sentence: "If the command is “q” (short for quit), the client program closes the connection and exits. The server serves the next.",
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Say("client7", "3 4"),
                Hear("client7", Anything),
                Close("client7"),
            ],
            diagnosis: &ENDS_WITH_CLIENT,
        },
        Rule {
            id: "add.end",
            level: Must,
            over: Streams,
            sentence: "If the command is “q” (short for quit), the client program closes the connection and exits.",
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Say("client7", "3 4"),
                Hear("client7", Anything),
                Finish("client7"),
                Rest,
                Close("client7"),
                Rest,
            ],
            diagnosis: &STREAM_END,
        },
        Rule {
            id: "add.ack",
            level: Must,
            over: Streams,
            sentence: "Upon receiving the name, the Server should print “Connection initiated by <client name>” and send an “ack” string to the client.",
            play: &[Open("client7"), Say("client7", "client7"), Hear("client7", Text("ack"))],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "add.adds",
            level: Must,
            over: Streams,
            sentence: ADDS,
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Hear("client7", Text("ack")),
                Say("client7", "3 4"),
                Hear("client7", Answers("3 + 4")),
                Say("client7", "10 10"),
                Hear("client7", Answers("10 + 10")),
                Say("client7", "1 10"),
                Hear("client7", Answers("1 + 10")),
            ],
            diagnosis: &WRONG_SUM,
        },
        Rule {
            id: "add.several",
            level: Must,
            over: Streams,
            sentence: MULTIPLE,
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Hear("client7", Text("ack")),
                Open("client8"),
                Say("client8", "client8"),
                Hear("client8", Text("ack")),
                Say("client8", "5 8"),
                Hear("client8", Number(13.0)),
                Say("client7", "6 3"),
                Hear("client7", Number(9.0)),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "add.mute",
            level: Must,
            over: Streams,
            sentence: MULTIPLE,
            play: &[
                Open("client7"),
                Open("client8"),
                Say("client8", "client8"),
                Hear("client8", Text("ack")),
                Say("client8", "5 8"),
                Hear("client8", Number(13.0)),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "add.stays",
            level: Must,
            over: Streams,
            sentence: MULTIPLE,
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Hear("client7", Text("ack")),
                Open("client8"),
                Say("client8", "client8"),
                Hear("client8", Text("ack")),
                Rest,
                Reset("client8"),
                Rest,
                Say("client7", "6 3"),
                Hear("client7", Number(9.0)),
            ],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "add.format",
            level: Must,
            over: Streams,
            sentence: "What is not two numbers may be answered or met with silence; the server goes on serving.",
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Hear("client7", Text("ack")),
                Say("client7", "3"),
                Rest,
                Close("client7"),
                Open("client8"),
                Say("client8", "client8"),
                Say("client8", "three four"),
                Rest,
            ],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "add.bytes",
            level: Must,
            over: Streams,
            sentence: "What is no text may be answered or met with silence; the server goes on serving.",
            play: &[Open("client7"), Say("client7", "client7"), Send("client7", b"\xff\xfe \x80\n"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "add.initiated",
            level: Must,
            over: Streams,
            sentence: "Upon receiving the name, the Server should print “Connection initiated by <client name>”.",
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Shows(TERMINAL, Text("connection initiated by")),
                Shows(TERMINAL, Text("client7")),
            ],
            diagnosis: &NOT_PRINTED,
        },
        Rule {
            id: "add.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "… sends these two numbers to the server, bundled up into a single string: also when it arrives in pieces.",
            play: &[
                Open("client7"),
                Say("client7", "client7"),
                Hear("client7", Text("ack")),
                Pieces("client7", "111 222\n"),
                Hear("client7", Number(333.0)),
            ],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "add.restart",
            level: Should,
            over: Streams,
            sentence: "A server that was ended while a client was there can be started again at once.",
            play: &[Open("client7"), Say("client7", "client7"), Hear("client7", Anything), Restart],
            diagnosis: &ADDRESS_IN_USE,
        },
    ],
};
