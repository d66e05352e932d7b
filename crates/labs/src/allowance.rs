//! How much may be sent to an address that perhaps never asked.
//!
//! The sender of a datagram is easily forged, and a service that answers three bytes with thousands is a gift to whoever wants to
//! flood somebody else (an amplifier). So an address is lent a little, earns more by what it sends, and has no limit once it has shown that it
//! receives: by repeating a token that only somebody who reads its datagrams can know. What is lent comes out of one purse for all addresses,
//! since a forger has as many addresses as it likes; it bounds what the service as a whole can be made to send. Loopback addresses can't be
//! forged from outside.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use siphasher::sip::SipHasher24;

/// What an address is lent, in bytes.
const LENT_BYTES: u64 = 4 * 1024;
/// What of it comes back each second.
const LENT_REFILL_BYTES: u64 = 256;
/// What all addresses together are lent: the loans of a small class that asks at once; the others of a class are told to prove themselves.
const SHARED_BYTES: u64 = 64 * 1024;
/// What of it comes back each second: this much a forger can get out of the service for ever.
const SHARED_REFILL_BYTES: u64 = 16 * 1024;
/// What of it texts do not get, so that hundreds who ask at once are told how to prove themselves.
const SHARED_KEPT_BYTES: u64 = 16 * 1024;
/// Earned for each byte heard, as in QUIC (RFC 9000, section 8.1), with the headers of IP and UDP counted on both sides.
const EARNED_FACTOR: u64 = 3;
/// What an address can have earned and not spent; the largest datagram's worth.
const EARNED_BYTES_MAX: u64 = 64 * 1024;
/// The headers of IPv4 and UDP.
pub(crate) const HEADER_BYTES: u64 = 28;
/// The addresses kept apart; all others share one allowance.
const ADDRESSES_MAX: usize = 4096;
/// How often a full ledger is searched for addresses to forget.
const FORGET_EVERY: Duration = Duration::from_secs(1);
/// A token is good for this long, and for as long again.
const TOKEN_PERIOD: Duration = Duration::from_secs(600);

/// The ledger of one service.
#[derive(Debug)]
pub(crate) struct Allowances {
    secret: [u8; 16],
    shared: Purse,
    ledger: BTreeMap<IpAddr, Entry>,
    others: Entry,
    forgot_at: Option<Duration>,
}

/// Bytes that come back with time, up to a bound.
#[derive(Clone, Copy, Debug)]
struct Purse {
    bytes: u64,
    bytes_max: u64,
    refill_bytes: u64,
    at: Duration,
}

impl Purse {
    fn full(now: Duration, bytes_max: u64, refill_bytes: u64) -> Self {
        Self { bytes: bytes_max, bytes_max, refill_bytes, at: now }
    }

    fn refill(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.at).as_secs();
        self.at += Duration::from_secs(seconds);
        self.bytes = self.bytes_max.min(self.bytes.saturating_add(seconds.saturating_mul(self.refill_bytes)));
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Spent first.
    earned: u64,
    lent: Purse,
}

impl Entry {
    fn fresh(now: Duration) -> Self {
        Self { earned: 0, lent: Purse::full(now, LENT_BYTES, LENT_REFILL_BYTES) }
    }
}

