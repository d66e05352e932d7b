//! Somebody at the far end of a connection: a script of deeds, and ears that are not always open.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;
use labs::framing::Ending;

use crate::streams::{Pipe, ProgramEnd};

/// Who sits at the far end.
pub(super) enum Guest {
    Talker(Talker),
    Program(ProgramEnd),
}

/// What a talker does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Says one message.
    Say(Vec<u8>),
    /// Reads nothing for so long.
    Deafen(Duration),
    /// Says that nothing more will be sent, and goes on reading.
    HalfClose,
    /// Closes both ways: what still comes is answered by a reset.
    Close,
    /// Breaks the connection.
    Reset,
    /// Is not there any more, without a sign.
    Vanish,
}

/// How a talker stands to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Here,
    /// It says nothing more, and still listens.
    HalfClosed,
    Closed,
    Reset,
    Vanished,
}

/// Does deeds, one after the other, and keeps all that it hears.
#[derive(Clone, Debug)]
pub struct Talker {
    script: VecDeque<(Duration, Deed)>,
    next_at: Option<Duration>,
    ending: Ending,
    unsent: Vec<u8>,
    deaf_until: Duration,
    pub(super) presence: Presence,
    pub heard: Vec<u8>,
}

impl Talker {
    /// Does these deeds, each so long after the one before, with messages that end so.
    pub fn new(ending: Ending, script: impl IntoIterator<Item = (Duration, Deed)>) -> Self {
        Self {
            script: script.into_iter().collect(),
            next_at: None,
            ending,
            unsent: Vec::new(),
            deaf_until: Duration::ZERO,
            presence: Presence::Here,
            heard: Vec::new(),
        }
    }

    fn hears(&self, now: Duration, incoming: &Pipe) -> bool {
        let listens = matches!(self.presence, Presence::Here | Presence::HalfClosed);
        listens
            && self.deaf_until <= now
            && (incoming.is_readable(now) || self.presence == Presence::Here && incoming.is_at_end())
    }

    fn is_due(&self, now: Duration) -> bool {
        self.presence == Presence::Here
            && self.unsent.is_empty()
            && !self.script.is_empty()
            && self.next_at.is_none_or(|at| at <= now)
    }

    pub(super) fn is_ready(&self, now: Duration, incoming: &Pipe, outgoing: &Pipe) -> bool {
        let says = self.presence == Presence::Here && !self.unsent.is_empty() && outgoing.room() > 0;
        says || self.hears(now, incoming) || self.is_due(now)
    }

    /// Does one thing; gives what it was if it is worth a word.
    pub(super) fn turn(
        &mut self,
        now: Duration,
        incoming: &mut Pipe,
        outgoing: &mut Pipe,
        chance: &mut Rng,
    ) -> Option<String> {
        if self.hears(now, incoming) && (!self.is_due(now) || chance.bool()) {
            if incoming.is_at_end() {
                // The server has closed, so it does, too.
                self.presence = Presence::HalfClosed;
                outgoing.end(now, chance);
                return Some("hears the end".to_owned());
            }
            let bytes = incoming.read(now, chance);
            self.heard.extend(bytes);
            return None;
        }
        if outgoing.write(now, &mut self.unsent, chance) {
            return None;
        }
        if !self.is_due(now) {
            return None;
        }
        // The first deed's pause begins with the connection.
        let (pause, deed) = self.script.pop_front()?;
        if self.next_at.is_none() && pause > Duration::ZERO {
            self.next_at = Some(now + pause);
            self.script.push_front((pause, deed));
            return None;
        }
        self.next_at = self.script.front().map(|(pause, _)| now + *pause);
        let told = match &deed {
            Deed::Say(text) => format!("says {:?}", String::from_utf8_lossy(text)),
            Deed::Deafen(_) | Deed::HalfClose | Deed::Close | Deed::Reset | Deed::Vanish => format!("does {deed:?}"),
        };
        self.act(deed, now, incoming, outgoing, chance);
        Some(told)
    }

    fn act(&mut self, deed: Deed, now: Duration, incoming: &mut Pipe, outgoing: &mut Pipe, chance: &mut Rng) {
        match deed {
            Deed::Say(text) => {
                self.unsent = text;
                self.ending.push(&mut self.unsent, 0);
            }
            Deed::Deafen(time) => self.deaf_until = now + time,
            Deed::HalfClose => {
                self.presence = Presence::HalfClosed;
                outgoing.end(now, chance);
            }
            Deed::Close => {
                self.presence = Presence::Closed;
                outgoing.end(now, chance);
                incoming.tear();
            }
            Deed::Reset => self.presence = Presence::Reset,
            Deed::Vanish => self.presence = Presence::Vanished,
        }
    }

    pub(super) fn deadlines(&self) -> [Option<Duration>; 2] {
        match self.presence {
            Presence::Here => [self.next_at.filter(|_| !self.script.is_empty()), Some(self.deaf_until)],
            Presence::HalfClosed => [Some(self.deaf_until), None],
            Presence::Closed | Presence::Reset | Presence::Vanished => [None, None],
        }
    }
}
