//! One datagram socket's task: it owns its machine and handles every datagram in turn.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use labs::{Datagrams, Event, Outbox, Peer, Transport};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::Sleep;

use crate::log::pass_lines;
use crate::serve::Serving;
use crate::store::Tickets;

/// The largest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 65_535;
/// After an error of the socket that is none of a peer's doing.
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// Serves until shutdown.
pub(crate) async fn serve_datagrams(socket: UdpSocket, datagrams: Datagrams, serving: Arc<Serving>) {
    let shutdown = serving.shutdown.clone();
    let mut shutdown = pin!(shutdown.cancelled());
    let mut alarm = pin!(tokio::time::sleep(Duration::ZERO));
    let mut counter = Counter {
        socket,
        datagrams,
        serving,
        tickets: Tickets::default(),
        read: vec![0; DATAGRAM_BYTES_MAX].into_boxed_slice(),
        out: Outbox::default(),
    };
    counter.out.mute(!counter.serving.log.wants_lines());
    loop {
        match std::future::poll_fn(|cx| counter.poll(cx, shutdown.as_mut(), alarm.as_mut())).await {
            End::Shutdown => return counter.close().await,
            End::SocketError => tokio::time::sleep(ERROR_PAUSE).await,
        }
    }
}

enum End {
    Shutdown,
    SocketError,
}

struct Counter {
    socket: UdpSocket,
    datagrams: Datagrams,
    serving: Arc<Serving>,
    tickets: Tickets,
    read: Box<[u8]>,
    out: Outbox,
}

impl Counter {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
        mut alarm: Pin<&mut Sleep>,
    ) -> Poll<End> {
        if shutdown.as_mut().poll(cx).is_ready() {
            return Poll::Ready(End::Shutdown);
        }
        loop {
            if let Poll::Ready(stored) = self.tickets.poll_next(cx) {
                self.pass(stored.event());
                continue;
            }
            if self.is_due() {
                self.datagrams.tick(self.serving.clock.now(), &mut self.out);
                self.deliver();
                continue;
            }
            match self.poll_receive(cx) {
                Poll::Ready(Ok(())) => continue,
                Poll::Ready(Err(_)) => return Poll::Ready(End::SocketError),
                Poll::Pending => {}
            }
            ready!(self.poll_alarm(cx, alarm.as_mut()));
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let mut buffer = ReadBuf::new(&mut self.read);
        let from = ready!(self.socket.poll_recv_from(cx, &mut buffer))?;
        self.datagrams.receive(self.serving.clock.now(), from, buffer.filled(), &mut self.out);
        self.deliver();
        Poll::Ready(Ok(()))
    }

    fn pass(&mut self, event: Event<'_>) {
        self.datagrams.pass(self.serving.clock.now(), event, &mut self.out);
        self.deliver();
    }

    fn deliver(&mut self) {
        for (to, datagram) in self.out.datagrams() {
            // A datagram that cannot be sent now is lost, as UDP may; waiting for one peer would stop all others.
            let _ = self.socket.try_send_to(datagram, to);
        }
        pass_lines(self.serving.log.as_ref(), self.serving.service, Transport::Udp, &self.out);
        self.tickets.keep(self.serving.store.as_ref(), &mut self.out);
        self.out.clear();
    }

    fn is_due(&self) -> bool {
        self.datagrams.deadline().is_some_and(|at| at <= self.serving.clock.uptime())
    }

    fn poll_alarm(&self, cx: &mut Context<'_>, mut alarm: Pin<&mut Sleep>) -> Poll<()> {
        let Some(deadline) = self.datagrams.deadline() else { return Poll::Pending };
        let deadline = self.serving.clock.instant(deadline);
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.poll(cx)
    }

    /// Waits for the texts on their way, acknowledges them, and lets the machine say its last.
    async fn close(mut self) {
        while let Some(stored) = self.tickets.next().await {
            self.pass(stored.event());
        }
        self.pass(Event::Finished(Peer::Terminal));
    }
}
