//! Runs one client: a machine between a terminal and a server.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use labs::framing::{Ending, Rules};
use labs::{Connection, Event, Machine, Outbox, Outcome, Peer, Service, Shown, Tone, Transport};
use rustix::io::Errno;
use rustls::ServerConfig;

use crate::byte_stream::ByteStream;
use crate::clock::Clock;
use crate::dial::{Call, CallTls, JoinError, connect, open_datagram_socket};
use crate::keyboard::{Keyboard, Typed};
use crate::listen::Listen;
use crate::resolve::Family;
use crate::signals::Signals;
use crate::welcome::welcome;

/// One client to run.
pub struct JoinPlan {
    pub service: Service,
    pub host: String,
    pub port: u16,
    pub family: Family,
    pub transport: Transport,
    /// How TLS is spoken with the server, if at all.
    pub tls: Option<CallTls>,
    /// Our own address and port; port 0 asks the system for one.
    pub bind: Option<SocketAddr>,
    /// How long a connection may take to be established.
    pub connect_max: Duration,
    /// How long the server's system may acknowledge nothing until the connection counts as broken; none: as long as ours likes.
    pub silence_max: Option<Duration>,
    /// Where to wait for the peer instead of calling it; empty: it is called.
    pub listen: Vec<Listen>,
    /// How sessions are made at places for TLS; it must be there if there are any.
    pub listen_tls: Option<Arc<ServerConfig>>,
    pub rules: Rules,
    /// Makes the machine, once the server's address is known.
    pub machine: Box<dyn FnOnce(SocketAddr) -> Box<dyn Machine + Send>>,
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
    Moved(io::Result<Moved>),
    Typed(Typed),
    Timeout,
    GivenUp,
}

/// Bytes that went one way or the other, or the way for them.
enum Moved {
    Read(usize),
    Written(usize),
    Connected(ByteStream),
}

/// The way to a stream's server.
enum Link {
    Up(ByteStream),
    Dialling(Pin<Box<dyn Future<Output = Result<ByteStream, JoinError>>>>),
    Down,
}

