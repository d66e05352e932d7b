//! What a chat is to do, too simple to be wrong: names in a list, and for each member the text that it is to hear.
//!
//! It hears what the machine hears, and writes each line to each member whom it concerns, one by one.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use labs::Now;
use labs::chat::Options;

use super::Happening;

pub struct Model {
    options: Options,
    message_bytes_max: usize,
    /// Everybody who ever connected.
    people: BTreeMap<SocketAddr, Person>,
    /// In the order in which they were opened.
    rooms: Vec<Room>,
    /// What was announced in the lobby, and when: who came, who went, how many there are then.
    pub announced: Vec<(Duration, usize, usize, usize)>,
}

#[derive(Default)]
struct Person {
    /// All that it is to hear.
    owed: String,
    /// How much it said itself to its rooms, which it is not to hear.
    own_bytes: usize,
    is_in: bool,
    /// Its name and its room's, once it is logged in.
    login: Option<(String, String)>,
    until: Duration,
    flood: Flood,
}

#[derive(Default)]
struct Flood {
    /// The time that what was said lately uses up, as of a time.
    used: Duration,
    as_of: Duration,
    told_at: Option<Duration>,
}

struct Room {
    name: String,
    earlier: VecDeque<String>,
    joined: usize,
    left: usize,
    announce_at: Duration,
}

/// What is to be expected of what a guest heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// All of it.
    Whole,
    /// Its beginning.
    Begun,
    /// Its beginning, then the notice on a line of its own.
    SlowAndTold,
    /// Its beginning, then perhaps the beginning of the notice.
    SlowAndPerhapsTold,
}

const LOBBY: &str = "lobby";
const SECOND: Duration = Duration::from_secs(1);
/// What may be said at once, as a time of steady talk.
const BURST: Duration = Duration::from_secs(5);
const TOO_SLOW: &str = "Server: you read too slowly and missed what was said; closing the connection\n";

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn is_name(text: &str) -> bool {
    let is_bad = |c: char| c == ':' || c.is_control();
    (1..=32).contains(&text.chars().count()) && !text.contains(is_bad) && !same(text, "server")
}

/// Of all that does not show, scripts say two.
fn shown(text: &str) -> String {
    text.replace('\x1b', "␛").replace('\r', "␍")
}

fn clock(now: Now) -> String {
    let civil = now.wall.civil();
    format!("{:02}.{:02}", civil.hour(), civil.minute())
}

fn have(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

impl Room {
    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, earlier: VecDeque::new(), joined: 0, left: 0, announce_at: Duration::ZERO }
    }
}

impl Model {
    pub(super) fn new(options: Options, message_bytes_max: usize, earlier: &[String]) -> Self {
        let mut lobby = Room::new(LOBBY);
        let over = earlier.len().saturating_sub(options.history);
        lobby.earlier.extend(earlier[over..].iter().cloned());
        Self { options, message_bytes_max, people: BTreeMap::new(), rooms: vec![lobby], announced: Vec::new() }
    }

    /// How many are connected.
    pub fn count(&self) -> usize {
        self.people.values().filter(|person| person.is_in).count()
    }

    /// All that a peer is to hear.
    pub fn owed(&self, peer: SocketAddr) -> &str {
        &self.people[&peer].owed
    }

    /// How much was said to a peer or by it.
    pub(super) fn said_bytes(&self, peer: SocketAddr) -> usize {
        let person = &self.people[&peer];
        person.owed.len() + person.own_bytes
    }

    pub(super) fn hear(&mut self, now: Now, happening: &Happening, dismissed: &[SocketAddr]) {
        match happening {
            Happening::Opened(peer) => {
                let until = now.uptime + self.options.login_max;
                let newcomer = Person { is_in: true, until, ..Person::default() };
                assert!(self.people.insert(*peer, newcomer).is_none(), "{peer} comes twice");
            }
            Happening::Message(peer, message) => self.hear_message(now, *peer, message),
            Happening::Overlong(peer) if self.is_in(*peer) => {
                let most = self.message_bytes_max;
                self.tell(*peer, format_args!("Error: message longer than {most} bytes, closing the connection"));
                self.remove(now, *peer);
            }
            Happening::Overlong(_) => {}
            Happening::Finished(peer) | Happening::Gone(peer) => self.remove(now, *peer),
            Happening::Operator(line) => self.obey_operator(now, &String::from_utf8_lossy(line)),
            Happening::ShutDown => self.shut_down(),
            Happening::Timeout => self.expire(now, dismissed),
        }
    }

    fn is_in(&self, peer: SocketAddr) -> bool {
        self.people.get(&peer).is_some_and(|person| person.is_in)
    }

    fn person(&mut self, peer: SocketAddr) -> &mut Person {
        self.people.entry(peer).or_default()
    }

