//! echo's client: "Socket Programming using Python" q1 and q4, "Software Systems" task 1.
//!
//! The sheets' templates send one message and end, so that only one is a MUST. Our server turns the words round: what is shown can come from it alone. The
//! answer is as long as the message, since a client may wait for so many bytes.

use crate::diagnosis::clients::{ANSWER_UNSEEN, LANGUAGE, LOST, ONE_LINE, TYPED};
use crate::diagnosis::{ONE_RECV, SERVER_GONE};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::Text;
use crate::rule::Step::{
    Accept, Finish, Hear, Lose, OrExits, Pieces, Say, ServerEnds, ShowsReply, Sleeps, Start, Type,
};
use crate::rule::{Cast, Part, Rule};

const MESSAGE: &str = "Enter a message from the client and print in the server.";
const OUTPUT: &str =
    "Run the Client and Server processes and observe the output: the client prints what the server answers.";
/// More than a client waits for a lost answer.
const LOST_S: u64 = 20;

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Start("Ada"),
        Type("Ada", "stressed"),
        Accept("Ada"),
        Hear("Ada", Text("stressed")),
        Say("Ada", "desserts"),
        Finish("Ada"),
        ShowsReply("Ada"),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "echo.client.sends",
            level: Must,
            over: Both,
            sentence: MESSAGE,
            play: &[Start("Ada"), Type("Ada", "stressed"), Accept("Ada"), Hear("Ada", Text("stressed"))],
            diagnosis: &TYPED,
        },
        Rule {
            id: "echo.client.answer",
            level: Must,
            over: Both,
            sentence: OUTPUT,
            play: &[
                Start("Ada"),
                Type("Ada", "stressed"),
                Accept("Ada"),
                Hear("Ada", Text("stressed")),
                Say("Ada", "desserts"),
                // Some read until the server closes.
                Finish("Ada"),
                ShowsReply("Ada"),
            ],
            diagnosis: &ANSWER_UNSEEN,
        },
        Rule {
            id: "echo.client.again",
            level: Should,
            over: Both,
            sentence: "A client takes lines from its user, sends each, and prints each answer.",
            play: &[
                Start("Ada"),
                Type("Ada", "stressed"),
                Accept("Ada"),
                Hear("Ada", Text("stressed")),
                Say("Ada", "desserts"),
                ShowsReply("Ada"),
                Type("Ada", "drawer"),
                Hear("Ada", Text("drawer")),
                Say("Ada", "reward"),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "echo.client.lost",
            level: Should,
            over: Datagrams,
            sentence: "UDP may lose an answer: the client gives up waiting for it and goes on, or ends.",
            play: &[
                Start("Ada"),
                Type("Ada", "stressed"),
                Accept("Ada"),
                Hear("Ada", Text("stressed")),
                Lose("Ada"),
                Sleeps(LOST_S),
                OrExits("Ada", &Type("Ada", "drawer")),
                OrExits("Ada", &Hear("Ada", Text("drawer"))),
            ],
            diagnosis: &LOST,
        },
        Rule {
            id: "echo.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends, and neither hangs nor spins nor crashes.",
            play: &[
                Start("Ada"),
                Type("Ada", "stressed"),
                Accept("Ada"),
                Hear("Ada", Text("stressed")),
                ServerEnds("Ada", "drawer"),
            ],
            diagnosis: &SERVER_GONE,
        },
        Rule {
            id: "echo.client.text",
            level: Should,
            over: Both,
            sentence: "A message may be in any language.",
            play: &[
                Start("Ada"),
                Type("Ada", "smörgås"),
                Accept("Ada"),
                Hear("Ada", Text("smörgås")),
                Say("Ada", "sågröms"),
                Finish("Ada"),
                ShowsReply("Ada"),
            ],
            diagnosis: &LANGUAGE,
        },
        Rule {
            id: "echo.client.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "All that the server answered is printed, in however many pieces it arrived.",
            play: &[
                Start("Ada"),
                Type("Ada", "stressed"),
                Accept("Ada"),
                Hear("Ada", Text("stressed")),
                Pieces("Ada", "desserts\n"),
                Finish("Ada"),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_RECV,
        },
    ],
};
