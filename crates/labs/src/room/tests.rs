//! A hall and its shard, whose streams take what the test lets them.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::{Closing, Delivered, Hall, RoomId, Shard, Taken};
use crate::framing::Ending;
use crate::{Outbox, Peer};

const ROOM: RoomId = RoomId(0);
const TOO_SLOW: &str = "Server: you read too slowly and missed what was said; closing the connection\n";

/// What a stream has taken, and what it takes yet.
#[derive(Clone, Debug, Default)]
struct Stream(Rc<RefCell<(String, usize)>>);

impl Stream {
    fn takes(&self, bytes: usize) {
        self.0.borrow_mut().1 = bytes;
    }

    fn taken(&self) -> String {
        self.0.borrow().0.clone()
    }
}

struct Pair {
    hall: Hall<Stream, ()>,
    shard: Shard<Stream>,
    slots: Vec<u32>,
}

fn peer(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

impl Pair {
    fn new(window_bytes_max: usize) -> Self {
        Self { hall: Hall::new(1), shard: Shard::new(window_bytes_max, TOO_SLOW), slots: Vec::new() }
    }

    /// A member of the room.
    fn enter(&mut self, port: u16, takes: usize) -> Stream {
        let stream = Stream::default();
        stream.takes(takes);
        self.hall.seat(peer(port), stream.clone(), ());
        self.apply(|out| out.admit(peer(port), ROOM));
        stream
    }

    fn apply(&mut self, what: impl FnOnce(&mut Outbox)) {
        let mut out = Outbox::default();
        out.begin(Ending::Lf, None);
        what(&mut out);
        self.hall.apply(&out);
    }

    fn say(&mut self, text: &str) {
        self.apply(|out| out.publish(ROOM, None, format_args!("{text}")));
    }

    fn take(&mut self) {
        let mut notices = Vec::new();
        self.hall.fetch(0, &mut notices);
        self.shard.take(&mut notices);
    }

    /// One walk; notes who stalled.
    fn walk(&mut self) {
        self.take();
        while let Some(slot) = self.shard.next_due() {
            let write = |stream: &Stream, pieces: &[io::IoSlice<'_>]| {
                let (taken, takes) = &mut *stream.0.borrow_mut();
                let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).take(*takes).collect();
                *takes -= bytes.len();
                taken.push_str(std::str::from_utf8(&bytes).unwrap());
                if bytes.is_empty() {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    Ok(Taken::of(pieces, bytes.len()))
                }
            };
            if self.shard.deliver(slot, write) == Delivered::Stalled {
                self.slots.push(slot);
            }
        }
    }

    fn lost(&mut self) -> Vec<SocketAddr> {
        self.shard.take_lost().iter().map(|guest| guest.peer).collect()
    }

    fn dismiss(&mut self, port: u16) -> Closing<Stream> {
        self.hall.dismiss(peer(port));
        self.take();
        self.shard.take_closings().remove(0)
    }
}

#[test]
fn one_that_can_be_written_to_again_has_not_caught_up_yet() {
    let mut pair = Pair::new(10);
    let slow = pair.enter(1, 3);
    pair.say("12345678");
    pair.walk();
    assert_eq!(slow.taken(), "123");
    slow.takes(1000);
    pair.shard.resume(pair.slots[0]);
    // More comes before the walker gets to it.
    pair.say("abcdefghijklmnop");
    pair.walk();
    assert_eq!(pair.lost(), [peer(1)]);
    assert_eq!(slow.taken(), "123", "what is missing must not be passed over");
    let told = pair.dismiss(1).rest;
    let told = told.pieces().collect::<Vec<_>>().concat();
    assert_eq!(String::from_utf8(told).unwrap(), format!("\n{TOO_SLOW}"));
}

#[test]
fn a_long_history_is_not_held_against_a_newcomer() {
    const LINES: usize = 10_000;
    let mut pair = Pair::new(1000);
    let newcomer = pair.enter(1, usize::MAX);
    let line = "Server: earlier, 10.00 Batman: it was a dark night";
    pair.apply(|out| (0..LINES).for_each(|_| out.send(Peer::Remote(peer(1)), line.as_bytes())));
    pair.walk();
    assert_eq!(pair.lost(), []);
    assert_eq!(newcomer.taken().lines().count(), LINES);
}

#[test]
fn who_asks_and_reads_no_answers_is_lost() {
    let mut pair = Pair::new(1000);
    pair.enter(1, 0);
    for _ in 0..6 {
        pair.apply(|out| out.send(Peer::Remote(peer(1)), &[b'x'; 100_000]));
        pair.walk();
    }
    assert_eq!(pair.lost(), [peer(1)]);
}

#[test]
fn what_ends_an_earlier_connection_does_not_end_a_later_one() {
    let mut pair = Pair::new(1000);
    let earlier = pair.hall.seat(peer(1), Stream::default(), ());
    let later = pair.hall.seat(peer(1), Stream::default(), ());
    assert!(!pair.hall.holds(earlier) && pair.hall.holds(later));
    assert_eq!((pair.hall.find(peer(1)), pair.hall.count()), (Some(later), 1));
    pair.take();
    assert_eq!(pair.shard.take_closings().len(), 1, "only the earlier one's stream is closed");
}

#[test]
fn those_who_are_behind_and_leave_share_what_they_are_owed() {
    let mut pair = Pair::new(1 << 20);
    (1..=100).for_each(|port| drop(pair.enter(port, 0)));
    (0..1000).for_each(|_| pair.say(&"x".repeat(99)));
    pair.walk();
    (1..=50).for_each(|port| pair.hall.dismiss(peer(port)));
    (51..=100).for_each(|port| pair.apply(|out| out.admit(peer(port), RoomId(1))));
    pair.walk();
    let rests: Vec<_> = pair.shard.take_closings().into_iter().map(|closing| closing.rest).collect();
    assert_eq!(rests.len(), 50);
    assert_eq!(pair.lost(), [], "what is carried to another room is no private matter");
    for rest in &rests {
        assert_eq!(rest.pieces().map(<[u8]>::len).sum::<usize>(), 100_000);
        let same = rest.pieces().zip(rests[0].pieces()).all(|(own, first)| std::ptr::eq(own, first));
        assert!(same, "nothing is copied for one of them alone");
    }
}
