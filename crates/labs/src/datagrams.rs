//! A machine at a datagram socket: every datagram is one message, and some are never answered.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use crate::framing::Ending;
use crate::{Event, Machine, Now, Outbox, Peer, Service};

/// Ports whose services answer whatever they hear (echo, discard's neighbours daytime, quotd, chargen, time): RFC 862 to 868.
/// A datagram with a forged sender could set two such services talking to each other for ever.
pub const WELL_KNOWN_ANSWERERS: [u16; 5] = [7, 13, 17, 19, 37];

/// The source ports that are never answered: [`WELL_KNOWN_ANSWERERS`], the labs' own default ports, and ours as they are bound.
#[derive(Clone, Debug)]
pub struct Unanswered(BTreeSet<u16>);

impl Unanswered {
    /// Those and the ports that this program itself is bound to.
    pub fn with_own(own: impl IntoIterator<Item = u16>) -> Self {
        let labs = Service::ALL.iter().map(|service| service.port());
        Self(WELL_KNOWN_ANSWERERS.into_iter().chain(labs).chain(own).collect())
    }

    pub fn contains(&self, port: u16) -> bool {
        self.0.contains(&port)
    }
}

/// A service on one or more datagram sockets: datagrams and time go in, an [`Outbox`] is filled.
pub struct Datagrams {
    machine: Box<dyn Machine + Send>,
    unanswered: Unanswered,
    message_bytes_max: usize,
}

impl Datagrams {
    pub fn new(machine: Box<dyn Machine + Send>, unanswered: Unanswered, message_bytes_max: usize) -> Self {
        Self { machine, unanswered, message_bytes_max }
    }

    /// The uptime at which [`Datagrams::tick`] is due, if any.
    pub fn deadline(&self) -> Option<Duration> {
        self.machine.deadline()
    }

    /// One datagram arrived. From a port that is never answered it is not even read.
    pub fn receive(&mut self, now: Now, from: SocketAddr, datagram: &[u8], out: &mut Outbox) {
        let (message, ending) = Ending::split(datagram);
        out.begin(ending, Some(from));
        if self.unanswered.contains(from.port()) {
            let port = from.port();
            let whose =
                if WELL_KNOWN_ANSWERERS.contains(&port) { "a service that answers everything" } else { "a lab" };
            return out.print(format_args!("{from}: not answered, since port {port} is {whose}'s; use another"));
        }
        if message.len() > self.message_bytes_max {
            let limit = self.message_bytes_max;
            // A field as wide as the datagram would be an answer as large.
            out.begin(Ending::None, Some(from));
            out.print(format_args!("{from}: message longer than {limit} bytes"));
            return out.send_text(Peer::Remote(from), format_args!("Error: message longer than {limit} bytes"));
        }
        self.machine.handle(now, Event::Message(Peer::Remote(from), message), out);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Now, out: &mut Outbox) {
        if self.machine.deadline().is_some_and(|at| at <= now.uptime) {
            self.pass(now, Event::Timeout, out);
        }
    }

    /// Something else happened: the store or the operator said something.
    pub fn pass(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        out.begin(Ending::None, None);
        self.machine.handle(now, event, out);
    }
}
