//! Waiting: for programs to come to rest, and for what is expected of them.

use std::time::{Duration, Instant};

use super::{Fault, Played, Player};
use crate::processes::{self, LOOK_EVERY, Rest, processor_time};
use crate::rule::Who;

/// A program that is not at rest after so long is busy with something else than us, unless it only waits for the processor.
const REST_MAX: Duration = Duration::from_secs(3);
/// One that never was at rest is not waited for longer than this, once it has had that much of the processor's time.
const RESTLESS_MAX: Duration = Duration::from_millis(500);
const RESTLESS_MIN: Duration = Duration::from_millis(100);
/// One that has not rested while it had this much of the processor's time spins; and so does one that has not for so long, whatever it had.
const SPINS_MIN: Duration = Duration::from_millis(300);
const SPINS_MAX: Duration = Duration::from_secs(60);
/// An answer is not awaited longer from a program all of whose threads have slept for so much of the patience.
pub(super) const ASLEEP_SHARE: f32 = 0.4;
/// One that hears a message without a newline may wait that long for the rest of it, asleep with a timer, before it takes it for whole; ours does.
pub(super) const WAITS_FOR_REST_MAX: Duration = Duration::from_millis(150);
/// One that sleeps while something waits for it to be read may look at its sockets every second.
const UNREAD_MAX: Duration = Duration::from_millis(1500);
/// How often the kernel is asked what is unread: it looks through the sockets of all networks.
const UNREAD_EVERY: Duration = Duration::from_millis(20);
/// Where the program cannot be seen, it has dealt with what it was sent when it is quiet for so long.
const QUIET: Duration = Duration::from_millis(300);

impl Player<'_> {
    pub(super) fn rest(&mut self) -> Played {
        if !self.sees_programs() || !self.rests {
            return Ok(());
        }
        let (begun, had) = (Instant::now(), processor_time());
        let fault = |got: String| Err(Fault::new("the program waits for what comes next", got));
        loop {
            let rests = self.settle();
            // One whose words nobody takes any more sleeps, too.
            if self.peers.iter().any(|(_, peer)| peer.is_flooded()) {
                return fault("it sends the same without end, to somebody who has said nothing more".to_owned());
            }
            if rests {
                return Ok(());
            }
            if begun.elapsed() > self.patience && has_spun(begun, had) {
                return fault(format!("it runs without a pause for {} s: it spins", begun.elapsed().as_secs()));
            }
        }
    }

    /// Waits until the programs have dealt with all they were told: until all their threads sleep, or they are quiet. Whether it has come to that.
    pub(super) fn settle(&mut self) -> bool {
        let begun = Instant::now();
        let mut had = None;
        let mut rest = Rest::new();
        let mut quiet_since = begun;
        let mut unread = Unread::default();
        loop {
            if self.listen() {
                quiet_since = Instant::now();
            }
            let sees = self.sees_programs();
            let asleep = rest.look().filter(|_| sees);
            let rests = if sees {
                asleep.is_some_and(|asleep| !self.unanswered || asleep > WAITS_FOR_REST_MAX)
            } else {
                quiet_since.elapsed() > QUIET
            };
            if rests && self.terminals_are_read() && self.is_read(&mut unread) {
                self.listen();
                self.unanswered = false;
                return true;
            }
            let waited = begun.elapsed();
            // Most come to rest at once, and need not be asked for their time.
            if waited > QUIET {
                let had = *had.get_or_insert_with(processor_time);
                let has_time = || !sees || rest.has_slept() || has_spun(begun, had);
                let is_restless = || !self.rests && processor_time().saturating_sub(had) > RESTLESS_MIN;
                if waited > REST_MAX && has_time() || waited > RESTLESS_MAX && is_restless() {
                    return false;
                }
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether the programs have read what we said to them: one that looks at its sockets only now and then sleeps in between. What they leave unread for
    /// long is left unread, and not waited for again.
    fn is_read(&mut self, unread: &mut Unread) -> bool {
        if !self.stage.alone {
            return true;
        }
        if unread.looked.is_some_and(|looked| looked.elapsed() < UNREAD_EVERY) {
            return false;
        }
        unread.looked = Some(Instant::now());
        // Where the kernel does not say it, nothing is known to be unread.
        let mut waiting = lan::sockets::unread().unwrap_or_default();
        if waiting.is_empty() {
            return true;
        }
        let own = processes::own_sockets();
        waiting.retain(|inode| !own.contains(inode) && !self.left_unread.contains(inode));
        if waiting.is_empty() {
            return true;
        }
        let is_left = unread.since.get_or_insert_with(Instant::now).elapsed() > UNREAD_MAX;
        if is_left {
            self.left_unread.extend(waiting);
        }
        is_left
    }

    /// Waits until something is there; no longer than a program may take that whoever is waited for comes from.
    pub(super) fn wait(&mut self, who: Who, is_there: impl FnMut(&mut Self) -> bool) -> bool {
        self.wait_at_most(self.patience, who, is_there)
    }

    /// The same, where a program that does not sleep may take this long.
    pub(super) fn wait_at_most(&mut self, most: Duration, who: Who, is_there: impl FnMut(&mut Self) -> bool) -> bool {
        self.wait_for(most, self.patience.mul_f32(ASLEEP_SHARE), who, is_there)
    }

    /// The same, where one that sleeps may take no longer than this.
    pub(super) fn wait_for(
        &mut self,
        most: Duration,
        asleep_max: Duration,
        who: Who,
        mut is_there: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let (begun, had, most) = (Instant::now(), processor_time(), most.max(self.sleeps));
        let asleep_max = asleep_max.max(self.sleeps);
        let mut rest = Rest::new();
        loop {
            let asleep = rest.look().filter(|_| self.sees_programs());
            // In this order: what it said before it ended counts.
            let is_over = self.has_ended(who);
            self.listen();
            if is_there(self) {
                return true;
            }
            // On a busy computer one that has to do little may take long for it, and is awake all the while.
            let is_late = begun.elapsed() > most && (asleep.is_some() || !self.sees_programs() || has_spun(begun, had));
            if is_over || is_late || asleep.is_some_and(|long| long > asleep_max) {
                return false;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether the program has ended from which this one hears, or that is at this one's terminal; all that it showed is read then.
    pub(super) fn has_ended(&mut self, who: Who) -> bool {
        let program = match self.clients.iter_mut().find(|(name, _)| *name == who) {
            Some((_, client)) => Some(client),
            None => self.stage.server.as_mut(),
        };
        let Some(program) = program else { return false };
        let has_ended = program.ended().is_some();
        if has_ended {
            program.hear_out();
        }
        has_ended
    }
}

/// Since when something was seen that a program does not read, and when that was last looked for.
#[derive(Debug, Default)]
struct Unread {
    since: Option<Instant>,
    looked: Option<Instant>,
}

/// Whether programs that were awake since then, when they had had so much of the processor's time, were busy and not only kept waiting for it.
fn has_spun(begun: Instant, had: Duration) -> bool {
    processor_time().saturating_sub(had) > SPINS_MIN || begun.elapsed() > SPINS_MAX
}
