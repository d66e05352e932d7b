//! Reaches a client's server, and says in a sentence why it cannot be reached.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use labs::{Service, Transport};
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use socket2::TcpKeepalive;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use crate::byte_stream::ByteStream;
use crate::join::JoinPlan;
use crate::listen::DATAGRAM_BUFFER_BYTES;
use crate::resolve::resolve;
use crate::tls::{Handshakes, shake_hands};

/// Why there is no talk.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("the host `{host}` is not known: {error}. Check its name, or use its address")]
    UnknownHost { host: String, error: io::Error },
    #[error(
        "the host `{host}` has no address of the wanted version of IP: leave out -4, -6 or --bind, or bind to [::]:PORT"
    )]
    NoAddress { host: String },
    #[error(
        "nobody listens at {transport}://{server}: start the server there (`socketlab serve {}`), or check host and port",
        wish(*service, *transport, server.port())
    )]
    Refused { service: Service, transport: Transport, server: SocketAddr },
    #[error(
        "{server} did not answer within {connect_max:?}: check the address, that both are in one network, and its firewall"
    )]
    Silent { server: SocketAddr, connect_max: Duration },
    #[error("{server} cannot be reached: {error}. Check the address, and that both computers are in one network")]
    Unreachable { server: SocketAddr, error: io::Error },
    #[error("no TLS with {server}: {why}")]
    Tls { server: SocketAddr, why: String },
    #[error("our end cannot be bound to {address}: {}", bind_advice(error))]
    Bind { address: SocketAddr, error: io::Error },
    #[error("the system gives no runtime: {0}")]
    Runtime(#[from] io::Error),
}

/// What `serve` is to be told so that the service listens there.
fn wish(service: Service, transport: Transport, port: u16) -> String {
    let usual = service.usual_transports().contains(&transport);
    match (usual, port == service.port()) {
        (true, true) => service.to_string(),
        (true, false) => format!("{service}={port}"),
        (false, _) => format!("{service}={transport}://{port}"),
    }
}

fn bind_advice(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::ADDRINUSE) => "another program has this port. Choose another, or 0 for any".to_owned(),
        Some(Errno::ADDRNOTAVAIL) => "this computer does not have this address. Give the port alone".to_owned(),
        _ => error.to_string(),
    }
}

async fn addresses(plan: &JoinPlan) -> Result<Vec<SocketAddr>, JoinError> {
    let host = plan.host.clone();
    let found = tokio::time::timeout(plan.connect_max, resolve(&host, plan.port, plan.family)).await;
    let found = found.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
    let mut found = found.map_err(|error| JoinError::UnknownHost { host: host.clone(), error })?;
    if let Some(bind) = plan.bind {
        found.retain(|server| server.is_ipv4() == bind.is_ipv4());
    }
    if found.is_empty() { Err(JoinError::NoAddress { host }) } else { Ok(found) }
}

/// Connects to the first of the host's addresses that answers.
pub(crate) async fn connect(plan: &JoinPlan) -> Result<(ByteStream, SocketAddr), JoinError> {
    let mut failure = None;
    for server in addresses(plan).await? {
        match Call::of(plan, server).connect().await {
            Ok(stream) => return Ok((stream, server)),
            // It was reached, so another of its addresses would be no better.
            Err(failed @ JoinError::Tls { .. }) => return Err(failed),
            Err(failed) => {
                failure.get_or_insert(failed);
            }
        }
    }
    Err(failure.unwrap_or_else(|| JoinError::NoAddress { host: plan.host.clone() }))
}

/// How a client speaks TLS with the server that it calls.
#[derive(Clone, Debug)]
pub struct CallTls {
    /// Whom it trusts, and what it has to resume from.
    pub config: Arc<ClientConfig>,
    /// Whom the certificate is to name.
    pub name: ServerName<'static>,
}

