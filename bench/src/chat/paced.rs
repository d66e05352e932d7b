//! Latency: messages at a fixed rate, whether or not earlier ones have arrived.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::talk::Talk;

/// How long a message took, from when it was due until a watcher had read it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Latency {
    /// Deliveries a second that were asked for.
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
    /// How late the load itself was in writing, for 99 of 100 messages; part of the above.
    pub(crate) load_p99: Duration,
}

/// Bytes that a sender may have waiting in this process before the rate counts as out of reach.
const BACKLOG_MAX: usize = 1024 * 1024;

/// What a sender could not write yet.
#[derive(Default)]
struct Backlog {
    bytes: Vec<u8>,
    written: usize,
}

/// Says `rate` deliveries a second for `length`, evenly and by the senders in turn. A message counts from when it was due,
/// so one that could not even be written in time is late.
pub(crate) fn measure(talk: &mut Talk, rate: f64, length: Duration) -> Result<Latency> {
    let gap = (talk.crowd.len() as f64 - 1.0) * 1e9 / rate;
    let messages = (length.as_nanos() as f64 / gap) as u64;
    let began = talk.now();
    let mut backlogs: Vec<Backlog> = (0..talk.shape.senders).map(|_| Backlog::default()).collect();
    let (mut took, mut late): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut said = 0;
    while said < messages {
        let now = talk.now();
        while said < messages {
            let due = began + (said as f64 * gap) as u64;
            if due > now {
                break;
            }
            let sender = said as usize % talk.shape.senders;
            talk.compose(sender, due, &mut backlogs[sender].bytes);
            backlogs[sender].flush(talk, sender)?;
            late.push(talk.now().saturating_sub(due));
            said += 1;
        }
        // The load has a core of its own: it asks again rather than sleep past the next message.
        hear(talk, Duration::ZERO, &mut took)?;
    }
    for (sender, backlog) in backlogs.iter_mut().enumerate() {
        while !backlog.flush(talk, sender)? {
            hear(talk, Duration::from_millis(1), &mut took)?;
        }
    }
    let clock = talk.clock();
    talk.finish(|message| took.push(clock.now().saturating_sub(message.due)))?;
    ensure!(!took.is_empty(), "no message was heard");
    took.sort_unstable();
    late.sort_unstable();
    let at = |sorted: &[u64], share: f64| Duration::from_nanos(sorted[((sorted.len() - 1) as f64 * share) as usize]);
    Ok(Latency { rate, p50: at(&took, 0.5), p99: at(&took, 0.99), max: at(&took, 1.0), load_p99: at(&late, 0.99) })
}

fn hear(talk: &mut Talk, longest: Duration, took: &mut Vec<u64>) -> Result<bool> {
    let clock = talk.clock();
    talk.take(longest, |message| took.push(clock.now().saturating_sub(message.due)))
}

impl Backlog {
    /// Writes what is taken; says whether nothing is left.
    fn flush(&mut self, talk: &Talk, sender: usize) -> Result<bool> {
        let left = &self.bytes[self.written..];
        if !left.is_empty() {
            self.written += talk.crowd.write(sender, left)?;
        }
        let left = self.bytes.len() - self.written;
        ensure!(left < BACKLOG_MAX, "the server does not keep up with this rate");
        if left == 0 {
            self.bytes.clear();
            self.written = 0;
        }
        Ok(left == 0)
    }
}
