//! A machine at one end of a byte stream, with its framing, its idle time and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::framing::{Ending, Framing, Overlong, Rules};
use crate::{Event, Machine, Now, Outbox, Peer};

/// One end of a stream: bytes and time go in, an [`Outbox`] is filled.
///
/// The driver writes what [`Outbox::wire`] holds before it delivers anything more, so a peer that does not read is not
/// read from either. Once [`Connection::is_finished`], it writes what is left, closes, and ignores what still arrives.
pub struct Connection {
    peer: SocketAddr,
    machine: Box<dyn Machine + Send>,
    framing: Framing,
    message_bytes_max: usize,
    idle_max: Option<Duration>,
    heard_at: Duration,
    /// What arrived behind a page of answers: it waits until the peer has taken them.
    rest: Vec<u8>,
    finished: bool,
}

/// So much is answered before the peer has to take it. A peer that sends much and reads nothing gets no more of our memory than this
/// and what one read brought.
const PAGE_BYTES: usize = 16 * 1024;

impl Connection {
    /// An end that talks to `peer`. If nothing is heard for `idle_max`, the peer is told and the stream closed.
    pub fn new(
        peer: SocketAddr,
        machine: Box<dyn Machine + Send>,
        rules: impl Into<Arc<Rules>>,
        idle_max: Option<Duration>,
    ) -> Self {
        let rules = rules.into();
        let message_bytes_max = rules.message_bytes_max;
        let mut framing = Framing::new(rules);
        framing.set_cut(machine.cut());
        Self {
            peer,
            machine,
            framing,
            message_bytes_max,
            idle_max,
            heard_at: Duration::ZERO,
            rest: Vec::new(),
            finished: false,
        }
    }

    /// Whether the machine or a limit has ended it: nothing more will be said.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether there is work that nothing has to arrive for: [`Connection::tick`] is due before anything more is read.
    pub fn has_work(&self, uptime: Duration) -> bool {
        !self.rest.is_empty() || self.machine.deadline().is_some_and(|at| at <= uptime)
    }

    /// The uptime at which [`Connection::tick`] is due, if any. A quiet or idle time is over only if nothing can be read then.
    pub fn deadline(&self) -> Option<Duration> {
        if !self.rest.is_empty() {
            return Some(Duration::ZERO);
        }
        [self.framing.deadline(), self.machine.deadline(), self.idle_deadline()].into_iter().flatten().min()
    }

    /// The uptime at which a peer that takes nothing of what was sent to it is given up, if ever.
    pub fn idle_deadline(&self) -> Option<Duration> {
        self.idle_max.map(|idle| self.heard_at + idle)
    }

    /// The stream is established.
    pub fn open(&mut self, now: Now, out: &mut Outbox) {
        self.heard_at = now.uptime;
        self.pass(now, Event::Opened(Peer::Remote(self.peer)), out);
    }

    /// Another stream to the same peer is established in place of one that ended: for a client that dialled again.
    pub fn reopen(&mut self, now: Now, out: &mut Outbox) {
        self.framing.forget();
        self.rest = Vec::new();
        self.open(now, out);
    }

    /// Bytes arrived.
    pub fn receive(&mut self, now: Now, bytes: &[u8], out: &mut Outbox) {
        if self.finished {
            return;
        }
        self.heard_at = now.uptime;
        if !self.rest.is_empty() {
            self.rest.extend_from_slice(bytes);
            return self.cut_rest(now, out);
        }
        let taken = self.cut(now, bytes, out);
        if !self.finished {
            self.rest.extend_from_slice(&bytes[taken..]);
        }
    }

    /// The peer took something of what was sent to it, and so is not idle.
    pub fn note_taken(&mut self, uptime: Duration) {
        self.heard_at = uptime;
    }

    /// Passes messages on until a page of answers is full, and tells how many bytes they were.
    fn cut(&mut self, now: Now, bytes: &[u8], out: &mut Outbox) -> usize {
        let mut taken = 0;
        let mut goes_on = true;
        // A machine may say behind each message how the next is cut.
        while goes_on && taken < bytes.len() {
            let (peer, machine) = (self.peer, &mut self.machine);
            let each = |message: &[u8], ending| {
                goes_on =
                    pass_message(machine.as_mut(), peer, now, message, ending, out) && out.wire().len() < PAGE_BYTES;
                goes_on
            };
            let cut = self.framing.receive(now.uptime, &bytes[taken..], each);
            self.settle(now, cut.map(drop), out);
            let Ok(count) = cut else { return bytes.len() };
            taken += count;
        }
        taken
    }

