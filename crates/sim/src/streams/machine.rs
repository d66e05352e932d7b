//! A machine's end of a stream: what a connection's task does, as a value.

use std::collections::VecDeque;
use std::time::Duration;

use labs::{Connection, Event, Now, Outbox, Outcome, Peer};

use super::Side;
use super::pipe::Pipe;
use crate::Terminal;
use crate::store::Kept;
use crate::terminal::Typed;

/// Holds the driver's side of the contract: while the peer has not taken what was sent, the machine hears nothing.
pub struct MachineEnd {
    connection: Connection,
    pub terminal: Terminal,
    pub outcome: Option<Outcome>,
    out: Outbox,
    unsent: Vec<u8>,
    pub(super) kept: VecDeque<Kept>,
    opened: bool,
    heard_end: bool,
    said_end: bool,
    lost: bool,
}

#[derive(Clone, Copy)]
enum Ready {
    Bytes,
    End,
    Tick,
    Typed,
    Kept,
}

impl MachineEnd {
    pub fn new(connection: Connection, terminal: Terminal) -> Self {
        Self {
            connection,
            terminal,
            outcome: None,
            out: Outbox::default(),
            unsent: Vec::new(),
            kept: VecDeque::new(),
            opened: false,
            heard_end: false,
            said_end: false,
            lost: false,
        }
    }

    /// Whether it has closed and will neither say nor hear anything.
    pub(super) fn is_over(&self) -> bool {
        self.lost || self.said_end
    }

    fn has_ended(&self) -> bool {
        self.connection.is_finished() || self.outcome.is_some()
    }

    /// Does one thing, if there is one to do.
    pub(super) fn turn(&mut self, side: &mut Side<'_>) -> bool {
        if self.lost {
            return false;
        }
        if side.outgoing.write(side.now.uptime, &mut self.unsent, side.chance) {
            return true;
        }
        if !self.unsent.is_empty() {
            return false;
        }
        if !self.opened {
            self.opened = true;
            self.connection.open(side.now, &mut self.out);
            return self.absorb(side);
        }
        if self.has_ended() {
            return self.close(side);
        }
        let ready = self.ready(side.now.uptime, side.incoming);
        let Some(&next) = side.chance.choice(&ready) else { return false };
        self.take(next, side);
        self.absorb(side)
    }

    /// The end is said once; what still arrives is read and ignored.
    fn close(&mut self, side: &mut Side<'_>) -> bool {
        if !self.said_end {
            self.said_end = true;
            side.outgoing.end(side.now.uptime, side.chance);
            return true;
        }
        let readable = side.incoming.is_readable(side.now.uptime);
        if readable {
            side.incoming.read(side.now.uptime, side.chance);
        }
        readable
    }

    fn ready(&self, now: Duration, incoming: &Pipe) -> Vec<Ready> {
        let mut ready = Vec::new();
        let mut add = |is_ready: bool, what| {
            if is_ready {
                ready.push(what);
            }
        };
        let has_work = self.connection.has_work(now);
        let readable = incoming.is_readable(now);
        let at_end = incoming.is_at_end() && !self.heard_end;
        // Work comes before reading, and a quiet or idle time is over only where nothing can be read.
        let silence_is_over = !readable && !at_end && self.connection.deadline().is_some_and(|at| at <= now);
        add(readable && !has_work, Ready::Bytes);
        add(at_end && !has_work, Ready::End);
        add(has_work || silence_is_over, Ready::Tick);
        add(self.terminal.deadline().is_some_and(|at| at <= now), Ready::Typed);
        add(!self.kept.is_empty(), Ready::Kept);
        ready
    }

    fn take(&mut self, next: Ready, side: &mut Side<'_>) {
        let now = side.now;
        match next {
            Ready::Bytes => {
                let bytes = side.incoming.read(now.uptime, side.chance);
                side.note(format_args!("hears {:?}", String::from_utf8_lossy(&bytes)));
                self.connection.receive(now, &bytes, &mut self.out);
            }
            Ready::End => {
                self.heard_end = true;
                side.note(format_args!("hears the end"));
                self.connection.receive_end(now, &mut self.out);
            }
            Ready::Tick => self.connection.tick(now, &mut self.out),
            Ready::Typed => match self.terminal.typed(now.uptime) {
                Some(Typed::Line(line)) => {
                    side.note(format_args!("is typed {:?}", String::from_utf8_lossy(&line)));
                    self.connection.pass(now, Event::Message(Peer::Terminal, &line), &mut self.out);
                }
                Some(Typed::End) => self.connection.pass(now, Event::Finished(Peer::Terminal), &mut self.out),
                None => {}
            },
            Ready::Kept => match self.kept.pop_front() {
                Some(Kept::Safe(place)) => {
                    self.connection.pass(now, Event::Message(Peer::Store, place.as_bytes()), &mut self.out);
                }
                Some(Kept::Lost) => self.connection.pass(now, Event::Gone(Peer::Store), &mut self.out),
                None => {}
            },
        }
    }

    /// Carries out what the machine wrote.
    fn absorb(&mut self, side: &mut Side<'_>) -> bool {
        if !self.out.wire().is_empty() {
            side.note(format_args!("says {:?}", String::from_utf8_lossy(self.out.wire())));
        }
        self.out.shown().for_each(|shown| side.note(format_args!("{:?} {:?}", shown.tone, shown.text)));
        self.unsent.extend_from_slice(self.out.wire());
        self.terminal.show(side.now.uptime, &self.out, side.chance);
        side.stored.extend(self.out.take_stored());
        self.outcome = self.outcome.or_else(|| self.out.outcome());
        self.out.clear();
        true
    }

    /// The stream broke.
    pub(super) fn lose(&mut self, side: &mut Side<'_>) {
        if !self.opened || self.lost {
            return;
        }
        // A client whose run is over is not there any more.
        if self.outcome.is_none() {
            self.connection.lose(side.now, &mut self.out);
            self.absorb(side);
        }
        self.unsent.clear();
        self.lost = true;
    }

    /// The service ends.
    pub(super) fn shut_down(&mut self, now: Now, side: &mut Side<'_>) {
        self.connection.shut_down(now, &mut self.out);
        self.absorb(side);
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        if !self.unsent.is_empty() || self.has_ended() || self.lost {
            return None;
        }
        [self.connection.deadline(), self.terminal.deadline()].into_iter().flatten().min()
    }
}
