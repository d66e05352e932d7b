//! clock's client: "Socket Programming using Python" q3.
//!
//! The sheet says "multiple such requests": one that ends after some is right, and what it did not come to could not be seen. Our server's date
//! and time are long past, so that what is shown can come from it alone.

use crate::diagnosis::clients::{ANSWER_UNSEEN, ASKS_ONCE, LOST, PAUSE, REQUESTS};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams};
use crate::rule::Said::{OneOf, Text};
use crate::rule::Step::{Accept, Answers, Hear, Lose, Pauses, Reply, ShowsReply, Sleeps, Start, UnlessExits};
use crate::rule::{Cast, Part, Rule, Said};

const REQUEST: Said = OneOf(&["SEND_DATE", "SEND_TIME"]);
const SENDS: &str =
    "The client sends the server a request. The request string can either be: “SEND_DATE” or “SEND_TIME”.";
const LOOP: &str = "The Client runs in a loop where it generates multiple such requests.";
/// A request is awaited for so long; the sheet's pause is 2 s at most.
const REQUEST_S: u64 = 10;
/// Enough for twenty requests: that one drawn at random is missing in so many happens once in a million times.
const BOTH_S: u64 = 40;
/// More than a client waits for a lost answer, and its pause.
const LOST_S: u64 = 20;

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Sleeps(REQUEST_S),
        Start("Ada"),
        Accept("Ada"),
        Hear("Ada", REQUEST),
        Reply("Ada", answer),
        ShowsReply("Ada"),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "clock.client.asks",
            level: Must,
            over: Both,
            sentence: SENDS,
            play: &[Sleeps(REQUEST_S), Start("Ada"), Accept("Ada"), Hear("Ada", REQUEST)],
            diagnosis: &REQUESTS,
        },
        Rule {
            id: "clock.client.prints",
            level: Must,
            over: Both,
            sentence: "When the Client receives a response, it prints it.",
            play: &[
                Sleeps(REQUEST_S),
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", REQUEST),
                Reply("Ada", answer),
                ShowsReply("Ada"),
            ],
            diagnosis: &ANSWER_UNSEEN,
        },
        Rule {
            id: "clock.client.loop",
            level: Must,
            over: Both,
            sentence: LOOP,
            play: &[
                Sleeps(REQUEST_S),
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", REQUEST),
                Reply("Ada", answer),
                Hear("Ada", REQUEST),
                Reply("Ada", answer),
                Hear("Ada", REQUEST),
            ],
            diagnosis: &ASKS_ONCE,
        },
        Rule {
            id: "clock.client.both",
            level: Must,
            over: Both,
            sentence: SENDS,
            play: &[
                Sleeps(BOTH_S),
                Start("Ada"),
                Accept("Ada"),
                Answers("Ada", answer),
                UnlessExits("Ada", &Hear("Ada", Text("SEND_DATE"))),
                UnlessExits("Ada", &Hear("Ada", Text("SEND_TIME"))),
            ],
            diagnosis: &REQUESTS,
        },
        Rule {
            id: "clock.client.lost",
            level: Should,
            over: Datagrams,
            sentence: "UDP may lose an answer: the client gives up waiting for it, and asks again.",
            play: &[
                Sleeps(LOST_S),
                Start("Ada"),
                Accept("Ada"),
                Hear("Ada", REQUEST),
                Lose("Ada"),
                Hear("Ada", REQUEST),
            ],
            diagnosis: &LOST,
        },
        Rule {
            id: "clock.client.pause",
            level: Should,
            over: Both,
            sentence: "The time between successive requests varies randomly between 1-2 seconds.",
            play: &[
                Sleeps(REQUEST_S),
                Start("Ada"),
                Accept("Ada"),
                Answers("Ada", answer),
                UnlessExits("Ada", &Pauses("Ada", 900, 2600)),
            ],
            diagnosis: &PAUSE,
        },
    ],
};

/// What our server answers to this.
fn answer(request: &str) -> Option<String> {
    let request = request.to_uppercase();
    let date = request.contains("SEND_DATE").then(|| "1969-07-20".to_owned());
    date.or_else(|| request.contains("SEND_TIME").then(|| "03:14:15".to_owned()))
}
