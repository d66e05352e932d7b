//! The rooms of a chat: who is in each, and what is announced there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::chat::{Name, SERVER};
use crate::room::RoomId;
use crate::{Now, Outbox, Peer};

/// The room in which everyone begins.
pub(crate) const LOBBY: RoomId = RoomId(0);
/// The bytes of one room's history, which a newcomer is to take at once.
const HISTORY_BYTES_MAX: usize = 128 * 1024;
const LOBBY_NAME: &str = "lobby";
/// Past so many members, comings and goings are gathered into one line for such a time.
const GATHER: Duration = Duration::from_secs(1);

/// All rooms. The lobby is always there; any other is there as long as somebody is in it.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: BTreeMap<RoomId, Room>,
    /// Rooms by their names' keys.
    names: BTreeMap<Arc<str>, RoomId>,
    next: u32,
    bounds: RoomBounds,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomBounds {
    pub(crate) rooms_max: usize,
    pub(crate) announce_members_max: usize,
    /// Lines that are kept for newcomers.
    pub(crate) history: usize,
}

#[derive(Debug)]
pub(crate) struct Room {
    name: Box<str>,
    /// The keys of its members' names.
    members: BTreeSet<Arc<str>>,
    earlier: VecDeque<Box<str>>,
    earlier_bytes: usize,
    /// Those who came and went and were not announced yet.
    joined: u64,
    left: u64,
    /// When the next coming or going may be announced, where they are gathered.
    announce_at: Duration,
}

impl Room {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            members: BTreeSet::new(),
            earlier: VecDeque::new(),
            earlier_bytes: 0,
            joined: 0,
            left: 0,
            announce_at: Duration::ZERO,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn count(&self) -> usize {
        self.members.len()
    }

    /// The keys of its members' names, in alphabetical order.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<str>> {
        self.members.iter()
    }

    /// Lines said before, oldest first.
    pub(crate) fn earlier(&self) -> impl Iterator<Item = &str> {
        self.earlier.iter().map(|line| &**line)
    }

    fn remember(&mut self, line: Box<str>, lines_max: usize) {
        self.earlier_bytes += line.len();
        self.earlier.push_back(line);
        while self.earlier.len() > lines_max || self.earlier_bytes > HISTORY_BYTES_MAX {
            let Some(oldest) = self.earlier.pop_front() else { return };
            self.earlier_bytes -= oldest.len();
        }
    }

    fn deadline(&self) -> Option<Duration> {
        (self.joined + self.left > 0).then_some(self.announce_at)
    }
}

/// Somebody came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Joined,
    Left,
}

impl Rooms {
    pub(crate) fn new(bounds: RoomBounds) -> Self {
        let mut rooms = Self { rooms: BTreeMap::new(), names: BTreeMap::new(), next: 0, bounds };
        rooms.open(LOBBY_NAME, LOBBY_NAME.into());
        rooms
    }

    fn open(&mut self, name: &str, key: Arc<str>) -> RoomId {
        let id = RoomId(self.next);
        self.next += 1;
        self.rooms.insert(id, Room::new(name));
        self.names.insert(key, id);
        id
    }

    pub(crate) fn get(&self, room: RoomId) -> Option<&Room> {
        self.rooms.get(&room)
    }

