//! Virtual time.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use labs::{Now, Wall};

/// What the wall's clock shows at an uptime: some day of the seed's choosing, in some zone.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    start: Timestamp,
    offset: Offset,
}

impl Calendar {
    pub fn seeded(chance: &mut fastrand::Rng) -> Self {
        const FORTY_YEARS: i64 = 40 * 365 * 24 * 3600;
        let start = Timestamp::from_second(1_600_000_000 + chance.i64(0..FORTY_YEARS)).unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = Offset::from_seconds(chance.i32(-48..=56) * 15 * 60).unwrap_or(Offset::UTC);
        Self { start, offset }
    }

    pub fn now(self, uptime: Duration) -> Now {
        let timestamp = self.start.checked_add(uptime).unwrap_or(self.start);
        Now { uptime, wall: Wall { timestamp, offset: self.offset } }
    }
}
