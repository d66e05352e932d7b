//! The side of those who are spoken to: a core's share of the members, and what each of them has yet to take.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IoSlice};

use bytes::Bytes;

use crate::room::cursor::{Cursor, Rest, Window};
use crate::room::member::{Member, State};
use crate::room::{Guest, Notice, RoomId};

/// A share of the members, for the one task that writes to their streams.
///
/// The driver fetches notices from the [`crate::room::Hall`], gives them to [`Shard::take`], and calls [`Shard::deliver`] for each
/// [`Shard::next_due`] member. It goes round and round: what is taken while it is under way goes to whoever comes next with the rest, and to
/// those whom it has just left when it comes by again.
#[derive(Debug)]
pub struct Shard<S> {
    members: Vec<Option<Member<S>>>,
    /// Who each is, apart from what every delivery needs.
    guests: Vec<Guest>,
    rooms: BTreeMap<RoomId, Audience>,
    due: Due,
    /// How many of them were there when the round began.
    round_left: usize,
    /// Whose streams take nothing now, and perhaps some that do again.
    stalled: Vec<u32>,
    closings: Vec<Closing<S>>,
    lost: Vec<Guest>,
    window_bytes_max: u64,
    /// What a member hears that read too slowly, with its line end.
    farewell: &'static str,
}

#[derive(Debug)]
struct Audience {
    window: Window,
    slots: Vec<u32>,
    news: bool,
    /// What everyone has taken but those whose streams are full.
    walked_to: u64,
    /// What they will have taken when the round is over.
    round_to: u64,
}

/// Whom something new is for.
#[derive(Debug, Default)]
struct Due {
    /// Who has waited longest, first.
    queue: VecDeque<u32>,
    /// Who is in it, by slot.
    is_called: Vec<bool>,
}

impl Due {
    fn call(&mut self, slot: u32) {
        if !std::mem::replace(&mut self.is_called[slot as usize], true) {
            self.queue.push_back(slot);
        }
    }

    fn next(&mut self) -> Option<u32> {
        let slot = self.queue.pop_front()?;
        self.is_called[slot as usize] = false;
        Some(slot)
    }
}

impl Audience {
    fn starting_at(position: u64) -> Self {
        Self {
            window: Window::starting_at(position),
            slots: Vec::new(),
            news: false,
            walked_to: position,
            round_to: position,
        }
    }
}

/// A stream to close, after some last bytes.
#[derive(Debug)]
pub struct Closing<S> {
    pub stream: S,
    /// What the peer is still to get, if it takes it in time.
    pub rest: Rest,
}

/// What a stream took of what it was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub bytes: usize,
    /// Whether it takes no more now, be it that it left something or that it holds some of what it took, as one that encrypts may.
    pub is_full: bool,
}

