//! clock: "Socket Programming using Python" q3.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::{BAD_INPUT, DATAGRAM, GONE_CLIENT, PROTOCOL, STALE};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::{Anything, Date, Time};
use crate::rule::Step::{Hear, Never, Open, OpenDeaf, Pass, Reset, Rest, Say, Send};
use crate::rule::{Cast, Part, Rule};

const RESPONDS: &str = "Whenever it sees a request, it responds by sending either the current DATE or the current TIME in (HH:MM:SS) format as specified in the \
                        request.";
const LOOP: &str = "The server runs in a infinite loop where it keeps waiting for requests.";
const EITHER: &str = "The request string can either be: “SEND_DATE” or “SEND_TIME”. Anything else may be answered or met with silence, but is neither.";
/// More than the clocks of two programs are taken to lie apart.
const PASS_MS: u64 = 4500;

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[Open("Ada"), Say("Ada", "SEND_TIME"), Hear("Ada", Anything)],
    visit: &[Open("Robin"), Say("Robin", "SEND_TIME"), Hear("Robin", Anything)],
    rules: &[
        Rule {
            id: "clock.loop",
            level: Must,
            over: Datagrams,
            sentence: LOOP,
            play: &[
                Open("Ada"),
                Say("Ada", "SEND_TIME"),
                Hear("Ada", Anything),
                Say("Ada", "SEND_DATE"),
                Hear("Ada", Anything),
                Say("Ada", "SEND_TIME"),
                Hear("Ada", Anything),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "clock.date",
            level: Must,
            over: Both,
            sentence: RESPONDS,
            play: &[Open("Ada"), Say("Ada", "SEND_DATE"), Hear("Ada", Date)],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "clock.time",
            level: Must,
            over: Both,
            sentence: RESPONDS,
            play: &[Open("Ada"), Say("Ada", "SEND_TIME"), Hear("Ada", Time)],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "clock.current",
            level: Must,
            over: Both,
            sentence: "… the current DATE or the current TIME: that of the answer, and not that of the server's start.",
            play: &[Open("Ada"), Pass(PASS_MS), Say("Ada", "SEND_TIME"), Hear("Ada", Time)],
            diagnosis: &STALE,
        },
        Rule {
            id: "clock.bytes",
            level: Must,
            over: Both,
            sentence: "What is no text is no request; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b"\xff\xfe\x80\n"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "clock.empty",
            level: Must,
            over: Datagrams,
            sentence: "A datagram may be empty; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b""), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "clock.unheard",
            level: Must,
            over: Datagrams,
            sentence: "Who asked may be gone before the answer comes; the server goes on serving.",
            play: &[OpenDeaf("Ada"), Say("Ada", "SEND_TIME"), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "clock.each-its-own",
            level: Must,
            over: Datagrams,
            sentence: "Each client gets its own answer.",
            play: &[
                Open("Ada"),
                Open("Bob"),
                Say("Ada", "SEND_DATE"),
                Say("Bob", "SEND_TIME"),
                Hear("Ada", Date),
                Hear("Bob", Time),
                Say("Ada", "SEND_TIME"),
                Hear("Ada", Time),
            ],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "clock.unknown",
            level: Should,
            over: Both,
            sentence: EITHER,
            play: &[Open("Ada"), Say("Ada", "SEND_WEATHER"), Rest, Never("Ada", Time), Never("Ada", Date)],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "clock.reset",
            level: Should,
            over: Streams,
            sentence: "A client may crash; the server goes on serving others.",
            play: &[Open("Ada"), Say("Ada", "SEND_TIME"), Reset("Ada"), Rest],
            diagnosis: &GONE_CLIENT,
        },
    ],
};
