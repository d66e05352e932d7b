//! What a person says, on its way to the server.

use std::collections::VecDeque;
use std::time::Duration;

use crate::framing::Ending;

/// Lines that wait at most: more than anyone types while a server starts again.
pub(crate) const WAITING_MAX: usize = 100;
/// A server may refuse those who say more than ten messages a second, so no more than this are sent in [`BURST_TIME`].
const BURST: usize = 9;
const BURST_TIME: Duration = Duration::from_millis(1100);

/// Lines wait here while there is no way to send them, and so that they are not sent faster than a server takes them.
#[derive(Debug)]
pub(crate) struct Outgoing {
    waiting: VecDeque<Box<[u8]>>,
    /// What was sent last and when, the oldest first.
    sent: VecDeque<(Duration, Box<[u8]>)>,
    /// How long a bare server has to be left alone to tell two messages apart.
    settle: Duration,
    spoke_at: Option<Duration>,
}

/// As many lines wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Outgoing {
    pub(crate) fn new(settle: Duration) -> Self {
        Self { waiting: VecDeque::new(), sent: VecDeque::new(), settle, spoke_at: None }
    }

    pub(crate) fn push(&mut self, line: &[u8]) -> Result<(), Full> {
        if self.waiting.len() >= WAITING_MAX {
            return Err(Full);
        }
        self.push_last(line);
        Ok(())
    }

    /// Adds the last line of all, for which there is always room.
    pub(crate) fn push_last(&mut self, line: &[u8]) {
        self.waiting.push_back(line.into());
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// All lines that wait: they will not be sent.
    pub(crate) fn take_waiting(&mut self) -> VecDeque<Box<[u8]>> {
        std::mem::take(&mut self.waiting)
    }

    /// The uptime at which the next line may be sent to a server that speaks so; none if no line waits.
    pub(crate) fn due(&self, ending: Ending) -> Option<Duration> {
        self.waiting.front()?;
        let settled = self.spoke_at.filter(|_| ending == Ending::None).map(|at| at + self.settle);
        let burst_begins = self.sent.len().checked_sub(BURST).and_then(|index| self.sent.get(index));
        let burst_over = burst_begins.map(|(at, _)| *at + BURST_TIME);
        Some(settled.max(burst_over).unwrap_or_default())
    }

    /// How long it takes at most until all that waits is sent.
    pub(crate) fn sending_max(&self) -> Duration {
        BURST_TIME + (self.settle + BURST_TIME / BURST as u32) * self.waiting.len() as u32
    }

    /// The next line, if it may be sent now; it counts as sent.
    pub(crate) fn next(&mut self, uptime: Duration, ending: Ending) -> Option<&[u8]> {
        self.due(ending).filter(|&at| at <= uptime)?;
        let line = self.waiting.pop_front()?;
        if self.sent.len() >= WAITING_MAX {
            self.sent.pop_front();
        }
        self.note_spoken(uptime);
        self.sent.push_back((uptime, line));
        self.sent.back().map(|(_, line)| &**line)
    }

    /// Something else was sent: a name.
    pub(crate) fn note_spoken(&mut self, uptime: Duration) {
        self.spoke_at = Some(uptime);
    }

    /// The connection is lost: what was sent since `from`, and may be lost too.
    pub(crate) fn take_sent(&mut self, from: Duration) -> impl Iterator<Item = Box<[u8]>> + use<> {
        let sent = std::mem::take(&mut self.sent).into_iter();
        sent.filter(move |(at, _)| *at >= from).map(|(_, line)| line)
    }
}
