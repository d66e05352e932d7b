//! One connection's task: it owns its machine, and reads only when everything answered has been taken.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use labs::{Connection, Now, Outbox, Transport};
use tokio::sync::Semaphore;
use tokio::time::Sleep;

use crate::byte_stream::ByteStream;
use crate::clock::Reading;
use crate::gate::Permit;
use crate::log::pass_lines;
use crate::serve::Serving;
use crate::store::Tickets;

/// What one thread reads into and answers from, for all its connections: an idle one holds no buffer.
struct Scratch {
    read: Box<[u8]>,
    out: Outbox,
}

/// Large enough for many requests at once, small enough to be kept by each of many peers that send and do not read.
const READ_BYTES: usize = 16 * 1024;
/// How long, and how much, a closed peer is still listened to, so that what it was told last is not lost to a reset.
const LINGER_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: u64 = 16 * 1024 * 1024;

thread_local! {
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch { read: vec![0; READ_BYTES].into_boxed_slice(), out: Outbox::default() });
}

/// Talks with one peer until either side ends.
pub(crate) async fn converse(stream: ByteStream, connection: Connection, serving: Arc<Serving>, permit: Permit) {
    let shutdown = serving.shutdown.clone();
    let mut shutdown = pin!(shutdown.cancelled());
    let mut alarm = pin!(tokio::time::sleep(Duration::ZERO));
    let mut talk = Talk {
        stream,
        connection,
        serving,
        unsent: Unsent::default(),
        tickets: Tickets::default(),
        alarm_at: None,
        opened: false,
        read_ended: false,
        broken: false,
    };
    std::future::poll_fn(|cx| talk.poll(cx, shutdown.as_mut(), alarm.as_mut())).await;
    // The place is free before the peer can see that we closed.
    drop(permit);
    let lingering = Arc::clone(&talk.serving.lingering);
    if let Some((stream, read_ended)) = talk.into_stream() {
        // Boxed, so that what only closing needs is not a part of every idle connection.
        Box::pin(linger(&stream, read_ended, &lingering)).await;
    }
}

/// Tells a peer that there is no place for it.
pub(crate) async fn refuse(stream: &ByteStream, text: &[u8], lingering: &Semaphore) {
    // So short a text fits any socket's buffer; a peer that is gone does not hear it.
    let _ = stream.try_write(&[IoSlice::new(text)]);
    linger(stream, false, lingering).await;
}

/// Half-closes, and takes what the peer still sends. Where too many do so already, the connection is closed at once.
async fn linger(stream: &ByteStream, read_ended: bool, lingering: &Semaphore) {
    let Ok(_turn) = lingering.try_acquire() else { return };
    let drain = async {
        stream.finish().await?;
        if read_ended { Ok(()) } else { stream.drain(LINGER_BYTES_MAX).await }
    };
    // Nothing is left to say, so how it ends does not matter.
    let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER_MAX, drain).await;
}

struct Talk {
    stream: ByteStream,
    connection: Connection,
    serving: Arc<Serving>,
    unsent: Unsent,
    tickets: Tickets,
    /// What the timer is set to; a deadline that moves later is looked at when the timer fires.
    alarm_at: Option<Duration>,
    opened: bool,
    read_ended: bool,
    broken: bool,
}

