//! The talk: some members say bursts of messages, each as soon as its last burst was heard.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::crowd::{Crowd, SILENCE_MAX};
use super::dialect::Said;
use super::watcher::Watcher;
use crate::load::Done;
use crate::rounds::Source;

/// Members who read every line, spread over the room, the last one among them.
const WATCHERS: usize = 8;

/// Who says how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) members: usize,
    pub(crate) senders: usize,
    /// Messages that a sender writes one after the other, and has under way at most.
    pub(crate) burst: u64,
    /// A sender goes on when all have its burst, not only the watchers.
    pub(crate) all_have_it: bool,
}

/// Tells how long ago a talk began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// In nanoseconds.
    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A crowd in which the first ones talk.
pub(crate) struct Talk {
    pub(crate) shape: Shape,
    pub(crate) crowd: Crowd,
    /// Messages said, by sender.
    sent: Vec<u64>,
    /// Bytes of one of its messages as a member gets it, by sender; 0 until known.
    sizes: Vec<u64>,
    watchers: Vec<Watcher>,
    /// Which watcher a member is.
    watcher_of: Vec<Option<usize>>,
    /// Watchers that have heard a sender's last burst to its end.
    heard_by: Vec<usize>,
    clock: Clock,
    scratch: Vec<u8>,
}

