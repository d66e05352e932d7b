//! Accepts connections, within the limits.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use labs::{Connection, Tone, Transport};
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::gate::{Full, Permit};
use crate::log::Line;
use crate::room::Room;
use crate::serve::Serving;
use crate::stream::{converse, refuse};

/// How long to wait for a descriptor when none is left, unless somebody leaves before.
const DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// The lack of descriptors is told no more often.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(10);
/// Newcomers at a full gate who wait for somebody to leave; beyond, they are refused at once.
const WAITING_MAX: usize = 1024;

/// Accepts until shutdown.
pub(crate) async fn accept(listener: TcpListener, serving: Arc<Serving>, room: Option<Arc<Room>>) {
    let waiting = Arc::new(Semaphore::new(WAITING_MAX));
    let mut told_at: Option<Duration> = None;
    loop {
        let accepted = tokio::select! {
            () = serving.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => welcome(stream, peer, &serving, room.as_ref(), &waiting),
            Err(error) if lacks_resources(&error) => {
                let now = serving.clock.uptime();
                if told_at.is_none_or(|at| at + COMPLAINT_PAUSE <= now) {
                    told_at = Some(now);
                    tell_starved(&serving, &error);
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

fn welcome(
    stream: TcpStream,
    peer: SocketAddr,
    serving: &Arc<Serving>,
    room: Option<&Arc<Room>>,
    waiting: &Arc<Semaphore>,
) {
    // Answers are written whole, so waiting for more to send with them only delays.
    let _ = stream.set_nodelay(true);
    let full = match serving.gate.admit(peer.ip()) {
        Ok(permit) => return start(stream, peer, serving, room, permit),
        Err(full) => full,
    };
    let turn = Arc::clone(waiting).try_acquire_owned();
    let (serving, room) = (Arc::clone(serving), room.cloned());
    serving.tasks.clone().spawn(async move {
        let admitted = match turn {
            Ok(_turn) => serving.gate.admit_in_time(peer.ip()).await,
            Err(_) => Err(full),
        };
        match admitted {
            Ok(permit) => start(stream, peer, &serving, room.as_ref(), permit),
            Err(full) => turn_away(stream, peer, &serving, full).await,
        }
    });
}

fn start(stream: TcpStream, peer: SocketAddr, serving: &Arc<Serving>, room: Option<&Arc<Room>>, permit: Permit) {
    if let Some(room) = room {
        return room.open(stream, peer, permit);
    }
    let Some(stream_machine) = &serving.stream_machine else { return };
    let connection = Connection::new(peer, stream_machine(), Arc::clone(&serving.rules), Some(serving.idle_timeout));
    serving.tasks.spawn(converse(stream, connection, Arc::clone(serving), permit));
}

async fn turn_away(stream: TcpStream, peer: SocketAddr, serving: &Serving, full: Full) {
    if serving.log.wants_lines() {
        let limit = match full {
            Full::Members(limit) => format!("{peer}: refused, {limit} clients are here"),
            Full::Address(limit) => format!("{peer}: refused, {limit} connections from this address are here"),
        };
        tell(serving, Some(peer), Tone::Print, &limit);
    }
    refuse(stream, &refusal(serving, full), &serving.lingering).await;
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
