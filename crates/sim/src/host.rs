//! Servers and clients as the program sets them up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use labs::framing::{Ending, MESSAGE_BYTES_DEFAULT, QUIET_DEFAULT, Rules};
use labs::sum::Dialect;
use labs::{
    Connection, Datagrams, Dial, Machine, Pauses, Service, Shelf, Transport, Unanswered, add, alnum, board, calc, chat,
    clock, echo, numbers, sum, talk,
};

use crate::datagrams::Caller;
use crate::{SeededKeyring, Terminal, room};

/// What a server is told; the defaults are the program's, but that nobody is sent away for being idle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `sum` only.
    pub dialect: Dialect,
    /// `board` only: whether `POST` is answered `saved`.
    pub acknowledge: bool,
    /// Whether the server finds out how its peer speaks; else only LF ends a message.
    pub guess: bool,
    pub message_bytes_max: usize,
    /// How long a silent peer is kept; none: for ever.
    pub idle_max: Option<Duration>,
    /// Clients of `numbers` and `sum` over UDP that are remembered at once.
    pub members_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::Plain,
            acknowledge: false,
            guess: true,
            message_bytes_max: MESSAGE_BYTES_DEFAULT,
            idle_max: None,
            members_max: 100,
        }
    }
}

/// How long a first number of `sum` is kept, and how long a client waits for an answer.
pub const WAIT: Duration = Duration::from_secs(30);
/// Longer than a quiet time, whatever [`crate::network::Course::swift`] does to it.
pub const SETTLE: Duration = Duration::from_millis(3 * QUIET_DEFAULT.as_millis() as u64);

impl Options {
    /// The framing of a server's connections.
    pub fn rules(&self, service: Service) -> Rules {
        let steps = service == Service::Sum && self.dialect == Dialect::Steps;
        Rules {
            guess: self.guess,
            message_bytes_max: if service == Service::Talk { talk::UNIT_BYTES_MAX } else { self.message_bytes_max },
            greeting: if steps { sum::STEPS_GREETING } else { Ending::Lf },
            bare: if service == Service::Board { board::BARE_ENDING } else { Ending::None },
            ..Rules::default()
        }
    }

    /// The machine of one connection or datagram socket, where `shelf` is the board's.
    ///
    /// # Panics
    /// If all connections of the service share one: [`Options::room`].
    pub fn machine(&self, service: Service, transport: Transport, shelf: Shelf) -> Box<dyn Machine + Send> {
        match (service, self.dialect) {
            (Service::Numbers, _) => Box::new(numbers::Server::new(self.members_max)),
            (Service::Echo, _) => Box::new(echo::Server),
            (Service::Alnum, _) => Box::new(alnum::Server),
            (Service::Clock, _) => Box::new(clock::Server::default()),
            (Service::Calc, _) => Box::new(calc::Server::default()),
            (Service::Add, _) => Box::new(add::Server::default()),
            (Service::Sum, Dialect::Plain) => Box::new(sum::Server::new(self.members_max, WAIT)),
            (Service::Sum, Dialect::Steps) => Box::new(sum::StepsServer::default()),
            (Service::Board, _) => Box::new(board::Server::new(shelf, transport, self.acknowledge, SECRET)),
            (Service::Talk, _) => {
                let keyring = Arc::new(SeededKeyring::new(1, 2048));
                Box::new(talk::Server::new(keyring, self.message_bytes_max))
            }
            (Service::Chat, _) => panic!("{service} has one machine for all connections"),
        }
    }

    /// The service whose connections share a machine.
    pub fn room(&self, service: Service) -> room::Setup {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let options = chat::Options {
            members_max: self.members_max,
            login_max: DAY,
            idle_max: self.idle_max.unwrap_or(DAY),
            rate: 10,
            announce_members_max: 100,
            rooms_max: 100,
            history: 0,
        };
        room::Setup {
            options,
            rules: self.rules(service),
            shards: 2,
            log_bytes_max: 4 * 1024 * 1024,
            earlier: Vec::new(),
            linger_max: DAY,
            hasty_percent: 0,
            late_max: Duration::ZERO,
        }
    }