    fn tell(&mut self, peer: SocketAddr, line: std::fmt::Arguments<'_>) {
        let owed = &mut self.person(peer).owed;
        owed.push_str(&line.to_string());
        owed.push('\n');
    }

    fn members(&self, room: &str) -> Vec<SocketAddr> {
        let inside = |person: &Person| person.login.as_ref().is_some_and(|(_, own)| same(own, room));
        self.people.iter().filter(|(_, person)| inside(person)).map(|(peer, _)| *peer).collect()
    }

    fn publish(&mut self, room: &str, except: Option<SocketAddr>, line: &str) {
        for peer in self.members(room) {
            match except {
                Some(speaker) if speaker == peer => self.person(peer).own_bytes += line.len() + 1,
                _ => self.tell(peer, format_args!("{line}")),
            }
        }
    }

    fn find(&self, name: &str) -> Option<SocketAddr> {
        let is_called = |person: &Person| person.login.as_ref().is_some_and(|(own, _)| same(own, name));
        self.people.iter().find(|(_, person)| is_called(person)).map(|(peer, _)| *peer)
    }

    fn room(&mut self, name: &str) -> &mut Room {
        let place = self.rooms.iter().position(|room| same(&room.name, name));
        &mut self.rooms[place.unwrap_or(0)]
    }

    fn hear_message(&mut self, now: Now, peer: SocketAddr, message: &[u8]) {
        if !self.is_in(peer) {
            return;
        }
        let text = String::from_utf8(message.to_vec());
        let Some((name, room)) = self.person(peer).login.clone() else {
            if self.may_speak(now, peer) == Some(true) {
                self.log_in(now, peer, text.unwrap_or_else(|_| ":".to_owned()).trim());
            }
            return;
        };
        if let Ok("quit" | "q" | "/quit") = text.as_deref().map(str::trim) {
            return self.remove(now, peer);
        }
        match self.may_speak(now, peer) {
            Some(true) => {}
            Some(false) => return,
            None => {
                let rate = self.options.rate;
                let why = format_args!("Server: at most {rate} messages a second; your last one was not sent");
                return self.tell(peer, why);
            }
        }
        let Ok(text) = text else {
            return self.tell(peer, format_args!("Server: expected text in UTF-8; your last message was not sent"));
        };
        let until = now.uptime + self.options.idle_max;
        self.person(peer).until = until;
        let trimmed = text.trim();
        let (word, rest) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
        match word {
            "/who" if rest.is_empty() => {
                let names = self.names(&room);
                self.tell(peer, format_args!("Server: {names}"));
            }
            "/rooms" if rest.is_empty() => {
                let rooms = self.rooms_line();
                self.tell(peer, format_args!("Server: {rooms}"));
            }
            "/join" => self.change_room(now, peer, rest),
            "/me" => self.say(now, peer, &room, &shown(&format!("* {name} {rest}"))),
            "/msg" => self.whisper(peer, &name, rest),
            _ => self.say(now, peer, &room, &shown(&format!("{name}: {text}"))),
        }
    }

    /// Yes, no, or no and it is to be told.
    fn may_speak(&mut self, now: Now, peer: SocketAddr) -> Option<bool> {
        let rate = self.options.rate;
        if rate == 0 {
            return Some(true);
        }
        let flood = &mut self.person(peer).flood;
        let used = flood.used.saturating_sub(now.uptime - flood.as_of) + SECOND / rate;
        if used <= BURST.max(SECOND / rate) {
            (flood.used, flood.as_of) = (used, now.uptime);
            return Some(true);
        }
        let told_lately = flood.told_at.is_some_and(|at| now.uptime < at + SECOND);
        if !told_lately {
            flood.told_at = Some(now.uptime);
        }
        told_lately.then_some(false)
    }

    fn log_in(&mut self, now: Now, peer: SocketAddr, name: &str) {
        if matches!(name, "quit" | "q" | "/quit") {
            self.remove(now, peer);
        } else if !is_name(name) {
            let rule = "a name has 1 to 32 printable characters, no ':', and is not Server; choose another";
            self.tell(peer, format_args!("Error: {rule}"));
        } else if self.find(name).is_some() {
            self.tell(peer, format_args!("Error: the name {name} is taken, choose another"));
        } else {
            let until = now.uptime + self.options.idle_max;
            self.person(peer).until = until;
            self.enter(now, peer, name, LOBBY);
        }
    }

    fn enter(&mut self, now: Now, peer: SocketAddr, name: &str, room: &str) {
        self.person(peer).login = Some((name.to_owned(), room.to_owned()));
        self.announce(now, room, peer, name, true);
        for line in self.room(room).earlier.clone() {
            self.tell(peer, format_args!("Server: earlier, {line}"));
        }
    }

