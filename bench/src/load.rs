//! The load: clients of one script on one thread, each of which asks again as soon as it is answered.

use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::{Errno, read, write};

use crate::rounds::Source;
use crate::script::Script;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    /// As it stands in an address.
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// How long a server may take to be connected to, or to answer anything at all.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// After so long without any answer the datagrams under way are taken for lost and sent again.
const RESEND: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Larger than any burst's answers.
const BUFFER_BYTES: usize = 64 * 1024;

/// Clients that are connected, and silent between rounds.
pub(crate) struct Load {
    script: Script,
    transport: Transport,
    epoll: OwnedFd,
    clients: Vec<Client>,
    buffer: Box<[u8]>,
}

struct Client {
    socket: OwnedFd,
    /// Which of the script's bursts is under way, or was last.
    burst: usize,
    /// Bytes of its answers that have come.
    answered: usize,
    waiting: bool,
}

/// What came of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) requests: u64,
    /// Datagrams that had to be sent again.
    pub(crate) resent: u64,
}

impl Load {
    /// Connects the clients and lets them say their greeting.
    pub(crate) fn connect(transport: Transport, address: SocketAddr, clients: usize, script: Script) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let bursts = script.bursts.len();
        let connect = |index: usize| {
            let socket = connect(transport, address)?;
            if !script.greeting.is_empty() {
                ensure!(write(&socket, script.greeting)? == script.greeting.len(), "the greeting was not taken whole");
            }
            epoll::add(&epoll, &socket, EventData::new_u64(index as u64), EventFlags::IN | EventFlags::ET)?;
            Ok(Client { socket, burst: index % bursts, answered: 0, waiting: false })
        };
        let clients = (0..clients).map(connect).collect::<Result<Vec<_>>>();
        let clients = clients.with_context(|| format!("cannot connect to {address}"))?;
        Ok(Self { script, transport, epoll, clients, buffer: vec![0; BUFFER_BYTES].into_boxed_slice() })
    }

    /// Says a client's next burst.
    fn ask(&mut self, index: usize) -> Result<()> {
        let client = &mut self.clients[index];
        client.burst = (client.burst + 1) % self.script.bursts.len();
        client.answered = 0;
        client.waiting = true;
        self.say(index)
    }

    fn say(&self, index: usize) -> Result<()> {
        let client = &self.clients[index];
        let requests = &self.script.bursts[client.burst].requests;
        let sent = write(&client.socket, requests).context("a request could not be sent")?;
        ensure!(sent == requests.len(), "a burst was not taken whole");
        Ok(())
    }

    /// Nothing came for a while: datagrams may be lost, streams may only be slow.
    fn ask_again(&self) -> Result<u64> {
        if self.transport == Transport::Tcp {
            return Ok(0);
        }
        let waiting = (0..self.clients.len()).filter(|&index| self.clients[index].waiting);
        waiting.map(|index| self.say(index).map(|()| 1)).sum()
    }

    /// Takes what has come to a client; says whether its burst is answered.
    fn hear(&mut self, index: usize) -> Result<bool> {
        let client = &mut self.clients[index];
        let size = match read(&client.socket, &mut *self.buffer) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(size) => size,
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => bail!("reading an answer: {error}"),
        };
        if !client.waiting {
            // The answer to a datagram that was sent again, too: what is asked on a stream is answered once.
            ensure!(self.transport == Transport::Udp, "an answer that nobody asked for");
            return Ok(false);
        }
        let burst = &self.script.bursts[client.burst];
        let complete = burst.answers.check(client.answered, &self.buffer[..size]).context("wrong answer")?;
        client.answered += size;
        client.waiting = !complete;
        Ok(complete)
    }
}

impl Source for Load {
    fn run(&mut self, length: Duration) -> Result<Done> {
        let end = Instant::now() + length;
        let (mut done, mut heard_at, mut asking) = (Done::default(), Instant::now(), true);
        for index in 0..self.clients.len() {
            self.ask(index)?;
        }
        let mut waiting = self.clients.len();
        let mut events = Vec::with_capacity(self.clients.len());
        while waiting > 0 {
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&RESEND)) {
                Ok(0) if heard_at.elapsed() > SILENCE_MAX => bail!("{waiting} answers did not come"),
                Ok(0) => done.resent += self.ask_again()?,
                Ok(_) => heard_at = Instant::now(),
                Err(Errno::INTR) => {}
                Err(error) => bail!("epoll_wait: {error}"),
            }
            asking = asking && heard_at < end;
            for event in &events {
                let index = event.data.u64() as usize;
                if !self.hear(index)? {
                    continue;
                }
                done.requests += self.script.in_flight;
                if asking {
                    self.ask(index)?;
                } else {
                    waiting -= 1;
                }
            }
        }
        Ok(done)
    }
}

/// A socket that never blocks, connected even for datagrams, so that both kinds are read and written alike.
fn connect(transport: Transport, address: SocketAddr) -> Result<OwnedFd> {
    match transport {
        Transport::Tcp => {
            let stream = TcpStream::connect_timeout(&address, SILENCE_MAX)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream.into())
        }
        Transport::Udp => {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Arithmetic;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Echoes to one client, byte by byte, until it closes.
    fn echo_server() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
        });
        address
    }

    #[test]
    fn requests_are_counted_and_none_is_left_under_way() {
        let script = Script::calc(3, Arithmetic::Mixed).echoed();
        let mut load = Load::connect(Transport::Tcp, echo_server(), 1, script).unwrap();
        for length in [0, 5, 0] {
            let Done { requests, resent } = load.run(Duration::from_millis(length)).unwrap();
            assert!(requests >= 3 && requests.is_multiple_of(3), "{requests}");
            assert_eq!(resent, 0);
        }
    }

    #[test]
    fn a_wrong_answer_is_an_error() {
        let mut load = Load::connect(Transport::Tcp, echo_server(), 1, Script::redis(1)).unwrap();
        let error = load.run(Duration::ZERO).unwrap_err();
        assert!(format!("{error:#}").starts_with("wrong answer: expected +PONG"), "{error:#}");
    }

    #[test]
    fn a_lost_datagram_is_sent_again() {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = server.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut request = [0; 64];
            let _lost = server.recv_from(&mut request).unwrap();
            let (size, from) = server.recv_from(&mut request).unwrap();
            server.send_to(&request[..size], from).unwrap();
        });
        let mut load = Load::connect(Transport::Udp, address, 1, Script::clock().echoed()).unwrap();
        let Done { requests, resent } = load.run(Duration::ZERO).unwrap();
        assert!(requests == 1 && resent >= 1, "{requests} {resent}");
    }
}