impl Allowances {
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        let shared = Purse::full(Duration::ZERO, SHARED_BYTES, SHARED_REFILL_BYTES);
        let others = Entry::fresh(Duration::ZERO);
        Self { secret, shared, ledger: BTreeMap::new(), others, forgot_at: None }
    }

    /// Takes note of a datagram heard.
    pub(crate) fn earn(&mut self, now: Duration, from: SocketAddr, datagram_bytes: usize) {
        if from.ip().is_loopback() {
            return;
        }
        let (entry, _) = self.entry(now, from.ip());
        let earned = EARNED_FACTOR * (HEADER_BYTES + datagram_bytes as u64);
        entry.earned = EARNED_BYTES_MAX.min(entry.earned + earned);
    }

    /// Spends the cost of a datagram, if there is as much.
    pub(crate) fn spend(&mut self, now: Duration, to: SocketAddr, datagram_bytes: usize) -> bool {
        self.spend_leaving(now, to, datagram_bytes, 0, 0)
    }

    /// Spends the cost of a datagram, if `reserve` bytes remain after it, and something for those who are to be told how to prove themselves.
    pub(crate) fn spend_on_text(&mut self, now: Duration, to: SocketAddr, datagram_bytes: usize, reserve: u64) -> bool {
        self.spend_leaving(now, to, datagram_bytes, reserve, SHARED_KEPT_BYTES)
    }

    fn spend_leaving(
        &mut self,
        now: Duration,
        to: SocketAddr,
        bytes: usize,
        reserve: u64,
        shared_reserve: u64,
    ) -> bool {
        if to.ip().is_loopback() {
            return true;
        }
        let (entry, shared) = self.entry(now, to.ip());
        let cost = HEADER_BYTES + bytes as u64;
        let lent = entry.lent.bytes.min(shared.bytes.saturating_sub(shared_reserve));
        let fits = entry.earned + lent >= cost + reserve;
        if fits {
            let from_earned = cost.min(entry.earned);
            entry.earned -= from_earned;
            entry.lent.bytes -= cost - from_earned;
            shared.bytes -= cost - from_earned;
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

    /// An address's own entry, and the purse of all.
    fn entry(&mut self, now: Duration, ip: IpAddr) -> (&mut Entry, &mut Purse) {
        self.shared.refill(now);
        let is_full = |ledger: &BTreeMap<_, _>| ledger.len() >= ADDRESSES_MAX && !ledger.contains_key(&ip);
        if is_full(&self.ledger) {
            self.forget_the_idle(now);
        }
        let entry = if is_full(&self.ledger) {
            &mut self.others
        } else {
            self.ledger.entry(ip).or_insert_with(|| Entry::fresh(now))
        };
        entry.lent.refill(now);
        (entry, &mut self.shared)
    }

    /// An address that has its whole loan again is the same as one never seen, but for what it earned.
    fn forget_the_idle(&mut self, now: Duration) {
        if self.forgot_at.is_some_and(|at| now < at + FORGET_EVERY) {
            return;
        }
        self.forgot_at = Some(now);
        self.ledger.retain(|_, entry| {
            entry.lent.refill(now);
            entry.lent.bytes < LENT_BYTES
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
        while allowances.spend(SECOND, address(1), 100) {
            sent += 128;
        }
        assert!((LENT_BYTES - 128..=LENT_BYTES + 3 * 31).contains(&sent), "{sent}");
        assert!(allowances.spend(SECOND, address(2), 100), "another address has its own");
        assert!(allowances.spend(SECOND * 10, address(1), 100), "it comes back with time");
    }

    #[test]
    fn all_addresses_together_get_what_they_were_lent_and_earned() {
        let mut allowances = Allowances::new([7; 16]);
        let mut sent = 0;
        for number in 0..100_000u32 {
            let now = SECOND * (number / 1000);
            let forged = SocketAddr::from((number.to_be_bytes(), 4000));
            while allowances.spend_on_text(now, forged, 100, 200) {
                sent += 128;
            }
        }
        let lent = SHARED_BYTES - SHARED_KEPT_BYTES + 99 * SHARED_REFILL_BYTES;
        assert!((lent - 128 * 100..=lent).contains(&sent), "{sent} of {lent}");
        let asker = address(1);
        let now = SECOND * 99;
        assert!(allowances.spend(now, asker, 150), "what texts leave is for telling how to prove oneself");
    }

    #[test]
    fn what_was_earned_is_good_when_nothing_is_lent() {
        let mut allowances = Allowances::new([7; 16]);
        for last in 0..=u8::MAX {
            while allowances.spend(SECOND, address(last), 0) {}
        }
        assert!(!allowances.spend(SECOND, address(1), 0));
        allowances.earn(SECOND, address(1), 3);
        allowances.earn(SECOND, address(1), 3);
        assert!(allowances.spend(SECOND, address(1), 2 * 93 - 28));
        assert!(!allowances.spend(SECOND, address(1), 0));
    }

    #[test]
    fn loopback_has_no_limit() {
        let mut allowances = Allowances::new([7; 16]);
        let home = SocketAddr::from(([127, 0, 0, 1], 4000));
        assert!((0..1000).all(|_| allowances.spend(SECOND, home, 1000)));
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
            allowances.spend(SECOND, forged, 10_000);
        }
        assert!(allowances.ledger.len() <= ADDRESSES_MAX);
    }
}
