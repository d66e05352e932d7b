//! The side of those who speak: who sits where, and what was said that the shards have not fetched yet.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};

use crate::room::RoomId;
use crate::{Act, Outbox};

/// All rooms of a service, for its one owner.
///
/// `S` is a member's stream, which goes to its shard; `P` is what holds the member's place under the service's limits, and is dropped
/// when the member leaves.
#[derive(Debug)]
pub struct Hall<S, P> {
    seats: BTreeMap<SocketAddr, Seat>,
    logs: BTreeMap<RoomId, Log>,
    /// The rooms whose logs hold what no shard has been told of.
    unsealed: Vec<RoomId>,
    shards: Vec<Mailbox<S, P>>,
    next_number: u32,
    /// All bytes said in rooms that are gone, so that no position is used again for other bytes.
    past: u64,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    shard: u16,
    slot: u32,
    number: u32,
}

/// One connection of a peer's, told from others that come from the same address and port before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    pub peer: SocketAddr,
    number: u32,
}

/// What is known of the member in a slot.
#[derive(Debug)]
struct Tenant<P> {
    room: Option<RoomId>,
    place: P,
}

/// What was said in one room and is on its way to the shards.
#[derive(Debug)]
struct Log {
    open: BytesMut,
    /// The position behind everything.
    end: u64,
    members: usize,
}

/// What one shard has yet to fetch.
#[derive(Debug)]
struct Mailbox<S, P> {
    notices: Vec<Notice<S>>,
    /// The bytes among them.
    bytes: usize,
    slots: Vec<Option<Tenant<P>>>,
    free: Vec<u32>,
}

impl<S, P> Mailbox<S, P> {
    fn room(&self, slot: u32) -> Option<RoomId> {
        self.slots[slot as usize].as_ref()?.room
    }
}

/// News for a shard, in order. Positions are those in the log of the room where the member is then.
#[derive(Debug)]
pub enum Notice<S> {
    /// A new member, in no room.
    Seated { slot: u32, guest: Guest, stream: S },
    /// The member hears what is said in this room from a position on.
    Moved { slot: u32, room: RoomId, at: u64 },
    /// The member is not to hear what it said itself.
    Skipped { slot: u32, from: u64, to: u64 },
    /// A message to the member alone.
    Inserted { slot: u32, at: u64, bytes: Bytes },
    /// The member's last word was said; its slot is free.
    Dismissed { slot: u32 },
    /// What was said in a room.
    Said { room: RoomId, start: u64, bytes: Bytes },
}

/// What a log asks memory for at once.
const BLOCK_BYTES: usize = 16 * 1024;

impl<S, P> Hall<S, P> {
    /// A hall with no members, whose members will be spread over so many shards.
    pub fn new(shards: usize) -> Self {
        let mailbox = || Mailbox { notices: Vec::new(), bytes: 0, slots: Vec::new(), free: Vec::new() };
        Self {
            seats: BTreeMap::new(),
            logs: BTreeMap::new(),
            unsealed: Vec::new(),
            shards: (0..shards.clamp(1, usize::from(u16::MAX))).map(|_| mailbox()).collect(),
            next_number: 0,
            past: 0,
        }
    }

    /// Whether this connection has a seat.
    pub fn holds(&self, guest: Guest) -> bool {
        self.seats.get(&guest.peer).is_some_and(|seat| seat.number == guest.number)
    }

    /// The peer's connection that has a seat, if any.
    pub fn find(&self, peer: SocketAddr) -> Option<Guest> {
        self.seats.get(&peer).map(|seat| Guest { peer, number: seat.number })
    }

    /// What holds this connection's place under the limits, while it has a seat.
    pub fn place(&self, guest: Guest) -> Option<&P> {
        let seat = self.seats.get(&guest.peer).filter(|seat| seat.number == guest.number)?;
        let tenant = self.shards[usize::from(seat.shard)].slots[seat.slot as usize].as_ref()?;
        Some(&tenant.place)
    }

    /// How many have one.
    pub fn count(&self) -> usize {
        self.seats.len()
    }

    /// Gives a seat in the shard with the fewest members, in no room yet. An earlier connection of the same address and port loses its own.
    pub fn seat(&mut self, peer: SocketAddr, stream: S, place: P) -> Guest {
        self.dismiss(peer);
        let guest = Guest { peer, number: self.next_number };
        self.next_number = self.next_number.wrapping_add(1);
        let fewest = |(_, mailbox): &(usize, &mut Mailbox<S, P>)| mailbox.slots.len() - mailbox.free.len();
        let Some((shard, mailbox)) = self.shards.iter_mut().enumerate().min_by_key(fewest) else { return guest };
        let slot = mailbox.free.pop().unwrap_or_else(|| {
            mailbox.slots.push(None);
            mailbox.slots.len() as u32 - 1
        });
        mailbox.slots[slot as usize] = Some(Tenant { room: None, place });
        mailbox.notices.push(Notice::Seated { slot, guest, stream });
        self.seats.insert(peer, Seat { shard: shard as u16, slot, number: guest.number });
        guest
    }