    fn leave(&mut self, now: Now, peer: SocketAddr, name: &str, room: &str) {
        self.announce(now, room, peer, name, false);
        let is_empty = self.members(room).is_empty();
        self.rooms.retain(|other| !is_empty || same(&other.name, LOBBY) || !same(&other.name, room));
    }

    /// One that is in comes or one that is out has gone.
    fn announce(&mut self, now: Now, room: &str, peer: SocketAddr, name: &str, joined: bool) {
        let count = self.members(room).len();
        let most = self.options.announce_members_max;
        let gathers = count + usize::from(!joined) > most;
        let (uptime, verb) = (now.uptime, if joined { "joined" } else { "left" });
        let own = format!("Server: time={} {name} has {verb}. Member count={count}", clock(now));
        let place = self.room(room);
        let (is_early, is_gathering) = (uptime < place.announce_at, place.joined + place.left > 0);
        if gathers && (is_early || is_gathering) {
            place.joined += usize::from(joined);
            place.left += usize::from(!joined);
            if !is_early {
                self.tell_gathered(now, room, count);
            }
            if joined {
                self.tell(peer, format_args!("{own}"));
            }
            return;
        }
        // Only where somebody leaves, and they are no longer too many.
        self.tell_gathered(now, room, count + 1);
        if gathers {
            self.room(room).announce_at = uptime + SECOND;
        }
        if same(room, LOBBY) {
            self.announced.push((uptime, usize::from(joined), usize::from(!joined), count));
        }
        self.publish(room, None, &own);
    }

    fn tell_gathered(&mut self, now: Now, room: &str, count: usize) {
        let place = self.room(room);
        let (joined, left) = (std::mem::take(&mut place.joined), std::mem::take(&mut place.left));
        let parts = [(joined, "joined"), (left, "left")].into_iter().filter(|(many, _)| *many > 0);
        let parts: Vec<_> = parts.map(|(many, verb)| format!("{many} {} {verb}", have(many))).collect();
        if parts.is_empty() {
            return;
        }
        place.announce_at = now.uptime + SECOND;
        if same(room, LOBBY) {
            self.announced.push((now.uptime, joined, left, count));
        }
        let line = format!("Server: time={} {}. Member count={count}", clock(now), parts.join(", "));
        self.publish(room, None, &line);
    }

    fn say(&mut self, now: Now, peer: SocketAddr, room: &str, line: &str) {
        self.publish(room, Some(peer), line);
        let most = self.options.history;
        let earlier = &mut self.room(room).earlier;
        earlier.push_back(format!("{} {line}", clock(now)));
        while earlier.len() > most {
            earlier.pop_front();
        }
    }

    fn names(&self, room: &str) -> String {
        let name = self.rooms.iter().find(|other| same(&other.name, room)).map_or("", |room| &room.name);
        let members = self.members(room);
        let mut names: Vec<_> = members.iter().filter_map(|peer| self.people[peer].login.as_ref()).collect();
        names.sort_by_key(|(name, _)| name.to_lowercase());
        let names: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
        format!("{} in {name}: {}", names.len(), names.join(", "))
    }

    fn rooms_line(&self) -> String {
        let mut rooms: Vec<_> = self.rooms.iter().map(|room| room.name.as_str()).collect();
        rooms.sort_by_key(|name| name.to_lowercase());
        let all: Vec<_> = rooms.iter().map(|room| format!("{room} ({})", self.members(room).len())).collect();
        format!("{} {}: {}", all.len(), if all.len() == 1 { "room" } else { "rooms" }, all.join(", "))
    }

    fn change_room(&mut self, now: Now, peer: SocketAddr, room: &str) {
        let Some((name, old)) = self.person(peer).login.clone() else { return };
        let exists = self.rooms.iter().any(|other| same(&other.name, room));
        if !is_name(room) {
            let why = "which room? /join ROOM, a name of 1 to 32 printable characters";
            self.tell(peer, format_args!("Server: {why}"));
        } else if !exists && self.rooms.len() >= self.options.rooms_max {
            self.tell(peer, format_args!("Server: there are too many rooms; /rooms lists them"));
        } else if same(room, &old) {
            self.tell(peer, format_args!("Server: you are in {room} already"));
        } else {
            if !exists {
                self.rooms.push(Room::new(room));
            }
            let shown = self.rooms.iter().find(|other| same(&other.name, room)).map(|other| other.name.clone());
            self.tell(peer, format_args!("Server: you are in {} now", shown.unwrap_or_default()));
            self.enter(now, peer, &name, room);
            self.leave(now, peer, &name, &old);
        }
    }

