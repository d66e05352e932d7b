//! The server: one machine for all members.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::chat::commands::Command;
use crate::chat::flood::{Flood, FloodLimit, Verdict};
use crate::chat::lobby::{LOBBY, RoomBounds, Rooms, Who};
use crate::chat::{IDLE, Name, SERVER};
use crate::members::Members;
use crate::room::RoomId;
use crate::visible::Shown;
use crate::{Event, Machine, Now, Outbox, Peer};

/// The bounds of a chat.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections at once, as the driver admits them.
    pub members_max: usize,
    /// How long a connection may take to give its name.
    pub login_max: Duration,
    /// A member that says nothing for so long is told, then dismissed.
    pub idle_max: Duration,
    /// Messages a second for each member; 0 for no limit.
    pub rate: u32,
    /// Up to so many members each coming and going is a line of its own; past it, they are gathered into at most one line a second.
    pub announce_members_max: usize,
    /// Rooms at once, the lobby included.
    pub rooms_max: usize,
    /// How many lines said before a newcomer is shown.
    pub history: usize,
}

/// All members of all rooms.
#[derive(Debug)]
pub struct Server {
    options: Options,
    flood_limit: FloodLimit,
    pub(super) members: Members<Member>,
    /// Who has a name, by its key.
    pub(super) names: BTreeMap<Arc<str>, SocketAddr>,
    pub(super) rooms: Rooms,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Member {
    /// None until it has given one.
    pub(super) login: Option<Login>,
    flood: Flood,
}

#[derive(Debug)]
pub(super) struct Login {
    pub(super) name: Name,
    pub(super) key: Arc<str>,
    pub(super) room: RoomId,
}

impl Login {
    pub(super) fn who(&self, peer: SocketAddr) -> Who<'_> {
        Who { peer, name: &self.name, key: &self.key }
    }
}

impl Server {
    /// A chat whose lobby begins with these lines, said in an earlier run.
    pub fn new(options: Options, earlier: impl IntoIterator<Item = Box<str>>) -> Self {
        let Options { members_max, rate, announce_members_max, rooms_max, history, .. } = options;
        let mut rooms = Rooms::new(RoomBounds { rooms_max, announce_members_max, history });
        rooms.remember(earlier.into_iter());
        let members = Members::new(members_max);
        Self { options, flood_limit: FloodLimit::new(rate), members, names: BTreeMap::new(), rooms }
    }

    fn open(&mut self, now: Now, peer: SocketAddr, out: &mut Outbox) {
        let until = now.uptime + self.options.login_max;
        if !self.members.insert(peer, Member::default(), Some(until)) {
            out.send(Peer::Remote(peer), b"Error: the server is full, try again later");
            out.dismiss(peer);
        }
    }

    fn hear(&mut self, now: Now, peer: SocketAddr, message: &[u8], out: &mut Outbox) {
        let text = std::str::from_utf8(message).ok();
        let command = text.and_then(Command::parse);
        // Who wants to leave may, however much it has said.
        if command == Some(Command::Quit) {
            return self.remove(now, peer, out);
        }
        let Some(member) = self.members.get_mut(peer) else { return };
        let verdict = member.flood.judge(now.uptime, self.flood_limit);
        let Some(login) = &member.login else {
            return if verdict == Verdict::Fine {
                self.log_in(now, peer, message, out)
            };
        };
        let (room, name) = (login.room, &login.name);
        if verdict != Verdict::Fine {
            return self.refuse_flood(peer, verdict, out);
        }
        let Some(text) = text else {
            let why = format_args!("{SERVER}: expected text in UTF-8; your last message was not sent");
            return out.send_text(Peer::Remote(peer), why);
        };
        match command {
            None => self.rooms.say(now, room, peer, format_args!("{name}: {}", Shown(text)), out),
            Some(Command::Me(what)) => self.rooms.say(now, room, peer, format_args!("* {name} {}", Shown(what)), out),
            Some(command) => self.obey(now, peer, command, out),
        }
        self.members.prolong(peer, now.uptime + self.options.idle_max);
    }

