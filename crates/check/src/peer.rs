//! Our end of a connection: what it says, what it has heard, and how the connection ended.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use labs::Transport;
use serde::{Deserialize, Serialize};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::program::Place;

/// More is not listened to: whoever says so much has said too much.
const HEARD_BYTES_MAX: usize = 1 << 20;
/// The pause before a full socket is tried again.
const FULL_PAUSE: Duration = Duration::from_millis(2);
/// That of `discard` (RFC 863): who listens there does not answer.
const NOBODYS_PORT: u16 = 9;

/// How a program ends its messages on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Framing {
    /// Not at all: what one call takes is the message. A datagram is one by nature.
    Bare,
    /// With a newline.
    Lines,
}

impl Framing {
    pub(crate) const BOTH: [Self; 2] = [Self::Bare, Self::Lines];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Lines => "lines",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
}

/// Our end of a connection, whoever opened it; over UDP, a socket that speaks with one address.
#[derive(Debug)]
pub(crate) struct Peer {
    socket: Socket,
    transport: Transport,
    /// Where it sends to, if its socket is connected to somebody else.
    to: Option<SockAddr>,
    /// So much of that was listened to.
    listened: usize,
    /// All that came; datagrams that end otherwise are followed by a newline, so that each keeps an end.
    heard: Vec<u8>,
    /// Where those newlines are.
    ends: Vec<usize>,
    /// From here on it has heard since it last said something.
    mark: usize,
    pub(crate) end: Option<End>,
}

impl Peer {
    /// One end of what somebody else opened, who has said this much already.
    pub(crate) fn accepted(socket: Socket, transport: Transport, said: &[u8]) -> Self {
        let mut peer = Self::new(socket, transport);
        peer.take(said);
        peer
    }

    fn new(socket: Socket, transport: Transport) -> Self {
        Self { socket, transport, to: None, listened: 0, heard: Vec::new(), ends: Vec::new(), mark: 0, end: None }
    }

    /// This end, with all that was heard at an earlier one by which the same program spoke.
    pub(crate) fn after(self, earlier: Self) -> Self {
        let behind = earlier.heard.len();
        let ends = earlier.ends.into_iter().chain(self.ends.into_iter().map(|end| behind + end)).collect();
        let heard = [earlier.heard, self.heard].concat();
        Self { listened: earlier.listened, heard, ends, mark: earlier.mark, ..self }
    }

    /// Connects to the first address that lets it, from this port if one is named.
    pub(crate) fn open(place: &Place, from: Option<u16>, patience: Duration) -> io::Result<Self> {
        let mut refused = ErrorKind::AddrNotAvailable.into();
        for address in &place.addresses {
            match connect(place.transport, *address, from, patience) {
                Ok(socket) => return Ok(Self::new(socket, place.transport)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Says datagrams without hearing what is answered: its socket is connected to nobody, so that the kernel tells who answers that it is not there.
    pub(crate) fn open_deaf(place: &Place) -> io::Result<Self> {
        let to = *place.addresses.first().ok_or(ErrorKind::AddrNotAvailable)?;
        let socket = Socket::new(Domain::for_address(to), Type::DGRAM, None)?;
        // By way of the same network.
        socket.connect(&SocketAddr::new(to.ip(), NOBODYS_PORT).into())?;
        socket.set_nonblocking(true)?;
        Ok(Self { to: Some(to.into()), ..Self::new(socket, Transport::Udp) })
    }

    /// Takes what has arrived, and says from where on it is new since it was last listened to.
    pub(crate) fn listen(&mut self) -> usize {
        let mut page = [0; 65536];
        while self.end.is_none() && self.heard.len() < HEARD_BYTES_MAX {
            match (&self.socket).read(&mut page) {
                Ok(0) if self.transport == Transport::Tcp => self.end = Some(End::Closed),
                Ok(count) => self.take(&page[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.end = Some(End::Reset),
            }
        }
        std::mem::replace(&mut self.listened, self.heard.len())
    }

    /// All that it has heard.
    pub(crate) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// From here on what it has heard is new.
    pub(crate) fn news_start(&self) -> usize {
        self.mark
    }

    pub(crate) fn take(&mut self, said: &[u8]) {
        self.heard.extend_from_slice(said);
        if self.transport == Transport::Udp && !said.is_empty() && said.last() != Some(&b'\n') {
            self.ends.push(self.heard.len());
            self.heard.push(b'\n');
        }
    }

    /// What it has heard from there on as it came: each datagram by itself, a stream as one.
    pub(crate) fn came(&self, from: usize) -> impl Iterator<Item = &[u8]> {
        let ends = self.ends.iter().copied().filter(move |end| *end >= from);
        let starts = std::iter::once(from).chain(ends.clone().map(|end| end + 1));
        let came = starts.zip(ends.chain([self.heard.len()])).map(|(start, end)| &self.heard[start..end]);
        came.filter(|message| !message.is_empty())
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    pub(crate) fn has_heard_newline(&self) -> bool {
        self.transport == Transport::Tcp && self.heard.contains(&b'\n')
    }

    /// Whom it speaks with.
    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.socket.peer_addr().ok()?.as_socket()
    }

    /// What it has heard since it last said something.
    pub(crate) fn news(&self) -> &[u8] {
        &self.heard[self.mark..]
    }

    pub(crate) fn has_heard(&self) -> bool {
        !self.heard.is_empty()
    }

    /// Whether it has heard so much that it listens no more.
    pub(crate) fn is_flooded(&self) -> bool {
        self.heard.len() >= HEARD_BYTES_MAX
    }

    /// Forgets what it has heard.
    pub(crate) fn mark(&mut self) {
        self.mark = self.heard.len();
    }

    /// Sends all of it, as one segment where that is possible.
    pub(crate) fn send(&self, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
        let end = Instant::now() + patience;
        loop {
            let sent = match &self.to {
                Some(to) => self.socket.send_to(bytes, to),
                None => (&self.socket).write(bytes),
            };
            match sent {
                Ok(count) if count == bytes.len() => return Ok(()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < end => {
                    std::thread::sleep(FULL_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes its side; what has no sides is closed.
    pub(crate) fn finish(&self) {
        if self.transport == Transport::Tcp {
            // One that is closed already has no side left to close.
            let _ = self.socket.shutdown(Shutdown::Write);
        }
    }

    /// Closes at once, and what is on its way is lost: RFC 9293, section 3.10.4.
    pub(crate) fn reset(self) {
        if self.transport == Transport::Tcp {
            let _ = self.socket.set_linger(Some(Duration::ZERO));
        }
    }
}

fn connect(transport: Transport, address: SocketAddr, from: Option<u16>, patience: Duration) -> io::Result<Socket> {
    let kind = if transport == Transport::Tcp { Type::STREAM } else { Type::DGRAM };
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    if let Some(port) = from {
        let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        socket.bind(&SocketAddr::new(any, port).into())?;
    }
    socket.connect_timeout(&address.into(), patience)?;
    if transport == Transport::Tcp {
        // Each piece leaves as it is said.
        socket.set_tcp_nodelay(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
