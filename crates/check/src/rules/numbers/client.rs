//! numbers' client: "Software Systems" task 3. c1 and c2 may be one program or two, started with one command or two.

use crate::diagnosis::clients::{NO_DELAY, SEQUENCE, UNBOUND};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Datagrams;
use crate::rule::Said::{Anything, Counting, Rolled};
use crate::rule::Step::{Accept, Await, From, Hear, Never, Sleeps, Start};
use crate::rule::{Cast, Part, Rule};

/// The first numbers are awaited for so long; how long the small delay is, the sheet leaves open.
const FIRST_S: u64 = 20;
/// One that has not come so far by then takes too long to 100 to be waited for.
const TWENTY_S: u64 = 12;
const HUNDRED_S: u64 = 60;

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[Sleeps(FIRST_S), Start("c1"), Accept("c1"), Hear("c1", Anything)],
    visit: &[],
    rules: &[
        Rule {
            id: "numbers.client.counts",
            level: Must,
            over: Datagrams,
            sentence: "The messages should be numbers between 1 and 100, sent in sequence.",
            play: &[Sleeps(FIRST_S), Start("c1"), Accept("c1"), Hear("c1", Counting(4))],
            diagnosis: &SEQUENCE,
        },
        Rule {
            id: "numbers.client.port",
            level: Must,
            over: Datagrams,
            sentence: "Bind c1 to port 11000 and c2 to port 13000.",
            play: &[Sleeps(FIRST_S), Start("c1"), Accept("c1"), From("c1", &[11000, 13000]), Hear("c1", Anything)],
            diagnosis: &UNBOUND,
        },
        Rule {
            id: "numbers.client.rolls",
            level: Must,
            over: Datagrams,
            sentence: "… rolling back to 1 after 100. So the clients are infinite loops sending these messages to the server.",
            play: &[
                Sleeps(FIRST_S),
                Start("c1"),
                Accept("c1"),
                Await("c1", Counting(20), TWENTY_S),
                Await("c1", Counting(100), HUNDRED_S),
                Hear("c1", Rolled),
            ],
            diagnosis: &SEQUENCE,
        },
        Rule {
            id: "numbers.client.delay",
            level: Should,
            over: Datagrams,
            sentence: "Add a small amount of delay in the loops so that the processes can be observed easily.",
            play: &[Sleeps(FIRST_S), Start("c1"), Accept("c1"), Never("c1", Counting(100)), Hear("c1", Counting(2))],
            diagnosis: &NO_DELAY,
        },
    ],
};