    /// Names in scripts have no spaces.
    fn whisper(&mut self, peer: SocketAddr, from: &str, what: &str) {
        let found = what.split_once(' ').and_then(|(name, text)| Some((self.find(name)?, text)));
        let Some((to, text)) = found else {
            return self.tell(peer, format_args!("Server: nobody here is called that: /msg NAME TEXT; see /who"));
        };
        let name = self.people[&to].login.as_ref().map_or_else(String::new, |(name, _)| name.clone());
        self.tell(to, format_args!("Server: {from} says to you alone: {}", shown(text.trim_start())));
        self.tell(peer, format_args!("Server: said to {name} alone"));
    }

    fn obey_operator(&mut self, now: Now, line: &str) {
        if let Some(name) = line.strip_prefix("/remove ") {
            let Some(peer) = self.find(name) else { return };
            self.tell(peer, format_args!("Server: the operator removed you"));
            self.remove(now, peer);
        } else if !line.starts_with('/') {
            let rooms: Vec<_> = self.rooms.iter().map(|room| room.name.clone()).collect();
            rooms.iter().for_each(|room| self.publish(room, None, &format!("Server: {}", shown(line.trim()))));
        }
    }

    /// Its connection ends, whatever the reason; its name is free.
    fn remove(&mut self, now: Now, peer: SocketAddr) {
        if !self.is_in(peer) {
            return;
        }
        let person = self.person(peer);
        person.is_in = false;
        if let Some((name, room)) = person.login.take() {
            self.leave(now, peer, &name, &room);
        }
    }

    /// Whose time is over, are those and only those that the server dismissed; in which order is for it to say.
    fn expire(&mut self, now: Now, dismissed: &[SocketAddr]) {
        let is_over = |person: &Person| person.is_in && person.until <= now.uptime;
        let over: Vec<_> = self.people.iter().filter(|(_, person)| is_over(person)).map(|(peer, _)| *peer).collect();
        let mut sorted = dismissed.to_vec();
        sorted.sort();
        assert_eq!(over, sorted, "whose time is over");
        for &peer in dismissed {
            let Options { login_max, idle_max, .. } = self.options;
            match self.person(peer).login {
                Some(_) => {
                    self.tell(peer, format_args!("Server: nothing heard for {idle_max:?}, closing the connection"))
                }
                None => self.tell(peer, format_args!("Error: no name within {login_max:?}, closing the connection")),
            }
            self.remove(now, peer);
        }
        let rooms: Vec<_> = self.rooms.iter().filter(|room| room.joined + room.left > 0).collect();
        let due = rooms.into_iter().filter(|room| room.announce_at <= now.uptime).map(|room| room.name.clone());
        for room in due.collect::<Vec<_>>() {
            let count = self.members(&room).len();
            self.tell_gathered(now, &room, count);
        }
    }

    fn shut_down(&mut self) {
        let inside: Vec<_> = self.people.iter().filter(|(_, person)| person.is_in).map(|(peer, _)| *peer).collect();
        for peer in inside {
            let who = if self.person(peer).login.take().is_some() { "Server" } else { "Error" };
            self.tell(peer, format_args!("{who}: the server is shutting down"));
            self.person(peer).is_in = false;
        }
    }

    /// Compares what a guest heard with what it was to hear.
    pub(super) fn judge(&self, peer: SocketAddr, heard: &[u8], ending: Ending) -> Result<(), String> {
        let Some(person) = self.people.get(&peer) else {
            return if heard.is_empty() { Ok(()) } else { Err("heard something without a place".to_owned()) };
        };
        let owed = person.owed.as_bytes();
        let common = owed.iter().zip(heard).take_while(|(one, other)| one == other).count();
        let told = |at: usize| {
            let begin: &[u8] = if at > 0 && owed[at - 1] != b'\n' { b"\n" } else { b"" };
            [begin, TOO_SLOW.as_bytes()].concat()
        };
        let is_begun = heard.len() == common;
        // The notice may begin as what was to come.
        let ends = common.saturating_sub(TOO_SLOW.len() + 1)..=common;
        let is_right = match ending {
            Ending::Whole => is_begun && common == owed.len(),
            Ending::Begun => is_begun,
            Ending::SlowAndTold => ends.into_iter().any(|at| heard[at..] == told(at)),
            Ending::SlowAndPerhapsTold => is_begun || ends.into_iter().any(|at| told(at).starts_with(&heard[at..])),
        };
        let rest = |bytes: &[u8]| String::from_utf8_lossy(&bytes[common..bytes.len().min(common + 300)]).into_owned();
        if is_right {
            return Ok(());
        }
        Err(format!("{ending:?}: after {common} right bytes {:?} was heard and not {:?}", rest(heard), rest(owed)))
    }
}
