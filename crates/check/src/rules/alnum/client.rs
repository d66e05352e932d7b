//! alnum's client: "Software Systems" task 1, before its change. Its programs send one message and end, so that only one is a MUST.

use crate::diagnosis::clients::{ANSWER_UNSEEN, LOST, ONE_LINE, TYPED};
use crate::diagnosis::{ONE_RECV, SERVER_GONE};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::Text;
use crate::rule::Step::{
    Accept, Finish, Hear, Lose, OrExits, Pieces, Say, ServerEnds, ShowsReply, Sleeps, Start, Type,
};
use crate::rule::{Cast, Part, Rule};

const SENDS: &str =
    "The client takes a line from its user and sends it: whether it is alphanumeric is the server's to say.";
const PRINTS: &str = "The client prints what the server answered: `Alphanumeric.` or `Not Alphanumeric.`";
/// More than a client waits for a lost answer.
const LOST_S: u64 = 20;

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Start("Ada"),
        Type("Ada", "Hello123"),
        Accept("Ada"),
        Hear("Ada", Text("Hello123")),
        Say("Ada", "Alphanumeric."),
        Finish("Ada"),
        ShowsReply("Ada"),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "alnum.client.sends",
            level: Must,
            over: Both,
            sentence: SENDS,
            play: &[
                Start("Ada"),
                Type("Ada", "Hello123"),
                Accept("Ada"),
                Hear("Ada", Text("Hello123")),
                Start("Bob"),
                Type("Bob", "hello, world!"),
                Accept("Bob"),
                Hear("Bob", Text("hello, world!")),
            ],
            diagnosis: &TYPED,
        },
        Rule {
            id: "alnum.client.answer",
            level: Must,
            over: Both,
            sentence: PRINTS,
            play: &[
                Start("Ada"),
                Type("Ada", "Hello123"),
                Accept("Ada"),
                Hear("Ada", Text("Hello123")),
                Say("Ada", "Alphanumeric."),
                // Some read until the server closes.
                Finish("Ada"),
                ShowsReply("Ada"),
                Start("Bob"),
                Type("Bob", "hello, world!"),
                Accept("Bob"),
                Hear("Bob", Text("hello, world!")),
                Say("Bob", "Not Alphanumeric."),
                Finish("Bob"),
                ShowsReply("Bob"),
            ],
            diagnosis: &ANSWER_UNSEEN,
        },
        Rule {
            id: "alnum.client.again",
            level: Should,
            over: Both,
            sentence: "A client takes lines from its user, sends each, and prints each answer.",
            play: &[
                Start("Ada"),
                Type("Ada", "Hello123"),
                Accept("Ada"),
                Hear("Ada", Text("Hello123")),
                Say("Ada", "Alphanumeric."),
                ShowsReply("Ada"),
                Type("Ada", "two words"),
                Hear("Ada", Text("two words")),
                Say("Ada", "Not Alphanumeric."),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "alnum.client.lost",
            level: Should,
            over: Datagrams,
            sentence: "UDP may lose an answer: the client gives up waiting for it and goes on, or ends.",
            play: &[
                Start("Ada"),
                Type("Ada", "Hello123"),
                Accept("Ada"),
                Hear("Ada", Text("Hello123")),
                Lose("Ada"),
                Sleeps(LOST_S),
                OrExits("Ada", &Type("Ada", "again4")),
                OrExits("Ada", &Hear("Ada", Text("again4"))),
            ],
            diagnosis: &LOST,
        },
        Rule {
            id: "alnum.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends, and neither hangs nor spins nor crashes.",
            play: &[
                Start("Ada"),
                Type("Ada", "Hello123"),
                Accept("Ada"),
                Hear("Ada", Text("Hello123")),
                ServerEnds("Ada", "again4"),
            ],
            diagnosis: &SERVER_GONE,
        },
        Rule {
            id: "alnum.client.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "All that the server answered is printed, in however many pieces it arrived.",
            play: &[
                Start("Ada"),
                Type("Ada", "two words"),
                Accept("Ada"),
                Hear("Ada", Text("two words")),
                Pieces("Ada", "Not Alphanumeric.\n"),
                Finish("Ada"),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_RECV,
        },
    ],
};
