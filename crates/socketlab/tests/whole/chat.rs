//! Chat: the lab's conversation, and all the ways in which members speak, leave and are kept apart.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};

use crate::peer::Stream;
use crate::server::Server;

/// One who logged in, and reads line by line.
pub(crate) struct Member {
    pub(crate) stream: Stream,
    lines: BufReader<TcpStream>,
    ending: &'static str,
}

impl Member {
    /// A connection whose messages end so.
    pub(crate) fn connect(server: SocketAddr, ending: &'static str) -> Self {
        let stream = Stream::connect(server);
        let lines = BufReader::new(stream.0.try_clone().unwrap());
        Self { stream, lines, ending }
    }

    /// A member, as the so many-th of the lobby.
    pub(crate) fn enter(server: &Server, name: &str, count: usize) -> Self {
        let mut member = Self::connect(server.at("chat", "tcp"), "\n");
        member.say(name);
        member.hears(&format!("Server: {name} has joined. Member count={count}"));
        member
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.stream.send(format!("{text}{}", self.ending).as_bytes());
    }

    /// The next line, without the time of an announcement.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        untimed(line.strip_suffix('\n').unwrap_or_else(|| panic!("{line:?} is no whole line")))
    }

    #[track_caller]
    pub(crate) fn hears(&mut self, wanted: &str) {
        assert_eq!(self.line(), wanted);
    }

    /// Everything up to the end.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.lines.read_to_end(&mut rest).unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }

    #[track_caller]
    pub(crate) fn hears_end(&mut self) {
        assert_eq!(self.rest(), "");
    }
}

/// A line without the time that it tells, if it has one.
pub(crate) fn untimed(line: &str) -> String {
    let Some((time, rest)) = line.strip_prefix("Server: time=").and_then(|rest| rest.split_once(' ')) else {
        return line.to_owned();
    };
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    assert_eq!(shape, "##.##", "{line}");
    format!("Server: {rest}")
}

#[test]
fn the_labs_conversation_in_every_manner() {
    for ending in ["\n", "\r\n", "", "\0\0\0\0"] {
        let server = Server::start(&["chat=127.0.0.1:0"]);
        let mut batman = Member::enter(&server, "Batman", 1);
        let mut joker = Member::connect(server.at("chat", "tcp"), ending);
        joker.say("Joker");
        joker.hears("Server: Joker has joined. Member count=2");
        batman.hears("Server: Joker has joined. Member count=2");
        batman.say("Anyone here?");
        joker.hears("Batman: Anyone here?");
        // Each waits until the other has heard, so that a bare message has ended.
        for text in ["Boo", "two words", "Grüße 世界"] {
            joker.say(text);
            batman.hears(&format!("Joker: {text}"));
        }
        joker.say("\x1b[2J\u{202e}");
        batman.hears("Joker: ␛[2J<U+202E>");
        batman.say("");
        joker.hears("Batman: ");
        joker.say("quit");
        // Nothing that it said came back before the end.
        joker.hears_end();
        batman.hears("Server: Joker has left. Member count=1");
        batman.say("q");
        batman.hears_end();
        server.expect_line("Batman: Anyone here?");
    }
}

#[test]
fn a_name_is_one_members_whatever_its_case_and_free_when_left() {
    let server = Server::start(&["chat=127.0.0.1:0", "--quiet"]);
    let mut witness = Member::enter(&server, "Witness", 1);
    let mut second = Member::connect(server.at("chat", "tcp"), "\n");
    for way in 0..4 {
        let mut first = Member::enter(&server, "Ärger", 2);
        witness.hears("Server: Ärger has joined. Member count=2");
        second.say("äRGER");
        second.hears("Error: the name äRGER is taken, choose another");
        match way {
            0 => first.say("quit"),
            1 => drop(first),
            2 => first.stream.half_close(),
            _ => {
                let Member { stream, lines, .. } = first;
                drop(lines);
                stream.reset();
            }
        }
        witness.hears("Server: Ärger has left. Member count=1");
        second.say("äRGER");
        second.hears("Server: äRGER has joined. Member count=2");
        witness.hears("Server: äRGER has joined. Member count=2");
        second.say("quit");
        second.hears_end();
        witness.hears("Server: äRGER has left. Member count=1");
        second = Member::connect(server.at("chat", "tcp"), "\n");
    }
}

