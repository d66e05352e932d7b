//! Runs one client: a machine between a terminal and a server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use labs::framing::{Ending, Rules};
use labs::{Connection, Event, Machine, Outbox, Outcome, Peer, Service, Shown, Transport};
use rustix::io::Errno;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use crate::clock::Clock;
use crate::keyboard::{Keyboard, Typed};
use crate::listen::DATAGRAM_BUFFER_BYTES;
use crate::resolve::{Family, resolve};
use crate::signals::Signals;

/// One client to run.
pub struct JoinPlan {
    pub service: Service,
    pub host: String,
    pub port: u16,
    pub family: Family,
    pub transport: Transport,
    /// Our own address and port; port 0 asks the system for one.
    pub bind: Option<SocketAddr>,
    /// How long a connection may take to be established.
    pub connect_max: Duration,
    pub rules: Rules,
    /// Makes the machine, once the server's address is known.
    pub machine: Box<dyn FnOnce(SocketAddr) -> Box<dyn Machine + Send>>,
}

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

/// After our last word, how long the server's end is awaited, so that what we said last is not lost to a reset.
const FAREWELL_MAX: Duration = Duration::from_millis(200);

/// Talks until the user or the server ends it. `screen` shows lines; asked for one, it lets the keyboard's typist read.
///
/// # Errors
/// If the server cannot be reached at all.
pub fn join(plan: JoinPlan, keyboard: Keyboard, screen: &mut dyn FnMut(Shown<'_>)) -> Result<Outcome, JoinError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let signals = Signals::listen()?;
        let client = Client { clock: Clock::start(), keyboard, signals, screen, out: Outbox::default() };
        match plan.transport {
            Transport::Tcp => client.talk(plan).await,
            Transport::Udp => client.exchange_datagrams(plan).await,
        }
    });
    // A lookup or a read of the terminal that still blocks must not keep the program.
    runtime.shutdown_background();
    outcome
}

struct Client<'a> {
    clock: Clock,
    keyboard: Keyboard,
    signals: Signals,
    screen: &'a mut dyn FnMut(Shown<'_>),
    out: Outbox,
}

/// What a client waits for.
enum Happened {
    Arrived(io::Result<usize>),
    Typed(Typed),
    Timeout,
    GivenUp,
}

impl Client<'_> {
    /// Waits for whatever comes first.
    async fn wait(&mut self, arrival: impl Future<Output = io::Result<usize>>, deadline: Option<Duration>) -> Happened {
        let due = deadline.map(|deadline| self.clock.instant(deadline));
        let timeout = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            arrived = arrival => Happened::Arrived(arrived),
            typed = self.keyboard.next() => Happened::Typed(typed),
            () = self.signals.next() => match self.signals.count() {
                1 => Happened::Typed(Typed::End),
                _ => Happened::GivenUp,
            },
            () = timeout => Happened::Timeout,
        }
    }

    /// Shows the lines; tells whether the run is over.
    fn show(&mut self) -> Option<Outcome> {
        for shown in self.out.shown() {
            (self.screen)(shown);
        }
        self.out.outcome()
    }

    async fn talk(mut self, plan: JoinPlan) -> Result<Outcome, JoinError> {
        let (mut stream, server) = connect(&plan).await?;
        let mut connection = Connection::new(server, (plan.machine)(server), plan.rules, None);
        connection.open(self.clock.now(), &mut self.out);
        let mut buffer = vec![0; 64 * 1024];
        let mut read_ended = false;
        loop {
            if !self.out.wire().is_empty() && stream.write_all(self.out.wire()).await.is_err() {
                connection.lose(self.clock.now(), &mut self.out);
            }
            if let Some(outcome) = self.show() {
                let _ = tokio::time::timeout(FAREWELL_MAX, farewell(stream)).await;
                return Ok(outcome);
            }
            self.out.clear();
            let arrival =
                async { if read_ended { std::future::pending().await } else { stream.read(&mut buffer).await } };
            let happened = self.wait(arrival, connection.deadline()).await;
            let (now, out) = (self.clock.now(), &mut self.out);
            match happened {
                Happened::Arrived(Ok(0)) => {
                    read_ended = true;
                    connection.receive_end(now, out);
                }
                Happened::Arrived(Ok(count)) => connection.receive(now, &buffer[..count], out),
                Happened::Arrived(Err(_)) => connection.lose(now, out),
                Happened::Typed(typed) => connection.pass(now, typed_event(&typed), out),
                Happened::Timeout => connection.tick(now, out),
                Happened::GivenUp => return Ok(Outcome::Failed),
            }
        }
    }

    async fn exchange_datagrams(mut self, plan: JoinPlan) -> Result<Outcome, JoinError> {
        let (socket, server) = open_datagram_socket(&plan).await?;
        let mut machine = (plan.machine)(server);
        let refused = JoinError::Refused { service: plan.service, transport: plan.transport, server };
        let refused = refused.to_string();
        let mut told_refused = false;
        let peer = Peer::Remote(server);
        self.out.begin(Ending::None, Some(server));
        machine.handle(self.clock.now(), Event::Opened(peer), &mut self.out);
        let mut buffer = vec![0; 65_535];
        loop {
            let mut oversized = None;
            for (_, datagram) in self.out.datagrams() {
                // Any other error is that of an earlier datagram, which the next read tells; or this one is lost, as UDP may.
                let sent = socket.send(datagram).await;
                let too_large = sent.is_err_and(|error| Errno::from_io_error(&error) == Some(Errno::MSGSIZE));
                if too_large {
                    oversized = Some(datagram.len());
                }
            }
            if let Some(outcome) = self.show() {
                return Ok(outcome);
            }
            self.out.clear();
            let now = self.clock.now();
            if let Some(bytes) = oversized {
                self.out.complain(format_args!("not sent: {bytes} bytes are more than a datagram holds"));
                machine.handle(now, Event::Gone(peer), &mut self.out);
                continue;
            }
            let happened = self.wait(socket.recv(&mut buffer), machine.deadline()).await;
            let now = self.clock.now();
            let event = match &happened {
                Happened::Arrived(Ok(count)) => {
                    told_refused = false;
                    Event::Message(peer, Ending::split(&buffer[..*count]).0)
                }
                Happened::Arrived(Err(_)) => {
                    if !std::mem::replace(&mut told_refused, true) {
                        self.out.complain(format_args!("{refused}"));
                    }
                    Event::Gone(peer)
                }
                Happened::Typed(typed) => {
                    told_refused = false;
                    typed_event(typed)
                }
                Happened::Timeout => Event::Timeout,
                Happened::GivenUp => return Ok(Outcome::Failed),
            };
            machine.handle(now, event, &mut self.out);
        }
    }
}