impl Talk {
    pub(crate) fn new(shape: Shape, crowd: Crowd) -> Self {
        let last = crowd.len() - 1;
        let silent = last - shape.senders;
        let mut members: Vec<usize> = (0..WATCHERS).map(|index| last - index * silent / WATCHERS).collect();
        members.dedup();
        let watchers: Vec<Watcher> = members.iter().map(|&member| Watcher::new(member, shape.senders)).collect();
        let mut watcher_of = vec![None; crowd.len()];
        for (index, watcher) in watchers.iter().enumerate() {
            watcher_of[watcher.member] = Some(index);
        }
        let zeros = vec![0; shape.senders];
        let heard_by = vec![0; shape.senders];
        let (sent, clock) = (zeros.clone(), Clock(Instant::now()));
        Self { shape, crowd, sent, sizes: zeros, watchers, watcher_of, heard_by, clock, scratch: Vec::new() }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The bytes of a sender's next message.
    pub(crate) fn compose(&mut self, sender: usize, due: u64, to: &mut Vec<u8>) {
        self.sent[sender] += 1;
        self.crowd.invitation.dialect.say(Said { sender, number: self.sent[sender], due }, to);
        self.heard_by[sender] = 0;
    }

    /// Says a sender's next messages, each with a write of its own, as members do.
    pub(crate) fn say(&mut self, sender: usize, count: u64) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.scratch);
        let mut written = Ok(());
        for _ in 0..count {
            bytes.clear();
            self.compose(sender, self.now(), &mut bytes);
            written = written.and_then(|()| self.crowd.write_all(sender, &bytes));
        }
        self.scratch = bytes;
        written
    }

    /// Waits for something to come and takes it; says whether anything happened. `said` gets what the watchers hear.
    pub(crate) fn take(&mut self, longest: Duration, mut said: impl FnMut(Said)) -> Result<bool> {
        let events = self.crowd.wait(longest)?;
        for event in 0..events {
            let member = self.crowd.whom(event);
            let Some(index) = self.watcher_of[member] else {
                self.crowd.discard(member)?;
                continue;
            };
            let (watcher, sent, heard_by) = (&mut self.watchers[index], &self.sent, &mut self.heard_by);
            let bytes = self.crowd.hear(member)?;
            watcher.take(bytes, &mut self.sizes, |message| {
                heard_by[message.sender] += usize::from(message.number == sent[message.sender]);
                said(message);
            })?;
        }
        Ok(events > 0)
    }

    /// Takes what comes next; says whether anything does. It asks again rather than sleep, since waking the load is work that
    /// a server would be charged with, more than a delivery is.
    fn take_next(&mut self, mut said: impl FnMut(Said)) -> Result<bool> {
        let began = Instant::now();
        while began.elapsed() < SILENCE_MAX {
            if self.take(Duration::ZERO, &mut said)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether all watchers have heard all that a sender said.
    fn is_heard(&self, sender: usize) -> bool {
        self.heard_by[sender] == self.watchers.len() && (!self.shape.all_have_it || self.is_complete())
    }

    /// Bytes that all members together should have got; nothing while a size is not known yet.
    pub(crate) fn expected(&self) -> Option<u64> {
        let mut sum = 0;
        for (&sent, &size) in self.sent.iter().zip(&self.sizes) {
            if sent > 0 && size == 0 {
                return None;
            }
            sum += sent * size;
        }
        Some(sum * (self.crowd.len() as u64 - 1))
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.expected().is_some_and(|expected| self.crowd.total() >= expected)
    }

    /// Bytes that one member should have got: everything but its own.
    pub(crate) fn expected_by(&self, member: usize) -> u64 {
        let others = self.sent.iter().zip(&self.sizes).enumerate().filter(|(sender, _)| *sender != member);
        others.map(|(_, (sent, size))| sent * size).sum()
    }

    /// Takes what is still under way, and checks that every member got every byte, and the watchers every message.
    pub(crate) fn finish(&mut self, mut said: impl FnMut(Said)) -> Result<()> {
        while !self.is_complete() {
            if !self.take_next(&mut said)? {
                let missing = self.expected().unwrap_or_default().saturating_sub(self.crowd.total());
                bail!("messages are lost: {missing} bytes did not come");
            }
        }
        for member in 0..self.crowd.len() {
            let (expected, received) = (self.expected_by(member), self.crowd.received(member));
            ensure!(expected == received, "member {member} got {received} bytes, not {expected}");
        }
        for watcher in &self.watchers {
            for (sender, &sent) in self.sent.iter().enumerate() {
                let heard = watcher.heard(sender);
                ensure!(heard == sent, "member {} heard {heard} of {sent} messages", watcher.member);
            }
        }
        Ok(())
    }

    /// Messages said so far, times those who get each.
    pub(crate) fn deliveries(&self) -> u64 {
        self.sent.iter().sum::<u64>() * (self.crowd.len() as u64 - 1)
    }
}

impl Source for Talk {
    fn run(&mut self, length: Duration) -> Result<Done> {
        let end = Instant::now() + length;
        let before = self.deliveries();
        for sender in 0..self.shape.senders {
            self.say(sender, self.shape.burst)?;
        }
        while Instant::now() < end {
            ensure!(self.take_next(|_| {})?, "messages are lost: nothing comes any more");
            for sender in 0..self.shape.senders {
                if self.is_heard(sender) {
                    self.say(sender, self.shape.burst)?;
                }
            }
        }
        self.finish(|_| {})?;
        Ok(Done { requests: self.deliveries() - before, resent: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::crowd::{Invitation, Pace};
    use crate::chat::dialect::Dialect;
    use crate::chat::joining::{join, roll_call};
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};

    /// Passes on what the first of its members says, but to the one that `forgets` names only every second read.
    fn server(members: usize, forgets: Option<usize>) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut streams: Vec<_> = (0..members).map(|_| listener.accept().unwrap().0).collect();
            let mut piece = [0; 4096];
            for turn in 0.. {
                let Ok(size @ 1..) = streams[0].read(&mut piece) else { return };
                let forgotten = forgets.filter(|_| turn % 2 == 1);
                let others = streams.iter_mut().enumerate().skip(1).filter(|(index, _)| Some(*index) != forgotten);
                others.for_each(|(_, stream)| drop(stream.write_all(&piece[..size])));
            }
        });
        address
    }

    fn talk(address: SocketAddr, members: usize) -> Talk {
        let (dialect, pace) = (Dialect::Raw, Pace::UnderWay(1));
        let invitation = Invitation { address, dialect, first: 0, count: members, pace, receive_bytes: None };
        let shape = Shape { members, senders: 1, burst: 3, all_have_it: true };
        Talk::new(shape, join(invitation).unwrap().0)
    }

    #[test]
    fn deliveries_are_counted_and_none_is_left_under_way() {
        let mut talk = talk(server(20, None), 20);
        for length in [0, 5] {
            let Done { requests, .. } = talk.run(Duration::from_millis(length)).unwrap();
            assert!(requests >= 3 * 19 && requests.is_multiple_of(3 * 19), "{requests}");
        }
    }

    #[test]
    fn a_member_that_misses_a_message_is_an_error() {
        let mut talk = talk(server(20, Some(2)), 20);
        let error = [(); 2].iter().find_map(|()| talk.run(Duration::ZERO).err()).unwrap();
        assert!(format!("{error:#}").contains("lost"), "{error:#}");
    }

    #[test]
    fn a_roll_call_needs_everybody() {
        let mut talk = talk(server(3, None), 3);
        // Only the first is passed on by this server.
        let error = roll_call(&mut talk.crowd).unwrap_err();
        assert!(format!("{error:#}").contains("nobody heard"), "{error:#}");
    }
}
