//! Whom a service remembers, and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// Something for each of at most so many peers, forgotten when its time is over. Nothing here takes longer than in proportion to
/// the logarithm of their number, whatever they send, but for those who are forgotten.
#[derive(Debug)]
pub(crate) struct Members<T> {
    members: BTreeMap<SocketAddr, Member<T>>,
    /// For each whose time ends at all, when to look: not after its end, but perhaps before, since who is heard again is only noted.
    checks: BTreeSet<(Duration, SocketAddr)>,
    members_max: usize,
}

#[derive(Debug)]
struct Member<T> {
    value: T,
    until: Option<Duration>,
    check_at: Option<Duration>,
}

impl<T> Members<T> {
    pub(crate) fn new(members_max: usize) -> Self {
        Self { members: BTreeMap::new(), checks: BTreeSet::new(), members_max }
    }

    /// Remembers a value until a time, or for ever. Says whether there was room.
    pub(crate) fn insert(&mut self, peer: SocketAddr, value: T, until: Option<Duration>) -> bool {
        self.remove(peer);
        let room = self.members.len() < self.members_max;
        if room {
            self.members.insert(peer, Member { value, until, check_at: until });
            self.checks.extend(until.map(|at| (at, peer)));
        }
        room
    }

    /// What is remembered of a peer, whose time ends now later, if it ends.
    pub(crate) fn prolong(&mut self, peer: SocketAddr, until: Duration) -> Option<&mut T> {
        let member = self.members.get_mut(&peer)?;
        member.until = member.until.max(member.until.and(Some(until)));
        Some(&mut member.value)
    }

    pub(crate) fn get(&self, peer: SocketAddr) -> Option<&T> {
        self.members.get(&peer).map(|member| &member.value)
    }

    pub(crate) fn get_mut(&mut self, peer: SocketAddr) -> Option<&mut T> {
        self.members.get_mut(&peer).map(|member| &mut member.value)
    }

    pub(crate) fn remove(&mut self, peer: SocketAddr) -> Option<T> {
        let Member { value, check_at, .. } = self.members.remove(&peer)?;
        if let Some(at) = check_at {
            self.checks.remove(&(at, peer));
        }
        Some(value)
    }

    /// Forgets those whose time is over, the first first, and tells of each.
    pub(crate) fn expire(&mut self, now: Duration, mut each: impl FnMut(SocketAddr, T)) {
        while let Some(&(at, peer)) = self.checks.first().filter(|(at, _)| *at <= now) {
            self.checks.remove(&(at, peer));
            let Some(member) = self.members.get_mut(&peer) else { continue };
            member.check_at = member.until.filter(|&until| until > now);
            match member.check_at {
                Some(until) => _ = self.checks.insert((until, peer)),
                None => self.members.remove(&peer).into_iter().for_each(|member| each(peer, member.value)),
            }
        }
    }

    /// Forgets all and tells of each.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (SocketAddr, T)> + use<T> {
        self.checks.clear();
        std::mem::take(&mut self.members).into_iter().map(|(peer, member)| (peer, member.value))
    }

    /// When [`Members::expire`] is due, if ever.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.checks.first().map(|&(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn expired(members: &mut Members<u8>, now: Duration) -> Vec<(u16, u8)> {
        let mut told = Vec::new();
        members.expire(now, |peer, value| told.push((peer.port(), value)));
        told
    }

    #[test]
    fn each_is_forgotten_at_its_own_time() {
        let mut members = Members::new(3);
        assert!(members.insert(peer(1), 10, Some(5 * SECOND)));
        assert!(members.insert(peer(2), 20, Some(3 * SECOND)));
        assert!(members.insert(peer(3), 30, None));
        assert!(!members.insert(peer(4), 40, None), "there is a bound");
        assert_eq!(members.prolong(peer(2), 7 * SECOND), Some(&mut 20));
        assert_eq!(members.prolong(peer(3), 7 * SECOND), Some(&mut 30));
        assert_eq!(members.prolong(peer(4), 7 * SECOND), None);
        assert_eq!(members.deadline(), Some(3 * SECOND));
        assert_eq!(expired(&mut members, 3 * SECOND), []);
        assert_eq!(members.deadline(), Some(5 * SECOND));
        assert_eq!(expired(&mut members, 7 * SECOND), [(1, 10), (2, 20)]);
        assert_eq!(members.deadline(), None);
        assert_eq!(members.drain().collect::<Vec<_>>(), [(peer(3), 30)]);
    }

    #[test]
    fn who_is_removed_leaves_nothing_to_look_at() {
        let mut members = Members::new(1);
        assert!(members.insert(peer(1), 10, Some(SECOND)));
        assert_eq!(members.remove(peer(1)), Some(10));
        assert_eq!(members.deadline(), None);
        assert!(members.insert(peer(2), 20, Some(SECOND)));
        assert!(members.insert(peer(2), 21, Some(2 * SECOND)), "a newer value takes the place of the older");
        assert_eq!(expired(&mut members, SECOND), []);
        assert_eq!(expired(&mut members, 2 * SECOND), [(2, 21)]);
    }
}