impl Talk {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
        mut alarm: Pin<&mut Sleep>,
    ) -> Poll<()> {
        let stopping = shutdown.as_mut().poll(cx).is_ready();
        let mut reading = self.serving.clock.reading();
        loop {
            if self.poll_flush(cx).is_pending() {
                return self.poll_stalled(cx, alarm);
            }
            if self.broken || self.connection.is_finished() {
                return Poll::Ready(());
            }
            if self.tickets.are_out() {
                // It waits for our disk, which is not its idleness.
                self.connection.note_taken(reading.uptime());
            }
            if !self.opened {
                self.opened = true;
                self.step(cx, |connection, now, out| connection.open(now, out));
            } else if stopping {
                self.step(cx, |connection, now, out| connection.shut_down(now, out));
            } else if let Poll::Ready(stored) = self.tickets.poll_next(cx) {
                self.step(cx, |connection, now, out| connection.pass(now, stored.event(), out));
            } else if self.connection.has_work(reading.uptime()) {
                self.step(cx, |connection, now, out| connection.tick(now, out));
            } else if self.poll_receive(cx, &mut reading).is_ready() {
                continue;
            } else if self.connection.deadline().is_none_or(|at| at > reading.uptime()) {
                ready!(self.poll_alarm(cx, alarm.as_mut()));
                reading = self.serving.clock.reading();
            } else if !self.read_ended && self.stream.has_unread() {
                // A quiet or idle time is over only where nothing can be read: this will be, in the task's next turn.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            } else {
                self.step(cx, |connection, now, out| connection.tick(now, out));
            }
        }
    }

    /// Lets something happen to the connection, and delivers what follows from it.
    fn step(&mut self, cx: &mut Context<'_>, happen: impl FnOnce(&mut Connection, Now, &mut Outbox)) {
        SCRATCH.with_borrow_mut(|Scratch { out, .. }| {
            self.begin(out);
            happen(&mut self.connection, self.serving.clock.now(), out);
            self.deliver(cx, out);
        });
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, reading: &mut Reading) -> Poll<()> {
        if self.read_ended {
            return Poll::Pending;
        }
        SCRATCH.with_borrow_mut(|Scratch { read, out }| {
            let result = ready!(self.stream.poll_read(cx, read));
            self.begin(out);
            let now = reading.now(&self.serving.clock);
            match result {
                Ok(0) => {
                    self.read_ended = true;
                    self.connection.receive_end(now, out);
                }
                Ok(count) => self.connection.receive(now, &read[..count], out),
                Err(_) => self.lose(now, out),
            }
            self.deliver(cx, out);
            Poll::Ready(())
        })
    }

    fn begin(&self, out: &mut Outbox) {
        out.clear();
        out.mute(!self.serving.log.wants_lines());
    }

    /// Sends what the connection has to say, as much as the peer takes at once; prints; hands texts to the store.
    fn deliver(&mut self, cx: &mut Context<'_>, out: &mut Outbox) {
        if !out.wire().is_empty() && !self.broken {
            let sent = match self.stream.poll_write(cx, out.wire()) {
                Poll::Ready(Ok(sent)) => sent,
                Poll::Ready(Err(_)) => {
                    self.lose(self.serving.clock.now(), out);
                    out.wire().len()
                }
                Poll::Pending => 0,
            };
            self.unsent.push(&out.wire()[sent..]);
        }
        pass_lines(self.serving.log.as_ref(), self.serving.service, Transport::Tcp, out);
        self.tickets.keep(self.serving.store.as_ref(), out);
    }

    fn lose(&mut self, now: Now, out: &mut Outbox) {
        self.broken = true;
        self.unsent = Unsent::default();
        self.connection.lose(now, out);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.unsent.rest().is_empty() {
            match ready!(self.stream.poll_write(cx, self.unsent.rest())) {
                Ok(sent) => {
                    self.unsent.take(sent);
                    self.connection.note_taken(self.serving.clock.uptime());
                }
                Err(_) => self.step_lost(cx),
            }
        }
        if !self.broken && ready!(self.stream.poll_flush(cx)).is_err() {
            self.step_lost(cx);
        }
        Poll::Ready(())
    }

    /// The stream and whether its peer has finished, unless it is broken; all else is given back.
    fn into_stream(self) -> Option<(ByteStream, bool)> {
        (!self.broken).then_some((self.stream, self.read_ended))
    }

    fn step_lost(&mut self, cx: &mut Context<'_>) {
        SCRATCH.with_borrow_mut(|Scratch { out, .. }| {
            self.begin(out);
            self.lose(self.serving.clock.now(), out);
            self.deliver(cx, out);
        });
    }

    /// The peer takes nothing: it has as long as an idle one, or as the shutdown's bound.
    fn poll_stalled(&mut self, cx: &mut Context<'_>, mut alarm: Pin<&mut Sleep>) -> Poll<()> {
        let Some(give_up_at) = self.connection.idle_deadline() else { return Poll::Pending };
        while self.serving.clock.uptime() < give_up_at {
            self.set_alarm(give_up_at, alarm.as_mut());
            ready!(alarm.as_mut().poll(cx));
            self.alarm_at = None;
        }
        self.step_lost(cx);
        Poll::Ready(())
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>, mut alarm: Pin<&mut Sleep>) -> Poll<()> {
        let Some(deadline) = self.connection.deadline() else { return Poll::Pending };
        self.set_alarm(deadline, alarm.as_mut());
        ready!(alarm.poll(cx));
        self.alarm_at = None;
        Poll::Ready(())
    }

    /// Moves the timer only to an earlier time: moving it for each message would cost more than the message.
    fn set_alarm(&mut self, at: Duration, alarm: Pin<&mut Sleep>) {
        if self.alarm_at.is_none_or(|set| at < set) {
            self.alarm_at = Some(at);
            alarm.reset(self.serving.clock.instant(at));
        }
    }
}

/// What a peer has not yet taken; an idle connection holds no buffer.
#[derive(Default)]
struct Unsent {
    bytes: Vec<u8>,
    taken: usize,
}

impl Unsent {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn take(&mut self, count: usize) {
        self.taken += count;
        if self.taken == self.bytes.len() {
            *self = Self::default();
        }
    }
}
