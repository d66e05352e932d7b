//! Where our server is found by a student's client: a port, over TCP and UDP at once, at every address of the stage.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use labs::{Service, Transport};
use socket2::{Domain, Socket, Type};

use crate::peer::Peer;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 64;
/// Datagrams that are taken at once: somebody may send without end.
const AT_ONCE_MAX: usize = 4096;
/// The largest datagram: RFC 768, less IPv4's header.
const DATAGRAM_BYTES_MAX: usize = 65507;

pub(crate) struct Door {
    port: u16,
    listener: Option<Socket>,
    datagrams: Option<UdpSocket>,
    /// Datagrams of those whom nobody has accepted yet, in the order of their coming.
    strangers: Vec<(SocketAddr, Vec<u8>)>,
}

impl Door {
    /// Listens at this port for whatever the service is spoken over.
    pub(crate) fn open(service: Service, port: u16) -> io::Result<Self> {
        let open = |transport, kind| service.speaks(transport).then(|| listen(kind, port)).transpose();
        let (listener, datagrams) = (open(Transport::Tcp, Type::STREAM)?, open(Transport::Udp, Type::DGRAM)?);
        let datagrams = datagrams.map(UdpSocket::from);
        Ok(Self { port, listener, datagrams, strangers: Vec::new() })
    }

    /// The next who has come, if anybody has.
    pub(crate) fn accept(&mut self) -> Option<Peer> {
        self.accept_connection().or_else(|| self.accept_stranger())
    }

    /// Hands over those datagrams that came here from somebody whom we know by now.
    pub(crate) fn hand_over<'a>(&mut self, known: impl Iterator<Item = &'a mut Peer>) {
        self.listen();
        for peer in known.filter(|peer| peer.transport() == Transport::Udp) {
            let remote = peer.remote();
            self.strangers.retain(|(from, said)| {
                let is_its = Some(*from) == remote;
                if is_its {
                    peer.take(said);
                }
                !is_its
            });
        }
    }

    fn accept_connection(&self) -> Option<Peer> {
        let (socket, _) = self.listener.as_ref()?.accept().ok()?;
        socket.set_nonblocking(true).and_then(|()| socket.set_tcp_nodelay(true)).ok()?;
        Some(Peer::accepted(socket, Transport::Tcp, &[]))
    }

    /// Makes a socket that speaks with this stranger alone: the kernel prefers it for what comes from there.
    fn accept_stranger(&mut self) -> Option<Peer> {
        self.listen();
        let (from, _) = self.strangers.first()?;
        // Where that fails, the stranger still waits.
        let socket = listen(Type::DGRAM, self.port).ok()?;
        socket.connect(&(*from).into()).ok()?;
        let (from, said) = self.strangers.remove(0);
        let mut peer = Peer::accepted(socket.try_clone().ok()?, Transport::Udp, &said);
        // What it sent before the new socket was there is older than what that one has; and before it was connected, it may have got others' datagrams.
        self.hand_over(std::iter::once(&mut peer));
        for (sender, datagram) in datagrams(&UdpSocket::from(socket)) {
            if sender == from { peer.take(&datagram) } else { self.strangers.push((sender, datagram)) }
        }
        Some(peer)
    }

    /// Takes the datagrams that have come.
    fn listen(&mut self) {
        if let Some(socket) = &self.datagrams {
            self.strangers.extend(datagrams(socket));
        }
    }
}

/// What has come to this socket, and from whom.
fn datagrams(socket: &UdpSocket) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut page = [0; DATAGRAM_BYTES_MAX];
    let mut come = Vec::new();
    while come.len() < AT_ONCE_MAX {
        match socket.recv_from(&mut page) {
            Ok((count, from)) => come.push((from, page[..count].to_vec())),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    come
}

fn listen(kind: Type, port: u16) -> io::Result<Socket> {
    // One socket for both families, where the system has both.
    open(Domain::IPV6, kind, (Ipv6Addr::UNSPECIFIED, port).into())
        .or_else(|_| open(Domain::IPV4, kind, (Ipv4Addr::UNSPECIFIED, port).into()))
}

fn open(domain: Domain, kind: Type, address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(domain, kind, None)?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    if kind == Type::STREAM {
        socket.listen(BACKLOG)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
