//! sum: "Socket programming" project 1.
//!
//! The sheet leaves open how the numbers are given, what a server says beside the sum, and whether a session has more than one. So they are given
//! as the program wants them, and a server may close behind its answer.

mod client;
mod pair;

use crate::diagnosis::{
    ADDRESS_IN_USE, BAD_INPUT, DATAGRAM, ENDS_WITH_CLIENT, GONE_CLIENT, LIMIT_LEAKS, LIMIT_LOST, MIXED, ONE_CLIENT,
    ONE_RECV, PROTOCOL, STREAM_END, TIMEOUT_LOST, WRONG_SUM,
};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Crowd::{Comes, IsLetIn, IsTurnedAway, Leaves, TimesOut, Vanishes};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::{Answers, Anything, Number, Numbers};
use crate::rule::Step::{
    Ask, AskInPieces, Begin, Close, Complete, Crowd, Finish, Hear, IfOpen, Open, OpenDeaf, Reset, Rest, Restart, Send,
    TimedOut,
};
use crate::rule::{Cast, Part, Rule};

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

const SUM: &str = "… each client send two numbers to server and receives sum of those as a result.";
const MULTIPLE: &str = "Project1 can have multiple clients running.";
const LIMIT_HOLDS: &str = "“Clients_limit” defines how many clients can simultaneously be connected to the server: also once some have left and others came.";
const LIMIT_FREES: &str =
    "“Clients_limit” defines how many clients can simultaneously be connected to the server: who has left is not.";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    // Whoever joins or multiplies them has understood the question.
    sounding: &[Open("Ada"), Ask("Ada", "17", "25"), Hear("Ada", Numbers(&[42.0, 1725.0, 425.0]))],
    visit: &[Open("Robin"), Ask("Robin", "9", "8"), Hear("Robin", Anything)],
    rules: &[
        Rule {
            id: "sum.next",
            level: Must,
            over: Streams,
            sentence: "Each client is served, and not only the first.",
            play: &[Open("Ada"), Ask("Ada", "3", "4"), Hear("Ada", Anything), Crowd(Leaves(1))],
            diagnosis: &ENDS_WITH_CLIENT,
        },
        Rule {
            id: "sum.end",
            level: Must,
            over: Streams,
            sentence: "A client that has closed asks for nothing more, however often it is read from.",
            play: &[
                Open("Ada"),
                Ask("Ada", "3", "4"),
                Hear("Ada", Anything),
                Finish("Ada"),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Begin("Bob", "3"),
                Finish("Bob"),
                Rest,
                Close("Bob"),
                Rest,
            ],
            diagnosis: &STREAM_END,
        },
        Rule {
            id: "sum.adds",
            level: Must,
            over: Both,
            sentence: SUM,
            play: &[Open("Ada"), Ask("Ada", "17", "25"), Hear("Ada", Answers("17 + 25"))],
            diagnosis: &WRONG_SUM,
        },
        Rule {
            id: "sum.negatives",
            level: Must,
            over: Both,
            sentence: SUM,
            play: &[Open("Ada"), Ask("Ada", "-70", "12"), Hear("Ada", Answers("-70 + 12"))],
            diagnosis: &WRONG_SUM,
        },
        Rule {
            id: "sum.invalid",
            level: Must,
            over: Both,
            sentence: "What is no number may be answered, met with silence, or end that client's session; the server goes on serving.",
            play: &[
                Open("Ada"),
                Ask("Ada", "three", "4"),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Ask("Bob", "3", "1.2.3"),
                Rest,
            ],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "sum.bytes",
            level: Must,
            over: Both,
            sentence: "What is no text is no number either; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b"\xff\xfe \x80\n"), Rest, Send("Ada", b"\xff\xfe\n"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "sum.empty",
            level: Must,
            over: Datagrams,
            sentence: "A datagram may be empty; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b""), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "sum.unheard",
            level: Must,
            over: Datagrams,
            sentence: "Who asked may be gone before the answer comes; the server goes on serving.",
            play: &[OpenDeaf("Ada"), Ask("Ada", "3", "4"), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "sum.each-its-own",
            level: Must,
            over: Datagrams,
            sentence: "Each client receives the sum of its own numbers.",
            play: &[
                Open("Ada"),
                Open("Bob"),
                Ask("Ada", "3", "4"),
                Hear("Ada", Number(7.0)),
                Ask("Bob", "5", "8"),
                Hear("Bob", Number(13.0)),
                Ask("Ada", "30", "12"),
                Hear("Ada", Number(42.0)),
            ],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "sum.between",
            level: Must,
            over: Datagrams,
            sentence: "Each client receives the sum of its own numbers: also when another asks between the one number and the other.",
            play: &[
                Open("Ada"),
                Open("Bob"),
                Begin("Ada", "300"),
                Ask("Bob", "5", "8"),
                Hear("Bob", Number(13.0)),
                Complete("Ada", "300", "33"),
                Hear("Ada", Number(333.0)),
            ],
            diagnosis: &MIXED,
        },
        Rule {
            id: "sum.reset",
            level: Must,
            over: Streams,
            sentence: "A client may crash; the server goes on serving others.",
            play: &[
                Open("Ada"),
                Begin("Ada", "3"),
                Reset("Ada"),
                Rest,
                Open("Bob"),
                Ask("Bob", "2", "5"),
                Reset("Bob"),
                Rest,
            ],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "sum.several",
            level: Must,
            over: Streams,
            sentence: MULTIPLE,
            play: &[
                Open("Ada"),
                Begin("Ada", "6"),
                Open("Bob"),
                Ask("Bob", "5", "8"),
                Hear("Bob", Number(13.0)),
                Complete("Ada", "6", "3"),
                Hear("Ada", Number(9.0)),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "sum.mute",
            level: Must,
            over: Streams,
            sentence: "Project1 can have multiple clients running: also while one of them says nothing.",
            play: &[Open("Ada"), Open("Bob"), Ask("Bob", "5", "8"), Hear("Bob", Number(13.0))],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "sum.stays",
            level: Must,
            over: Streams,
            sentence: "Project1 can have multiple clients running: one that crashes takes no other down.",
            play: &[
                Open("Ada"),
                Begin("Ada", "6"),
                Open("Bob"),
                Begin("Bob", "5"),
                Reset("Bob"),
                Rest,
                Complete("Ada", "6", "3"),
                Hear("Ada", Number(9.0)),
            ],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "sum.limit-frees",
            level: Must,
            over: Streams,
            sentence: LIMIT_FREES,
            play: &[Crowd(Comes), Crowd(Leaves(1)), Crowd(IsLetIn), Crowd(Leaves(2)), Crowd(IsLetIn)],
            diagnosis: &LIMIT_LEAKS,
        },
        Rule {
            id: "sum.limit-vanished",
            level: Must,
            over: Streams,
            sentence: "“Clients_limit” defines how many clients can simultaneously be connected to the server: who has crashed is not.",
            play: &[Crowd(Comes), Crowd(Vanishes(1)), Crowd(IsLetIn), Crowd(Vanishes(2)), Crowd(IsLetIn)],
            diagnosis: &LIMIT_LEAKS,
        },
        Rule {
            id: "sum.limit-holds",
            level: Must,
            over: Streams,
            sentence: LIMIT_HOLDS,
            play: &[
                Crowd(Comes),
                Crowd(Leaves(1)),
                Crowd(IsTurnedAway),
                Crowd(Leaves(2)),
                Crowd(IsTurnedAway),
                Crowd(Vanishes(1)),
                Crowd(IsTurnedAway),
            ],
            diagnosis: &LIMIT_LOST,
        },
        Rule {
            id: "sum.limit-timeouts",
            level: Must,
            over: Streams,
            sentence: "“Clients_limit” defines how many clients can simultaneously be connected to the server: whose time is over is not.",
            play: &[Crowd(Comes), Crowd(TimesOut), Crowd(IsLetIn), Crowd(IsTurnedAway)],
            diagnosis: &LIMIT_LEAKS,
        },
        Rule {
            id: "sum.timeout",
            level: Must,
            over: Streams,
            sentence: "“timeout” defines maximum time that server keep connection to each clients open, without sending any data.",
            play: &[
                Open("Ada"),
                TimedOut("Ada"),
                Close("Ada"),
                Open("Bob"),
                Ask("Bob", "3", "4"),
                Hear("Bob", Number(7.0)),
                Close("Bob"),
                Open("Cleo"),
                TimedOut("Cleo"),
            ],
            diagnosis: &TIMEOUT_LOST,
        },
        Rule {
            id: "sum.decimals",
            level: Should,
            over: Both,
            sentence: "… each client send two numbers: those with a fraction are numbers, too.",
            play: &[Open("Ada"), Ask("Ada", "2.5", "4.25"), Hear("Ada", Answers("2.5 + 4.25"))],
            diagnosis: &WRONG_SUM,
        },
        Rule {
            id: "sum.again",
            level: Should,
            over: Both,
            sentence: "A client may ask again, unless the server has closed the connection behind its first sum.",
            play: &[
                Open("Ada"),
                Ask("Ada", "3", "4"),
                Hear("Ada", Number(7.0)),
                IfOpen("Ada"),
                Ask("Ada", "30", "12"),
                Hear("Ada", Number(42.0)),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "sum.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "Each client send two numbers to server: also when they arrive in pieces.",
            play: &[Open("Ada"), AskInPieces("Ada", "111", "222"), Hear("Ada", Number(333.0))],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "sum.restart",
            level: Should,
            over: Streams,
            sentence: "A server that was ended while a client was there can be started again at once.",
            play: &[Open("Ada"), Ask("Ada", "3", "4"), Hear("Ada", Anything), Restart],
            diagnosis: &ADDRESS_IN_USE,
        },
    ],
};
