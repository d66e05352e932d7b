//! A machine at a datagram socket: every datagram is one message, and some are never answered.

use std::net::SocketAddr;
use std::time::Duration;

use crate::framing::Ending;
use crate::unanswered::{OVERLONG, Repeats, is_own_answer};
use crate::{Event, Machine, Now, Outbox, Peer, Service, Unanswered, WELL_KNOWN_ANSWERERS};

/// A service on a datagram socket: datagrams and time go in, an [`Outbox`] is filled.
pub struct Datagrams {
    service: Service,
    machine: Box<dyn Machine + Send>,
    unanswered: Unanswered,
    repeats: Repeats,
    message_bytes_max: usize,
}

impl Datagrams {
    pub fn new(
        service: Service,
        machine: Box<dyn Machine + Send>,
        unanswered: Unanswered,
        message_bytes_max: usize,
    ) -> Self {
        Self { service, machine, unanswered, repeats: Repeats::default(), message_bytes_max }
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
        if !self.may_answer(now, from, message) {
            return out.print(format_args!("{from}: not answered, since it looks like the answer of another service"));
        }
        if message.len() > self.message_bytes_max {
            let limit = self.message_bytes_max;
            out.print(format_args!("{from}: message longer than {limit} bytes"));
            // A field as wide as the datagram would be an answer as large.
            out.begin(Ending::None, Some(from));
            return out.send_text(Peer::Remote(from), format_args!("{OVERLONG} {limit} bytes"));
        }
        self.machine.handle(now, Event::Message(Peer::Remote(from), message), out);
    }

    /// Whether a message cannot be the answer of another service, with which we would talk for ever.
    fn may_answer(&mut self, now: Now, from: SocketAddr, message: &[u8]) -> bool {
        match self.service {
            Service::Echo => self.repeats.allow(now.uptime, from, message),
            Service::Numbers
            | Service::Alnum
            | Service::Clock
            | Service::Calc
            | Service::Add
            | Service::Sum
            | Service::Board
            | Service::Talk
            | Service::Chat => !is_own_answer(message),
        }
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
