//! One machine and all that can happen to it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::framing::Ending;
use labs::sum::Dialect;
use labs::{Connection, Datagrams, Event, Machine, Now, Outbox, Peer, Service, Shelf, ShelfLimits, Transport, talk};

use super::Moves;
use crate::host::{ClientOptions, Options};
use crate::{Calendar, assert_safe};

/// A machine as one of the drivers would hold it.
enum Played {
    Connection(Connection),
    Datagrams(Datagrams),
    /// A client at a datagram socket.
    Caller(Box<dyn Machine + Send>),
}

pub(super) struct Stage {
    played: Played,
    out: Outbox,
    uptime: Duration,
    calendar: Calendar,
    shelf: Shelf,
    /// Texts under way to the disk.
    storing: VecDeque<Vec<u8>>,
    /// A client whose run is over hears nothing more.
    over: bool,
    heard_bytes: usize,
}

const LIMITS: ShelfLimits = ShelfLimits { texts_max: 200, bytes_max: 40_000 };
const MESSAGE_BYTES_MAX: usize = 2000;
/// What one event may make a machine write, besides as much as it heard: a page, and the answer that ends it.
const PAGE_BYTES: usize = 64 * 1024;
/// How often a machine may want to be called at one time; a board's pages are the reason that it is so many.
const TIMEOUTS_MAX: usize = 100_000;
/// As much as a datagram holds.
const DATAGRAM_BYTES_MAX: usize = 65_507;
const REMOTE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4000);
const PEERS: [Peer; 3] = [Peer::Terminal, Peer::Store, Peer::Remote(REMOTE)];

