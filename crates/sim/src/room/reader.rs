//! One connection's reader: it cuts what arrives into messages for the machine, as the driver's does.

use std::time::Duration;

use labs::framing::{Framing, Overlong, Rules};

use super::guest::Guest;
use super::wire::Wire;
use super::{Happening, Standing, World};
use crate::streams::Side;

pub(super) struct Reader {
    framing: Framing,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    /// The walkers are behind.
    Waiting,
    Ended,
}

impl Reader {
    pub(super) fn new(rules: Rules) -> Self {
        Self { framing: Framing::new(rules), state: State::Reading }
    }

    /// One that has nothing to do.
    pub(super) fn ended() -> Self {
        Self { framing: Framing::new(Rules::default()), state: State::Ended }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.framing.deadline().filter(|_| self.state == State::Reading)
    }
}

impl World {
    pub(super) fn reader_is_ready(&self, wire: &Wire) -> bool {
        let now = self.uptime;
        let Some(reader) = &wire.reader else { return false };
        match reader.state {
            State::Reading => {
                let quiet = reader.deadline().is_some_and(|at| at <= now);
                let readable = wire.to_server.is_readable(now) || wire.to_server.is_at_end();
                quiet || readable || wire.is_broken || wire.is_shut
            }
            State::Waiting => !self.is_ahead(),
            State::Ended => false,
        }
    }

    pub(super) fn turn_reader(&mut self, number: usize) {
        let now = self.uptime;
        let wire = &mut self.wires[number];
        let peer = wire.peer;
        let Some(reader) = &mut wire.reader else { return };
        if reader.state == State::Waiting {
            reader.state = State::Reading;
            return;
        }
        let mut messages = Vec::new();
        let each = |message: &[u8], _| {
            messages.push(Happening::Message(peer, message.to_vec()));
            true
        };
        // A connection that we closed reads as ended; a broken one not at all.
        let has_ended = wire.is_shut || wire.to_server.is_at_end();
        let result = if wire.is_broken && !wire.is_shut {
            reader.state = State::Ended;
            self.happen(Some(peer), &[Happening::Gone(peer)]);
            return;
        } else if has_ended {
            reader.framing.flush(each)
        } else if wire.to_server.is_readable(now) {
            let bytes = wire.to_server.read(now, &mut self.chance);
            reader.framing.receive(now, &bytes, each).map(drop)
        } else {
            reader.framing.quiet(now, each)
        };
        if result == Err(Overlong) {
            messages.push(Happening::Overlong(peer));
        }
        let standing = self.happen(Some(peer), &messages);
        if has_ended {
            self.happen(Some(peer), &[Happening::Finished(peer)]);
        }
        let next = match standing {
            _ if has_ended => State::Ended,
            Standing { is_seated: false, .. } => State::Ended,
            Standing { is_ahead: true, .. } => State::Waiting,
            Standing { .. } => State::Reading,
        };
        if let Some(reader) = &mut self.wires[number].reader {
            reader.state = next;
        }
    }

    /// A program does what it can; says whether that was anything.
    pub(super) fn turn_program(&mut self, number: usize) -> bool {
        let wire = &mut self.wires[number];
        let Guest::Program(program) = &mut wire.guest else { return false };
        if wire.is_broken || wire.reader.is_none() {
            return false;
        }
        let now = self.calendar.now(self.uptime);
        let mut reset = false;
        let any = program.turn(&mut Side {
            now,
            chance: &mut self.chance,
            incoming: &mut wire.to_client,
            outgoing: &mut wire.to_server,
            stored: &mut Vec::new(),
            reset: &mut reset,
            log: &self.log,
            stream: number,
            place: 0,
        });
        if reset {
            wire.tear();
        }
        any
    }
}
