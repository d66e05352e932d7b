//! Where the machines' time comes from.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use labs::{Now, Wall};

/// Reads both clocks: one to measure, one to read.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    zone: TimeZone,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), zone: TimeZone::system() }
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn now(&self) -> Now {
        let timestamp = Timestamp::now();
        Now { uptime: self.uptime(), wall: Wall { timestamp, offset: self.zone.to_offset(timestamp) } }
    }

    /// The instant of an uptime, for timers.
    pub(crate) fn instant(&self, uptime: Duration) -> tokio::time::Instant {
        (self.start + uptime).into()
    }
}
