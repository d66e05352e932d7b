//! How much one member may say.

use std::time::Duration;

/// The bound on messages a second, of which [`BURST`]'s worth may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloodLimit {
    /// The time that each message uses up; none if there is no limit.
    interval: Option<Duration>,
}

const BURST: Duration = Duration::from_secs(5);
/// A member that is over the limit is told no more often.
const TELL_PAUSE: Duration = Duration::from_secs(1);

/// What one member has used up (the generic cell rate algorithm).
#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// When all that was said will be used up.
    used_until: Duration,
    told_at: Option<Duration>,
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
        Self { interval: (rate > 0).then(|| Duration::from_secs(1) / rate) }
    }
}

impl Flood {
    /// Judges one more message.
    pub(crate) fn judge(&mut self, now: Duration, limit: FloodLimit) -> Verdict {
        let Some(interval) = limit.interval else { return Verdict::Fine };
        let until = self.used_until.max(now) + interval;
        if until <= now + BURST.max(interval) {
            self.used_until = until;
            return Verdict::Fine;
        }
        if self.told_at.is_some_and(|at| now < at + TELL_PAUSE) {
            return Verdict::Drop;
        }
        self.told_at = Some(now);
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
