//! A crowd: the members of one room, all on one thread, which take what they are sent and count its bytes.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::{Errno, write};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, connect, recv, socket_with, sockopt};

use super::dialect::Dialect;

/// How long a server may say nothing at all while something is still to come.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// More than any socket holds, so that one read takes all there is.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Few at a time, so that whoever paces the load looks at the clock in between.
const EVENTS_MAX: usize = 64;
/// Members that share an address; far fewer than it has ports.
const MEMBERS_PER_ADDRESS: usize = 4000;

/// Who is to come, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invitation {
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Dialect,
    /// The number of the first, so that two crowds in one room have different names.
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) pace: Pace,
    /// The size of each member's receive buffer, if not the system's own.
    pub(crate) receive_bytes: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many who are not in yet, at most.
    UnderWay(usize),
    /// So many begin each second, whether or not others are in.
    PerSecond(usize),
}

/// The members, those in the room and those still on their way.
pub(crate) struct Crowd {
    pub(crate) invitation: Invitation,
    epoll: OwnedFd,
    members: Vec<Member>,
    events: Vec<epoll::Event>,
    buffer: Box<[u8]>,
    /// Bytes that all have got.
    total: u64,
}

struct Member {
    socket: OwnedFd,
    received: u64,
}

impl Crowd {
    /// A crowd of nobody yet.
    pub(crate) fn new(invitation: Invitation) -> Result<Self> {
        Ok(Self {
            invitation,
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            members: Vec::with_capacity(invitation.count),
            events: Vec::with_capacity(EVENTS_MAX),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            total: 0,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Begins to connect one more; it is connected when it can be written to.
    pub(crate) fn connect_one(&mut self) -> Result<()> {
        let index = self.members.len();
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        let last_byte = 2 + (self.invitation.first + index) / MEMBERS_PER_ADDRESS;
        let from = Ipv4Addr::new(127, 0, 0, u8::try_from(last_byte).context("too many members")?);
        sockopt::set_tcp_nodelay(&socket, true)?;
        // Closing is a reset, which leaves no port waiting.
        sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        if let Some(bytes) = self.invitation.receive_bytes {
            sockopt::set_socket_recv_buffer_size(&socket, bytes)?;
        }
        bind(&socket, &SocketAddr::from((from, 0))).context("no port is free")?;
        match connect(&socket, &self.invitation.address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => bail!("connecting member {index}: {error}"),
        }
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(&self.epoll, &socket, EventData::new_u64(index as u64), interest)?;
        self.members.push(Member { socket, received: 0 });
        Ok(())
    }

    /// Says whether a member is connected; an error if it cannot be.
    pub(crate) fn is_connected(&self, index: usize) -> Result<bool> {
        let socket = &self.members[index].socket;
        sockopt::socket_error(socket)?.with_context(|| format!("connecting member {index}"))?;
        match rustix::net::getpeername(socket) {
            Ok(_) => Ok(true),
            Err(Errno::NOTCONN) => Ok(false),
            Err(error) => bail!("connecting member {index}: {error}"),
        }
    }

    /// Waits until something happens; the members to whom, by [`Self::whom`].
    pub(crate) fn wait(&mut self, longest: Duration) -> Result<usize> {
        self.events.clear();
        let timeout = Timespec::try_from(longest)?;
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(self.events.len()),
            Err(error) => bail!("epoll_wait: {error}"),
        }
    }

    pub(crate) fn whom(&self, event: usize) -> usize {
        self.events[event].data.u64() as usize
    }

    /// Takes what a member was sent without looking at it: the kernel does not even copy it.
    pub(crate) fn discard(&mut self, index: usize) -> Result<usize> {
        self.receive(index, RecvFlags::TRUNC)
    }

    /// Takes what a member was sent.
    pub(crate) fn hear(&mut self, index: usize) -> Result<&[u8]> {
        let size = self.receive(index, RecvFlags::empty())?;
        Ok(&self.buffer[..size])
    }

    fn receive(&mut self, index: usize, flags: RecvFlags) -> Result<usize> {
        let member = &mut self.members[index];
        let size = match recv(&member.socket, &mut *self.buffer, flags) {
            Ok((0, _)) => bail!("the server closed the connection of member {index}"),
            Ok((size, _)) => size,
            Err(Errno::AGAIN) => 0,
            Err(error) => bail!("member {index}: {error}"),
        };
        member.received += size as u64;
        self.total += size as u64;
        Ok(size)
    }

    /// Writes for a member; says how much was taken.
    pub(crate) fn write(&self, index: usize, bytes: &[u8]) -> Result<usize> {
        match write(&self.members[index].socket, bytes) {
            Ok(size) => Ok(size),
            Err(Errno::AGAIN) => Ok(0),
            Err(error) => bail!("member {index} cannot write: {error}"),
        }
    }

    pub(crate) fn write_all(&self, index: usize, bytes: &[u8]) -> Result<()> {
        let size = self.write(index, bytes)?;
        ensure!(size == bytes.len(), "only {size} of {} bytes of member {index} were taken", bytes.len());
        Ok(())
    }

    /// Bytes that wait to be taken by a member.
    pub(crate) fn unread(&self, index: usize) -> Result<u64> {
        Ok(rustix::io::ioctl_fionread(&self.members[index].socket)?)
    }

    /// Bytes all have taken since [`Self::forget`].
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes a member has taken since [`Self::forget`].
    pub(crate) fn received(&self, index: usize) -> u64 {
        self.members[index].received
    }

    /// What was heard so far does not count.
    pub(crate) fn forget(&mut self) {
        self.total = 0;
        self.members.iter_mut().for_each(|member| member.received = 0);
    }

    /// Takes all that comes until nothing has for `quiet`, but not for ever.
    pub(crate) fn settle(&mut self, quiet: Duration) -> Result<()> {
        const SETTLE_MAX: Duration = Duration::from_secs(60);
        let mut heard_at = Instant::now();
        let deadline = heard_at + SETTLE_MAX;
        while heard_at.elapsed() < quiet {
            ensure!(Instant::now() < deadline, "the server never falls silent");
            let count = self.wait(quiet.saturating_sub(heard_at.elapsed()))?;
            for event in 0..count {
                let index = self.whom(event);
                if self.discard(index)? > 0 {
                    heard_at = Instant::now();
                }
            }
        }
        Ok(())
    }
}
