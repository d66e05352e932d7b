//! Whom a service remembers, and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// Something for each of at most so many peers, forgotten when its time is over. Nothing here takes longer than in proportion to
/// the logarithm of their number, whatever they send, but for those who are forgotten.
#[derive(Debug)]
pub(crate) struct Members<T> {
    /// Where each is found among the places, which lie close together: the trees hold only what they are searched by.
    index: BTreeMap<SocketAddr, u32>,
    places: Vec<Option<Member<T>>>,
    free: Vec<u32>,
    /// For each whose time ends at all, when to look: not after its end, but perhaps before, since who is heard again is only noted.
    checks: BTreeSet<(Duration, u32)>,
    members_max: usize,
}

#[derive(Debug)]
struct Member<T> {
    peer: SocketAddr,
    value: T,
    until: Option<Duration>,
    check_at: Option<Duration>,
}

impl<T> Members<T> {
    pub(crate) fn new(members_max: usize) -> Self {
        let (index, places, free) = (BTreeMap::new(), Vec::new(), Vec::new());
        // A place's number is to fit.
        Self { index, places, free, checks: BTreeSet::new(), members_max: members_max.min(u32::MAX as usize) }
    }

    /// Remembers a value until a time, or for ever. Says whether there was room.
    pub(crate) fn insert(&mut self, peer: SocketAddr, value: T, until: Option<Duration>) -> bool {
        self.remove(peer);
        let room = self.index.len() < self.members_max;
        if room {
            let place = self.free.pop().unwrap_or_else(|| {
                self.places.push(None);
                self.places.len() as u32 - 1
            });
            self.places[place as usize] = Some(Member { peer, value, until, check_at: until });
            self.index.insert(peer, place);
            self.checks.extend(until.map(|at| (at, place)));
        }
        room
    }

    /// What is remembered of a peer, whose time ends now later, if it ends.
    pub(crate) fn prolong(&mut self, peer: SocketAddr, until: Duration) -> Option<&mut T> {
        let member = self.member_mut(peer)?;
        member.until = member.until.max(member.until.and(Some(until)));
        Some(&mut member.value)
    }

    pub(crate) fn get(&self, peer: SocketAddr) -> Option<&T> {
        let place = *self.index.get(&peer)?;
        Some(&self.places[place as usize].as_ref()?.value)
    }

    pub(crate) fn get_mut(&mut self, peer: SocketAddr) -> Option<&mut T> {
        Some(&mut self.member_mut(peer)?.value)
    }

    fn member_mut(&mut self, peer: SocketAddr) -> Option<&mut Member<T>> {
        let place = *self.index.get(&peer)?;
        self.places[place as usize].as_mut()
    }

    pub(crate) fn remove(&mut self, peer: SocketAddr) -> Option<T> {
        let place = self.index.remove(&peer)?;
        let Member { value, check_at, .. } = self.places[place as usize].take()?;
        self.free.push(place);
        if let Some(at) = check_at {
            self.checks.remove(&(at, place));
        }
        Some(value)
    }

    /// Forgets those whose time is over, the first first, and tells of each.
    pub(crate) fn expire(&mut self, now: Duration, mut each: impl FnMut(SocketAddr, T)) {
        while let Some(&(at, place)) = self.checks.first().filter(|(at, _)| *at <= now) {
            self.checks.remove(&(at, place));
            let Some(member) = &mut self.places[place as usize] else { continue };
            let peer = member.peer;
            member.check_at = member.until.filter(|&until| until > now);
            match member.check_at {
                Some(until) => _ = self.checks.insert((until, place)),
                None => self.remove(peer).into_iter().for_each(|value| each(peer, value)),
            }
        }
    }

    /// Forgets all and tells of each, in the order of their addresses.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (SocketAddr, T)> + use<T> {
        self.checks.clear();
        self.free.clear();
        let mut places = std::mem::take(&mut self.places);
        let index = std::mem::take(&mut self.index);
        index.into_iter().filter_map(move |(peer, place)| Some((peer, places[place as usize].take()?.value)))
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
