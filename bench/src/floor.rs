//! The floors: servers that do nothing but move the bytes, with the fewest system calls that doing so takes.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

/// Larger than any burst of the load, so that one read takes all there is.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;
/// Events taken with one system call.
pub(crate) const EVENTS_MAX: usize = 1024;

/// What the socket that takes newcomers is watched as; connections are watched by their number.
pub(crate) const LISTENER: u64 = u64::MAX;

/// Each edge is told once, so that a socket that was read empty is not looked at again.
pub(crate) const READABLE_EDGE: EventFlags = EventFlags::IN.union(EventFlags::ET);

/// In the form in which our own server tells what it is bound to.
pub(crate) fn announce(transport: &str, address: SocketAddr) -> Result<()> {
    println!("floor {transport} {address}\nready");
    Ok(io::stdout().flush()?)
}

/// Waits without a timeout; an interrupted wait is an empty one.
pub(crate) fn wait(epoll: &OwnedFd, events: &mut Vec<epoll::Event>) -> Result<()> {
    events.clear();
    match epoll::wait(epoll, rustix::buffer::spare_capacity(events), None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => bail!("epoll_wait: {error}"),
    }
}

/// Echoes over TCP: a read and a write for what has arrived, and one wait for all connections.
pub(crate) struct Tcp {
    listener: TcpListener,
    epoll: OwnedFd,
    /// By the number under which it is watched; closed ones leave a hole, since a floor does not live long.
    streams: Vec<Option<TcpStream>>,
}

impl Tcp {
    pub(crate) fn bind() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
        Ok(Self { listener, epoll, streams: Vec::new() })
    }

    pub(crate) fn serve(mut self) -> Result<Infallible> {
        announce("tcp", self.listener.local_addr()?)?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            wait(&self.epoll, &mut events)?;
            for event in &events {
                match event.data.u64() {
                    LISTENER => accept_all(&self.listener, &self.epoll, &mut self.streams)?,
                    index => self.echo(index as usize, &mut buffer),
                }
            }
        }
    }

    /// Answers what one read takes; whatever is not an echo ends the connection, and the load will complain.
    fn echo(&mut self, index: usize, buffer: &mut [u8]) {
        let Some(stream) = &mut self.streams[index] else { return };
        let echoed = match stream.read(buffer) {
            Ok(0) => false,
            Ok(size) => stream.write(&buffer[..size]).is_ok_and(|sent| sent == size),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if !echoed {
            self.streams[index] = None;
        }
    }
}

/// Echoes datagrams: takes them until there is none, then waits.
pub(crate) struct Udp {
    socket: UdpSocket,
    epoll: OwnedFd,
}

impl Udp {
    pub(crate) fn bind() -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &socket, EventData::new_u64(LISTENER), READABLE_EDGE)?;
        Ok(Self { socket, epoll })
    }

    pub(crate) fn serve(self) -> Result<Infallible> {
        announce("udp", self.socket.local_addr()?)?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            wait(&self.epoll, &mut events)?;
            loop {
                match self.socket.recv_from(&mut buffer) {
                    // An answer that cannot be sent is lost, as UDP may.
                    Ok((size, from)) => drop(self.socket.send_to(&buffer[..size], from)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => bail!("recvfrom: {error}"),
                }
            }
        }
    }
}

/// Takes all newcomers, and watches each under its number.
pub(crate) fn accept_all(listener: &TcpListener, epoll: &OwnedFd, streams: &mut Vec<Option<TcpStream>>) -> Result<()> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => bail!("accept: {error}"),
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        epoll::add(epoll, &stream, EventData::new_u64(streams.len() as u64), READABLE_EDGE)?;
        streams.push(Some(stream));
    }
}
