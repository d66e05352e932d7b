//! Fragments put together again, in bounded memory.

use std::collections::BTreeMap;
use std::net::IpAddr;

use etherparse::IpNumber;

use super::{Fragment, Ip};

/// What is kept of all packets that are not yet whole; beyond it the oldest is given up.
const BYTES_MAX: usize = 4 << 20;
const PACKETS_MAX: usize = 256;
/// No IP packet is longer.
const PACKET_BYTES_MAX: usize = 65_535;
/// More pieces than these are an attack: the smallest that IPv4 makes of the largest packet are fewer.
const PIECES_MAX: usize = 8192;

type Key = (IpAddr, IpAddr, u8, u32);

/// Packets of which not all fragments have come.
#[derive(Default)]
pub(crate) struct Fragments {
    packets: BTreeMap<Key, Partial>,
    bytes: usize,
    next_age: u64,
    given_up: u64,
}

struct Partial {
    /// By offset. Where two overlap, the one that came first counts, as RFC 8200 forbids and Linux drops such packets.
    pieces: BTreeMap<usize, Vec<u8>>,
    /// Known once the last fragment has come.
    len: Option<usize>,
    /// What the pieces hold.
    bytes: usize,
    age: u64,
}

/// What a fragment led to.
pub(crate) enum Taken {
    /// Others are still to come.
    Waiting,
    /// The whole payload.
    Whole(Vec<u8>),
    /// It contradicts the others or is cut: its packet cannot be put together.
    Useless,
}

impl Fragments {
    pub(crate) fn take(&mut self, ip: &Ip<'_>, fragment: Fragment) -> Taken {
        let IpNumber(protocol) = ip.protocol;
        let key = (ip.from, ip.to, protocol, fragment.identification);
        let end = fragment.offset + ip.payload.len();
        if ip.payload.len() < ip.payload_len || end > PACKET_BYTES_MAX || ip.payload.is_empty() {
            return Taken::Useless;
        }
        self.next_age += 1;
        let age = self.next_age;
        let packet =
            self.packets.entry(key).or_insert_with(|| Partial { pieces: BTreeMap::new(), len: None, bytes: 0, age });
        let before = packet.bytes;
        if !packet.take(fragment, ip.payload, end) {
            self.forget(key);
            return Taken::Useless;
        }
        self.bytes += packet.bytes - before;
        if let Some(whole) = packet.whole() {
            self.forget(key);
            return Taken::Whole(whole);
        }
        self.keep_within_bounds();
        Taken::Waiting
    }

    /// How many packets were given up since their fragments did not all come.
    pub(crate) fn incomplete(&self) -> u64 {
        self.given_up + self.packets.len() as u64
    }

    fn forget(&mut self, key: Key) {
        self.bytes -= self.packets.remove(&key).map_or(0, |packet| packet.bytes);
    }

    fn keep_within_bounds(&mut self) {
        while self.bytes > BYTES_MAX || self.packets.len() > PACKETS_MAX {
            let Some(key) = self.packets.iter().min_by_key(|(_, packet)| packet.age).map(|(key, _)| *key) else {
                return;
            };
            self.forget(key);
            self.given_up += 1;
        }
    }
}

impl Partial {
    /// Keeps a piece; returns whether the packet can still be put together.
    fn take(&mut self, fragment: Fragment, bytes: &[u8], end: usize) -> bool {
        if !fragment.more && *self.len.get_or_insert(end) != end {
            return false;
        }
        let before = self.pieces.range(..=fragment.offset).next_back().map(|(at, piece)| at + piece.len());
        let after = self.pieces.range(fragment.offset..).next().map(|(at, piece)| (*at, piece.len()));
        if after == Some((fragment.offset, bytes.len())) {
            // The same once more: networks repeat.
            return true;
        }
        let overlaps = before.is_some_and(|ends| ends > fragment.offset) || after.is_some_and(|(at, _)| at < end);
        if overlaps || self.pieces.len() >= PIECES_MAX || self.len.is_some_and(|len| end > len) {
            return false;
        }
        self.pieces.insert(fragment.offset, bytes.to_vec());
        self.bytes += bytes.len();
        true
    }

    fn whole(&self) -> Option<Vec<u8>> {
        // Nothing overlaps, so fewer bytes have a gap: most fragments need no closer look.
        let len = self.len.filter(|len| self.bytes == *len)?;
        let mut end = 0;
        for (at, piece) in &self.pieces {
            if *at != end {
                return None;
            }
            end += piece.len();
        }
        (end == len).then(|| self.pieces.values().flatten().copied().collect())
    }
}
