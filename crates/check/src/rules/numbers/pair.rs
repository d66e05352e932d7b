//! numbers, both programs at their terminals: "Software Systems" task 3.

use crate::diagnosis::clients::NOT_MET;
use crate::report::Level::Must;
use crate::rule::Over::Datagrams;
use crate::rule::Said::{Anything, InOrder};
use crate::rule::Step::{Shows, Sleeps, Start};
use crate::rule::{Cast, Part, Rule, SERVER};

/// Six numbers are awaited for so long; how long the small delay is, the sheet leaves open.
const SIX_S: u64 = 30;

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Sleeps(SIX_S), Start("c1"), Shows(SERVER, Anything)],
    visit: &[],
    rules: &[Rule {
        id: "numbers.pair.prints",
        level: Must,
        over: Datagrams,
        sentence: "The server should accept messages from c1 and c2, […] and print the messages in the order they were received in.",
        // Without those that may be part of an address.
        play: &[Sleeps(SIX_S), Start("c1"), Shows(SERVER, InOrder(&["4", "5", "6"]))],
        diagnosis: &NOT_MET,
    }],
};
