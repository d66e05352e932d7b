//! Frames from an interface, by a packet socket (packet(7)) and a ring that the kernel fills: no copy, no call a frame.

mod block;
mod filter;
mod ring;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Socket, Type};
use wire::LinkType;

pub use block::Frame;
pub use filter::Filter;
use ring::{Ring, Room};

/// The name of the interface on which a computer talks to itself.
pub const LOOPBACK: &str = "lo";

/// 32 MiB: a second of 200,000 small packets each second. What is shown is shown at once.
const LARGE: Room = Room { blocks: 256, retire: 2 };
/// 4 MiB, for a third of a second in which nobody has the time to take what comes slowly.
const SMALL: Room = Room { blocks: 32, retire: 10 };

/// How long [`Capture::stop`] and [`Capture::catch_up`] wait at most for the last block: the kernel hands it over within milliseconds.
const STOP_MAX: Duration = Duration::from_secs(2);
/// It looks again so often at the latest.
const STOP_LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// Why nothing can be captured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process has no `CAP_NET_RAW`.
    #[error("this process may not capture")]
    Forbidden,
    #[error("there is no interface `{0}`")]
    NoInterface(String),
    #[error("the interface `{0}` is down")]
    Down(String),
    #[error("capturing on `{interface}`: {error}")]
    System { interface: String, error: io::Error },
}

/// What was captured so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames handed over.
    pub taken: u64,
    /// Frames that passed the filter, but for which the ring had no room.
    pub dropped: u64,
}

/// An interface that is listened to. Close it by dropping; [`Capture::stop`] first loses nothing.
#[derive(Debug)]
pub struct Capture {
    // Before the socket: the memory is given back first.
    ring: Ring,
    socket: Socket,
    link: LinkType,
    passed: u64,
    counts: Counts,
    scratch: Vec<u8>,
}

impl Capture {
    /// Opens an interface. What passes the filter from now on is captured; nothing of before, and nothing else.
    pub fn open(interface: &str, filter: &Filter) -> Result<Self, Error> {
        Self::open_with(interface, filter, LARGE)
    }

    /// The same, where few packets come, with less memory and time to begin; what comes is shown a hundredth of a second later.
    pub fn open_small(interface: &str, filter: &Filter) -> Result<Self, Error> {
        Self::open_with(interface, filter, SMALL)
    }

    fn open_with(interface: &str, filter: &Filter, room: Room) -> Result<Self, Error> {
        let system = |error: io::Error| Error::System { interface: interface.to_owned(), error };
        // With no protocol it receives nothing until it is bound.
        let socket = Socket::new(Domain::PACKET, Type::RAW, None).map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Error::Forbidden,
            _ => system(error),
        })?;
        let index = rustix::net::netdevice::name_to_index(&socket, interface)
            .map_err(|_error| Error::NoInterface(interface.to_owned()))?;
        let ring = Ring::new(&socket, room).map_err(system)?;
        socket.attach_filter(&filter.program()).map_err(system)?;
        if interface == LOOPBACK {
            ring::ignore_outgoing(&socket).map_err(system)?;
        }
        let hardware = ring::bind(&socket, index).map_err(|error| match error.raw_os_error() {
            Some(libc::ENETDOWN) => Error::Down(interface.to_owned()),
            _ => system(error),
        })?;
        let link = match hardware {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => LinkType::ETHERNET,
            _ => LinkType::RAW,
        };
        Ok(Self { ring, socket, link, passed: 0, counts: Counts::default(), scratch: Vec::new() })
    }

    /// How its frames begin: with an Ethernet header, on loopback too, where the addresses in it are zeros; or with the IP header.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// Shows every frame that has come, and does not wait for more. At most once around the ring, so that it ends.
    pub fn take(&mut self, show: &mut impl FnMut(Frame<'_>)) {
        let Self { ring, link, counts, scratch, .. } = self;
        for _ in 0..ring.blocks() {
            let taken = ring.take(|bytes| counts.taken += block::show(bytes, *link, scratch, show));
            if !taken {
                return;
            }
        }
    }

    /// What was captured, and what was dropped.
    pub fn counts(&mut self) -> io::Result<Counts> {
        let counted = ring::counted(&self.socket)?;
        self.passed += counted.passed;
        self.counts.dropped += counted.dropped;
        Ok(self.counts)
    }

    /// Lets nothing more in, and shows all that came before, also what the kernel has not handed over yet.
    pub fn stop(&mut self, show: &mut impl FnMut(Frame<'_>)) -> io::Result<Counts> {
        self.socket.attach_filter(&filter::closed())?;
        self.catch_up(show)
    }

    /// Shows all that came until now, also what the kernel has not handed over yet.
    pub fn catch_up(&mut self, show: &mut impl FnMut(Frame<'_>)) -> io::Result<Counts> {
        let mut counts = self.counts()?;
        let wanted = self.passed;
        let end = Instant::now() + STOP_MAX;
        loop {
            self.take(show);
            if self.counts.taken + counts.dropped >= wanted || Instant::now() > end {
                return self.counts();
            }
            let mut socket = [PollFd::new(&self.socket, PollFlags::IN)];
            // Whether it was woken or only waited, it looks again.
            let _ = poll(&mut socket, Some(&STOP_LOOK));
            counts = self.counts()?;
        }
    }
}

impl AsFd for Capture {
    /// Readable when there are frames to take.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