    fn cut_rest(&mut self, now: Now, out: &mut Outbox) {
        let mut rest = std::mem::take(&mut self.rest);
        let taken = self.cut(now, &rest, out);
        if !self.finished && taken < rest.len() {
            rest.drain(..taken);
            self.rest = rest;
        }
    }

    /// The peer has finished sending (FIN), but may still read.
    pub fn receive_end(&mut self, now: Now, out: &mut Outbox) {
        while !self.rest.is_empty() && !self.finished {
            self.cut_rest(now, out);
        }
        if self.finished {
            return;
        }
        let (peer, machine) = (self.peer, &mut self.machine);
        let each = |message: &[u8], ending| pass_message(machine.as_mut(), peer, now, message, ending, out);
        let cut = self.framing.flush(each);
        self.settle(now, cut, out);
        self.pass(now, Event::Finished(Peer::Remote(self.peer)), out);
    }

    /// The stream broke: a reset, or a peer that could not be written to in time.
    pub fn lose(&mut self, now: Now, out: &mut Outbox) {
        self.pass(now, Event::Gone(Peer::Remote(self.peer)), out);
        self.finished = true;
    }

    /// Time has passed: goes on with what waited, ends a quiet time, an idle time, or calls the machine at its deadline.
    pub fn tick(&mut self, now: Now, out: &mut Outbox) {
        if self.finished {
            return;
        }
        if !self.rest.is_empty() {
            return self.cut_rest(now, out);
        }
        let (peer, machine) = (self.peer, &mut self.machine);
        let each = |message: &[u8], ending| pass_message(machine.as_mut(), peer, now, message, ending, out);
        let cut = self.framing.quiet(now.uptime, each);
        self.settle(now, cut, out);
        if self.machine.deadline().is_some_and(|at| at <= now.uptime) {
            self.pass(now, Event::Timeout, out);
        }
        if let Some(idle) = self.idle_max.filter(|_| self.idle_deadline() <= Some(now.uptime)) {
            self.take_leave(now, format_args!("Error: nothing heard for {idle:?}, closing the connection"), out);
        }
    }

    /// Something else happened: the terminal said something, or the store did.
    pub fn pass(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        if self.finished {
            return;
        }
        out.begin(self.framing.ending(), Some(self.peer));
        self.machine.handle(now, event, out);
        self.framing.set_cut(self.machine.cut());
        self.finished |= out.is_finished();
    }

    /// The service shuts down: the machine may say its last, and the peer is told.
    pub fn shut_down(&mut self, now: Now, out: &mut Outbox) {
        self.take_leave(now, format_args!("Error: the server is shutting down"), out);
    }

    /// Ends in the machine's own words, if it has any; else the peer is told why, where words can stand.
    fn take_leave(&mut self, now: Now, why: std::fmt::Arguments<'_>, out: &mut Outbox) {
        self.pass(now, Event::Finished(Peer::Terminal), out);
        if self.finished {
            out.print(format_args!("{}: {why}", self.peer));
        }
        self.dismiss(now, why, out);
    }

    /// Tells the peer why, tells the machine that the peer is gone, and ends.
    fn dismiss(&mut self, now: Now, why: std::fmt::Arguments<'_>, out: &mut Outbox) {
        if self.finished {
            return;
        }
        out.begin(self.framing.ending(), Some(self.peer));
        if self.framing.takes_words() {
            out.send_text(Peer::Remote(self.peer), why);
        }
        out.print(format_args!("{}: {why}", self.peer));
        self.machine.handle(now, Event::Gone(Peer::Remote(self.peer)), out);
        self.finished = true;
    }

    fn settle(&mut self, now: Now, cut: Result<(), Overlong>, out: &mut Outbox) {
        self.finished |= out.is_finished();
        self.framing.set_cut(self.machine.cut());
        if cut == Err(Overlong) {
            let limit = self.message_bytes_max;
            self.dismiss(now, format_args!("Error: message longer than {limit} bytes, closing the connection"), out);
        }
    }
}

/// Says whether the machine wants to hear more.
fn pass_message(
    machine: &mut dyn Machine,
    peer: SocketAddr,
    now: Now,
    message: &[u8],
    ending: Ending,
    out: &mut Outbox,
) -> bool {
    out.begin(ending, Some(peer));
    machine.handle(now, Event::Message(Peer::Remote(peer), message), out);
    !out.is_finished()
}
