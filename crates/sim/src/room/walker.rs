//! One shard's walker, in the steps of the driver's: each of them may be followed by anything that others do.

use std::net::SocketAddr;
use std::time::Duration;

use labs::room::{Delivered, Notice, Shard};

use super::wire::Wire;
use super::{Happening, World};

pub(super) struct Walker {
    shard: Shard<usize>,
    notices: Vec<Notice<usize>>,
    pub(super) is_rung: bool,
    step: Step,
    /// Members whose streams are full, with those streams.
    full: Vec<(u32, usize)>,
    /// Those whose streams take bytes again.
    resumed: Vec<u32>,
    lost: Vec<SocketAddr>,
    pub(super) away_until: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It waits for the bell, or for a stream that takes bytes again.
    Waiting,
    Fetching,
    Delivering,
    Losing,
    Closing,
}

/// The deliveries of a turn, on average.
const TURN: u8 = 8;

impl Walker {
    pub(super) fn new(log_bytes_max: usize) -> Self {
        Self {
            shard: Shard::new(log_bytes_max),
            notices: Vec::new(),
            is_rung: false,
            step: Step::Waiting,
            full: Vec::new(),
            resumed: Vec::new(),
            lost: Vec::new(),
            away_until: Duration::ZERO,
        }
    }

    pub(super) fn is_ready(&self, now: Duration) -> bool {
        self.away_until <= now && (self.step != Step::Waiting || self.is_rung || !self.resumed.is_empty())
    }

    /// Somebody who is waited for and whose stream takes bytes again, or broke.
    pub(super) fn resumable(&self, wires: &[Wire]) -> Option<usize> {
        self.full.iter().position(|&(_, stream)| wires[stream].is_writable())
    }

    pub(super) fn resume(&mut self, index: usize) {
        let (slot, _) = self.full.swap_remove(index);
        self.resumed.push(slot);
    }
}

impl World {
    pub(super) fn turn_walker(&mut self, number: usize) {
        let late = self.late();
        self.walkers[number].away_until = self.uptime + late;
        let step = self.walkers[number].step;
        let next = match step {
            Step::Waiting => {
                self.walkers[number].is_rung = false;
                Step::Fetching
            }
            Step::Fetching => self.fetch(number),
            Step::Delivering => self.deliver(number),
            Step::Losing => match self.walkers[number].lost.pop() {
                Some(peer) => {
                    self.happen(Some(peer), &[Happening::Gone(peer)]);
                    Step::Losing
                }
                None => Step::Closing,
            },
            Step::Closing => {
                for closing in self.walkers[number].shard.take_closings() {
                    let is_hasty = self.chance.u8(0..100) < self.setup.hasty_percent;
                    let patience = if is_hasty { Duration::ZERO } else { self.setup.linger_max };
                    self.wires[closing.stream].see_off(self.uptime, &closing.rest, patience, &mut self.chance);
                }
                Step::Fetching
            }
        };
        self.walkers[number].step = next;
    }

    fn fetch(&mut self, number: usize) -> Step {
        let Walker { shard, resumed, notices, .. } = &mut self.walkers[number];
        resumed.drain(..).for_each(|slot| shard.resume(slot));
        if !shard.is_behind() || !shard.has_due() {
            self.core.hall.fetch(number, notices);
            if notices.is_empty() && !shard.has_due() {
                return Step::Waiting;
            }
            shard.take(notices);
        }
        Step::Delivering
    }

    fn deliver(&mut self, number: usize) -> Step {
        let Walker { shard, full, .. } = &mut self.walkers[number];
        let Some(slot) = shard.next_due() else {
            self.note_lost(number);
            return Step::Losing;
        };
        let (wires, chance, now) = (&mut self.wires, &mut self.chance, self.uptime);
        let delivered = shard.deliver(slot, |&stream, pieces| wires[stream].write(now, pieces, chance));
        if delivered == Delivered::Stalled
            && let Some(&stream) = shard.stream(slot)
        {
            full.push((slot, stream));
        }
        // Its turn is over, perhaps.
        if chance.u8(0..TURN) > 0 {
            return Step::Delivering;
        }
        self.note_lost(number);
        Step::Losing
    }

    /// Whoever is lost has either a broken connection, or is behind by more than the log holds.
    fn note_lost(&mut self, number: usize) {
        let lost: Vec<_> = self.walkers[number].shard.take_lost().iter().map(|guest| guest.peer).collect();
        for &peer in &lost {
            let Some(wire) = self.wires.iter_mut().find(|wire| wire.peer == peer) else { continue };
            if wire.is_broken || wire.is_shut {
                continue;
            }
            wire.is_slow = true;
            let behind = self.model.said_bytes(peer) - wire.taken_bytes;
            let allowed = self.setup.log_bytes_max;
            assert!(behind > allowed, "{peer} was dropped for being {behind} bytes behind");
        }
        self.walkers[number].lost = lost;
    }
}
