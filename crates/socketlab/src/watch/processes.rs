//! The programs behind the sockets of a story, found while they are there.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use lan::owners::{Owners, Resting};
use wire::capture::Packet;
use wire::{Story, Transport};

/// So often is asked for a socket's program: one that is another computer's or another user's is never found.
const ASKED_MAX: u8 = 3;
/// So many sockets are remembered as asked for; then it begins anew.
const SOCKETS_MAX: usize = 16 * 1024;

/// Finds them once for each socket.
#[derive(Default)]
pub(super) struct Processes {
    owners: Owners,
    asked: BTreeMap<(Transport, SocketAddr), u8>,
}

impl Processes {
    /// Tells the story who sends this packet and who receives it, where that is new and known.
    pub(super) fn note(&mut self, packet: &Packet<'_>, story: &mut Story) {
        let Some((transport, from, to)) = wire::dissect::endpoints(packet) else { return };
        for (own, other) in [(from, to), (to, from)] {
            let asked = self.asked.entry((transport, own)).or_default();
            if *asked >= ASKED_MAX {
                continue;
            }
            match self.owners.owner(transport, own, other) {
                Ok(Some(owner)) => {
                    *asked = ASKED_MAX;
                    story.note_process(transport, own, format!("{}, pid {}", owner.name, owner.pid));
                }
                Ok(None) => *asked += 1,
                Err(Resting) => {}
            }
        }
        if self.asked.len() > SOCKETS_MAX {
            self.asked.clear();
        }
    }
}