impl Client<'_> {
    /// Waits for whatever comes first.
    async fn wait(
        &mut self,
        transfer: impl Future<Output = io::Result<Moved>>,
        deadline: Option<Duration>,
    ) -> Happened {
        let due = deadline.map(|deadline| self.clock.instant(deadline));
        let timeout = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            moved = transfer => Happened::Moved(moved),
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
        let reached = tokio::select! {
            reached = reach(&plan, &mut *self.screen) => reached?,
            () = self.signals.next() => return Ok(Outcome::Failed),
        };
        let (stream, server) = reached;
        let call = Call::of(&plan, server);
        let mut link = Link::Up(stream);
        let mut connection = Connection::new(server, (plan.machine)(server), plan.rules, None);
        connection.open(self.clock.now(), &mut self.out);
        let mut buffer = vec![0; 64 * 1024];
        let mut unsent = Vec::new();
        let mut read_ended = false;
        let mut mistrust = String::new();
        loop {
            unsent.extend_from_slice(self.out.wire());
            if let Some(outcome) = self.show() {
                // What the server does not take by then, it does not get.
                let _ = tokio::time::timeout(FAREWELL_MAX, farewell(link, &unsent)).await;
                return Ok(outcome);
            }
            if self.out.dials() {
                unsent.clear();
                link = Link::Dialling(Box::pin(call.clone().connect()));
            }
            self.out.clear();
            let happened =
                self.wait(transfer(&mut link, &mut buffer, &unsent, read_ended), connection.deadline()).await;
            let (now, out) = (self.clock.now(), &mut self.out);
            match happened {
                Happened::Moved(Ok(Moved::Written(count))) => drop(unsent.drain(..count)),
                Happened::Moved(Ok(Moved::Read(0))) => {
                    read_ended = true;
                    connection.receive_end(now, out);
                }
                Happened::Moved(Ok(Moved::Read(count))) => connection.receive(now, &buffer[..count], out),
                Happened::Moved(Ok(Moved::Connected(stream))) => {
                    read_ended = false;
                    link = Link::Up(stream);
                    connection.reopen(now, out);
                }
                Happened::Moved(Err(error)) => {
                    unsent.clear();
                    link = Link::Down;
                    tell_of_mistrust(&error, &mut mistrust, &mut *self.screen);
                    // A machine that dials lives on; any other ends its run at this.
                    connection.pass(now, Event::Gone(Peer::Remote(server)), out);
                }
                Happened::Typed(typed) => connection.pass(now, typed_event(&typed), out),
                Happened::Timeout => connection.tick(now, out),
                Happened::GivenUp => return Ok(Outcome::Failed),
            }
        }
    }

    async fn exchange_datagrams(mut self, plan: JoinPlan) -> Result<Outcome, JoinError> {
        let reached = tokio::select! {
            reached = open_datagram_socket(&plan) => reached?,
            () = self.signals.next() => return Ok(Outcome::Failed),
        };
        let (socket, server) = reached;
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
            let received = async { socket.recv(&mut buffer).await.map(Moved::Read) };
            let happened = self.wait(received, machine.deadline()).await;
            let now = self.clock.now();
            let event = match &happened {
                Happened::Moved(Ok(Moved::Read(count) | Moved::Written(count))) => {
                    told_refused = false;
                    Event::Message(peer, Ending::split(&buffer[..*count]).0)
                }
                Happened::Moved(Ok(Moved::Connected(_))) => continue,
                Happened::Moved(Err(_)) => {
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

/// Calls the peer, or waits for it.
async fn reach(plan: &JoinPlan, screen: &mut dyn FnMut(Shown<'_>)) -> Result<(ByteStream, SocketAddr), JoinError> {
    if plan.listen.is_empty() { connect(plan).await } else { welcome(plan, screen).await }
}

/// A server that comes back and is not trusted any more will not be at the next try either, so whoever waits for it is told why, once.
fn tell_of_mistrust(error: &io::Error, told: &mut String, screen: &mut dyn FnMut(Shown<'_>)) {
    let why = error.get_ref().and_then(|error| error.downcast_ref::<JoinError>());
    if let Some(why @ JoinError::Tls { .. }) = why {
        let text = why.to_string();
        if *told != text {
            screen(Shown { tone: Tone::Complain, about: None, text: &text });
            *told = text;
        }
    }
}

fn typed_event(typed: &Typed) -> Event<'_> {
    match typed {
        Typed::Line(line) => Event::Message(Peer::Terminal, line.as_bytes()),
        Typed::End => Event::Finished(Peer::Terminal),
    }
}

/// Reads and writes, whichever is possible first: a server that does not read is still heard.
async fn transfer(link: &mut Link, buffer: &mut [u8], unsent: &[u8], read_ended: bool) -> io::Result<Moved> {
    let stream = match link {
        Link::Up(stream) => stream,
        Link::Dialling(call) => return call.await.map(Moved::Connected).map_err(io::Error::other),
        Link::Down => return std::future::pending().await,
    };
    let write = async {
        if unsent.is_empty() {
            poll_fn(|cx| stream.poll_flush(cx)).await?;
            return std::future::pending().await;
        }
        poll_fn(|cx| stream.poll_write(cx, unsent)).await
    };
    tokio::select! {
        read = poll_fn(|cx| stream.poll_read(cx, buffer)), if !read_ended => read.map(Moved::Read),
        written = write => written.map(Moved::Written),
    }
}

/// Says the last, and that we are done, and waits for the server to be done too.
async fn farewell(link: Link, mut unsent: &[u8]) -> io::Result<()> {
    let Link::Up(stream) = link else { return Ok(()) };
    while !unsent.is_empty() {
        let sent = poll_fn(|cx| stream.poll_write(cx, unsent)).await?;
        unsent = &unsent[sent..];
    }
    stream.finish().await?;
    stream.drain(u64::MAX).await
}
