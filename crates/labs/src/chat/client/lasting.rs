//! What outlives a connection: the client comes back, with what was typed meanwhile.

use std::fmt;
use std::time::Duration;

use super::whereabouts::{Answer, Whereabouts};
use super::{Client, Phase};
use crate::backoff::Backoff;
use crate::chat::{IDLE, REMOVED, SERVER};
use crate::visible::Text;
use crate::{Now, Outbox, Peer};

/// How often a name is said again that our own lost connection seems to have, before another is asked for: longer than a server takes
/// to notice that we are gone.
const NAME_TRIES_MAX: u32 = 10;
/// A talk this long shows that the server is well, and that the next wait may be short again.
const STEADY: Duration = Duration::from_secs(10);
/// How a [`Duration`] may end.
const UNITS: [&str; 4] = ["s", "ms", "µs", "ns"];

/// What was sent before a connection broke has arrived by then, since the system breaks one that does not acknowledge it for so long.
pub(super) const DOUBT_BROKEN: Duration = Duration::from_secs(30);
/// A system that closes a connection in order has given its program all that came before: only what was under way is in doubt.
pub(super) const DOUBT_CLOSED: Duration = Duration::from_secs(2);

/// A wait that is shown in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    until: Duration,
    /// The seconds shown.
    seconds: u32,
}

impl Pause {
    fn new(uptime: Duration, length: Duration) -> Self {
        let mut pause = Self { until: uptime + length, seconds: 0 };
        pause.tick(uptime);
        pause
    }

    pub(super) fn is_over(self, uptime: Duration) -> bool {
        self.until <= uptime
    }

    /// Takes a second off what is shown, once it has passed.
    pub(super) fn tick(&mut self, uptime: Duration) {
        let left = self.until.saturating_sub(uptime);
        self.seconds = left.as_millis().div_ceil(1000) as u32;
    }

    /// When there is a second less to show.
    pub(super) fn tick_at(self) -> Duration {
        self.until.saturating_sub(Duration::from_secs(u64::from(self.seconds.saturating_sub(1))))
    }
}

#[derive(Debug)]
pub(super) struct Lasting {
    dialling: Backoff,
    naming: Backoff,
    /// Since when the name is or was ours.
    entered_at: Option<Duration>,
    /// Whether the server's last line sent us away.
    dismissed: bool,
    pub(super) whereabouts: Whereabouts,
}

impl Lasting {
    /// The name is ours; tells whether it was before.
    pub(super) fn entered(&mut self, now: Now) -> bool {
        self.naming.reset();
        self.entered_at.replace(now.uptime).is_some()
    }

    /// How long to wait until a refused name is said again, and whether it is the first time; none if it was never ours, or for too long not.
    pub(super) fn name_pause(&mut self, now: Now) -> Option<(Pause, bool)> {
        let first = self.naming.tries() == 0;
        if self.entered_at.is_some() && self.naming.tries() < NAME_TRIES_MAX {
            return Some((Pause::new(now.uptime, self.naming.next()), first));
        }
        self.entered_at = None;
        self.naming.reset();
        None
    }

    pub(super) fn note_said(&mut self, message: &[u8]) -> Option<Answer> {
        self.dismissed = notice(message).is_some_and(dismisses);
        self.whereabouts.note_said(message)
    }

    fn dial_pause(&mut self, now: Now) -> Option<Pause> {
        (!self.dismissed).then(|| Pause::new(now.uptime, self.dialling.next()))
    }
}

/// The server's own words in its line.
pub(super) fn notice(message: &[u8]) -> Option<&str> {
    std::str::from_utf8(message).ok()?.strip_prefix(SERVER)?.strip_prefix(": ")
}

/// Whether the server closes behind these words, and whoever came back unasked would not be welcome. They count as a whole, since what a
/// member whispers begins with its name.
fn dismisses(notice: &str) -> bool {
    let idle = notice.strip_prefix(IDLE[0]).and_then(|rest| rest.strip_suffix(IDLE[1]));
    notice == REMOVED || idle.is_some_and(is_duration)
}

fn is_duration(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    unit.len() < text.len() && UNITS.contains(&unit)
}

impl Client {
    /// A client that dials again when its connection is lost, keeps what is typed meanwhile, and tells how things stand.
    pub fn lasting(self, seed: u64) -> Self {
        let (dialling, naming) = (Backoff::new(seed), Backoff::new(!seed));
        let whereabouts = Whereabouts::default();
        Self { lasting: Some(Lasting { dialling, naming, entered_at: None, dismissed: false, whereabouts }), ..self }
    }

    pub(super) fn dial(&mut self, out: &mut Outbox) {
        if let Some(lasting) = &mut self.lasting {
            lasting.dismissed = false;
        }
        self.phase = Phase::Dialling;
        out.dial();
    }

    /// The server is away. What was sent for at most `doubt` may not have arrived.
    pub(super) fn lost(&mut self, now: Now, doubt: Duration, why: fmt::Arguments<'_>, out: &mut Outbox) {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return out.finish(Peer::Terminal);
        }
        let Some(lasting) = &mut self.lasting else { return out.fail(why) };
        match self.phase {
            Phase::Leaving { .. } | Phase::Lost(_) => return,
            // The state says it.
            Phase::Dialling => {}
            Phase::Naming | Phase::Entering { .. } | Phase::Returning { .. } | Phase::Talking | Phase::Taken(_) => {
                out.complain(why);
                for line in self.outgoing.take_sent(now.uptime.saturating_sub(doubt)) {
                    out.complain(format_args!("may not have arrived: {}", Text(&line)));
                }
                if lasting.entered_at.is_some_and(|at| at + STEADY <= now.uptime) {
                    lasting.dialling.reset();
                }
            }
        }
        let pause = self.name.as_ref().and_then(|_| lasting.dial_pause(now));
        self.phase = Phase::Lost(pause);
    }

    pub(super) fn tell_back(&self, out: &mut Outbox) {
        match self.outgoing.waiting() {
            0 => {}
            1 => out.print(format_args!("we are back, sending the kept message")),
            many => out.print(format_args!("we are back, sending {many} kept messages")),
        }
    }

    pub(super) fn tell_unsent(&self, out: &mut Outbox) {
        match self.outgoing.waiting() {
            0 => {}
            1 => out.complain(format_args!("one message was not sent")),
            many => out.complain(format_args!("{many} messages were not sent")),
        }
    }

    pub(super) fn tell_state(&self, out: &mut Outbox) {
        if self.lasting.is_none() {
            return;
        }
        let server = self.dial.server;
        let name = Text(self.name.as_deref().unwrap_or_default());
        match self.phase {
            Phase::Naming => out.state(format_args!("connected to {server}, without a name")),
            Phase::Entering { .. } => out.state(format_args!("connected to {server}, entering as {name}")),
            Phase::Returning { .. } => {
                out.state(format_args!("connected to {server} as {name}, going back to the room"))
            }
            Phase::Talking => out.state(format_args!("connected to {server} as {name}")),
            Phase::Taken(pause) => {
                out.state(format_args!("the name {name} is still taken, next try in {} s", pause.seconds))
            }
            Phase::Lost(Some(pause)) => out.state(format_args!("lost {server}, next try in {} s", pause.seconds)),
            Phase::Lost(None) => out.state(format_args!("left {server}: whatever you type connects again")),
            Phase::Dialling => out.state(format_args!("connecting to {server}")),
            Phase::Leaving { .. } => out.state(format_args!("leaving")),
        }
    }
}
