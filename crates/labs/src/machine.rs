//! The one trait of the labs, and what it is told.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Outbox;
use crate::framing::Cut;

/// A protocol as a value: it is told what happened and writes what follows from it.
///
/// Its drivers hold the contract: a connection's task, a datagram socket's task, a room's tasks, a client's loop, and the simulator. They deliver events
/// in the order in which they happened, and call [`Machine::handle`] with [`Event::Timeout`] once [`Machine::deadline`]
/// has passed *and* everything sent before has been taken by the peer. So a machine that has much to say
/// sends a page, asks for a deadline of now, and goes on when it is called. Two keep the time whatever their peers take: a client's
/// loop, since a person waits there, and a [`crate::room`], where nobody waits for anybody.
pub trait Machine {
    /// Takes one thing that happened and writes what follows from it. Never fails, never panics on what a peer sent.
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox);

    /// The uptime at which [`Event::Timeout`] is due, if any.
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// How the peer's next message is cut out of its stream; asked anew behind each event.
    fn cut(&self) -> Cut {
        Cut::Text
    }
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A stream to the peer is established; for a client of a datagram service, its socket is ready.
    Opened(Peer),
    /// One whole message, without its line ending or padding.
    Message(Peer, &'a [u8]),
    /// The peer will say nothing more, but may still listen: a half-close, the end of the terminal's input, or, from a
    /// server's terminal, the wish to end: the service shuts down, or a connection's peer was idle for too long.
    Finished(Peer),
    /// The peer is away for good: a reset, an expired idle time, nobody at that port, a store that failed.
    Gone(Peer),
    /// The machine's own deadline has come.
    Timeout,
}

/// Everyone a machine deals with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// The person at this terminal: a client's user, or a server's operator.
    Terminal,
    /// The durable store. It answers each text sent to it, in that order: once the text is safe on disk with its place on the
    /// [`crate::Shelf`], in decimal digits; with [`Event::Gone`] if the text could not be kept.
    Store,
    /// The far end of a connection, or the sender of datagrams.
    Remote(SocketAddr),
}

/// The time: one to measure with, one to read.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since the driver started; never goes back.
    pub uptime: Duration,
    /// What a clock on the wall shows.
    pub wall: Wall,
}

/// Civil time with its zone's offset from UTC.
#[derive(Clone, Copy, Debug)]
pub struct Wall {
    /// The instant.
    pub timestamp: jiff::Timestamp,
    /// The local zone's offset at that instant.
    pub offset: jiff::tz::Offset,
}

impl Wall {
    /// The local date and time.
    pub fn civil(self) -> jiff::civil::DateTime {
        self.offset.to_datetime(self.timestamp)
    }

    /// The local date and time with its offset, for formats that show the zone.
    pub fn zoned(self) -> jiff::Zoned {
        self.timestamp.to_zoned(self.offset.to_time_zone())
    }
}
