//! A student's program at a datagram socket: a scenario's steps, or datagrams sent at chosen times.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use labs::framing::Ending;
use labs::{Outbox, Peer};

use crate::scenarios::{LONG_PAUSE, Match, PATIENCE, SHORT_PAUSE, Step};

/// Plays steps towards one server and keeps what arrived that no step has expected yet.
pub struct DatagramProgram {
    server: SocketAddr,
    actions: VecDeque<Action>,
    since: Option<Duration>,
    pub arrived: VecDeque<Vec<u8>>,
    pub failure: Option<String>,
}

/// What it does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Step(Step),
    Wait(Duration),
}

impl DatagramProgram {
    pub fn new(server: SocketAddr, steps: impl IntoIterator<Item = Step>) -> Self {
        Self::acting(server, steps.into_iter().map(Action::Step))
    }

    pub fn acting(server: SocketAddr, actions: impl IntoIterator<Item = Action>) -> Self {
        let actions = actions.into_iter().collect();
        Self { server, actions, since: None, arrived: VecDeque::new(), failure: None }
    }

    pub(super) fn receive(&mut self, from: SocketAddr, datagram: &[u8]) {
        if from == self.server {
            self.arrived.push_back(datagram.to_vec());
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let action = self.actions.front().filter(|_| self.failure.is_none())?;
        let wait = match action {
            Action::Wait(wait) => *wait,
            Action::Step(Step::ShortPause) => SHORT_PAUSE,
            Action::Step(Step::LongPause | Step::ExpectNothing) => LONG_PAUSE,
            Action::Step(Step::Expect(_) | Step::ExpectPadded(_) | Step::ExpectShape(_)) if self.arrived.is_empty() => {
                PATIENCE
            }
            Action::Step(_) => Duration::ZERO,
        };
        Some(self.since.map_or(Duration::ZERO, |since| since + wait))
    }

    pub(super) fn turn(&mut self, now: Duration, out: &mut Outbox) {
        while let Some(action) = self.actions.front().filter(|_| self.failure.is_none()) {
            let waited = now - *self.since.get_or_insert(now);
            let done = match action {
                Action::Wait(wait) => waited >= *wait,
                Action::Step(step) => {
                    let step = step.clone();
                    self.play(&step, waited, out)
                }
            };
            if !done {
                return;
            }
            self.actions.pop_front();
            self.since = None;
        }
    }

    /// Says whether the step is done.
    fn play(&mut self, step: &Step, waited: Duration, out: &mut Outbox) -> bool {
        match step {
            Step::ShortPause => waited >= SHORT_PAUSE,
            Step::LongPause => waited >= LONG_PAUSE,
            Step::Send(bytes) => {
                out.begin(Ending::None, None);
                out.send(Peer::Remote(self.server), bytes);
                true
            }
            Step::ExpectNothing => {
                if let Some(got) = self.arrived.front() {
                    self.failure = Some(format!("expected nothing, got {:?}", String::from_utf8_lossy(got)));
                }
                waited >= LONG_PAUSE
            }
            // There is no end of datagrams, and nothing to break.
            Step::HalfClose | Step::Reset | Step::ExpectEnd => true,
            Step::Expect(_) | Step::ExpectPadded(_) | Step::ExpectShape(_) => match self.arrived.pop_front() {
                Some(got) if step.matches(&got) == (Match::Yes { bytes: got.len() }) => true,
                Some(got) => {
                    self.failure = Some(format!("expected {step}, got {:?}", String::from_utf8_lossy(&got)));
                    true
                }
                None => {
                    if waited >= PATIENCE {
                        self.failure = Some(format!("expected {step}, got nothing"));
                    }
                    false
                }
            },
        }
    }
}
