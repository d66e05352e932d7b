//! Whose turn it is to be answered: on a stream, the oldest request's; at a datagram socket, each reader's after the other.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::reading::{Reading, is_page_full};
use crate::allowance::Allowances;
use crate::framing::Ending;
use crate::{Now, Outbox, Peer, Shelf};

/// Answers that wait on one stream; one more is given at once and out of order.
const LINE_MAX: usize = 4096;
/// Reads under way at a datagram socket, each of another address and port.
const READERS_MAX: usize = 512;

/// A short answer, and how many posts came before its request.
#[derive(Debug)]
pub(super) struct Say {
    pub(super) by: SocketAddr,
    pub(super) ending: Ending,
    pub(super) after: u64,
    pub(super) text: &'static str,
}

impl Say {
    fn send(&self, out: &mut Outbox) {
        out.begin(self.ending, Some(self.by));
        out.send(Peer::Remote(self.by), self.text.as_bytes());
    }
}

#[derive(Debug)]
enum Answer {
    Say(Say),
    Read(Reading),
}

impl Answer {
    fn after(&self) -> u64 {
        match self {
            Self::Say(say) => say.after,
            Self::Read(reading) => reading.after,
        }
    }
}

/// What a stream's peer is to hear, in the order of its requests.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    line: VecDeque<Answer>,
}

impl InOrder {
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Adds a reading as the newest answer, unless there are too many.
    pub(super) fn read(&mut self, asked: Reading) -> bool {
        let room = self.line.len() < LINE_MAX;
        if room {
            self.line.push_back(Answer::Read(asked));
        }
        room
    }

    /// Adds an answer behind those whose requests came before its own.
    pub(super) fn say(&mut self, say: Say, out: &mut Outbox) {
        if self.line.len() >= LINE_MAX {
            return say.send(out);
        }
        let at = self.behind(say.after);
        self.line.insert(at, Answer::Say(say));
    }

    /// A post's text is on the shelf below `end`: whoever asked after it is to hear it.
    pub(super) fn show(&mut self, post: u64, end: usize) {
        let behind = self.behind(post);
        for answer in self.line.range_mut(behind..) {
            if let Answer::Read(reading) = answer {
                reading.end = reading.end.max(end);
            }
        }
    }

    /// The place behind all answers before which there were at most so many posts.
    fn behind(&self, posts: u64) -> usize {
        self.line.partition_point(|answer| answer.after() <= posts)
    }

    /// Answers until the page is full (`true`) or the next answer waits for the disk.
    pub(super) fn page(&mut self, now: Now, decided: u64, shelf: &Shelf, out: &mut Outbox) -> bool {
        while let Some(answer) = self.line.front_mut().filter(|answer| answer.after() <= decided) {
            if is_page_full(out) {
                return true;
            }
            let told = match answer {
                Answer::Say(say) => {
                    say.send(out);
                    true
                }
                Answer::Read(reading) => reading.page(now, shelf, None, out),
            };
            if !told {
                return true;
            }
            self.line.pop_front();
        }
        false
    }
}

/// The readers at a datagram socket. One that asks for much, or often, takes no more turns than another.
#[derive(Debug)]
pub(super) struct ByTurns {
    pub(super) allowances: Allowances,
    /// Everyone in `readings`, once.
    turns: VecDeque<SocketAddr>,
    readings: BTreeMap<SocketAddr, Reading>,
}

impl ByTurns {
    pub(super) fn new(allowances: Allowances) -> Self {
        Self { allowances, turns: VecDeque::new(), readings: BTreeMap::new() }
    }

    /// Begins a read, or begins its asker's anew, unless there are too many. It keeps its turn; a proven one never goes back.
    pub(super) fn read(&mut self, mut asked: Reading) -> bool {
        if let Some(under_way) = self.readings.get_mut(&asked.by) {
            if asked.proven && under_way.proven {
                asked.next = asked.next.max(under_way.next);
            }
            *under_way = asked;
            return true;
        }
        let room = self.turns.len() < READERS_MAX;
        if room {
            self.turns.push_back(asked.by);
            self.readings.insert(asked.by, asked);
        }
        room
    }

    /// A post's text is on the shelf below `end`: whoever asked after it is to hear it.
    pub(super) fn show(&mut self, post: u64, end: usize) {
        for reading in self.readings.values_mut().filter(|reading| reading.after > post) {
            reading.end = reading.end.max(end);
        }
    }

    /// Gives each reader in turn what is left of the page, until it is full (`true`) or all others wait for the disk.
    pub(super) fn page(&mut self, now: Now, decided: u64, shelf: &Shelf, out: &mut Outbox) -> bool {
        for _ in 0..self.turns.len() {
            if is_page_full(out) {
                return true;
            }
            let Some(by) = self.turns.pop_front() else { break };
            let Some(reading) = self.readings.get_mut(&by) else { continue };
            if reading.after <= decided && reading.page(now, shelf, Some(&mut self.allowances), out) {
                self.readings.remove(&by);
            } else {
                self.turns.push_back(by);
            }
        }
        is_page_full(out) && !self.turns.is_empty()
    }
}
