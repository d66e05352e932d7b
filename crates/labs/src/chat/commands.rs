//! What members may ask of the server, and the operator may order, all as plain text.

use std::fmt;
use std::net::SocketAddr;

use crate::chat::lobby::{Room, Rooms};
use crate::chat::{IN_ROOM, IN_ROOM_ENDS, Name, QUITS, REMOVED, SERVER, Server, TOO_MANY_ROOMS};
use crate::room::RoomId;
use crate::visible::{Shown, Text};
use crate::{Now, Outbox, Peer};

/// One member's wish. Whatever else begins with a slash is said as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Quit,
    Help,
    Who,
    Rooms,
    Join(&'a str),
    Me(&'a str),
    Msg(&'a str),
}

const HELP: [&str; 7] = [
    "/who - who is in this room",
    "/rooms - the rooms there are",
    "/join ROOM - go to another room, or open one",
    "/me TEXT - say what you do: * Batman waves",
    "/msg NAME TEXT - say it to one member alone",
    "/quit, quit or q - leave",
    "anything else is said to everyone in the room",
];
const OPERATOR_HELP: [&str; 4] = [
    "/who - everyone, by room",
    "/rooms - the rooms there are",
    "/remove NAME - close a member's connection",
    "anything else is said to everyone, as the server; Ctrl-C ends it",
];
/// The names that one answer tells, of members or of rooms.
const NAMES_MAX: usize = 100;

impl<'a> Command<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if QUITS.contains(&text) {
            return Some(Self::Quit);
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match (word, rest.trim()) {
            ("/help", "") => Some(Self::Help),
            ("/who", "") => Some(Self::Who),
            ("/rooms", "") => Some(Self::Rooms),
            ("/join", room) => Some(Self::Join(room)),
            ("/me", what) => Some(Self::Me(what)),
            ("/msg", what) => Some(Self::Msg(what)),
            _ => None,
        }
    }
}

impl Server {
    /// Carries out what a member asked for.
    pub(super) fn obey(&mut self, now: Now, peer: SocketAddr, command: Command<'_>, out: &mut Outbox) {
        let Some(login) = self.members.get(peer).and_then(|member| member.login.as_ref()) else { return };
        let asker = Peer::Remote(peer);
        match command {
            Command::Quit => self.remove(now, peer, out),
            Command::Help => HELP.iter().for_each(|line| out.send_text(asker, format_args!("{SERVER}: {line}"))),
            Command::Who => {
                if let Some(room) = self.rooms.get(login.room) {
                    out.send_text(asker, format_args!("{SERVER}: {}", self.names_in(room)));
                }
            }
            Command::Rooms => out.send_text(asker, format_args!("{SERVER}: {}", rooms_line(&self.rooms))),
            Command::Join(room) => self.change_room(now, peer, room, out),
            Command::Msg(what) => self.whisper(peer, what, out),
            // What a member does is said like what it says.
            Command::Me(_) => {}
        }
    }

    /// `3 in lobby: Batman, Joker, Robin`
    fn names_in(&self, room: &Room) -> String {
        let names = room.members().take(NAMES_MAX).filter_map(|key| Some(self.name_of(key)?.as_str()));
        let names: Vec<_> = names.collect();
        let more = More(room.count() - names.len());
        format!("{} in {}: {}{more}", room.count(), room.name(), names.join(", "))
    }

    fn name_of(&self, key: &str) -> Option<&Name> {
        Some(&self.members.get(*self.names.get(key)?)?.login.as_ref()?.name)
    }

