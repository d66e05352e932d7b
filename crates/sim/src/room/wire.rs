//! One connection: its guest, the network between, and what the server's side knows of it.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use labs::room::{Rest, Taken};

use super::guest::{Guest, Presence, Talker};
use super::model::Ending;
use super::reader::Reader;
use crate::network::Course;
use crate::streams::Pipe;

pub(super) struct Wire {
    pub(super) peer: SocketAddr,
    pub(super) begins_at: Duration,
    pub(super) guest: Guest,
    pub(super) to_server: Pipe,
    pub(super) to_client: Pipe,
    /// None before the connection was accepted.
    pub(super) reader: Option<Reader>,
    /// It was reset: whoever reads or writes gets an error.
    pub(super) is_broken: bool,
    /// The server has closed it both ways.
    pub(super) is_shut: bool,
    pub(super) is_slow: bool,
    lingering: Option<Lingering>,
    /// What the server never sent of what it had to say.
    is_cut: bool,
    /// The bytes that the connection took.
    pub(super) taken_bytes: usize,
}

/// One write in so many is one that only a stream under TLS does.
const ODD_WRITES: u8 = 16;

/// A closing connection gets its last bytes.
struct Lingering {
    rest: Rest,
    until: Duration,
    said_end: bool,
}

impl Wire {
    pub(super) fn new(peer: SocketAddr, begins_at: Duration, guest: Guest, course: Course) -> Self {
        Self {
            peer,
            begins_at,
            guest,
            to_server: Pipe::new(course),
            to_client: Pipe::new(course),
            reader: None,
            is_broken: false,
            is_shut: false,
            is_slow: false,
            lingering: None,
            is_cut: false,
            taken_bytes: 0,
        }
    }

    pub(super) fn talker(&self) -> Option<&Talker> {
        match &self.guest {
            Guest::Talker(talker) => Some(talker),
            Guest::Program(_) => None,
        }
    }

    /// What is to be expected of what the guest heard in the end.
    pub(super) fn ending(&self) -> Ending {
        let listened = self
            .talker()
            .is_some_and(|talker| matches!(talker.presence, Presence::Here | Presence::HalfClosed) && !self.is_broken);
        match (listened && !self.is_cut && self.to_client.is_empty(), self.is_slow) {
            (true, false) => Ending::Whole,
            (true, true) => Ending::SlowAndTold,
            (false, false) => Ending::Begun,
            (false, true) => Ending::SlowAndPerhapsTold,
        }
    }

    pub(super) fn arrive(&mut self, now: Duration) {
        self.to_server.arrive(now);
        self.to_client.arrive(now);
    }

    pub(super) fn guest_is_ready(&self, now: Duration) -> bool {
        match &self.guest {
            Guest::Talker(talker) => !self.is_broken && talker.is_ready(now, &self.to_client, &self.to_server),
            Guest::Program(_) => false,
        }
    }

    /// The guest does one thing; gives what it was.
    pub(super) fn turn_guest(&mut self, now: Duration, chance: &mut Rng) -> Option<String> {
        let Guest::Talker(talker) = &mut self.guest else { return None };
        let said = talker.turn(now, &mut self.to_client, &mut self.to_server, chance);
        if talker.presence == Presence::Reset {
            self.tear();
        }
        said
    }

    /// Breaks it: what is under way is lost.
    pub(super) fn tear(&mut self) {
        self.is_broken = true;
        self.to_server.tear();
        self.to_client.tear();
        if let Guest::Program(program) = &mut self.guest {
            program.lose();
        }
    }

    /// A newcomer for whom there is no place.
    pub(super) fn turn_away(&mut self, now: Duration, chance: &mut Rng) {
        self.reader = Some(Reader::ended());
        self.shut(now, chance);
    }

