//! One direction of a stream: a bounded window, segments under way, bytes that have arrived and were not read.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use crate::network::Course;

#[derive(Debug)]
pub(crate) struct Pipe {
    course: Course,
    flight: VecDeque<(Duration, Segment)>,
    flying_bytes: usize,
    arrived: VecDeque<u8>,
    end_arrived: bool,
    readable_at: Duration,
}

#[derive(Debug)]
enum Segment {
    Bytes(Vec<u8>),
    End,
}

impl Pipe {
    pub(crate) fn new(course: Course) -> Self {
        Self {
            course,
            flight: VecDeque::new(),
            flying_bytes: 0,
            arrived: VecDeque::new(),
            end_arrived: false,
            readable_at: Duration::ZERO,
        }
    }

    /// The bytes that the window has room for.
    pub(crate) fn room(&self) -> usize {
        self.course.window_bytes.saturating_sub(self.flying_bytes + self.arrived.len())
    }

    /// Takes as much of `unsent` as the window has room for; says whether it took any.
    pub(crate) fn write(&mut self, now: Duration, unsent: &mut Vec<u8>, chance: &mut Rng) -> bool {
        let mut taken = unsent.drain(..self.room().min(unsent.len())).collect::<Vec<_>>();
        let any = !taken.is_empty();
        self.flying_bytes += taken.len();
        while !taken.is_empty() {
            let cut = chance.usize(1..=self.course.segment_bytes_max).min(taken.len());
            let rest = taken.split_off(cut);
            self.push(now, Segment::Bytes(std::mem::replace(&mut taken, rest)), chance);
        }
        any
    }

    /// Nothing more will be written.
    pub(crate) fn end(&mut self, now: Duration, chance: &mut Rng) {
        self.push(now, Segment::End, chance);
    }

    fn push(&mut self, now: Duration, segment: Segment, chance: &mut Rng) {
        let due = now + self.course.delay + self.course.jitter_max.mul_f64(chance.f64());
        // A stream keeps its order: a segment that overtakes another waits for it.
        let due = self.flight.back().map_or(due, |(last, _)| due.max(*last));
        self.flight.push_back((due, segment));
    }

    /// Brings in what is due; says whether anything was.
    pub(crate) fn arrive(&mut self, now: Duration) -> bool {
        let mut any = false;
        while let Some((_, segment)) = self.flight.pop_front_if(|(due, _)| *due <= now) {
            any = true;
            match segment {
                Segment::Bytes(bytes) => {
                    self.flying_bytes -= bytes.len();
                    self.arrived.extend(bytes);
                }
                Segment::End => self.end_arrived = true,
            }
        }
        any
    }

    pub(crate) fn is_readable(&self, now: Duration) -> bool {
        !self.arrived.is_empty() && self.readable_at <= now
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.end_arrived && self.arrived.is_empty()
    }

    /// Reads some of what has arrived, after which the reader may be away for a while.
    pub(crate) fn read(&mut self, now: Duration, chance: &mut Rng) -> Vec<u8> {
        let bytes = chance.usize(1..=self.course.read_bytes_max).min(self.arrived.len());
        if chance.u8(0..100) < self.course.stall_percent {
            self.readable_at = now + self.course.stall_max.mul_f64(chance.f64());
        }
        self.arrived.drain(..bytes).collect()
    }

    /// What is under way or unread is lost.
    pub(crate) fn tear(&mut self) {
        self.flight.clear();
        self.flying_bytes = 0;
        self.arrived.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.flight.is_empty() && self.arrived.is_empty()
    }

    /// When something arrives, or the reader comes back.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        let away = (!self.arrived.is_empty() && self.readable_at > now).then_some(self.readable_at);
        [self.flight.front().map(|(due, _)| *due), away].into_iter().flatten().min()
    }
}