impl Taken {
    /// What a stream took that holds nothing back: it is full if it left something.
    pub fn of(offered: &[IoSlice<'_>], bytes: usize) -> Self {
        let offered: usize = offered.iter().map(|piece| piece.len()).sum();
        Self { bytes, is_full: bytes < offered }
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The member has everything.
    All,
    /// Its stream is full: call [`Shard::resume`] when it is not.
    Stalled,
    /// There is nobody to write to.
    Nobody,
}

/// The bytes for one member alone that may wait for its stream, beyond what is said in its room.
const INSERTED_BYTES_MAX: usize = 256 * 1024;
/// No segment is joined to a larger one, nor to one of more than a share of the log, so that the log is not kept much longer than it should.
const JOINED_BYTES_MAX: usize = 64 * 1024;
const JOINED_SHARE: usize = 16;
/// The share of the log that may be under way to members who keep up.
const UNDER_WAY_SHARE: u64 = 4;

impl<S> Shard<S> {
    /// A shard that keeps at most so many bytes of each room's log for members that are behind. Who is further behind gets `farewell`, a line.
    pub fn new(window_bytes_max: usize, farewell: &'static str) -> Self {
        Self {
            members: Vec::new(),
            guests: Vec::new(),
            rooms: BTreeMap::new(),
            due: Due::default(),
            round_left: 0,
            stalled: Vec::new(),
            closings: Vec::new(),
            lost: Vec::new(),
            window_bytes_max: window_bytes_max as u64,
            farewell,
        }
    }

    /// Takes what is new.
    pub fn take(&mut self, notices: &mut Vec<Notice<S>>) {
        let joined_bytes_max = JOINED_BYTES_MAX.min(self.window_bytes_max as usize / JOINED_SHARE);
        for notice in notices.drain(..) {
            match notice {
                Notice::Seated { slot, guest, stream } => self.seat(slot, guest, stream),
                Notice::Moved { slot, room, at } => self.admit(slot, room, at),
                Notice::Skipped { slot, from, to } => {
                    if let Some(member) = self.member(slot) {
                        member.cursor.skip(from, to);
                    }
                }
                Notice::Inserted { slot, at, bytes } => self.insert(slot, at, bytes),
                Notice::Dismissed { slot } => self.dismiss(slot),
                Notice::Said { room, start, bytes } => {
                    if let Some(audience) = self.rooms.get_mut(&room) {
                        audience.window.push(start, bytes, joined_bytes_max);
                        audience.news = true;
                    }
                }
            }
        }
        self.call_audiences();
        self.drop_laggards();
    }

    fn member(&mut self, slot: u32) -> Option<&mut Member<S>> {
        self.members.get_mut(slot as usize)?.as_mut()
    }

    fn seat(&mut self, slot: u32, guest: Guest, stream: S) {
        let place = slot as usize;
        if self.members.len() <= place {
            self.members.resize_with(place + 1, || None);
            self.guests.resize(place + 1, guest);
            self.due.is_called.resize(place + 1, false);
        }
        self.guests[place] = guest;
        self.members[place] = Some(Member::new(stream));
    }

    fn insert(&mut self, slot: u32, at: u64, bytes: Bytes) {
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if matches!(member.state, State::Lost { .. }) {
            return;
        }
        member.cursor.insert(at, bytes);
        // What its stream was not offered yet is not held against it.
        if member.state == State::Stalled && member.cursor.inserted_bytes() > INSERTED_BYTES_MAX {
            member.state = State::Lost { slow: true };
            self.lost.push(self.guests[slot as usize]);
        } else {
            self.due.call(slot);
        }
    }

    /// What the member has not taken yet goes before everything it will hear in the new room.
    fn admit(&mut self, slot: u32, room: RoomId, at: u64) {
        let rest = self.rest(slot);
        self.leave_room(slot);
        let allowed = self.window_bytes_max as usize;
        let audience = self.rooms.entry(room).or_insert_with(|| Audience::starting_at(at));
        let index = audience.slots.len() as u32;
        audience.slots.push(slot);
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        (member.room, member.index) = (Some(room), index);
        member.cursor = Cursor::new(at);
        member.cursor.carry(at, rest);
        if member.cursor.carried_bytes() > allowed && !matches!(member.state, State::Lost { .. }) {
            member.state = State::Lost { slow: true };
            self.lost.push(self.guests[slot as usize]);
        } else if member.cursor.carried_bytes() > 0 {
            self.due.call(slot);
        }
    }

    /// What the member has yet to take.
    fn rest(&self, slot: u32) -> Rest {
        let Some(member) = self.members.get(slot as usize).and_then(Option::as_ref) else { return Rest::default() };
        let nothing = Window::default();
        let audience = member.room.and_then(|room| self.rooms.get(&room));
        member.cursor.rest(audience.map_or(&nothing, |audience| &audience.window))
    }

    fn leave_room(&mut self, slot: u32) {
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        let (Some(room), index) = (member.room.take(), member.index as usize) else { return };
        let Some(audience) = self.rooms.get_mut(&room) else { return };
        audience.slots.swap_remove(index);
        let moved = audience.slots.get(index).copied();
        if audience.slots.is_empty() {
            self.rooms.remove(&room);
        }
        if let Some(moved) = moved.and_then(|moved| self.member(moved)) {
            moved.index = index as u32;
        }
    }

    fn dismiss(&mut self, slot: u32) {
        let mut rest = self.rest(slot);
        self.leave_room(slot);
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::take) else { return };
        match member.state {
            State::Open | State::Stalled => {}
            State::Lost { slow } => {
                rest = Rest::default();
                if slow {
                    rest.push(if member.mid_line { b"\n" } else { b"" });
                    rest.push(self.farewell.as_bytes());
                }
            }
        }
        self.closings.push(Closing { stream: member.stream, rest });
    }

    /// Everyone in a room with news is due.
    fn call_audiences(&mut self) {
        for audience in self.rooms.values_mut().filter(|audience| audience.news) {
            audience.news = false;
            audience.slots.iter().for_each(|&slot| self.due.call(slot));
        }
    }

    /// Forgets what everyone has taken, and what is too long ago; who still wanted that is lost.
    fn drop_laggards(&mut self) {
        for audience in self.rooms.values_mut() {
            let oldest = audience.window.end().saturating_sub(self.window_bytes_max);
            audience.window.forget_before(oldest.min(audience.walked_to));
        }
        for &slot in &self.stalled {
            let Some(member) = &mut self.members[slot as usize] else { continue };
            let Some(audience) = member.room.and_then(|room| self.rooms.get(&room)) else { continue };
            // Also one that was resumed and not walked to since.
            let is_lost = matches!(member.state, State::Lost { .. });
            if !is_lost && member.cursor.position() < audience.window.start() {
                member.state = State::Lost { slow: true };
                self.lost.push(self.guests[slot as usize]);
            }
        }
    }

    /// Somebody to whom something is to be delivered.
    pub fn next_due(&mut self) -> Option<u32> {
        if self.round_left == 0 {
            self.begin_round();
        }
        let slot = self.due.next()?;
        self.round_left -= 1;
        Some(slot)
    }

    /// Whether more is under way than is good: what comes next is to wait until a round is over.
    pub fn is_behind(&self) -> bool {
        let allowed = self.window_bytes_max / UNDER_WAY_SHARE;
        self.rooms.values().any(|audience| audience.window.end() - audience.walked_to > allowed)
    }

    /// The members that have a slot, or had one.
    pub fn slots(&self) -> usize {
        self.members.len()
    }

    /// Whether anything is to be delivered to anybody.
    pub fn has_due(&self) -> bool {
        !self.due.queue.is_empty()
    }

    /// A member's stream.
    pub fn stream(&self, slot: u32) -> Option<&S> {
        Some(&self.members.get(slot as usize)?.as_ref()?.stream)
    }

    /// The member's stream takes bytes again.
    pub fn resume(&mut self, slot: u32) {
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if member.state == State::Stalled {
            member.state = State::Open;
            self.due.call(slot);
        }
    }

    /// Writes to a member what it has yet to take, as far as its stream takes it. `write` is given pieces, and tells how many bytes
    /// of them it took, without waiting.
    pub fn deliver(&mut self, slot: u32, mut write: impl FnMut(&S, &[IoSlice<'_>]) -> io::Result<Taken>) -> Delivered {
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Delivered::Nobody;
        };
        if member.state != State::Open {
            return Delivered::Nobody;
        }
        let nothing = Window::default();
        let audience = member.room.and_then(|room| self.rooms.get(&room));
        let window = audience.map_or(&nothing, |audience| &audience.window);
        member.cursor.advance(0);
        while !member.cursor.is_done(window) {
            match member.write_some(window, &mut write) {
                Ok(false) => {}
                Ok(true) => return self.stall(slot),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.stall(slot),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    member.state = State::Lost { slow: false };
                    self.lost.push(self.guests[slot as usize]);
                    return Delivered::Nobody;
                }
            }
        }
        Delivered::All
    }

    fn stall(&mut self, slot: u32) -> Delivered {
        let Some(member) = self.members.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Delivered::Nobody;
        };
        member.state = State::Stalled;
        if !std::mem::replace(&mut member.is_listed_stalled, true) {
            self.stalled.push(slot);
        }
        Delivered::Stalled
    }

