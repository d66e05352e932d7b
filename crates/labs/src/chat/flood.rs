//! How much one member may say.

use std::time::Duration;

/// The bound on messages a second, of which [`BURST`]'s worth may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloodLimit {
    /// The time that each message uses up, in nanoseconds; 0 if there is no limit.
    interval: u64,
}

const SECOND: u64 = 1_000_000_000;
const BURST: u64 = 5 * SECOND;
/// A member that is over the limit is told no more often.
const TELL_PAUSE: u64 = SECOND;

/// What one member has used up (the generic cell rate algorithm), in nanoseconds of uptime since many are kept.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// When all that was said will be used up.
    used_until: u64,
    quiet_until: u64,
}

/// Whether a message may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// Too much, and the member is to be told.
    Tell,
    /// Too much, and the member was told just now.
    Drop,
}

impl FloodLimit {
    /// So many messages a second; 0 for no limit.
    pub(crate) fn new(rate: u32) -> Self {
        Self { interval: SECOND.checked_div(rate.into()).map_or(0, |interval| interval.max(1)) }
    }
}

impl Flood {
    /// Judges one more message.
    pub(crate) fn judge(&mut self, now: Duration, limit: FloodLimit) -> Verdict {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let FloodLimit { interval } = limit;
        let until = self.used_until.max(now).saturating_add(interval);
        if interval == 0 || until <= now.saturating_add(BURST.max(interval)) {
            self.used_until = until;
            return Verdict::Fine;
        }
        if now < self.quiet_until {
            return Verdict::Drop;
        }
        self.quiet_until = now.saturating_add(TELL_PAUSE);
        Verdict::Tell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_the_rate() {
        let (limit, mut flood) = (FloodLimit::new(10), Flood::default());
        let start = Duration::from_secs(100);
        let fine = (0..100).filter(|_| flood.judge(start, limit) == Verdict::Fine).count();
        assert_eq!(fine, 50);
        assert_eq!(flood.judge(start, limit), Verdict::Drop);
        assert_eq!(flood.judge(start + Duration::from_millis(100), limit), Verdict::Fine);
        assert_eq!(flood.judge(start + Duration::from_millis(100), limit), Verdict::Drop);
        assert_eq!(flood.judge(start + Duration::from_millis(1100), limit), Verdict::Fine);
    }

    #[test]
    fn who_goes_on_is_told_once_a_second() {
        let (limit, mut flood) = (FloodLimit::new(1), Flood::default());
        let verdicts = (0..3000).map(|ms| flood.judge(Duration::from_millis(ms), limit));
        assert_eq!(verdicts.filter(|&verdict| verdict == Verdict::Tell).count(), 3);
    }

    #[test]
    fn without_a_limit_everything_is_fine() {
        let mut flood = Flood::default();
        assert!((0..10_000).all(|_| flood.judge(Duration::ZERO, FloodLimit::new(0)) == Verdict::Fine));
    }
}