    /// All rooms, in alphabetical order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.names.values().filter_map(|&id| Some((id, self.rooms.get(&id)?)))
    }

    /// The room of this name, opened if there is none yet; none if there are too many.
    pub(crate) fn find_or_open(&mut self, name: &Name) -> Option<RoomId> {
        let key = name.key();
        if let Some(&id) = self.names.get(&key) {
            return Some(id);
        }
        (self.rooms.len() < self.bounds.rooms_max).then(|| self.open(name.as_str(), key))
    }

    /// Puts a member into a room, and announces it.
    pub(crate) fn join(&mut self, now: Now, id: RoomId, who: Who<'_>, out: &mut Outbox) {
        out.admit(who.peer, id);
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.members.insert(Arc::clone(who.key));
        let announced = self.announce(now, id, who, Step::Joined, out);
        let Some(room) = self.rooms.get(&id) else { return };
        if !announced {
            out.send_text(Peer::Remote(who.peer), format_args!("{}", Announcement::of(now, who, Step::Joined, room)));
        }
        for line in room.earlier() {
            out.send_text(Peer::Remote(who.peer), format_args!("{SERVER}: earlier, {line}"));
        }
    }

    /// Takes a member out of its room, and announces it.
    pub(crate) fn leave(&mut self, now: Now, id: RoomId, who: Who<'_>, out: &mut Outbox) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.members.remove(who.key);
        self.announce(now, id, who, Step::Left, out);
        if id != LOBBY && self.rooms.get(&id).is_some_and(|room| room.count() == 0) {
            self.rooms.remove(&id);
            self.names.retain(|_, other| *other != id);
        }
    }

    /// Announces at once, or notes for later and says so with `false`.
    fn announce(&mut self, now: Now, id: RoomId, who: Who<'_>, step: Step, out: &mut Outbox) -> bool {
        let Some(room) = self.rooms.get_mut(&id) else { return true };
        // Whoever leaves was counted too.
        let gathers = room.count() + usize::from(step == Step::Left) > self.bounds.announce_members_max;
        out.print(format_args!("{}{}", Place(id, room), Announcement::of(now, who, step, room)));
        if gathers && now.uptime < room.announce_at {
            match step {
                Step::Joined => room.joined += 1,
                Step::Left => room.left += 1,
            }
            return false;
        }
        room.tell_gathered(now, id, out);
        out.publish(id, None, format_args!("{}", Announcement::of(now, who, step, room)));
        if gathers {
            room.announce_at = now.uptime + GATHER;
        }
        true
    }

    /// When [`Rooms::tell_due`] is due, if ever.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.rooms.values().filter_map(Room::deadline).min()
    }

    /// Announces what was gathered long enough.
    pub(crate) fn tell_due(&mut self, now: Now, out: &mut Outbox) {
        for (&id, room) in &mut self.rooms {
            if room.deadline().is_some_and(|at| at <= now.uptime) {
                room.tell_gathered(now, id, out);
                room.announce_at = now.uptime + GATHER;
            }
        }
    }

    /// What a member said goes to all others in its room.
    pub(crate) fn say(&mut self, now: Now, id: RoomId, from: SocketAddr, line: fmt::Arguments<'_>, out: &mut Outbox) {
        out.publish(id, Some(from), line);
        let Some(room) = self.rooms.get_mut(&id) else { return };
        out.print(format_args!("{}{line}", Place(id, room)));
        if self.bounds.history > 0 {
            let line = format!("{} {line}", clock_time(now));
            if id == LOBBY {
                out.send(Peer::Store, line.as_bytes());
            }
            room.remember(line.into(), self.bounds.history);
        }
    }

    /// Lines of the lobby from an earlier run.
    pub(crate) fn remember(&mut self, lines: impl Iterator<Item = Box<str>>) {
        let history = self.bounds.history;
        if let Some(lobby) = self.rooms.get_mut(&LOBBY) {
            lines.for_each(|line| lobby.remember(line, history));
        }
    }
}

impl Room {
    /// One line for all who came and went meanwhile.
    fn tell_gathered(&mut self, now: Now, id: RoomId, out: &mut Outbox) {
        let (joined, left) = (std::mem::take(&mut self.joined), std::mem::take(&mut self.left));
        let have = |count: u64| if count == 1 { "has" } else { "have" };
        let (time, count) = (clock_time(now), self.count());
        let begin = format_args!("{SERVER}: time={time} ");
        match (joined, left) {
            (0, 0) => {}
            (_, 0) => {
                out.publish(id, None, format_args!("{begin}{joined} {} joined. Member count={count}", have(joined)))
            }
            (0, _) => out.publish(id, None, format_args!("{begin}{left} {} left. Member count={count}", have(left))),
            (_, _) => {
                let (joins, leaves) = (have(joined), have(left));
                let what = format_args!("{joined} {joins} joined, {left} {leaves} left");
                out.publish(id, None, format_args!("{begin}{what}. Member count={count}"));
            }
        }
    }
}

/// A member, as rooms need to know it.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) peer: SocketAddr,
    pub(crate) name: &'a Name,
    pub(crate) key: &'a Arc<str>,
}

/// `Server: time=10.01 Batman has joined. Member count=1`
struct Announcement<'a> {
    now: Now,
    name: &'a Name,
    step: Step,
    count: usize,
}

impl<'a> Announcement<'a> {
    fn of(now: Now, who: Who<'a>, step: Step, room: &Room) -> Self {
        Self { now, name: who.name, step, count: room.count() }
    }
}

impl fmt::Display for Announcement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, count, .. } = self;
        let step = match self.step {
            Step::Joined => "joined",
            Step::Left => "left",
        };
        write!(f, "{SERVER}: time={} {name} has {step}. Member count={count}", clock_time(self.now))
    }
}

/// The local time as the lab writes it: `10.01`.
fn clock_time(now: Now) -> impl fmt::Display {
    now.wall.civil().strftime("%H.%M")
}

/// Where something happened, for the server's terminal: nothing for the lobby.
struct Place<'a>(RoomId, &'a Room);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == LOBBY { Ok(()) } else { write!(f, "[{}] ", self.1.name) }
    }
}
