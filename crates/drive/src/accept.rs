//! Accepts connections, within the limits.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use labs::{Connection, Tone, Transport};
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::byte_stream::ByteStream;
use crate::gate::{Full, Permit};
use crate::log::Line;
use crate::room::Room;
use crate::serve::Serving;
use crate::stream::{converse, refuse};
use crate::tls::{Door, Unsecured};

/// How long to wait for a descriptor when none is left, unless somebody leaves before.
const DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// The lack of descriptors is told no more often.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(10);
/// Newcomers at a full gate who wait for somebody to leave, or shake hands to be told no; beyond, they are refused at once.
const WAITING_MAX: usize = 1024;

/// What a newcomer hears whose address and port are those of somebody who came in by another door.
const TWIN: &[u8] = b"Error: your address and port are here already by another door, connect again\n";

/// Where newcomers come in: a listener's service, and how they are to speak.
pub(crate) struct Entrance {
    pub(crate) serving: Arc<Serving>,
    /// Where all connections share a machine.
    pub(crate) room: Option<Arc<Room>>,
    /// Where they are to speak TLS.
    pub(crate) door: Option<Door>,
    waiting: Arc<Semaphore>,
}

impl Entrance {
    pub(crate) fn new(serving: Arc<Serving>, room: Option<Arc<Room>>, door: Option<Door>) -> Self {
        Self { serving, room, door, waiting: Arc::new(Semaphore::new(WAITING_MAX)) }
    }
}

/// Accepts until shutdown.
pub(crate) async fn accept(listener: TcpListener, entrance: Entrance) {
    let entrance = Arc::new(entrance);
    let serving = &entrance.serving;
    let mut told_at: Option<Duration> = None;
    loop {
        let accepted = tokio::select! {
            () = serving.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => welcome(socket, peer, &entrance),
            Err(error) if lacks_resources(&error) => {
                let now = serving.clock.uptime();
                if told_at.is_none_or(|at| at + COMPLAINT_PAUSE <= now) {
                    told_at = Some(now);
                    tell_starved(serving, &error);
                }
                // Without a pause the pending connection would wake us at once, for ever.
                let _ = tokio::time::timeout(DESCRIPTOR_PAUSE, serving.gate.released()).await;
            }
            // The newcomer, or the network on its way, was gone before it was accepted: accept(2).
            Err(error) if concerns_newcomer(&error) => {}
            Err(_) => tokio::time::sleep(DESCRIPTOR_PAUSE).await,
        }
    }
}

fn welcome(socket: TcpStream, peer: SocketAddr, entrance: &Arc<Entrance>) {
    // Answers are written whole, so waiting for more to send with them only delays.
    let _ = socket.set_nodelay(true);
    let admitted = entrance.serving.gate.admit(peer.ip());
    match (admitted, &entrance.door) {
        (Ok(permit), None) => start(ByteStream::Plain(socket), peer, entrance, permit),
        (admitted, _) => {
            entrance.serving.tasks.spawn(let_in(socket, peer, Arc::clone(entrance), admitted));
        }
    }
}

/// A newcomer that has to wait, for a place or for the end of its handshake.
async fn let_in(socket: TcpStream, peer: SocketAddr, entrance: Arc<Entrance>, admitted: Result<Permit, Full>) {
    let serving = &entrance.serving;
    let turn = admitted.is_err().then(|| entrance.waiting.try_acquire());
    let admitted = match (admitted, &turn) {
        (Err(_), Some(Ok(_))) => serving.gate.admit_in_time(peer.ip()).await,
        // No limit of members counts it, so it could hold a descriptor for as long as a handshake may take: it is not even told.
        (Err(_), _) if entrance.door.is_some() => return,
        (admitted, _) => admitted,
    };
    let stream = match &entrance.door {
        None => ByteStream::Plain(socket),
        Some(door) => tokio::select! {
            () = serving.shutdown.cancelled() => return,
            secured = door.secure(socket) => match secured {
                Ok(stream) => stream,
                Err(unsecured) => {
                    // The place is free before the peer can see that we closed.
                    drop((admitted, turn));
                    return turn_out(unsecured, peer, serving).await;
                }
            },
        },
    };
    drop(turn);
    match admitted {
        Ok(permit) => start(stream, peer, &entrance, permit),
        Err(full) => turn_away(stream, peer, serving, full).await,
    }
}

fn start(stream: ByteStream, peer: SocketAddr, entrance: &Entrance, permit: Permit) {
    let serving = &entrance.serving;
    if let Some(room) = &entrance.room {
        if let Err(stream) = room.open(stream, peer, permit) {
            let serving = Arc::clone(serving);
            serving.tasks.clone().spawn(async move { refuse(&stream, TWIN, &serving.lingering).await });
        }
        return;
    }
    let Some(stream_machine) = &serving.stream_machine else { return };
    let connection = Connection::new(peer, stream_machine(), Arc::clone(&serving.rules), Some(serving.idle_timeout));
    serving.tasks.spawn(converse(stream, connection, Arc::clone(serving), permit));
}

/// One that did not shake hands, where it was to.
async fn turn_out(Unsecured { why, farewell }: Unsecured, peer: SocketAddr, serving: &Serving) {
    if serving.log.wants_lines() {
        tell(serving, Some(peer), Tone::Print, &format!("{peer}: {why}"));
    }
    if let Some((stream, text)) = farewell {
        refuse(&stream, text.as_bytes(), &serving.lingering).await;
    }
}

async fn turn_away(stream: ByteStream, peer: SocketAddr, serving: &Serving, full: Full) {
    if serving.log.wants_lines() {
        let limit = match full {
            Full::Members(limit) => format!("{peer}: refused, {limit} clients are here"),
            Full::Address(limit) => format!("{peer}: refused, {limit} connections from this address are here"),
        };
        tell(serving, Some(peer), Tone::Print, &limit);
    }
    refuse(&stream, &refusal(serving, full), &serving.lingering).await;
}

/// In the service's own words where its lab has some; how the peer speaks is not known yet.
fn refusal(serving: &Serving, full: Full) -> Vec<u8> {
    let mut text = match (serving.busy, full) {
        (Some(busy), _) => busy.to_owned(),
        (None, Full::Members(limit)) => format!("Error: the server is full ({limit} clients), try again later"),
        (None, Full::Address(limit)) => format!("Error: your address has {limit} connections already, close some"),
    }
    .into_bytes();
    serving.rules.greeting.push(&mut text, 0);
    text
}

fn lacks_resources(error: &io::Error) -> bool {
    let lacking = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| lacking.contains(&errno))
}

fn concerns_newcomer(error: &io::Error) -> bool {
    let passing = [
        Errno::CONNABORTED,
        Errno::INTR,
        Errno::NETDOWN,
        Errno::PROTO,
        Errno::NOPROTOOPT,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::OPNOTSUPP,
        Errno::NETUNREACH,
    ];
    Errno::from_io_error(error).is_some_and(|errno| passing.contains(&errno))
}

fn tell_starved(serving: &Serving, error: &io::Error) {
    tell(serving, None, Tone::Complain, &format!("no connection can be accepted until one closes: {error}"));
}

fn tell(serving: &Serving, about: Option<SocketAddr>, tone: Tone, text: &str) {
    let (service, transport) = (serving.service, Transport::Tcp);
    serving.log.line(Line { service, transport, about, tone, text });
}
