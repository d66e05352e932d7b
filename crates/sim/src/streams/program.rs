//! A student's program at the other end of a stream: a scenario's steps, one after the other.

use std::collections::VecDeque;
use std::time::Duration;

use super::Side;
use crate::scenarios::{LONG_PAUSE, Match, PATIENCE, SHORT_PAUSE, Step};

/// Plays steps over a stream and keeps what arrived that no step has expected yet.
pub struct ProgramEnd {
    steps: VecDeque<Step>,
    /// When the current step began.
    since: Option<Duration>,
    unsent: Vec<u8>,
    arrived: Vec<u8>,
    reads: bool,
    pub failure: Option<String>,
    said_end: bool,
    lost: bool,
}

enum Progress {
    Done,
    /// It has begun; the next turn goes on with it.
    Begun,
    Waiting,
    Failed(String),
}

impl ProgramEnd {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            since: None,
            unsent: Vec::new(),
            arrived: Vec::new(),
            reads: true,
            failure: None,
            said_end: false,
            lost: false,
        }
    }

    /// A program that never reads.
    pub fn without_reading(mut self) -> Self {
        self.reads = false;
        self
    }

    /// All that arrived and that no step expected.
    pub fn arrived(&self) -> &[u8] {
        &self.arrived
    }

    pub(super) fn is_over(&self) -> bool {
        self.lost || self.said_end && self.is_played()
    }

    fn is_played(&self) -> bool {
        self.steps.is_empty() || self.failure.is_some()
    }

    pub(crate) fn turn(&mut self, side: &mut Side<'_>) -> bool {
        if self.lost {
            return false;
        }
        let now = side.now.uptime;
        let read = self.reads && side.incoming.is_readable(now);
        if read {
            let bytes = side.incoming.read(now, side.chance);
            side.note(format_args!("hears {:?}", String::from_utf8_lossy(&bytes)));
            self.arrived.extend(bytes);
        }
        if side.outgoing.write(now, &mut self.unsent, side.chance) || read {
            return true;
        }
        if self.is_played() {
            return self.unsent.is_empty() && self.say_end(side);
        }
        let since = *self.since.get_or_insert(now);
        match self.play(now - since, side) {
            Progress::Waiting => false,
            Progress::Begun => true,
            Progress::Done => {
                self.steps.pop_front();
                self.since = None;
                true
            }
            Progress::Failed(why) => {
                self.fail(why);
                true
            }
        }
    }

    fn say_end(&mut self, side: &mut Side<'_>) -> bool {
        let first = !std::mem::replace(&mut self.said_end, true);
        if first {
            side.note(format_args!("says the end"));
            side.outgoing.end(side.now.uptime, side.chance);
        }
        first
    }

    fn play(&mut self, waited: Duration, side: &mut Side<'_>) -> Progress {
        let Some(step) = self.steps.front() else { return Progress::Done };
        let done = |is_done| if is_done { Progress::Done } else { Progress::Waiting };
        match step {
            // A send is over when all of it is taken, which is when the next turn finds nothing unsent.
            Step::Send(bytes) if waited == Duration::ZERO && !bytes.is_empty() => {
                side.note(format_args!("says {:?}", String::from_utf8_lossy(bytes)));
                self.unsent.extend_from_slice(bytes);
                if let Some(Step::Send(bytes)) = self.steps.front_mut() {
                    bytes.clear();
                }
                Progress::Begun
            }
            Step::Send(_) => done(self.unsent.is_empty()),
            Step::ShortPause => done(waited >= SHORT_PAUSE),
            Step::LongPause => done(waited >= LONG_PAUSE),
            Step::HalfClose => {
                self.say_end(side);
                Progress::Done
            }
            Step::Reset => {
                *side.reset = true;
                Progress::Done
            }
            Step::Expect(_) | Step::ExpectPadded(_) | Step::ExpectShape(_) => {
                let step = step.clone();
                self.expect(&step, waited, side)
            }
            Step::ExpectNothing => match step.matches(&self.arrived) {
                Match::No => Progress::Failed(self.told(step, "")),
                Match::Yes { .. } | Match::Begun => done(waited >= LONG_PAUSE),
            },
            Step::ExpectEnd => {
                let more = step.matches(&self.arrived) == Match::No;
                match (more, side.incoming.is_at_end()) {
                    (true, _) => Progress::Failed(self.told(step, "")),
                    (false, true) => Progress::Done,
                    (false, false) if waited >= PATIENCE => Progress::Failed(self.told(step, " within the time")),
                    (false, false) => Progress::Waiting,
                }
            }
        }
    }

    fn expect(&mut self, step: &Step, waited: Duration, side: &Side<'_>) -> Progress {
        match step.matches(&self.arrived) {
            Match::Yes { bytes } => {
                self.arrived.drain(..bytes);
                Progress::Done
            }
            Match::No => Progress::Failed(self.told(step, "")),
            Match::Begun if side.incoming.is_at_end() => Progress::Failed(self.told(step, " and the end")),
            Match::Begun if waited >= PATIENCE => Progress::Failed(self.told(step, " within the time")),
            Match::Begun => Progress::Waiting,
        }
    }

    fn told(&self, step: &Step, how: &str) -> String {
        format!("expected {step}, got {:?}{how}", String::from_utf8_lossy(&self.arrived))
    }

    fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    pub(crate) fn lose(&mut self) {
        self.lost = true;
        if !self.is_played() {
            self.fail("the connection was reset".to_owned());
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        if self.lost || self.failure.is_some() {
            return None;
        }
        let wait = match self.steps.front()? {
            Step::ShortPause => SHORT_PAUSE,
            Step::LongPause | Step::ExpectNothing => LONG_PAUSE,
            Step::Expect(_) | Step::ExpectPadded(_) | Step::ExpectShape(_) | Step::ExpectEnd => PATIENCE,
            Step::Send(_) | Step::HalfClose | Step::Reset => return None,
        };
        self.since.map(|since| since + wait)
    }
}
