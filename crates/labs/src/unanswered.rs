//! Datagrams that are not answered, since their sender may be a service that answers too.
//!
//! The sender of a datagram is easily forged. One datagram that seems to come from another service would set the two talking to each
//! other for ever: services from the days of RFC 862 to 868, a lab on this computer or on another, a second one of ours at any port.

use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::time::Duration;

use siphasher::sip::SipHasher24;

use crate::{NOT_TEXT, Service, alnum, board, clock, numbers, sum};

/// Ports whose services answer whatever they hear: echo, daytime, quote of the day, chargen and time (RFC 862 to 868).
pub const WELL_KNOWN_ANSWERERS: [u16; 5] = [7, 13, 17, 19, 37];

/// The source ports that are never answered: [`WELL_KNOWN_ANSWERERS`], the labs' own default ports, and ours as they are bound.
#[derive(Clone, Debug)]
pub struct Unanswered(BTreeSet<u16>);

impl Unanswered {
    /// Those and the ports that this program itself is bound to.
    pub fn with_own(own: impl IntoIterator<Item = u16>) -> Self {
        let labs = Service::ALL.iter().map(|service| service.port());
        Self(WELL_KNOWN_ANSWERERS.into_iter().chain(labs).chain(own).collect())
    }

    pub fn contains(&self, port: u16) -> bool {
        self.0.contains(&port)
    }
}

/// What the labs answer whatever they are asked: no question of anybody's. `echo` alone answers them, see [`Repeats`].
const OWN_ANSWERS: [&str; 11] = [
    NOT_TEXT,
    alnum::YES,
    alnum::NO,
    clock::ERROR,
    numbers::ERROR,
    sum::FORMAT_ERROR,
    sum::FULL_ERROR,
    board::FORMAT_ERROR,
    board::BUSY_ERROR,
    board::FULL_ERROR,
    board::BYE,
];
/// How the answer to an overlong datagram begins.
pub(crate) const OVERLONG: &str = "Error: message longer than";

/// Whether a message is what one of our services would answer.
pub(crate) fn is_own_answer(message: &[u8]) -> bool {
    message.starts_with(OVERLONG.as_bytes()) || OWN_ANSWERS.iter().any(|answer| answer.as_bytes() == message)
}

/// Keeps two echoes from talking for ever at full speed: the same message from the same sender is answered no more often in a second.
const REPEATS_A_SECOND: u32 = 1000;
/// Messages that are told apart; others share, and so only bound each other less well.
const SLOTS: usize = 64;

/// The messages that come again and again.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Vec<Slot>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    left: u32,
    since: Duration,
}

impl Repeats {
    /// Takes note of a message, and tells whether it may be answered.
    pub(crate) fn allow(&mut self, now: Duration, from: SocketAddr, message: &[u8]) -> bool {
        let mut hasher = SipHasher24::new();
        from.hash(&mut hasher);
        hasher.write(message);
        let key = hasher.finish();
        let fresh = Slot { key, left: REPEATS_A_SECOND, since: now };
        if self.0.is_empty() {
            self.0 = vec![fresh; SLOTS];
        }
        let slot = &mut self.0[(key % SLOTS as u64) as usize];
        if slot.key != key || slot.since + Duration::from_secs(1) <= now {
            *slot = fresh;
        }
        slot.left = slot.left.saturating_sub(1);
        slot.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_echoes_are_slowed_and_others_are_not() {
        let (loud, calm) = (SocketAddr::from(([192, 0, 2, 1], 9001)), SocketAddr::from(([192, 0, 2, 2], 9001)));
        let mut repeats = Repeats::default();
        let answered = (0..100_000u64).filter(|micros| repeats.allow(Duration::from_micros(*micros), loud, b"again"));
        assert!(answered.count() < REPEATS_A_SECOND as usize);
        assert!(repeats.allow(Duration::from_millis(100), calm, b"again"));
        assert!(repeats.allow(Duration::from_millis(100), loud, b"something else"));
        assert!(repeats.allow(Duration::from_secs(2), loud, b"again"));
    }
}