    /// Everyone who was due when the last round began has had its turn: what everybody has taken is forgotten.
    fn begin_round(&mut self) {
        self.round_left = self.due.queue.len();
        let members = &mut self.members;
        let mut needed_from: BTreeMap<RoomId, u64> = BTreeMap::new();
        self.stalled.retain(|&slot| {
            let Some(member) = &mut members[slot as usize] else { return false };
            // Who is to be written to again has not caught up yet.
            member.is_listed_stalled = member.state == State::Stalled || self.due.is_called[slot as usize];
            if let Some(room) = member.room.filter(|_| member.is_listed_stalled) {
                let position = member.cursor.position();
                needed_from.entry(room).and_modify(|from| *from = position.min(*from)).or_insert(position);
            }
            member.is_listed_stalled
        });
        for (room, audience) in &mut self.rooms {
            let end = audience.window.end();
            audience.walked_to = if self.round_left == 0 { end } else { audience.round_to };
            audience.round_to = end;
            audience
                .window
                .forget_before(needed_from.get(room).map_or(audience.walked_to, |&from| from.min(audience.walked_to)));
        }
    }

    /// Members whose connections are to be told as gone: they read too slowly, or their streams broke.
    pub fn take_lost(&mut self) -> Vec<Guest> {
        std::mem::take(&mut self.lost)
    }

    /// Streams that are to be closed.
    pub fn take_closings(&mut self) -> Vec<Closing<S>> {
        std::mem::take(&mut self.closings)
    }
}