    fn change_room(&mut self, now: Now, peer: SocketAddr, room: &str, out: &mut Outbox) {
        let Some(login) = self.members.get_mut(peer).and_then(|member| member.login.as_mut()) else { return };
        let asker = Peer::Remote(peer);
        let Ok(name) = Name::new(room.as_bytes()) else {
            let why = format_args!("{SERVER}: which room? /join ROOM, a name of 1 to 32 printable characters");
            return out.send_text(asker, why);
        };
        let Some(id) = self.rooms.find_or_open(&name) else {
            return out.send_text(asker, format_args!("{SERVER}: {TOO_MANY_ROOMS}"));
        };
        let [now_end, already_end] = IN_ROOM_ENDS;
        if id == login.room {
            return out.send_text(asker, format_args!("{SERVER}: {IN_ROOM}{name}{already_end}"));
        }
        let old = std::mem::replace(&mut login.room, id);
        if let Some(room) = self.rooms.get(id) {
            out.send_text(asker, format_args!("{SERVER}: {IN_ROOM}{}{now_end}", room.name()));
        }
        // It hears the new room before the old one hears that it left, and so does not hear that.
        self.rooms.join(now, id, login.who(peer), out);
        self.rooms.leave(now, old, login.who(peer), out);
    }

    /// Says something to one member: the name goes as far as makes one that is here.
    fn whisper(&self, peer: SocketAddr, what: &str, out: &mut Outbox) {
        let Some(login) = self.members.get(peer).and_then(|member| member.login.as_ref()) else { return };
        // No name is longer, so no more is looked at, however much is said.
        let ends = what.match_indices(char::is_whitespace).map(|(at, _)| at).take_while(|&at| at <= Name::BYTES_MAX);
        let found = ends.filter_map(|at| {
            let (name, text) = what.split_at(at);
            let key = Name::new(name.as_bytes()).ok()?.key();
            Some((*self.names.get(&*key)?, self.name_of(&key)?, text.trim_start()))
        });
        let asker = Peer::Remote(peer);
        let Some((to, name, text)) = found.max_by_key(|(_, name, _)| name.as_str().len()) else {
            return out
                .send_text(asker, format_args!("{SERVER}: nobody here is called that: /msg NAME TEXT; see /who"));
        };
        let from = &login.name;
        out.send_text(Peer::Remote(to), format_args!("{SERVER}: {from} says to you alone: {}", Shown(text)));
        out.send_text(asker, format_args!("{SERVER}: said to {name} alone"));
    }

    /// What the person at the server's terminal typed.
    pub(super) fn obey_operator(&mut self, now: Now, line: &[u8], out: &mut Outbox) {
        let text = Text(line).to_string();
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "" => {}
            "/help" => OPERATOR_HELP.iter().for_each(|line| out.print(format_args!("{line}"))),
            "/who" => self.rooms.all().for_each(|(_, room)| out.print(format_args!("{}", self.names_in(room)))),
            "/rooms" => out.print(format_args!("{}", rooms_line(&self.rooms))),
            "/remove" if rest.trim().is_empty() => out.print(format_args!("whom? /remove NAME")),
            "/remove" => self.remove_by_order(now, rest.trim(), out),
            _ if text.starts_with('/') => {
                out.print(format_args!("there is no order {}; /help lists them", Shown(word)))
            }
            _ => {
                let rooms: Vec<RoomId> = self.rooms.all().map(|(id, _)| id).collect();
                rooms.into_iter().for_each(|id| out.publish(id, None, format_args!("{SERVER}: {}", Shown(text))));
            }
        }
    }

    fn remove_by_order(&mut self, now: Now, name: &str, out: &mut Outbox) {
        let key = Name::new(name.as_bytes()).map(|name| name.key());
        let Some(&peer) = key.ok().and_then(|key| self.names.get(&*key)) else {
            return out.print(format_args!("nobody here is called {}; /who lists everyone", Shown(name)));
        };
        out.send_text(Peer::Remote(peer), format_args!("{SERVER}: {REMOVED}"));
        self.remove(now, peer, out);
    }
}

/// `2 rooms: cave (1), lobby (3)`
fn rooms_line(rooms: &Rooms) -> String {
    let count = rooms.all().count();
    let named: Vec<_> =
        rooms.all().take(NAMES_MAX).map(|(_, room)| format!("{} ({})", room.name(), room.count())).collect();
    let noun = if count == 1 { "room" } else { "rooms" };
    format!("{count} {noun}: {}{}", named.join(", "), More(count - named.len()))
}

/// Those that a list leaves out.
struct More(usize);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}