    /// Takes what there is room for, as a socket does that must not wait. As one under TLS, it may take less without being full, and be full
    /// although it took all.
    pub(super) fn write(&mut self, now: Duration, pieces: &[IoSlice<'_>], chance: &mut Rng) -> io::Result<Taken> {
        if self.is_broken || self.is_shut {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let offered: usize = pieces.iter().map(|piece| piece.len()).sum();
        if self.talker().is_some_and(|talker| talker.presence == Presence::Closed) {
            // The first write finds nobody, and learns of it too late.
            self.tear();
            return Ok(Taken::of(pieces, offered));
        }
        let room = self.to_client.room();
        if room == 0 && offered > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let record = if chance.u8(0..ODD_WRITES) == 0 { chance.usize(1..=offered.max(1)) } else { offered };
        let mut bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).take(room.min(record)).collect();
        let taken = bytes.len();
        self.to_client.write(now, &mut bytes, chance);
        self.taken_bytes += taken;
        let is_full = taken < record || chance.u8(0..ODD_WRITES) == 0;
        Ok(Taken { bytes: taken, is_full })
    }

    /// Whether a write would not have to wait.
    pub(super) fn is_writable(&self) -> bool {
        self.is_broken || self.is_shut || self.to_client.room() > 0
    }

    /// Gives the last bytes and closes, the first of them at once and the others in time.
    pub(super) fn see_off(&mut self, now: Duration, mut rest: Rest, patience: Duration, chance: &mut Rng) {
        self.write_rest(now, &mut rest, chance);
        self.lingering = Some(Lingering { rest, until: now + patience, said_end: false });
    }

    fn write_rest(&mut self, now: Duration, rest: &mut Rest, chance: &mut Rng) {
        let Some(piece) = rest.pieces().next() else { return };
        let taken = self.write(now, &[IoSlice::new(piece)], chance);
        rest.advance(taken.map_or(0, |taken| taken.bytes));
    }

    pub(super) fn lingering_is_ready(&self, now: Duration) -> bool {
        self.lingering.as_ref().is_some_and(|lingering| {
            let has_rest = lingering.rest.pieces().next().is_some();
            let can_send = has_rest && self.is_writable();
            let can_end = !has_rest && !lingering.said_end;
            let can_read = lingering.said_end && (self.to_server.is_readable(now) || self.to_server.is_at_end());
            self.is_broken || can_send || can_end || can_read || lingering.until <= now
        })
    }

    pub(super) fn turn_lingering(&mut self, now: Duration, chance: &mut Rng) {
        let Some(mut lingering) = self.lingering.take() else { return };
        if self.is_broken || lingering.until <= now || lingering.said_end && self.to_server.is_at_end() {
            self.is_cut |= lingering.rest.pieces().next().is_some();
            if !lingering.said_end {
                self.shut(now, chance);
            }
            self.is_shut = true;
            return;
        }
        if lingering.rest.pieces().next().is_some() {
            self.write_rest(now, &mut lingering.rest, chance);
        } else if !lingering.said_end {
            lingering.said_end = true;
            self.to_client.end(now, chance);
        } else if self.to_server.is_readable(now) {
            self.to_server.read(now, chance);
        }
        self.lingering = Some(lingering);
    }

    fn shut(&mut self, now: Duration, chance: &mut Rng) {
        self.is_shut = true;
        self.to_client.end(now, chance);
    }

    pub(super) fn next_due(&self, now: Duration) -> Option<Duration> {
        let guest = match &self.guest {
            Guest::Talker(talker) => talker.deadlines(),
            Guest::Program(program) => [program.deadline(), None],
        };
        // Nothing happens on a broken connection.
        let guest = guest.into_iter().flatten().filter(|_| !self.is_broken);
        let reader = self.reader.as_ref().and_then(Reader::deadline);
        let lingering = self.lingering.as_ref().map(|lingering| lingering.until);
        let pipes = [self.to_server.deadline(now), self.to_client.deadline(now)].into_iter().flatten();
        let due = guest.chain(reader).chain(lingering).chain(pipes).chain([self.begins_at]);
        due.filter(|&due| due > now).min()
    }
}
