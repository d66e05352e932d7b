//! How long to wait before what failed is tried again.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(500);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(30);
/// So often the first wait doubles until it is the longest.
const DOUBLINGS_MAX: u32 = LONGEST.as_millis().div_ceil(FIRST.as_millis()).ilog2() + 1;

/// Waits that double. Half of each is drawn by chance, so that not all who lost a server come back to it at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    tries: u32,
    chance: fastrand::Rng,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { tries: 0, chance: fastrand::Rng::with_seed(seed) }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let wait = (FIRST * (1 << self.tries.min(DOUBLINGS_MAX))).min(LONGEST);
        self.tries += 1;
        (wait / 2) + (wait / 2).mul_f64(self.chance.f64())
    }

    /// How often it was waited since it last went well.
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// It went well.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        for seed in 0..100 {
            let mut backoff = Backoff::new(seed);
            for whole in [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].map(Duration::from_millis) {
                let wait = backoff.next();
                assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
            }
            backoff.reset();
            assert!(backoff.next() <= FIRST);
        }
    }

    #[test]
    fn clients_that_lost_the_same_server_come_back_at_different_times() {
        let first = |seed| Backoff::new(seed).next();
        assert!((1..20).any(|seed| first(seed).abs_diff(first(0)) > FIRST / 10));
    }
}