fn typed_event(typed: &Typed) -> Event<'_> {
    match typed {
        Typed::Line(line) => Event::Message(Peer::Terminal, line.as_bytes()),
        Typed::End => Event::Finished(Peer::Terminal),
    }
}

/// Says that we are done, and waits for the server to be done too.
async fn farewell(mut stream: TcpStream) -> io::Result<u64> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
}

async fn addresses(plan: &JoinPlan) -> Result<Vec<SocketAddr>, JoinError> {
    let host = plan.host.clone();
    let found = resolve(&host, plan.port, plan.family).await;
    let mut found = found.map_err(|error| JoinError::UnknownHost { host: host.clone(), error })?;
    if let Some(bind) = plan.bind {
        found.retain(|server| server.is_ipv4() == bind.is_ipv4());
    }
    if found.is_empty() { Err(JoinError::NoAddress { host }) } else { Ok(found) }
}

/// Connects to the first of the host's addresses that answers.
async fn connect(plan: &JoinPlan) -> Result<(TcpStream, SocketAddr), JoinError> {
    let mut failure = None;
    for server in addresses(plan).await? {
        let socket = if server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(address) = plan.bind {
            // A client that is started again need not wait until its last connection is forgotten.
            socket.set_reuseaddr(true)?;
            socket.bind(address).map_err(|error| JoinError::Bind { address, error })?;
        }
        let failed = match tokio::time::timeout(plan.connect_max, socket.connect(server)).await {
            Ok(Ok(stream)) => {
                // A request is written whole, so waiting for more to send with it only delays.
                let _ = stream.set_nodelay(true);
                return Ok((stream, server));
            }
            Ok(Err(error)) => explain(plan, server, error),
            Err(_elapsed) => JoinError::Silent { server, connect_max: plan.connect_max },
        };
        failure.get_or_insert(failed);
    }
    Err(failure.unwrap_or_else(|| JoinError::NoAddress { host: plan.host.clone() }))
}

fn explain(plan: &JoinPlan, server: SocketAddr, error: io::Error) -> JoinError {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        JoinError::Refused { service: plan.service, transport: plan.transport, server }
    } else if error.kind() == io::ErrorKind::TimedOut {
        JoinError::Silent { server, connect_max: plan.connect_max }
    } else {
        JoinError::Unreachable { server, error }
    }
}

/// A socket that hears only the server, and is told when nobody is there.
async fn open_datagram_socket(plan: &JoinPlan) -> Result<(UdpSocket, SocketAddr), JoinError> {
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
