//! Counts connections, for all and for each address, and lets no more in than the limits say.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// A service's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub members: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// A client silent for so long is told, then closed.
    pub idle_timeout: Duration,
    /// The largest message, in bytes.
    pub message_bytes: usize,
}

/// How long a newcomer at a full gate waits for somebody to leave before it is told no: one whose leaving has arrived
/// but is not yet handled must not count. In turns, after each of which whoever is leaving had a chance: on a busy computer one long wait is over
/// before anybody else has moved.
const GRACE_TURNS: u32 = 10;
const TURN: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Gate {
    members_max: usize,
    per_address_max: usize,
    inside: Mutex<Inside>,
    released: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    members: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place inside; given back when dropped, whatever ended the connection.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    address: IpAddr,
}

/// Why nobody more is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Members(usize),
    Address(usize),
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            members_max: limits.members,
            per_address_max: limits.connections_per_address,
            inside: Mutex::default(),
            released: Notify::new(),
        })
    }

    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        let mut inside = self.inside();
        if inside.members >= self.members_max {
            return Err(Full::Members(self.members_max));
        }
        let from_address = inside.by_address.entry(address).or_default();
        if *from_address >= self.per_address_max {
            return Err(Full::Address(self.per_address_max));
        }
        *from_address += 1;
        inside.members += 1;
        Ok(Permit { gate: Arc::clone(self), address })
    }

    /// Admits as soon as there is a place, or says why there was none in [`GRACE_TURNS`].
    pub(crate) async fn admit_in_time(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        let mut refusal = Full::Members(self.members_max);
        for _ in 0..GRACE_TURNS {
            let admitted = tokio::time::timeout(TURN, async {
                loop {
                    let released = self.released.notified();
                    match self.admit(address) {
                        Ok(permit) => return permit,
                        Err(full) => refusal = full,
                    }
                    released.await;
                }
            });
            if let Ok(permit) = admitted.await {
                return Ok(permit);
            }
        }
        Err(refusal)
    }

    /// Waits until somebody leaves.
    pub(crate) async fn released(&self) {
        self.released.notified().await;
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut inside = self.gate.inside();
        inside.members -= 1;
        if let Some(from_address) = inside.by_address.get_mut(&self.address) {
            *from_address -= 1;
            if *from_address == 0 {
                inside.by_address.remove(&self.address);
            }
        }
        drop(inside);
        self.gate.released.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn gate(members: usize, connections_per_address: usize) -> Arc<Gate> {
        let (idle_timeout, message_bytes) = (Duration::from_secs(1), 100);
        Gate::new(&Limits { members, connections_per_address, idle_timeout, message_bytes })
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    #[test]
    fn both_limits_are_exact_and_places_come_back() {
        let gate = gate(3, 2);
        let first = gate.admit(address(1)).unwrap();
        let _second = gate.admit(address(1)).unwrap();
        assert_eq!(gate.admit(address(1)).unwrap_err(), Full::Address(2));
        let _third = gate.admit(address(2)).unwrap();
        assert_eq!(gate.admit(address(3)).unwrap_err(), Full::Members(3));
        drop(first);
        assert!(gate.admit(address(1)).is_ok());
        assert_eq!(gate.inside().members, 2);
    }

    #[test]
    fn no_address_is_kept_longer_than_its_connections() {
        let gate = gate(1, 1);
        for last in 0..=255 {
            drop(gate.admit(address(last)).unwrap());
        }
        assert!(gate.inside().by_address.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_gets_the_place_of_one_who_is_leaving() {
        let gate = gate(1, 1);
        let leaving = gate.admit(address(1)).unwrap();
        let newcomer = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.admit_in_time(address(2)).await }
        });
        tokio::task::yield_now().await;
        drop(leaving);
        let staying = newcomer.await.unwrap().unwrap();
        assert_eq!(gate.admit_in_time(address(3)).await.unwrap_err(), Full::Members(1));
        drop(staying);
    }
}
