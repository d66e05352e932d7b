//! A client machine at a datagram socket of its own, with a scripted terminal.

use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use labs::framing::Ending;
use labs::{Event, Machine, Now, Outbox, Outcome, Peer};

use crate::Terminal;
use crate::terminal::Typed;

/// A machine whose socket is connected to its server: it hears nobody else.
pub struct Caller {
    machine: Box<dyn Machine + Send>,
    server: SocketAddr,
    begins_at: Duration,
    opened: bool,
    pub terminal: Terminal,
    pub outcome: Option<Outcome>,
}

impl Caller {
    pub fn new(machine: Box<dyn Machine + Send>, server: SocketAddr, terminal: Terminal) -> Self {
        Self { machine, server, begins_at: Duration::ZERO, opened: false, terminal, outcome: None }
    }

    /// The same client, started later.
    pub fn beginning_at(self, begins_at: Duration) -> Self {
        Self { begins_at, ..self }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match (self.outcome, self.opened) {
            (Some(_), _) => None,
            (None, false) => Some(self.begins_at),
            (None, true) => [self.machine.deadline(), self.terminal.deadline()].into_iter().flatten().min(),
        }
    }

    pub(super) fn turn(&mut self, now: Now, out: &mut Outbox) {
        if self.outcome.is_some() || self.begins_at > now.uptime {
            return;
        }
        if !self.opened {
            self.opened = true;
            return self.tell(now, Event::Opened(Peer::Remote(self.server)), out);
        }
        if self.machine.deadline().is_some_and(|at| at <= now.uptime) {
            return self.tell(now, Event::Timeout, out);
        }
        match self.terminal.typed(now.uptime) {
            Some(Typed::Line(line)) => self.tell(now, Event::Message(Peer::Terminal, &line), out),
            Some(Typed::End) => self.tell(now, Event::Finished(Peer::Terminal), out),
            None => {}
        }
    }

    pub(super) fn receive(&mut self, now: Now, from: SocketAddr, datagram: &[u8], out: &mut Outbox) {
        if from == self.server && self.opened && self.outcome.is_none() {
            let (message, _) = Ending::split(datagram);
            self.tell(now, Event::Message(Peer::Remote(from), message), out);
        }
    }

    pub(super) fn unreachable(&mut self, now: Now, out: &mut Outbox) {
        if self.opened && self.outcome.is_none() {
            self.tell(now, Event::Gone(Peer::Remote(self.server)), out);
        }
    }

    fn tell(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        out.begin(Ending::None, Some(self.server));
        self.machine.handle(now, event, out);
    }

    pub(super) fn absorb(&mut self, now: Duration, out: &Outbox, chance: &mut Rng) {
        self.terminal.show(now, out, chance);
        self.outcome = self.outcome.or_else(|| out.outcome());
    }
}