    /// A server's end of a new connection.
    pub fn connection(&self, service: Service, peer: SocketAddr, shelf: Shelf) -> Connection {
        let machine = self.machine(service, Transport::Tcp, shelf);
        Connection::new(peer, machine, self.rules(service), self.idle_max)
    }

    /// A server's datagram socket, bound to `port`.
    pub fn datagrams(&self, service: Service, port: u16, shelf: Shelf) -> Datagrams {
        let machine = self.machine(service, Transport::Udp, shelf);
        Datagrams::new(service, machine, Unanswered::with_own([port]), self.message_bytes_max)
    }
}

const SECRET: [u8; 16] = *b"a board's secret";

/// What a client is told.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub dialect: Dialect,
    /// `board` only: whether it waits for `saved`.
    pub acknowledged: bool,
    /// `numbers` and `clock` only.
    pub count: Option<u64>,
    /// `numbers` only.
    pub every: Duration,
    pub seed: u64,
    /// `chat` only: whether it outlives its connection.
    pub lasting: bool,
    /// How its messages end on a stream.
    pub spoken: Ending,
    /// Whether it finds out how the server speaks; else only LF ends an answer.
    pub guess: bool,
    pub answer_max: Duration,
    /// `talk` only, as the two below.
    pub role: talk::Role,
    pub talk_dialect: talk::Dialect,
    /// The size of the lab's key.
    pub talk_bits: u32,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            dialect: Dialect::Plain,
            acknowledged: false,
            count: Some(3),
            every: *numbers::EVERY_DEFAULT.end(),
            seed: 1,
            lasting: false,
            spoken: Ending::Lf,
            guess: true,
            answer_max: WAIT,
            role: talk::Role::Client,
            talk_dialect: talk::Dialect::Sound,
            talk_bits: 2048,
        }
    }
}

impl ClientOptions {
    /// The client's machine.
    ///
    /// # Panics
    /// For the services whose clients are no question and answer, and are played with their servers.
    pub fn machine(&self, service: Service, dial: Dial) -> Box<dyn Machine + Send> {
        match service {
            Service::Numbers => {
                Box::new(numbers::Client::new(dial, Pauses::new(self.every..=self.every, self.seed), self.count))
            }
            Service::Echo | Service::Alnum => Box::new(echo::Client::new(dial)),
            Service::Clock => {
                Box::new(clock::Client::new(dial, Pauses::new(clock::EVERY_DEFAULT, self.seed), self.count, self.seed))
            }
            Service::Calc => Box::new(calc::Client::new(dial, "Ada".to_owned(), SETTLE)),
            Service::Add => Box::new(add::Client::new(dial, "client", self.seed)),
            Service::Sum => Box::new(sum::Client::new(dial, self.dialect)),
            Service::Board => Box::new(board::Client::new(dial, self.acknowledged, SETTLE)),
            Service::Talk => Box::new(self.talker()),
            Service::Chat => {
                let client = chat::Client::new(dial, None, SETTLE);
                Box::new(if self.lasting { client.lasting(self.seed) } else { client })
            }
        }
    }

    /// The client's end of a new connection.
    pub fn connection(&self, service: Service, server: SocketAddr) -> Connection {
        let spoken = Some(self.spoken);
        let rules = Rules { spoken, guess: self.guess, message_bytes_max: talk::UNIT_BYTES_MAX, ..Rules::default() };
        Connection::new(server, self.machine(service, self.dial(server, Transport::Tcp)), rules, None)
    }

    /// A person who talks, and who meets everybody for the first time.
    pub fn talker(&self) -> talk::Person {
        let keyring = Arc::new(SeededKeyring::new(self.seed, self.talk_bits));
        talk::Person::new(keyring, self.role, self.talk_dialect, self.answer_max, Box::new(|_| talk::Meeting::New))
    }

    pub fn dial(&self, server: SocketAddr, transport: Transport) -> Dial {
        Dial { server, transport, answer_max: self.answer_max }
    }

    /// The client at a datagram socket of its own.
    pub fn caller(&self, service: Service, server: SocketAddr, terminal: Terminal) -> Caller {
        Caller::new(self.machine(service, self.dial(server, Transport::Udp)), server, terminal)
    }
}
