//! One shard's walker: it goes from member to member and writes to each what it has yet to take.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use labs::room::{Closing, Delivered, Rest, Shard};
use labs::{Event, Peer};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::byte_stream::ByteStream;
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
    let mut shard: Shard<Arc<ByteStream>> = Shard::new(room.log_bytes_max, room.too_slow);
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
fn deliver_turn(shard: &mut Shard<Arc<ByteStream>>, resume: &UnboundedSender<u32>) -> bool {
    for _ in 0..TURN_MIN.max(shard.slots() / ROUND_TURNS) {
        let Some(slot) = shard.next_due() else { return false };
        if shard.deliver(slot, |stream, pieces| stream.try_write(pieces)) == Delivered::Stalled
            && let Some(stream) = shard.stream(slot)
        {
            tokio::spawn(wait_for_room(Arc::clone(stream), slot, resume.clone()));
        }
    }
    true
}

/// Tells when a full stream takes bytes again, or breaks.
async fn wait_for_room(stream: Arc<ByteStream>, slot: u32, resume: UnboundedSender<u32>) {
    // What is wrong shows when it is written to.
    let _ = stream.take_more().await;
    let _ = resume.send(slot);
}

/// Gives a peer its last bytes and closes, without waiting for it here.
fn see_off(room: &Arc<Room>, closing: Closing<Arc<ByteStream>>) {
    let Closing { stream, mut rest } = closing;
    let is_broken = write_rest(&stream, &mut rest).is_err();
    // What it does not take by then, it does not get; where too many are waited for already, it gets no more at all.
    let turn = if is_broken { None } else { Arc::clone(&room.serving.lingering).try_acquire_owned().ok() };
    let Some(turn) = turn else { return stream.close() };
    room.serving.tasks.spawn(async move {
        let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER_MAX, finish(&stream, rest)).await;
        stream.close();
        drop(turn);
    });
}

/// Writes as much as the stream takes without waiting.
fn write_rest(stream: &ByteStream, rest: &mut Rest) -> io::Result<()> {
    loop {
        let written = match rest.pieces().next() {
            Some(piece) => stream.try_write(&[IoSlice::new(piece)]),
            None => return Ok(()),
        };
        match written {
            Ok(taken) => rest.advance(taken.bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Half-closes behind the last bytes, and waits until the peer closes, too.
async fn finish(stream: &ByteStream, mut rest: Rest) -> io::Result<()> {
    while rest.pieces().next().is_some() {
        stream.take_more().await?;
        write_rest(stream, &mut rest)?;
    }
    stream.finish().await?;
    stream.drain(u64::MAX).await
}
