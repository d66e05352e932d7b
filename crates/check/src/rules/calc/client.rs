//! calc's client: "Socket Programming using Python" q6.
//!
//! The sheet leaves open where the name comes from, how the user is asked, and how answer and warning are worded.

use crate::diagnosis::{FORMAT, NOT_ENDED, PROTOCOL, SERVER_GONE};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Anything, Text};
use crate::rule::Step::{Accept, Close, Exits, Hear, Never, Rest, Say, Shows, ShowsReply, Start, Type};
use crate::rule::{Cast, Part, Rule};

const NAME: &str = "The client initiates communication with a Server by sending the server its name.";
const SENDS: &str = "If correctly formatted, the Client sends this string to the Server.";

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[Start("Ada"), Accept("Ada"), Type("Ada", "12 + 42"), Hear("Ada", Text("12 + 42"))],
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
            id: "calc.client.answer",
            level: Must,
            over: Streams,
            sentence: "The Client prints the answer it received from the server.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Type("Ada", "12 + 42"),
                Hear("Ada", Text("12 + 42")),
                Say("Ada", "54"),
                ShowsReply("Ada"),
                Type("Ada", "4.5 / -6"),
                Hear("Ada", Text("4.5 / -6")),
                Say("Ada", "-0.75"),
                ShowsReply("Ada"),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "calc.client.format",
            level: Must,
            over: Streams,
            sentence: "If the input is not correctly formatted, a warning is displayed to the user.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Type("Ada", "12 +"),
                Shows("Ada", Anything),
                Type("Ada", "12 + 42"),
                Hear("Ada", Text("12 + 42")),
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
                Rest,
                Type("Ada", "twelve and some"),
                Never("Ada", Text("twelve")),
                Type("Ada", "1 + 2"),
                Hear("Ada", Text("1 + 2")),
            ],
            diagnosis: &FORMAT,
        },
        Rule {
            id: "calc.client.quit",
            level: Must,
            over: Streams,
            sentence: "When the user wishes to stop, they enter “q”. The client process forwards the “q” to the Server […]. The Client processes stops.",
            play: &[Start("Ada"), Accept("Ada"), Type("Ada", "q"), Hear("Ada", Text("q")), Close("Ada"), Exits("Ada")],
            diagnosis: &NOT_ENDED,
        },
        Rule {
            id: "calc.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client neither hangs nor spins then.",
            play: &[Start("Ada"), Accept("Ada"), Type("Ada", "1 + 2"), Hear("Ada", Text("1 + 2")), Close("Ada"), Rest],
            diagnosis: &SERVER_GONE,
        },
    ],
};