/// How one address is reached, and reached again.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    service: Service,
    server: SocketAddr,
    tls: Option<CallTls>,
    bind: Option<SocketAddr>,
    connect_max: Duration,
    silence_max: Option<Duration>,
}

impl Call {
    pub(crate) fn of(plan: &JoinPlan, server: SocketAddr) -> Self {
        let &JoinPlan { service, bind, connect_max, silence_max, .. } = plan;
        Self { service, server, tls: plan.tls.clone(), bind, connect_max, silence_max }
    }

    pub(crate) async fn connect(self) -> Result<ByteStream, JoinError> {
        let socket = self.reach().await?;
        let Some(CallTls { config, name }) = self.tls else { return Ok(ByteStream::Plain(socket)) };
        let server = self.server;
        let failed = |why: String| JoinError::Tls { server, why };
        let session = ClientConnection::new(config, name).map_err(|error| failed(error.to_string()))?;
        // It shares them with nobody.
        let handshakes = Handshakes::new(self.connect_max, 1);
        let secured = shake_hands(socket, session.into(), &handshakes);
        match tokio::time::timeout(self.connect_max, secured).await {
            Ok(secured) => secured.map_err(|(error, _)| failed(error.to_string())),
            Err(_) => Err(failed(format!(
                "it did not shake hands within {:?}: check that TLS is spoken at that port",
                self.connect_max
            ))),
        }
    }

    async fn reach(&self) -> Result<TcpStream, JoinError> {
        let socket = if self.server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(address) = self.bind {
            // A client that is started again need not wait until its last connection is forgotten.
            socket.set_reuseaddr(true)?;
            socket.bind(address).map_err(|error| JoinError::Bind { address, error })?;
        }
        let connected = tokio::time::timeout(self.connect_max, socket.connect(self.server)).await;
        let stream = connected.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
        let stream = stream.map_err(|error| self.explain(error))?;
        // A request is written whole, so waiting for more to send with it only delays.
        let _ = stream.set_nodelay(true);
        if let Some(silence_max) = self.silence_max {
            // Without it a dead network is noticed later.
            let _ = limit_silence(&stream, silence_max);
        }
        Ok(stream)
    }

    fn explain(&self, error: io::Error) -> JoinError {
        let &Self { service, server, connect_max, .. } = self;
        if error.kind() == io::ErrorKind::ConnectionRefused {
            JoinError::Refused { service, transport: Transport::Tcp, server }
        } else if error.kind() == io::ErrorKind::TimedOut {
            JoinError::Silent { server, connect_max }
        } else {
            JoinError::Unreachable { server, error }
        }
    }
}

/// Lets the system break a connection whose other end acknowledges nothing for so long: neither data nor probes, tcp(7).
fn limit_silence(stream: &TcpStream, silence_max: Duration) -> io::Result<()> {
    const PROBES: u32 = 4;
    let socket = socket2::SockRef::from(stream);
    let quiet = silence_max / 2;
    let keepalive = TcpKeepalive::new().with_time(quiet).with_interval(quiet / PROBES).with_retries(PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(silence_max))?;
    Ok(())
}

/// A socket that hears only the server, and is told when nobody is there.
pub(crate) async fn open_datagram_socket(plan: &JoinPlan) -> Result<(UdpSocket, SocketAddr), JoinError> {
    let found = addresses(plan).await?;
    let Some(&server) = found.first() else { return Err(JoinError::NoAddress { host: plan.host.clone() }) };
    let any = if server.is_ipv4() { SocketAddr::from(([0; 4], 0)) } else { SocketAddr::from(([0; 16], 0)) };
    let address = plan.bind.unwrap_or(any);
    let socket = UdpSocket::bind(address).await.map_err(|error| JoinError::Bind { address, error })?;
    // A smaller buffer only loses more of many datagrams that come at once, which UDP may.
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(DATAGRAM_BUFFER_BYTES);
    socket.connect(server).await.map_err(|error| JoinError::Unreachable { server, error })?;
    Ok((socket, server))
}