    fn refuse_flood(&self, peer: SocketAddr, verdict: Verdict, out: &mut Outbox) {
        if verdict == Verdict::Tell {
            let rate = self.options.rate;
            let noun = if rate == 1 { "message" } else { "messages" };
            let why = format_args!("{SERVER}: at most {rate} {noun} a second; your last one was not sent");
            out.send_text(Peer::Remote(peer), why);
        }
    }

    fn log_in(&mut self, now: Now, peer: SocketAddr, message: &[u8], out: &mut Outbox) {
        let name = match Name::new(message) {
            Ok(name) => name,
            Err(error) => return out.send_text(Peer::Remote(peer), format_args!("Error: {error}")),
        };
        let key = name.key();
        if self.names.contains_key(&key) {
            return out.send_text(Peer::Remote(peer), format_args!("Error: the name {name} is taken, choose another"));
        }
        let login = Login { name, key: Arc::clone(&key), room: LOBBY };
        self.rooms.join(now, LOBBY, login.who(peer), out);
        self.names.insert(key, peer);
        // The time to log in may be longer than the time to be idle.
        let flood = self.members.remove(peer).map(|member| member.flood).unwrap_or_default();
        let member = Member { login: Some(login), flood };
        self.members.insert(peer, member, Some(now.uptime + self.options.idle_max));
    }

    /// Ends a connection, whatever the reason, after what was sent to it.
    pub(super) fn remove(&mut self, now: Now, peer: SocketAddr, out: &mut Outbox) {
        if let Some(member) = self.members.remove(peer) {
            self.see_off(now, peer, member, out);
        }
    }

    /// One that is no member any more leaves its room, and its connection ends.
    fn see_off(&mut self, now: Now, peer: SocketAddr, member: Member, out: &mut Outbox) {
        out.dismiss(peer);
        if let Some(login) = member.login {
            self.names.remove(&login.key);
            self.rooms.leave(now, login.room, login.who(peer), out);
        }
    }

    fn expire(&mut self, now: Now, out: &mut Outbox) {
        let mut expired = Vec::new();
        self.members.expire(now.uptime, |peer, member| expired.push((peer, member)));
        for (peer, member) in expired {
            let (login_max, idle_max) = (self.options.login_max, self.options.idle_max);
            let why = match member.login {
                None => format!("Error: no name within {login_max:?}, closing the connection"),
                Some(_) => format!("{SERVER}: {}{idle_max:?}{}", IDLE[0], IDLE[1]),
            };
            out.send(Peer::Remote(peer), why.as_bytes());
            self.see_off(now, peer, member, out);
        }
    }

    /// Everyone is told, and everyone's connection ends.
    fn shut_down(&mut self, out: &mut Outbox) {
        for (room, _) in self.rooms.all() {
            out.publish(room, None, format_args!("{SERVER}: the server is shutting down"));
        }
        for (peer, member) in self.members.drain() {
            if member.login.is_none() {
                out.send(Peer::Remote(peer), b"Error: the server is shutting down");
            }
            out.dismiss(peer);
        }
        self.names.clear();
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Opened(Peer::Remote(peer)) => self.open(now, peer, out),
            Event::Message(Peer::Remote(peer), message) => self.hear(now, peer, message, out),
            Event::Finished(Peer::Remote(peer)) | Event::Gone(Peer::Remote(peer)) => self.remove(now, peer, out),
            Event::Message(Peer::Terminal, line) => self.obey_operator(now, line, out),
            Event::Finished(Peer::Terminal) => self.shut_down(out),
            Event::Timeout => {
                self.expire(now, out);
                self.rooms.tell_due(now, out);
            }
            Event::Opened(Peer::Terminal | Peer::Store)
            | Event::Message(Peer::Store, _)
            | Event::Finished(Peer::Store)
            | Event::Gone(Peer::Terminal | Peer::Store) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        [self.members.deadline(), self.rooms.deadline()].into_iter().flatten().min()
    }
}