    /// Carries out what a machine wrote.
    pub fn apply(&mut self, out: &Outbox) {
        for (act, message) in out.acts() {
            match act {
                Act::Send(peer) => self.send(peer, message),
                Act::Publish { room, except } => self.publish(room, except, message),
                Act::Admit { peer, room } => self.admit(peer, room),
                Act::Dismiss(peer) => self.dismiss(peer),
            }
        }
    }

    fn send(&mut self, peer: SocketAddr, message: &[u8]) {
        let Some(&Seat { shard, slot, .. }) = self.seats.get(&peer) else { return };
        let mailbox = &mut self.shards[usize::from(shard)];
        let at = mailbox.room(slot).and_then(|room| self.logs.get(&room)).map_or(0, |log| log.end);
        mailbox.notices.push(Notice::Inserted { slot, at, bytes: Bytes::copy_from_slice(message) });
        mailbox.bytes += message.len();
    }

    fn publish(&mut self, room: RoomId, except: Option<SocketAddr>, message: &[u8]) {
        let Some(log) = self.logs.get_mut(&room) else { return };
        if log.open.is_empty() {
            self.unsealed.push(room);
        }
        let from = log.end;
        log.append(message);
        let to = log.end;
        let Some(&Seat { shard, slot, .. }) = except.and_then(|peer| self.seats.get(&peer)) else { return };
        let mailbox = &mut self.shards[usize::from(shard)];
        if mailbox.room(slot) == Some(room) {
            mailbox.notices.push(Notice::Skipped { slot, from, to });
        }
    }

    fn admit(&mut self, peer: SocketAddr, room: RoomId) {
        let Some(&Seat { shard, slot, .. }) = self.seats.get(&peer) else { return };
        let Some(tenant) = &mut self.shards[usize::from(shard)].slots[slot as usize] else { return };
        if let Some(old) = tenant.room.replace(room) {
            self.leave(old);
        }
        let log = self.logs.entry(room).or_insert_with(|| Log { open: BytesMut::new(), end: self.past, members: 0 });
        log.members += 1;
        let at = log.end;
        self.shards[usize::from(shard)].notices.push(Notice::Moved { slot, room, at });
    }

    /// Takes the peer's seat away: it gets what was sent to it before, then its stream ends.
    pub fn dismiss(&mut self, peer: SocketAddr) {
        let Some(Seat { shard, slot, .. }) = self.seats.remove(&peer) else { return };
        let tenant = self.shards[usize::from(shard)].slots[slot as usize].take();
        if let Some(room) = tenant.and_then(|tenant| tenant.room) {
            self.leave(room);
        }
        let mailbox = &mut self.shards[usize::from(shard)];
        mailbox.notices.push(Notice::Dismissed { slot });
        mailbox.free.push(slot);
    }

    /// One member fewer is in a room. The shards hear of all that it is still owed before they hear of its leaving.
    fn leave(&mut self, room: RoomId) {
        self.seal(room);
        let Some(log) = self.logs.get_mut(&room) else { return };
        log.members -= 1;
        if log.members == 0 {
            self.past = self.past.max(log.end);
            self.logs.remove(&room);
        }
    }

    /// Hands what was said in a room to the shards.
    fn seal(&mut self, room: RoomId) {
        let Some(log) = self.logs.get_mut(&room).filter(|log| !log.open.is_empty()) else { return };
        let bytes = log.open.split().freeze();
        let start = log.end - bytes.len() as u64;
        for mailbox in &mut self.shards {
            mailbox.bytes += bytes.len();
            mailbox.notices.push(Notice::Said { room, start, bytes: bytes.clone() });
        }
        self.unsealed.retain(|&other| other != room);
    }

    /// Whether there is anything to fetch for a shard.
    pub fn has_news(&self, shard: usize) -> bool {
        !self.shards[shard].notices.is_empty() || !self.unsealed.is_empty()
    }

    /// All that is new for a shard, in order, in exchange for an empty list.
    pub fn fetch(&mut self, shard: usize, notices: &mut Vec<Notice<S>>) {
        while let Some(&room) = self.unsealed.last() {
            self.seal(room);
        }
        let mailbox = &mut self.shards[shard];
        mailbox.bytes = 0;
        std::mem::swap(&mut mailbox.notices, notices);
    }

    /// The most bytes any shard has yet to fetch: how far those who speak are ahead of those who deliver.
    pub fn backlog_bytes(&self) -> usize {
        let open: usize = self.unsealed.iter().filter_map(|room| self.logs.get(room)).map(|log| log.open.len()).sum();
        self.shards.iter().map(|mailbox| mailbox.bytes).max().unwrap_or(0) + open
    }
}

impl Log {
    fn append(&mut self, message: &[u8]) {
        if self.open.capacity() - self.open.len() < message.len() {
            self.open.reserve(message.len().max(BLOCK_BYTES));
        }
        self.open.extend_from_slice(message);
        self.end += message.len() as u64;
    }
}
