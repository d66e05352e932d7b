//! sum's client: "Socket programming" project 1.
//!
//! The sheet leaves open how the user gives the numbers, whether they are sent together, what the server says beside the sum, and how the user leaves. So it
//! is found out how the client takes them; and it is only asked that one that has left ends.

use crate::diagnosis::clients::{ANSWER_UNSEEN, BUSY, LOST, ONE_LINE};
use crate::diagnosis::{NUMBERS, ONE_RECV, SERVER_GONE, STAYS};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Step::{
    Gives, Lose, OrExits, Pieces, Quits, Say, ServerEnds, ServerIsBusy, ShowsReply, Sleeps, Start,
};
use crate::rule::{Cast, Part, Rule};

const SUM: &str = "… each client send two numbers to server and receives sum of those as a result.";
/// More than a client waits for a lost answer.
const LOST_S: u64 = 20;

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[Start("Ada"), Gives("Ada", "17", "25"), Say("Ada", "42"), ShowsReply("Ada")],
    visit: &[],
    rules: &[
        Rule {
            id: "sum.client.answer",
            level: Must,
            over: Both,
            sentence: SUM,
            play: &[Start("Ada"), Gives("Ada", "17", "25"), Say("Ada", "42"), ShowsReply("Ada")],
            diagnosis: &ANSWER_UNSEEN,
        },
        Rule {
            id: "sum.client.large",
            level: Must,
            over: Both,
            sentence: "Each client send two numbers to server: also those of more than two digits.",
            play: &[Start("Ada"), Gives("Ada", "30125", "1204"), Say("Ada", "31329"), ShowsReply("Ada")],
            diagnosis: &NUMBERS,
        },
        Rule {
            id: "sum.client.negatives",
            level: Should,
            over: Both,
            sentence: "Each client send two numbers to server: those below zero are numbers, too.",
            play: &[Start("Ada"), Gives("Ada", "-70", "12"), Say("Ada", "-58"), ShowsReply("Ada")],
            diagnosis: &NUMBERS,
        },
        Rule {
            id: "sum.client.again",
            level: Should,
            over: Both,
            sentence: "A client takes two more numbers once it has shown a sum, so that it need not be started again.",
            play: &[
                Start("Ada"),
                Gives("Ada", "17", "25"),
                Say("Ada", "42"),
                ShowsReply("Ada"),
                Gives("Ada", "30", "33"),
                Say("Ada", "63"),
                ShowsReply("Ada"),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "sum.client.lost",
            level: Should,
            over: Datagrams,
            sentence: "UDP may lose an answer: the client gives up waiting for it and goes on, or ends.",
            play: &[
                Start("Ada"),
                Gives("Ada", "17", "25"),
                Lose("Ada"),
                Sleeps(LOST_S),
                OrExits("Ada", &Gives("Ada", "30", "33")),
            ],
            diagnosis: &LOST,
        },
        Rule {
            id: "sum.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends, and neither hangs nor spins nor crashes.",
            play: &[Start("Ada"), Gives("Ada", "17", "25"), ServerEnds("Ada", "30")],
            diagnosis: &SERVER_GONE,
        },
        Rule {
            id: "sum.client.busy",
            level: Should,
            over: Streams,
            sentence: "Clients_limit defines how many clients can simultaneously be connected to the server: one too many is told “Server Is Busy” and closed; it \
                       says so, or ends, and neither hangs nor spins nor crashes.",
            play: &[Start("Ada"), ServerIsBusy("Ada", "30")],
            diagnosis: &BUSY,
        },
        Rule {
            id: "sum.client.leaves",
            level: Should,
            over: Both,
            sentence: "The sheet leaves open how the user of a client leaves: with “Exit”, as the published one's, or otherwise. A client that has left ends.",
            play: &[Start("Ada"), Gives("Ada", "17", "25"), Say("Ada", "42"), ShowsReply("Ada"), Quits("Ada")],
            diagnosis: &STAYS,
        },
        Rule {
            id: "sum.client.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "Each client receives the sum: also when it arrives in pieces.",
            play: &[Start("Ada"), Gives("Ada", "111", "222"), Pieces("Ada", "333\n"), ShowsReply("Ada")],
            diagnosis: &ONE_RECV,
        },
    ],
};
