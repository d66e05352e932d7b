//! One shard's walker: it goes from member to member and writes to each what it has yet to take.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use labs::room::{Closing, Delivered, Shard};
use labs::{Event, Peer};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::room::Room;

/// The deliveries after which others get a turn of the thread, and what they said is taken up.
const TURN_MIN: usize = 128;
/// The turns of a round at most, so that what is said during one does not fall into too many pieces.
const ROUND_TURNS: usize = 16;
/// How often a walker that was idle lets others go on, as long as they say more meanwhile: what comes together is delivered together.
const GATHER_TURNS: usize = 64;
/// How long a peer may take to take the last that it was sent, and to close its side.
const LINGER_MAX: Duration = Duration::from_secs(2);

/// Walks until the room is over.
pub(super) async fn walk(room: Arc<Room>, number: usize) {
    let mut shard: Shard<Arc<TcpStream>> = Shard::new(room.log_bytes_max);
    let mut notices = Vec::new();
    // At most one for each member whose stream is full.
    let (resume, mut resumed) = unbounded_channel();
    while !room.is_over(number) {
        tokio::select! {
            () = room.bells[number].notified() => {}
            slot = resumed.recv() => slot.into_iter().for_each(|slot| shard.resume(slot)),
        }
        gather(&room).await;
        loop {
            while let Ok(slot) = resumed.try_recv() {
                shard.resume(slot);
            }
            if !shard.is_behind() || !shard.has_due() {
                room.fetch(number, &mut notices);
                shard.take(&mut notices);
            }
            let is_done = !deliver_turn(&mut shard, &resume);
            for guest in shard.take_lost() {
                room.lose(guest, Event::Gone(Peer::Remote(guest.peer)));
            }
            for closing in shard.take_closings() {
                see_off(&room, closing);
            }
            if is_done && !room.has_news(number) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Lets whoever has something to say say it first, without waiting for anybody.
async fn gather(room: &Room) {
    let mut said = room.backlog_bytes();
    for _ in 0..GATHER_TURNS {
        tokio::task::yield_now().await;
        let before = std::mem::replace(&mut said, room.backlog_bytes());
        if said <= before {
            return;
        }
    }
}

/// Delivers to as many as one turn allows; says whether anybody was left.
fn deliver_turn(shard: &mut Shard<Arc<TcpStream>>, resume: &UnboundedSender<u32>) -> bool {
    for _ in 0..TURN_MIN.max(shard.slots() / ROUND_TURNS) {
        let Some(slot) = shard.next_due() else { return false };
        if shard.deliver(slot, |stream, pieces| write(stream, pieces)) == Delivered::Stalled
            && let Some(stream) = shard.stream(slot)
        {
            tokio::spawn(wait_for_room(Arc::clone(stream), slot, resume.clone()));
        }
    }
    true
}

fn write(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let socket = SockRef::from(stream);
    let send = || match pieces {
        // Cheaper for the system than a list of one.
        [piece] => socket.send(piece),
        _ => socket.send_vectored(pieces),
    };
    // Nearly every stream takes everything, so the system is asked before the runtime, whose notes on each stream lie elsewhere in memory.
    match send() {
        // It is asked again where the runtime sees it, which then tells when the stream takes bytes again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.try_io(Interest::WRITABLE, send),
        sent => sent,
    }
}

/// Tells when a full stream takes bytes again, or breaks.
async fn wait_for_room(stream: Arc<TcpStream>, slot: u32, resume: UnboundedSender<u32>) {
    // What is wrong shows when it is written to.
    let _ = stream.writable().await;
    let _ = resume.send(slot);
}

/// Gives a peer its last bytes and closes, without waiting for it here.
fn see_off(room: &Arc<Room>, closing: Closing<Arc<TcpStream>>) {
    let Closing { stream, rest } = closing;
    let sent = stream.try_write(&rest).unwrap_or(0);
    let rest = rest[sent..].to_vec();
    let lingering = Arc::clone(&room.serving.lingering);
    room.serving.tasks.spawn(async move {
        if let Ok(_turn) = lingering.try_acquire() {
            // What it does not take by then, it does not get.
            let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER_MAX, finish(&stream, &rest)).await;
        }
        // Its reader sees the end, too. A stream that is broken already cannot be closed again.
        let _ = SockRef::from(&*stream).shutdown(Shutdown::Both);
    });
}

/// Half-closes behind the last bytes, and waits until the peer closes, too: closing with unread bytes would reset the connection.
async fn finish(stream: &TcpStream, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(sent) => rest = &rest[sent..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    SockRef::from(stream).shutdown(Shutdown::Write)?;
    let mut ignored = [0; 1024];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut ignored) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
