//! One test, many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use crate::Log;

/// Seeds played where `SIM_SEEDS` does not say otherwise.
pub const SEEDS_DEFAULT: u64 = 200;

/// Plays a run for every seed; a run that fails is told with its seed and its log.
///
/// # Panics
/// If a run does, or if `SIM_SEED` or `SIM_SEEDS` holds no number.
pub fn every(run: impl Fn(u64, &Log)) {
    at_most(u64::MAX, run);
}

/// As [`every`], for a run that is long: with the default number of seeds no more than `default_max` of them.
///
/// # Panics
/// As [`every`].
pub fn at_most(default_max: u64, run: impl Fn(u64, &Log)) {
    let seeds = match (number("SIM_SEED"), number("SIM_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, Some(count)) => 1..=count,
        (None, None) => 1..=SEEDS_DEFAULT.min(default_max),
    };
    for seed in seeds {
        let log = Log::default();
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| run(seed, &log))) {
            let words = cause.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
            panic_any(format!("{words}\nreplay with SIM_SEED={seed}; what happened:\n{log}"));
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic_any(format!("{variable} is `{text}`; a whole number is expected")),
    }
}
