//! Binds sockets.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use labs::{Service, Transport};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, UdpSocket};

/// How a place is spoken to: the scheme of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Tcp,
    /// TLS over TCP.
    Tls,
    Udp,
}

impl Scheme {
    pub fn transport(self) -> Transport {
        match self {
            Self::Tcp | Self::Tls => Transport::Tcp,
            Self::Udp => Transport::Udp,
        }
    }
}

impl From<Transport> for Scheme {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Tcp => Self::Tcp,
            Transport::Udp => Self::Udp,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp => "udp",
        })
    }
}

/// Where a service is to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    pub scheme: Scheme,
    /// Port 0 asks the system for one.
    pub address: SocketAddr,
    /// It may be left out where the system lacks the address, as with IPv6 switched off.
    pub optional: bool,
}

/// Where a service listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub service: Service,
    pub scheme: Scheme,
    pub address: SocketAddr,
}

/// An address could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{service} cannot listen at {scheme}://{address}: {}", next_step(.error))]
pub struct BindError {
    pub service: Service,
    pub scheme: Scheme,
    pub address: SocketAddr,
    pub error: io::Error,
}

fn next_step(error: &io::Error) -> String {
    let known = [
        (Errno::ADDRINUSE, "another program has this port. End it, or choose a port: SERVICE=PORT, 0 for any free one"),
        (Errno::ADDRNOTAVAIL, "this computer does not have this address. Leave it out, or use --lan for all it has"),
        (Errno::ACCESS, "ports below 1024 need special rights. Choose a larger port"),
    ];
    let step = known.iter().find(|(errno, _)| Errno::from_io_error(error) == Some(*errno));
    step.map_or_else(|| error.to_string(), |(_, sentence)| (*sentence).to_owned())
}

/// Pending connections the system keeps while we are busy: a storm of logins must not be turned away.
const BACKLOG: i32 = 4096;
/// A peer that is silent for a minute is asked for a sign of life, and is gone after a minute more without any.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15)).with_retries(4);
/// Asked for; the system may grant less.
pub(crate) const DATAGRAM_BUFFER_BYTES: usize = 1024 * 1024;

pub(crate) enum Socketed {
    Stream(TcpListener),
    Datagram(UdpSocket),
}

/// Binds a service's sockets. Those that ask for any port share the first one's where they can.
pub(crate) fn bind_all(service: Service, wanted: &[Listen]) -> Result<Vec<(Endpoint, Socketed)>, BindError> {
    let mut bound: Vec<(Endpoint, Socketed)> = Vec::new();
    for &Listen { scheme, address, optional } in wanted {
        let transport = scheme.transport();
        // The plain port and that for TLS are two.
        let first = bound.iter().find(|(endpoint, _)| (endpoint.scheme == Scheme::Tls) == (scheme == Scheme::Tls));
        let shared = first.map(|(endpoint, _)| endpoint.address.port()).filter(|_| address.port() == 0);
        let first_try = shared.map(|port| bind(transport, SocketAddr::new(address.ip(), port)));
        let socket = match first_try {
            Some(Ok(socket)) => Ok(socket),
            Some(Err(_)) | None => bind(transport, address),
        };
        match socket {
            Ok((address, socket)) => bound.push((Endpoint { service, scheme, address }, socket)),
            Err(error) if optional && lacks_address(&error) => {}
            Err(error) => return Err(BindError { service, scheme, address, error }),
        }
    }
    Ok(bound)
}

fn lacks_address(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|errno| [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT].contains(&errno))
}

fn bind(transport: Transport, address: SocketAddr) -> io::Result<(SocketAddr, Socketed)> {
    let domain = Domain::for_address(address);
    let socket = match transport {
        Transport::Tcp => Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?,
        Transport::Udp => Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?,
    };
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    match transport {
        Transport::Tcp => {
            // A restarted server need not wait for the last one's connections to be forgotten.
            socket.set_reuse_address(true)?;
            // Every connection inherits it. Without it, one whose computer vanished would keep its place.
            let _ = socket.set_tcp_keepalive(&KEEPALIVE);
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            let listener = TcpListener::from_std(socket.into())?;
            Ok((listener.local_addr()?, Socketed::Stream(listener)))
        }
        Transport::Udp => {
            // A smaller buffer only loses more under load, which UDP may.
            let _ = socket.set_recv_buffer_size(DATAGRAM_BUFFER_BYTES);
            socket.bind(&address.into())?;
            let socket = UdpSocket::from_std(socket.into())?;
            Ok((socket.local_addr()?, Socketed::Datagram(socket)))
        }
    }
}
