//! clock, both programs at their terminals: "Socket Programming using Python" q3.

use crate::diagnosis::ONE_CLIENT;
use crate::diagnosis::clients::{NOT_MET, REQUESTS};
use crate::report::Level::{Must, Should};
use crate::rule::Over::Both;
use crate::rule::Said::{Date, DateOrTime, Time};
use crate::rule::Step::{Shows, Sleeps, Start, UnlessExits};
use crate::rule::{Cast, Part, Rule};

const PRINTS: &str = "[The server] responds by sending either the current DATE or the current TIME in (HH:MM:SS) format […]. When the Client receives a \
                      response, it prints it.";
/// The first answer is awaited for so long.
const FIRST_S: u64 = 10;
/// Enough for twenty requests: that one drawn at random is missing in so many happens once in a million times.
const BOTH_S: u64 = 40;

pub(in crate::rules) static PAIR: Part = Part {
    cast: Cast::Pair,
    sounding: &[Sleeps(FIRST_S), Start("Ada"), Shows("Ada", DateOrTime)],
    visit: &[],
    rules: &[
        Rule {
            id: "clock.pair.answer",
            level: Must,
            over: Both,
            sentence: PRINTS,
            play: &[Sleeps(FIRST_S), Start("Ada"), Shows("Ada", DateOrTime)],
            diagnosis: &NOT_MET,
        },
        Rule {
            id: "clock.pair.time",
            level: Must,
            over: Both,
            sentence: PRINTS,
            play: &[Sleeps(BOTH_S), Start("Ada"), UnlessExits("Ada", &Shows("Ada", Time))],
            diagnosis: &REQUESTS,
        },
        Rule {
            id: "clock.pair.date",
            level: Must,
            over: Both,
            sentence: PRINTS,
            play: &[Sleeps(BOTH_S), Start("Ada"), UnlessExits("Ada", &Shows("Ada", Date))],
            diagnosis: &REQUESTS,
        },
        Rule {
            id: "clock.pair.several",
            level: Should,
            over: Both,
            sentence: "Several clients at a time are served.",
            play: &[Sleeps(FIRST_S), Start("Ada"), Start("Bob"), Shows("Bob", DateOrTime), Shows("Ada", DateOrTime)],
            diagnosis: &ONE_CLIENT,
        },
    ],
};
