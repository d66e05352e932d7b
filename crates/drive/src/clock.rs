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

    /// Reads both for a turn of a task.
    pub(crate) fn reading(&self) -> Reading {
        Reading { now: self.now(), used: false }
    }

    /// The instant of an uptime, for timers.
    pub(crate) fn instant(&self, uptime: Duration) -> tokio::time::Instant {
        (self.start + uptime).into()
    }
}

/// A clock's reading that serves for one event: what happens first in a turn of a task, which is nearly always all, costs one reading.
pub(crate) struct Reading {
    now: Now,
    used: bool,
}

impl Reading {
    /// When the turn began, or its latest event.
    pub(crate) fn uptime(&self) -> Duration {
        self.now.uptime
    }

    /// The time of the next event.
    pub(crate) fn now(&mut self, clock: &Clock) -> Now {
        if std::mem::replace(&mut self.used, true) {
            self.now = clock.now();
        }
        self.now
    }
}
