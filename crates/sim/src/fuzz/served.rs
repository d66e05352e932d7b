//! One caller's connection to `talk`'s automatic side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::{Connection, Outbox, Service, Shelf, ShelfLimits};

use super::Moves;
use crate::host::Options;
use crate::{Calendar, assert_safe};

pub(super) const TEXT_BYTES_MAX: usize = 300;
const CALLER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4000);

pub(super) struct Served {
    connection: Connection,
    calendar: Calendar,
    uptime: Duration,
    /// What it sent.
    pub(super) wire: Vec<u8>,
    /// What it told its terminal of the caller.
    pub(super) told: Vec<String>,
    pub(super) over: bool,
}

impl Served {
    pub(super) fn new() -> Self {
        let options = Options { message_bytes_max: TEXT_BYTES_MAX, ..Options::default() };
        let shelf = Shelf::new(ShelfLimits { texts_max: 1, bytes_max: 1 });
        let mut served = Self {
            connection: options.connection(Service::Talk, CALLER, shelf),
            calendar: Calendar::seeded(&mut fastrand::Rng::with_seed(1)),
            uptime: Duration::ZERO,
            wire: Vec::new(),
            told: Vec::new(),
            over: false,
        };
        served.act(Connection::open);
        served
    }

    /// Lets these bytes arrive, in pieces.
    pub(super) fn receive(&mut self, moves: &mut Moves<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.over {
            let (piece, next) = rest.split_at(rest.len().min(1 + usize::from(moves.byte()) * 16));
            self.act(|connection, now, out| connection.receive(now, piece, out));
            rest = next;
        }
    }

    /// The caller sends nothing more.
    pub(super) fn receive_end(&mut self) {
        self.act(Connection::receive_end);
    }

    /// Lets time pass.
    pub(super) fn rest(&mut self, time: Duration) {
        self.uptime += time;
        while !self.over && self.connection.has_work(self.uptime) {
            self.act(Connection::tick);
        }
    }

    fn act(&mut self, happen: impl FnOnce(&mut Connection, labs::Now, &mut Outbox)) {
        if self.over {
            return;
        }
        let mut out = Outbox::default();
        happen(&mut self.connection, self.calendar.now(self.uptime), &mut out);
        self.wire.extend_from_slice(out.wire());
        for shown in out.shown() {
            assert_safe(shown.text);
            let told = shown.text.strip_prefix(&format!("{CALLER}: ")).unwrap_or(shown.text);
            self.told.push(told.to_owned());
        }
        self.over = self.connection.is_finished();
    }
}
