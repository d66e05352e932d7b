//! The pauses of clients that repeat themselves.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Draws pauses uniformly from a range, as `time.sleep(random.uniform(1,2))` does in the sheet.
#[derive(Debug)]
pub struct Pauses {
    range: RangeInclusive<Duration>,
    chance: fastrand::Rng,
}

impl Pauses {
    pub fn new(range: RangeInclusive<Duration>, seed: u64) -> Self {
        Self { range, chance: fastrand::Rng::with_seed(seed) }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let (from, to) = (*self.range.start(), *self.range.end());
        from + to.saturating_sub(from).mul_f64(self.chance.f64())
    }
}
