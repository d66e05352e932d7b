//! add's client: "Lab 2" q1 and q2.
//!
//! The sheet leaves open how the two numbers are parted, and how the user is asked.

use crate::diagnosis::{ACK, COMMANDS, NOT_SHOWN, ONE_RECV, PROTOCOL, SAME_NAME, SERVER_GONE, STAYS};
use crate::matcher::numbers;
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Addends, Anything, Text};
use crate::rule::Step::{
    Accept, Close, Differ, Exits, Hear, Never, Pass, Pieces, Reply, Rest, Say, ServerEnds, Shows, ShowsNumbers,
    ShowsReply, Start, Type,
};
use crate::rule::{Cast, Part, Rule};

const NAME: &str =
    "The Client first establishes a connection with the Server. After this, it sends the server its name.";
const SENDS: &str = "The client program chooses two numbers (each between 1 to 10) at random and sends these two numbers to the server, bundled up into a single string.";
const PRINTS: &str = "The Client prints “answer received from Server = <answer>” upon receiving this response.";
const INVALID: &str = "If the user enters any command other than “q” or “a”, the Client prints “Invalid command” and prompts the user again.";
const UNIQUE: &str =
    "Each client process should have a unique name even though they are all instances of the same program.";
/// A name may be made of the time in seconds.
const SECOND: u64 = 1100;

/// What our server answers to two numbers.
fn add(heard: &str) -> Option<String> {
    let addends: Vec<f64> = numbers(heard).map(f64::abs).collect();
    (addends.len() == 2).then(|| addends.iter().sum::<f64>().to_string())
}

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Start("Ada"),
        Accept("Ada"),
        Say("Ada", "ack"),
        Type("Ada", "a"),
        Hear("Ada", Addends),
        Reply("Ada", add),
        ShowsReply("Ada"),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "add.client.name",
            level: Must,
            over: Streams,
            sentence: NAME,
            play: &[Start("Ada"), Accept("Ada"), Hear("Ada", Anything)],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "add.client.sends",
            level: Must,
            over: Streams,
            sentence: SENDS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "add.client.answer",
            level: Must,
            over: Streams,
            sentence: PRINTS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                Reply("Ada", add),
                ShowsReply("Ada"),
            ],
            diagnosis: &NOT_SHOWN,
        },
        Rule {
            id: "add.client.loop",
            level: Must,
            over: Streams,
            sentence: "The Client process runs an infinite loop in which it […] prompts the user for a command.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                Reply("Ada", add),
                ShowsReply("Ada"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                Reply("Ada", add),
                ShowsReply("Ada"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                Reply("Ada", add),
                ShowsReply("Ada"),
            ],
            diagnosis: &PROTOCOL,
        },
        Rule {
            id: "add.client.shows-numbers",
            level: Must,
            over: Streams,
            sentence: "It also prints the two numbers on the screen.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                ShowsNumbers("Ada"),
            ],
            diagnosis: &NOT_SHOWN,
        },
        Rule {
            id: "add.client.invalid",
            level: Must,
            over: Streams,
            sentence: INVALID,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "x"),
                Shows("Ada", Text("invalid")),
                Type("Ada", "a"),
                Hear("Ada", Addends),
            ],
            diagnosis: &COMMANDS,
        },
        Rule {
            id: "add.client.not-sent",
            level: Must,
            over: Streams,
            sentence: INVALID,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Rest,
                Type("Ada", "subtract"),
                Never("Ada", Anything),
                Type("Ada", "a"),
                Hear("Ada", Addends),
            ],
            diagnosis: &COMMANDS,
        },
        Rule {
            id: "add.client.quit",
            level: Must,
            over: Streams,
            sentence: "If the command is “q” (short for quit), the client program closes the connection and exits.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "q"),
                Rest,
                Close("Ada"),
                Exits("Ada"),
            ],
            diagnosis: &STAYS,
        },
        Rule {
            id: "add.client.ack",
            level: Must,
            over: Streams,
            sentence: "After establishing the connection and getting the “ack” from the Server, the Client process runs an infinite loop.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Type("Ada", "a"),
                Never("Ada", Addends),
                Say("Ada", "ack"),
                Hear("Ada", Addends),
            ],
            diagnosis: &ACK,
        },
        Rule {
            id: "add.client.unique",
            level: Must,
            over: Streams,
            sentence: UNIQUE,
            // So many that two of them may have the same name by chance.
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Start("Bob"),
                Accept("Bob"),
                Hear("Bob", Anything),
                Pass(SECOND),
                Start("Cleo"),
                Accept("Cleo"),
                Hear("Cleo", Anything),
                Start("Dan"),
                Accept("Dan"),
                Hear("Dan", Anything),
                Pass(SECOND),
                Start("Eve"),
                Accept("Eve"),
                Hear("Eve", Anything),
                Differ,
            ],
            diagnosis: &SAME_NAME,
        },
        Rule {
            id: "add.client.words",
            level: Should,
            over: Streams,
            sentence: PRINTS,
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                Reply("Ada", add),
                Shows("Ada", Text("answer received from server")),
            ],
            diagnosis: &NOT_SHOWN,
        },
        Rule {
            id: "add.client.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "The Server should […] send an “ack” string to the client: also when it arrives in pieces.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Pieces("Ada", "ack\n"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                Reply("Ada", add),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "add.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends too.",
            play: &[
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", Anything),
                Say("Ada", "ack"),
                Type("Ada", "a"),
                Hear("Ada", Addends),
                ServerEnds("Ada", "a"),
            ],
            diagnosis: &SERVER_GONE,
        },
    ],
};
