//! How much may be sent to an address that perhaps never asked.
//!
//! The sender of a datagram is easily forged, and a service that answers three bytes with thousands is a gift to whoever wants to
//! flood somebody else (an amplifier). So an address is lent a little, earns more by what it sends, and has no limit once it has shown that it
//! receives: by repeating a token that only somebody who reads its datagrams can know. Loopback addresses can't be forged from outside.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use siphasher::sip::SipHasher24;

/// What an address is lent, in bytes; an ordinary class's board fits.
pub(crate) const LENT_BYTES: u64 = 16 * 1024;
/// What of it comes back each second.
const REFILL_BYTES: u64 = 256;
/// Earned for each byte heard, as in QUIC (RFC 9000, section 8.1), with the headers of IP and UDP counted on both sides.
const EARNED_FACTOR: u64 = 3;
/// The headers of IPv4 and UDP.
pub(crate) const HEADER_BYTES: u64 = 28;
/// The addresses kept apart; all others share one allowance.
const ADDRESSES_MAX: usize = 4096;
/// A token is good for this long, and for as long again.
const TOKEN_PERIOD: Duration = Duration::from_secs(600);

/// The ledger of one service.
#[derive(Debug)]
pub(crate) struct Allowances {
    secret: [u8; 16],
    ledger: BTreeMap<IpAddr, Entry>,
    others: Entry,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    bytes: u64,
    at: Duration,
}

impl Entry {
    fn fresh(now: Duration) -> Self {
        Self { bytes: LENT_BYTES, at: now }
    }

    fn refill(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.at).as_secs();
        self.at += Duration::from_secs(seconds);
        if self.bytes < LENT_BYTES {
            self.bytes = LENT_BYTES.min(self.bytes.saturating_add(seconds.saturating_mul(REFILL_BYTES)));
        }
    }
}

impl Allowances {
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        Self { secret, ledger: BTreeMap::new(), others: Entry::fresh(Duration::ZERO) }
    }

    /// Takes note of a datagram heard.
    pub(crate) fn earn(&mut self, now: Duration, from: SocketAddr, datagram_bytes: usize) {
        let entry = self.entry(now, from.ip());
        entry.bytes += EARNED_FACTOR * (HEADER_BYTES + datagram_bytes as u64);
    }

    /// Spends the cost of a datagram, if `reserve` bytes remain after it.
    pub(crate) fn spend(&mut self, now: Duration, to: SocketAddr, datagram_bytes: usize, reserve: u64) -> bool {
        if to.ip().is_loopback() {
            return true;
        }
        let entry = self.entry(now, to.ip());
        let cost = HEADER_BYTES + datagram_bytes as u64;
        let fits = entry.bytes >= cost + reserve;
        if fits {
            entry.bytes -= cost;
        }
        fits
    }

    /// The token that shows that an address receives.
    pub(crate) fn token(&self, now: Duration, to: SocketAddr) -> u64 {
        self.token_of(period(now), to)
    }

    pub(crate) fn is_token(&self, now: Duration, from: SocketAddr, token: u64) -> bool {
        let period = period(now);
        token == self.token_of(period, from) || period > 0 && token == self.token_of(period - 1, from)
    }

    fn token_of(&self, period: u64, address: SocketAddr) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        match address.ip() {
            IpAddr::V4(ip) => hasher.write(&ip.octets()),
            IpAddr::V6(ip) => hasher.write(&ip.octets()),
        }
        hasher.write_u16(address.port());
        hasher.write_u64(period);
        hasher.finish()
    }

    fn entry(&mut self, now: Duration, ip: IpAddr) -> &mut Entry {
        if self.ledger.len() >= ADDRESSES_MAX && !self.ledger.contains_key(&ip) {
            self.forget_the_idle(now);
        }
        let entry = if self.ledger.len() >= ADDRESSES_MAX && !self.ledger.contains_key(&ip) {
            &mut self.others
        } else {
            self.ledger.entry(ip).or_insert_with(|| Entry::fresh(now))
        };
        entry.refill(now);
        entry
    }

    /// An address that has its whole loan again is the same as one never seen.
    fn forget_the_idle(&mut self, now: Duration) {
        self.ledger.retain(|_, entry| {
            entry.refill(now);
            entry.bytes < LENT_BYTES
        });
    }
}

fn period(now: Duration) -> u64 {
    now.as_secs() / TOKEN_PERIOD.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 4000))
    }

    #[test]
    fn an_address_gets_what_it_was_lent_and_earned() {
        let mut allowances = Allowances::new([7; 16]);
        allowances.earn(SECOND, address(1), 3);
        let mut sent = 0;
        while allowances.spend(SECOND, address(1), 100, 0) {
            sent += 128;
        }
        assert!((LENT_BYTES - 128..=LENT_BYTES + 3 * 31).contains(&sent), "{sent}");
        assert!(allowances.spend(SECOND, address(2), 100, 0), "another address has its own");
        assert!(allowances.spend(SECOND * 10, address(1), 100, 0), "it comes back with time");
    }

    #[test]
    fn loopback_has_no_limit() {
        let mut allowances = Allowances::new([7; 16]);
        let home = SocketAddr::from(([127, 0, 0, 1], 4000));
        assert!((0..1000).all(|_| allowances.spend(SECOND, home, 1000, 0)));
    }

    #[test]
    fn a_token_belongs_to_one_address_and_time() {
        let allowances = Allowances::new([7; 16]);
        let token = allowances.token(SECOND, address(1));
        assert!(allowances.is_token(SECOND * 900, address(1), token));
        assert!(!allowances.is_token(SECOND * 1300, address(1), token));
        assert!(!allowances.is_token(SECOND, address(2), token));
    }

    #[test]
    fn forged_addresses_do_not_grow_the_ledger() {
        let mut allowances = Allowances::new([7; 16]);
        for last in 0..10_000u32 {
            let forged = SocketAddr::from((last.to_be_bytes(), 4000));
            allowances.earn(SECOND, forged, 3);
            allowances.spend(SECOND, forged, 10_000, 0);
        }
        assert!(allowances.ledger.len() <= ADDRESSES_MAX);
    }
}
