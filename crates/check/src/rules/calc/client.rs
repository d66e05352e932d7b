//! calc's client: "Socket Programming using Python" q6.
//!
//! The sheet leaves open where the name comes from, how the user is asked, how answer and warning are worded, and whether numbers are sent as they were typed
//! or as they were read (`12.0 + 42.0`).

use crate::diagnosis::clients::NOT_FORWARDED;
use crate::diagnosis::{FORMAT, NOT_SENT, NOT_SHOWN, NUMBERS, ONE_RECV, PROTOCOL, SERVER_GONE, STAYS};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Anything, Number, Text};
use crate::rule::Step::{
    Accept, Close, Exits, Greet, Hear, Never, Pieces, Rest, Say, ServerEnds, Shows, ShowsReply, Start, Type,
};
use crate::rule::{Cast, Part, Rule};

const NAME: &str = "The client initiates communication with a Server by sending the server its name.";
const SENDS: &str = "If correctly formatted, the Client sends this string to the Server.";
const PRINTS: &str = "The Client prints the answer it received from the server.";
const WARNS: &str = "If the input is not correctly formatted, a warning is displayed to the user.";
const EXAMPLES: &str = "Two numbers and a simple arithmetic operation (separated by spaces), for example: “12 + 42” or “3.24 - 45” or “4.5 / -6”.";
const GREETING: &str = "Hello!";

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Start("Ada"),
        Accept("Ada"),
        Greet("Ada", GREETING),
        Type("Ada", "12 + 42"),
        Hear("Ada", Number(42.0)),
        Say("Ada", "54"),
        ShowsReply("Ada"),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "calc.client.name",
            level: Must,
            over: Streams,
            sentence: NAME,
            play: &[Start("Ada"), Accept("Ada"), Hear("Ada", Anything)],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "calc.client.request",
            level: Must,
            over: Streams,
            sentence: SENDS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Rest,
                Type("Ada", "12 + 42"),
                Hear("Ada", Number(12.0)),
                Hear("Ada", Text("+")),
                Hear("Ada", Number(42.0)),
            ],
            diagnosis: &NOT_SENT,
        },
        Rule {
            id: "calc.client.answer",
            level: Must,
            over: Streams,
            sentence: PRINTS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "12 + 42"),
                Hear("Ada", Number(42.0)),
                Say("Ada", "54"),
                ShowsReply("Ada"),
            ],
            diagnosis: &NOT_SHOWN,
        },
        Rule {
            id: "calc.client.loop",
            level: Must,
            over: Streams,
            sentence: "The client then runs in an infinite loop where it accepts a line of input from the user.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "12 + 42"),
                Hear("Ada", Number(42.0)),
                Say("Ada", "54"),
                ShowsReply("Ada"),
                Type("Ada", "7 * 9"),
                Hear("Ada", Number(9.0)),
                Say("Ada", "63"),
                ShowsReply("Ada"),
                Type("Ada", "80 - 3"),
                Hear("Ada", Number(80.0)),
                Say("Ada", "77"),
                ShowsReply("Ada"),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "calc.client.numbers",
            level: Must,
            over: Streams,
            sentence: EXAMPLES,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "3.24 - 45"),
                Hear("Ada", Number(3.24)),
                Say("Ada", "-41.76"),
                ShowsReply("Ada"),
                Type("Ada", "4.5 / -6"),
                Hear("Ada", Number(-6.0)),
                Say("Ada", "-0.75"),
                ShowsReply("Ada"),
            ],
            diagnosis: &NUMBERS,
        },
        Rule {
            id: "calc.client.warning",
            level: Must,
            over: Streams,
            sentence: WARNS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "12 +"),
                Shows("Ada", Anything),
                Type("Ada", "12 + 42"),
                Hear("Ada", Number(42.0)),
                Say("Ada", "54"),
                ShowsReply("Ada"),
            ],
            diagnosis: &FORMAT,
        },
        Rule {
            id: "calc.client.sends",
            level: Must,
            over: Streams,
            sentence: SENDS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Rest,
                Type("Ada", "12 +"),
                Never("Ada", Text("12")),
                Type("Ada", "twelve and some"),
                Never("Ada", Text("twelve")),
                Type("Ada", "a + b"),
                Never("Ada", Text("a + b")),
                Type("Ada", "1 + 2"),
                Hear("Ada", Number(2.0)),
            ],
            diagnosis: &FORMAT,
        },
        Rule {
            id: "calc.client.empty",
            level: Must,
            over: Streams,
            sentence: "If the input is not correctly formatted, a warning is displayed to the user: an empty line is not either, and the client goes on.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", ""),
                Rest,
                Type("Ada", "1 + 2"),
                Hear("Ada", Number(2.0)),
            ],
            diagnosis: &FORMAT,
        },
        Rule {
            id: "calc.client.forwards",
            level: Must,
            over: Streams,
            sentence: "When the user wishes to stop, they enter “q”. The client process forwards the “q” to the Server.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Rest,
                Type("Ada", "q"),
                Hear("Ada", Text("q")),
            ],
            diagnosis: &NOT_FORWARDED,
        },
        Rule {
            id: "calc.client.quit",
            level: Must,
            over: Streams,
            sentence: "When the user wishes to stop, they enter “q”. […] The Client processes stops.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "3 + 8"),
                Hear("Ada", Number(8.0)),
                Say("Ada", "11"),
                ShowsReply("Ada"),
                Type("Ada", "q"),
                Rest,
                Close("Ada"),
                Exits("Ada"),
            ],
            diagnosis: &STAYS,
        },
        Rule {
            id: "calc.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends too.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "1 + 2"),
                Hear("Ada", Number(2.0)),
                ServerEnds("Ada", "3 + 4"),
            ],
            diagnosis: &SERVER_GONE,
        },
        Rule {
            id: "calc.client.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "When you decide upon a “format” for the messages that can be correctly understood […]: also when an answer arrives in pieces.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Greet("Ada", GREETING),
                Type("Ada", "111 * 111"),
                Hear("Ada", Number(111.0)),
                Pieces("Ada", "12321\n"),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_RECV,
        },
    ],
};
