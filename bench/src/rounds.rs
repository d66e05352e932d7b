//! Rounds: every server gets the same load in turn, so that what disturbs the machine disturbs them alike.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::getpid;

use crate::cpu::{Spent, Usage};
use crate::load::Done;
use crate::target::Target;

/// What a server is measured for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    Floor,
    /// Ours, with the ratio to the floor it is to stay within.
    Ours {
        goal: f64,
    },
    Peer,
}

/// Clients that load a server when told to.
pub(crate) trait Source {
    /// Asks for `length`, then takes what is still under way.
    fn run(&mut self, length: Duration) -> Result<Done>;
}

/// A server and the clients that load it.
pub(crate) struct Entry<'t, S> {
    pub(crate) target: &'t Target,
    pub(crate) role: Role,
    pub(crate) load: S,
}

/// One round of one server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) done: Done,
    /// On the clock, from the first request to the last answer.
    pub(crate) lasted: Duration,
    /// By the server.
    pub(crate) spent: Spent,
    /// By this process, which makes the load.
    pub(crate) load_spent: Spent,
}

impl Sample {
    /// Microseconds the server ran for one request.
    pub(crate) fn cost(&self) -> f64 {
        self.spent.running as f64 / 1000.0 / self.done.requests.max(1) as f64
    }

    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.done.requests as f64 / self.lasted.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// All rounds of one server, in order.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) samples: Vec<Sample>,
}

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) length: Duration,
}

/// The time in which a server that has answered everything goes to sleep, since only then its counters are up to date.
const SETTLE: Duration = Duration::from_millis(3);

impl Plan {
    /// Measures all entries, after one round that does not count.
    pub(crate) fn measure<S: Source>(self, entries: &mut [Entry<'_, S>]) -> Result<Vec<Series>> {
        let series = |entry: &Entry<'_, S>| Series { name: entry.target.name, role: entry.role, samples: Vec::new() };
        let mut all: Vec<Series> = entries.iter().map(series).collect();
        for entry in entries.iter_mut() {
            self.round(entry)?;
        }
        for round in 0..self.rounds {
            // Nobody is always the one who comes after somebody else.
            for turn in 0..entries.len() {
                let index = (round + turn) % entries.len();
                all[index].samples.push(self.round(&mut entries[index])?);
            }
        }
        Ok(all)
    }

    fn round<S: Source>(self, entry: &mut Entry<'_, S>) -> Result<Sample> {
        let (process, own) = (entry.target.process(), getpid());
        let (before, own_before) = (Usage::read(process)?, Usage::read(own)?);
        let began = Instant::now();
        let done = entry.load.run(self.length).with_context(|| entry.target.name)?;
        let lasted = began.elapsed();
        std::thread::sleep(SETTLE);
        let spent = Usage::read(process)?.since(&before);
        Ok(Sample { done, lasted, spent, load_spent: Usage::read(own)?.since(&own_before) })
    }
}
