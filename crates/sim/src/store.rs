//! A disk that is slow, fails and crashes, but keeps its word.

use std::collections::VecDeque;
use std::time::Duration;

use labs::{Shelf, ShelfLimits};

/// How bad the disk is.
#[derive(Clone, Copy, Debug)]
pub struct StoreFaults {
    pub delay_max: Duration,
    /// Texts of a hundred that can't be kept.
    pub fail_percent: u8,
}

impl StoreFaults {
    /// A disk that is only slow.
    pub const SLOW: Self = Self { delay_max: Duration::from_millis(20), fail_percent: 0 };
}

/// Makes texts durable one after the other, in the order in which they came.
#[derive(Debug)]
pub struct Store {
    faults: StoreFaults,
    limits: ShelfLimits,
    shelf: Shelf,
    disk: Vec<Vec<u8>>,
    queue: VecDeque<Writing>,
    /// Whose fate is decided, but not told yet.
    decided: VecDeque<(usize, Kept)>,
}

#[derive(Debug)]
struct Writing {
    owner: usize,
    text: Vec<u8>,
    due: Duration,
    fails: bool,
}

/// What becomes of a text, told to the machine that wanted it kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// At this place of the shelf, as the machine hears it.
    Safe(String),
    Lost,
}

impl Store {
    pub fn new(limits: ShelfLimits, faults: StoreFaults) -> Self {
        Self {
            faults,
            limits,
            shelf: Shelf::new(limits),
            disk: Vec::new(),
            queue: VecDeque::new(),
            decided: VecDeque::new(),
        }
    }

    pub fn shelf(&self) -> Shelf {
        self.shelf.clone()
    }

    /// What a restart would find.
    pub fn disk(&self) -> &[Vec<u8>] {
        &self.disk
    }

    pub(crate) fn accept(&mut self, now: Duration, owner: usize, text: Vec<u8>, chance: &mut fastrand::Rng) {
        // Texts that come together may share a commit: they are safe, or lost, at the same moment.
        if let Some(last) = self.queue.back().filter(|_| chance.bool()) {
            let (due, fails) = (last.due, last.fails);
            return self.queue.push_back(Writing { owner, text, due, fails });
        }
        let begin = self.queue.back().map_or(now, |last| last.due.max(now));
        let due = begin + self.faults.delay_max.mul_f64(chance.f64());
        let fails = chance.u8(0..100) < self.faults.fail_percent;
        self.queue.push_back(Writing { owner, text, due, fails });
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        if self.decided.is_empty() { self.queue.front().map(|writing| writing.due) } else { Some(Duration::ZERO) }
    }

    /// The next text whose fate is decided: it is on the shelf before its owner hears of it, together with all that share its commit.
    pub(crate) fn next_kept(&mut self, now: Duration) -> Option<(usize, Kept)> {
        while let Some(writing) = self.queue.pop_front_if(|writing| writing.due <= now) {
            let kept = if writing.fails {
                self.shelf.release(writing.text.len());
                Kept::Lost
            } else {
                let place = self.shelf.push(&writing.text);
                self.disk.push(writing.text);
                Kept::Safe(place.to_string())
            };
            self.decided.push_back((writing.owner, kept));
        }
        self.decided.pop_front()
    }

    /// The program dies: what was on its way is kept up to some commit and lost from there on. Then it starts again with what the disk holds.
    pub(crate) fn crash(&mut self, chance: &mut fastrand::Rng) {
        let reached = chance.usize(0..=self.queue.len());
        let until = reached.checked_sub(1).map(|last| self.queue[last].due);
        let kept = self.queue.drain(..).filter(|writing| Some(writing.due) <= until && !writing.fails);
        self.disk.extend(kept.map(|writing| writing.text));
        self.decided.clear();
        self.shelf = Shelf::new(self.limits);
        for text in &self.disk {
            self.shelf.push(text);
        }
    }
}
