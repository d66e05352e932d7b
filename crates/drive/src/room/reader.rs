//! One connection's reader: it cuts what arrives into messages for the room's machine, and writes nothing.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use labs::framing::{Framing, Overlong};
use labs::room::Guest;
use labs::{Event, Now, Peer};

use crate::byte_stream::ByteStream;
use crate::room::{Core, Room, Standing};

const READ_BYTES: usize = 16 * 1024;

thread_local! {
    /// What one thread reads into, for all connections: an idle one holds no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// What follows from a look at the stream.
enum Next {
    Wait,
    /// The walkers are behind.
    WaitForWalkers,
    End,
}

/// Reads until the peer has no seat any more.
pub(super) fn read(room: Arc<Room>, stream: Arc<ByteStream>, guest: Guest) -> impl Future<Output = ()> {
    let mut framing = Framing::new(Arc::clone(&room.serving.rules));
    // Not an `async fn`, which would hold its arguments twice.
    async move {
        loop {
            let is_quiet = match framing.deadline() {
                // An error shows when it is read.
                None => stream.readable().await.is_err(),
                Some(at) => {
                    let quiet_at = room.serving.clock.instant(at);
                    // Boxed, so that what only a bare peer needs is not a part of every idle connection.
                    let more = Box::pin(tokio::time::timeout_at(quiet_at, stream.readable()));
                    more.await.is_err() && !stream.has_unread()
                }
            };
            match room.receive(&stream, guest, &mut framing, is_quiet) {
                Next::Wait => {}
                Next::WaitForWalkers => Box::pin(room.wait_for_walkers()).await,
                Next::End => return,
            }
        }
    }
}

impl Room {
    fn receive(&self, stream: &ByteStream, guest: Guest, framing: &mut Framing, is_quiet: bool) -> Next {
        SCRATCH.with_borrow_mut(|buffer| match stream.try_read(buffer) {
            Ok(0) => self.end(guest, framing),
            Ok(count) => self.hear(guest, |core, now| {
                let each = |message: &[u8], _| core.hear(now, guest.peer, message);
                framing.receive(now.uptime, &buffer[..count], each).map(drop)
            }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_quiet => self.hear(guest, |core, now| {
                let each = |message: &[u8], _| core.hear(now, guest.peer, message);
                framing.quiet(now.uptime, each)
            }),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Next::Wait,
            Err(_) => {
                self.lose(guest, Event::Gone(Peer::Remote(guest.peer)));
                Next::End
            }
        })
    }

    /// The peer has finished: what it left unended is its last message. Who says no more has left.
    fn end(&self, guest: Guest, framing: &mut Framing) -> Next {
        self.hear(guest, |core, now| framing.flush(|message, _| core.hear(now, guest.peer, message)));
        self.lose(guest, Event::Finished(Peer::Remote(guest.peer)));
        Next::End
    }

    fn hear(&self, guest: Guest, what: impl FnOnce(&mut Core, Now) -> Result<(), Overlong>) -> Next {
        let standing = self.happen(Some(guest), |core, now| {
            let peer = guest.peer;
            if what(core, now) == Err(Overlong) {
                let limit = self.serving.rules.message_bytes_max;
                let why = format_args!("Error: message longer than {limit} bytes, closing the connection");
                core.out.send_text(Peer::Remote(peer), why);
                core.machine.handle(now, Event::Gone(Peer::Remote(peer)), &mut core.out);
                core.out.dismiss(peer);
            }
        });
        match standing {
            Standing { is_seated: false, .. } => Next::End,
            Standing { is_ahead: true, .. } => Next::WaitForWalkers,
            Standing { .. } => Next::Wait,
        }
    }
}

impl Core {
    /// One message for the machine, which wants to hear more in any case.
    fn hear(&mut self, now: Now, peer: SocketAddr, message: &[u8]) -> bool {
        self.machine.handle(now, Event::Message(Peer::Remote(peer), message), &mut self.out);
        true
    }
}
