//! What a network does to what is entrusted to it.

use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;

/// A datagram on its way.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub payload: &'a [u8],
}

/// What happens to a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    Deliver(Duration),
    Drop,
    Duplicate(Duration, Duration),
}

/// The one function that decides what happens to a datagram.
pub type Rule = Box<dyn FnMut(&Packet<'_>, &mut Rng) -> Fate>;

/// A network that loses nothing and keeps the order.
pub fn kind() -> Rule {
    Box::new(|_, _| Fate::Pass)
}

/// How often datagrams meet with an accident, of a hundred, and how long they may be under way.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub loss_percent: u8,
    pub repeat_percent: u8,
    pub delay_max: Duration,
}

/// A network that loses, repeats and reorders.
pub fn faulty(faults: Faults) -> Rule {
    let Faults { loss_percent, repeat_percent, delay_max } = faults;
    Box::new(move |_, chance| {
        let mut delay = || delay_max.mul_f64(chance.f64());
        let (first, second) = (delay(), delay());
        match chance.u8(0..100) {
            dice if dice < loss_percent => Fate::Drop,
            dice if dice - loss_percent < repeat_percent => Fate::Duplicate(first, second),
            _ => Fate::Deliver(first),
        }
    })
}

/// How a stream's bytes travel, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Bytes under way or unread before the sender has to wait.
    pub window_bytes: usize,
    pub segment_bytes_max: usize,
    pub read_bytes_max: usize,
    pub delay: Duration,
    /// By how much one segment may take longer than another.
    pub jitter_max: Duration,
    /// Reads of a hundred before which the reader is away for a while.
    pub stall_percent: u8,
    pub stall_max: Duration,
    /// When the connection breaks.
    pub reset_at: Option<Duration>,
}

impl Course {
    /// Any cut, but so quick that what is sent together arrives within a bare peer's quiet time.
    pub fn swift(chance: &mut Rng) -> Self {
        Self {
            window_bytes: pick(chance, [256, 1460, 65_536]),
            segment_bytes_max: pick(chance, [1, 2, 7, 100, 1460, 65_536]),
            read_bytes_max: pick(chance, [1, 3, 64, 4096, 65_536]),
            delay: Duration::from_millis(chance.u64(0..40)),
            jitter_max: Duration::from_millis(chance.u64(0..9)),
            stall_percent: 0,
            stall_max: Duration::ZERO,
            reset_at: None,
        }
    }

    /// Any cut, any delay, and readers who are away for seconds: only a message's own end tells where it ends.
    pub fn rough(chance: &mut Rng) -> Self {
        Self {
            window_bytes: pick(chance, [1, 5, 16, 100, 1460, 65_536]),
            jitter_max: Duration::from_millis(pick(chance, [0, 20, 200, 500])),
            stall_percent: pick(chance, [0, 5, 50]),
            stall_max: Duration::from_millis(pick(chance, [1, 100, 500])),
            ..Self::swift(chance)
        }
    }

    /// The same, broken at some time before `latest`.
    pub fn broken(self, latest: Duration, chance: &mut Rng) -> Self {
        Self { reset_at: Some(latest.mul_f64(chance.f64())), ..self }
    }
}

fn pick<T: Copy, const N: usize>(chance: &mut Rng, choices: [T; N]) -> T {
    choices[chance.usize(0..N)]
}