#[test]
fn bad_names_are_refused_and_may_be_tried_again() {
    let server = Server::start(&["chat=127.0.0.1:0", "--quiet"]);
    let mut peer = Member::connect(server.at("chat", "tcp"), "\n");
    for name in ["Server", "sERVER", "a:b", "", "\x1b[31m", "Bat\u{200b}man", &"n".repeat(33)] {
        peer.say(name);
        peer.hears("Error: a name has 1 to 32 printable characters, no ':', and is not Server; choose another");
    }
    peer.say("Count Dracula");
    peer.hears("Server: Count Dracula has joined. Member count=1");
}

#[test]
fn rooms_are_kept_apart() {
    let server = Server::start(&["chat=127.0.0.1:0", "--quiet"]);
    let mut batman = Member::enter(&server, "Batman", 1);
    let mut robin = Member::enter(&server, "Robin", 2);
    batman.hears("Server: Robin has joined. Member count=2");
    robin.say("/join cave");
    robin.hears("Server: you are in cave now");
    robin.hears("Server: Robin has joined. Member count=1");
    batman.hears("Server: Robin has left. Member count=1");
    robin.say("only in the cave");
    batman.say("only in the lobby");
    batman.say("/rooms");
    batman.hears("Server: 2 rooms: cave (1), lobby (1)");
    robin.say("/msg batman a b  c");
    robin.hears("Server: said to Batman alone");
    batman.hears("Server: Robin says to you alone: a b  c");
    batman.say("/join CAVE");
    batman.hears("Server: you are in cave now");
    batman.hears("Server: Batman has joined. Member count=2");
    robin.hears("Server: Batman has joined. Member count=2");
    batman.say("/who");
    batman.hears("Server: 2 in cave: Batman, Robin");
    batman.say("/me waves");
    robin.hears("* Batman waves");
    batman.say("/nothing of ours");
    robin.hears("Batman: /nothing of ours");
    batman.say("/help");
    for _ in 0..7 {
        assert!(batman.line().starts_with("Server: "));
    }
    robin.say("quit");
    batman.hears("Server: Robin has left. Member count=1");
}

#[test]
fn all_listeners_lead_to_one_room() {
    let server = Server::start(&["chat=127.0.0.1:0", "chat=[::1]:0", "--quiet"]);
    let mut batman = Member::enter(&server, "Batman", 1);
    let mut robin = Member::connect(server.at_v6("chat", "tcp"), "\n");
    robin.say("Robin");
    robin.hears("Server: Robin has joined. Member count=2");
    batman.hears("Server: Robin has joined. Member count=2");
    robin.say("over IPv6");
    batman.hears("Robin: over IPv6");
}

#[test]
fn what_was_said_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("said.redb");
    let args = ["chat=127.0.0.1:0", "--history", "2", "--history-file", file.to_str().unwrap()];
    let server = Server::start(&args);
    let mut batman = Member::enter(&server, "Batman", 1);
    for text in ["one", "two", "three"] {
        batman.say(text);
        server.expect_line(&format!("Batman: {text}"));
    }
    let earlier = |member: &mut Member, wanted: [&str; 2]| {
        for text in wanted {
            let line = member.line();
            assert!(line.starts_with("Server: earlier, ") && line.ends_with(&format!(" Batman: {text}")), "{line}");
        }
    };
    let mut robin = Member::enter(&server, "Robin", 2);
    earlier(&mut robin, ["two", "three"]);
    server.signal(rustix::process::Signal::TERM);
    drop((batman, robin));
    assert_eq!(server.wait().0.code(), Some(0));
    let server = Server::start(&args);
    let mut joker = Member::enter(&server, "Joker", 1);
    earlier(&mut joker, ["two", "three"]);
    joker.say("quit");
    joker.hears_end();
}