impl Stage {
    pub(super) fn chosen(moves: &mut Moves<'_>) -> Self {
        let shelf = Shelf::new(LIMITS);
        let service = moves.choice(Service::ALL);
        let dialect = moves.choice([Dialect::Plain, Dialect::Steps]);
        let flags = moves.byte();
        let flag = |place: u8| flags & (1 << place) != 0;
        let options = Options {
            dialect,
            acknowledge: flag(0),
            guess: !flag(1),
            message_bytes_max: if flag(2) { 20 } else { MESSAGE_BYTES_MAX },
            idle_max: flag(3).then_some(Duration::from_secs(3)),
            members_max: 3,
        };
        let count = flag(4).then_some(3);
        let client = ClientOptions {
            dialect,
            acknowledged: flag(0),
            count,
            lasting: flag(7),
            role: if flag(0) { talk::Role::Server } else { talk::Role::Client },
            talk_dialect: if flag(1) { talk::Dialect::Lab } else { talk::Dialect::Sound },
            ..ClientOptions::default()
        };
        let over_udp = service.speaks(Transport::Udp) && (flag(5) || !service.speaks(Transport::Tcp));
        // A chat's server has one machine for all: it is for `play_room`.
        let is_client = flag(6) || service == Service::Chat;
        let played = match (is_client, over_udp) {
            (false, false) => Played::Connection(options.connection(service, REMOTE, shelf.clone())),
            (false, true) => Played::Datagrams(options.datagrams(service, 12_999, shelf.clone())),
            (true, false) => Played::Connection(client.connection(service, REMOTE)),
            (true, true) => Played::Caller(client.machine(service, client.dial(REMOTE, Transport::Udp))),
        };
        let calendar = Calendar::seeded(&mut fastrand::Rng::with_seed(u64::from(flags)));
        let (out, uptime) = (Outbox::default(), Duration::ZERO);
        Self { played, out, uptime, calendar, shelf, storing: VecDeque::new(), over: false, heard_bytes: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// One thing happens.
    pub(super) fn step(&mut self, moves: &mut Moves<'_>) {
        self.work_off();
        match moves.byte() % 16 {
            0..6 => self.receive(moves),
            6 => {
                self.uptime += Duration::from_millis(u64::from(moves.byte()) * 40);
                self.tick();
            }
            7 | 8 => self.settle(),
            9 => self.pass(Event::Message(Peer::Terminal, &moves.bytes())),
            10 => self.store_answers(!moves.byte().is_multiple_of(4)),
            11 => self.pass(Event::Opened(Peer::Remote(REMOTE))),
            12 => match moves.byte() % 8 {
                0 => self.act(Connection::receive_end),
                1 => self.act(Connection::lose),
                2 => self.act(Connection::shut_down),
                _ => self.act(Connection::open),
            },
            13 => self.pass(Event::Finished(moves.choice(PEERS))),
            14 => self.pass(Event::Gone(moves.choice(PEERS))),
            _ => self.pass(Event::Message(Peer::Store, &moves.bytes())),
        }
    }

    fn now(&self) -> Now {
        self.calendar.now(self.uptime)
    }

    fn receive(&mut self, moves: &mut Moves<'_>) {
        let now = self.now();
        let from = sender(moves.byte());
        let mut bytes = moves.bytes();
        match &mut self.played {
            Played::Connection(connection) => connection.receive(now, &bytes, &mut self.out),
            Played::Datagrams(datagrams) => {
                bytes.truncate(DATAGRAM_BYTES_MAX);
                datagrams.receive(now, from, &bytes, &mut self.out);
            }
            Played::Caller(machine) => {
                let (message, _) = Ending::split(&bytes);
                self.out.begin(Ending::None, Some(REMOTE));
                machine.handle(now, Event::Message(Peer::Remote(REMOTE), message), &mut self.out);
            }
        }
        self.heard_bytes = bytes.len();
        self.absorb();
    }

    fn pass(&mut self, event: Event<'_>) {
        let now = self.now();
        match &mut self.played {
            Played::Connection(connection) => connection.pass(now, event, &mut self.out),
            Played::Datagrams(datagrams) => datagrams.pass(now, event, &mut self.out),
            Played::Caller(machine) => {
                self.out.begin(Ending::None, None);
                machine.handle(now, event, &mut self.out);
            }
        }
        if let Event::Message(_, text) = event {
            self.heard_bytes = text.len();
        }
        self.absorb();
    }

    /// What only happens to streams.
    fn act(&mut self, how: fn(&mut Connection, Now, &mut Outbox)) {
        let now = self.now();
        if let Played::Connection(connection) = &mut self.played {
            how(connection, now, &mut self.out);
        }
        self.absorb();
    }

    fn store_answers(&mut self, kept: bool) {
        match self.storing.pop_front() {
            Some(text) if kept => {
                let place = self.shelf.push(&text).to_string();
                self.pass(Event::Message(Peer::Store, place.as_bytes()));
            }
            Some(text) => {
                self.shelf.release(text.len());
                self.pass(Event::Gone(Peer::Store));
            }
            None => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match &self.played {
            Played::Connection(connection) if connection.is_finished() => None,
            Played::Connection(connection) => connection.deadline(),
            Played::Datagrams(datagrams) => datagrams.deadline(),
            Played::Caller(machine) => machine.deadline(),
        }
    }

    /// As every driver does before it delivers anything more to a stream's end.
    fn work_off(&mut self) {
        let has_work = |stage: &Self| match &stage.played {
            Played::Connection(connection) => !connection.is_finished() && connection.has_work(stage.uptime),
            Played::Datagrams(_) | Played::Caller(_) => false,
        };
        for _ in 0..TIMEOUTS_MAX {
            if self.over || !has_work(self) {
                return;
            }
            self.tick();
        }
        panic!("the work does not end at {:?}", self.uptime);
    }

    fn tick(&mut self) {
        let now = self.now();
        match &mut self.played {
            Played::Connection(connection) => connection.tick(now, &mut self.out),
            Played::Datagrams(datagrams) => datagrams.tick(now, &mut self.out),
            Played::Caller(machine) => {
                if machine.deadline().is_some_and(|at| at <= now.uptime) {
                    self.out.begin(Ending::None, None);
                    machine.handle(now, Event::Timeout, &mut self.out);
                }
            }
        }
        self.absorb();
    }

    /// Goes to the next deadline, and looks that it moves.
    pub(super) fn settle(&mut self) {
        let Some(due) = self.deadline() else { return };
        self.uptime = self.uptime.max(due);
        for _ in 0..TIMEOUTS_MAX {
            if self.over || self.deadline().is_none_or(|at| at > self.uptime) {
                return;
            }
            self.tick();
        }
        panic!("the machine wants to be called for ever at {:?}", self.uptime);
    }

    /// Looks at what was written, and forgets it.
    fn absorb(&mut self) {
        self.out.shown().for_each(|shown| assert_safe(shown.text));
        let said = self.out.wire().len();
        let heard = std::mem::take(&mut self.heard_bytes);
        let allowed = PAGE_BYTES + heard;
        assert!(said <= allowed, "{said} bytes were written after {heard} were heard");
        let sent: usize = self.out.datagrams().map(|(_, datagram)| datagram.len()).sum();
        assert_eq!(sent, said, "the messages do not add up to the bytes");
        self.storing.extend(self.out.take_stored());
        self.over |= self.out.outcome().is_some();
        self.out.clear();
    }
}

/// One of a few senders, some of them at a port that is never answered.
fn sender(which: u8) -> SocketAddr {
    let port = if which.is_multiple_of(16) { 7 } else { 4000 + u16::from(which % 5) };
    SocketAddr::from(([192, 0, 2, which % 3], port))
}
