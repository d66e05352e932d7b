//! A chat, its hall and its shards, and all that can happen to them.

use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::framing::Ending;
use labs::room::{Closing, Delivered, Hall, Shard, Taken};
use labs::{Event, Machine, Now, Outbox, Peer, chat};

use super::Moves;
use crate::{Calendar, assert_safe};

pub(super) struct RoomStage {
    machine: chat::Server,
    hall: Hall<usize, ()>,
    shards: Vec<Shard<usize>>,
    /// What each stream was given.
    heard: Vec<Vec<u8>>,
    out: Outbox,
    uptime: Duration,
    calendar: Calendar,
}

const PEERS: u8 = 6;
/// What one event may make the machine write to one peer, besides its own words made visible: a list of names.
const PAGE_BYTES: usize = 64 * 1024;
/// A character of two bytes may become one that shows, of eight.
const VISIBLE_FACTOR: usize = 4;
/// How often a machine may want to be called at one time.
const TIMEOUTS_MAX: usize = 1000;

impl RoomStage {
    pub(super) fn chosen(moves: &mut Moves<'_>) -> Self {
        let options = chat::Options {
            members_max: moves.choice([1, 4, 100]),
            login_max: Duration::from_secs(5),
            idle_max: Duration::from_secs(moves.choice([3, 60])),
            rate: moves.choice([0, 1, 10]),
            announce_members_max: moves.choice([0, 2, 100]),
            rooms_max: moves.choice([1, 3, 100]),
            history: moves.choice([0, 3]),
        };
        let shards = moves.choice([1, 2, 3]);
        let log_bytes_max = moves.choice([16, 300, 100_000]);
        Self {
            machine: chat::Server::new(options, []),
            hall: Hall::new(shards),
            shards: (0..shards).map(|_| Shard::new(log_bytes_max, chat::TOO_SLOW)).collect(),
            heard: Vec::new(),
            out: Outbox::default(),
            uptime: Duration::ZERO,
            calendar: Calendar::seeded(&mut fastrand::Rng::with_seed(shards as u64)),
        }
    }

    /// One thing happens.
    pub(super) fn step(&mut self, moves: &mut Moves<'_>) {
        let peer = peer(moves);
        let remote = Peer::Remote(peer);
        match moves.byte() % 16 {
            0 | 1 => self.open(peer),
            2..7 => self.pass(peer, Event::Message(remote, &moves.bytes())),
            7 => self.lose(peer, Event::Gone(remote)),
            8 => self.lose(peer, Event::Finished(remote)),
            9 => self.pass(peer, Event::Message(Peer::Terminal, &moves.bytes())),
            10 => {
                let other = moves.choice([Peer::Terminal, Peer::Store]);
                let event = moves.choice([Event::Opened(other), Event::Gone(other), Event::Message(Peer::Store, b"7")]);
                self.pass(peer, event);
            }
            11 if moves.byte().is_multiple_of(8) => self.pass(peer, Event::Finished(Peer::Terminal)),
            11 => {
                self.uptime += Duration::from_millis(u64::from(moves.byte()) * 40);
                self.settle();
            }
            12 => {
                let slot = u32::from(moves.byte() % PEERS);
                self.shards.iter_mut().for_each(|shard| shard.resume(slot));
            }
            _ => self.walk(moves),
        }
    }

    fn now(&self) -> Now {
        self.calendar.now(self.uptime)
    }

    fn open(&mut self, peer: SocketAddr) {
        if self.hall.find(peer).is_some() {
            self.lose(peer, Event::Gone(Peer::Remote(peer)));
        }
        self.hall.seat(peer, self.heard.len(), ());
        self.heard.push(Vec::new());
        self.pass(peer, Event::Opened(Peer::Remote(peer)));
    }

    fn lose(&mut self, peer: SocketAddr, event: Event<'_>) {
        self.pass(peer, event);
        self.hall.dismiss(peer);
    }

    fn pass(&mut self, about: SocketAddr, event: Event<'_>) {
        self.out.clear();
        self.out.begin(Ending::Lf, Some(about));
        self.machine.handle(self.now(), event, &mut self.out);
        let heard = if let Event::Message(_, text) = event { text.len() } else { 0 };
        self.out.shown().for_each(|shown| assert_safe(shown.text));
        for (act, message) in self.out.acts() {
            let most = PAGE_BYTES + heard * VISIBLE_FACTOR;
            assert!(message.len() <= most, "{act:?} of {} bytes after {heard} were heard", message.len());
            assert!(message.is_empty() || message.ends_with(b"\n"), "{act:?} is no line");
        }
        self.hall.apply(&self.out);
    }

    /// One shard's walker does its round; each stream takes as much as it likes.
    fn walk(&mut self, moves: &mut Moves<'_>) {
        let number = usize::from(moves.byte()) % self.shards.len();
        let mut notices = Vec::new();
        self.hall.fetch(number, &mut notices);
        self.shards[number].take(&mut notices);
        while let Some(slot) = self.shards[number].next_due() {
            let mut takes = moves.choice([0, 1, 40, 250]) * 8;
            let heard = &mut self.heard;
            let delivered =
                self.shards[number].deliver(slot, |&stream, pieces| write(&mut heard[stream], pieces, &mut takes));
            assert!(delivered != Delivered::Stalled || takes == 0, "it stalled although there was room");
        }
        for guest in
            self.shards[number].take_lost().into_iter().filter(|&guest| self.hall.holds(guest)).collect::<Vec<_>>()
        {
            self.lose(guest.peer, Event::Gone(Peer::Remote(guest.peer)));
        }
        for Closing { stream, rest, .. } in self.shards[number].take_closings() {
            self.heard[stream].extend(rest.pieces().flatten());
            assert_lines(&self.heard[stream]);
        }
    }

    /// Calls the machine if it is due, and looks that it has then had enough.
    pub(super) fn settle(&mut self) {
        for _ in 0..TIMEOUTS_MAX {
            if self.machine.deadline().is_none_or(|at| at > self.uptime) {
                return;
            }
            self.pass(SocketAddr::from(([192, 0, 2, 1], 1)), Event::Timeout);
        }
        panic!("the room wants to be called for ever at {:?}", self.uptime);
    }
}

fn peer(moves: &mut Moves<'_>) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4000 + u16::from(moves.byte() % PEERS))
}

fn write(heard: &mut Vec<u8>, pieces: &[IoSlice<'_>], takes: &mut usize) -> io::Result<Taken> {
    let offered: usize = pieces.iter().map(|piece| piece.len()).sum();
    let taken = offered.min(*takes);
    *takes -= taken;
    heard.extend(pieces.iter().flat_map(|piece| piece.iter()).take(taken));
    if taken == 0 && offered > 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(Taken::of(pieces, taken)) }
}

/// Whatever a member was given until its end, is whole lines of text that do nothing to a terminal.
fn assert_lines(heard: &[u8]) {
    let is_cut = heard.last().is_some_and(|&last| last != b'\n');
    assert!(!is_cut, "it ends within a line: {:?}", String::from_utf8_lossy(heard));
    match std::str::from_utf8(heard) {
        Ok(text) => text.lines().for_each(assert_safe),
        // One that was dropped in the middle of a character.
        Err(_) => heard.split(|&byte| byte == b'\n').for_each(|line| assert_safe(&String::from_utf8_lossy(line))),
    }
}
