//! The talks: what is said to each service and what it answers, before anybody chose how a message ends.

use labs::sum::Dialect;
use labs::{NOT_TEXT, Service, Transport, add, alnum, board, calc, clock, numbers, sum};

use crate::host::Options;

pub(super) struct Talk {
    pub(super) about: &'static str,
    pub(super) service: Service,
    pub(super) options: Options,
    /// What the server says first, without any ending.
    pub(super) opening: Option<&'static str>,
    pub(super) turns: Vec<Turn>,
    /// The server closes behind the last message.
    pub(super) server_ends: bool,
}

pub(super) struct Turn {
    pub(super) say: &'static [u8],
    pub(super) hear: Vec<Hear>,
}

pub(super) enum Hear {
    Text(&'static str),
    Bytes(&'static [u8]),
    /// `#` stands for any digit.
    Shape(&'static str),
}

impl Talk {
    fn new(service: Service, about: &'static str, turns: impl IntoIterator<Item = Turn>) -> Self {
        let turns = turns.into_iter().collect();
        Self { about, service, options: Options::default(), opening: None, turns, server_ends: false }
    }

    fn ended_by_server(self) -> Self {
        Self { server_ends: true, ..self }
    }

    fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }

    pub(super) fn speaks_udp(&self) -> bool {
        self.service.speaks(Transport::Udp) && self.opening.is_none()
    }
}

/// One message and its one answer.
fn one(say: &'static str, hear: &'static str) -> Turn {
    several(say, [hear])
}

/// One message and its answers, none of them for a message that is only taken note of.
fn several<const N: usize>(say: &'static str, hear: [&'static str; N]) -> Turn {
    Turn { say: say.as_bytes(), hear: hear.map(Hear::Text).into() }
}

fn raw(say: &'static [u8], hear: Hear) -> Turn {
    Turn { say, hear: vec![hear] }
}

pub(super) fn all() -> Vec<Talk> {
    let mut talks = vec![
        Talk::new(Service::Numbers, "counting", [several("1", []), several("2", []), several("100", [])]),
        Talk::new(
            Service::Numbers,
            "what is no number",
            [one("101", numbers::ERROR), one("one", numbers::ERROR), several("7", [])],
        ),
        Talk::new(
            Service::Echo,
            "words",
            [one("Hello", "Hello"), one("a b  c", "a b  c"), one("Grüße 世界", "Grüße 世界")],
        ),
        Talk::new(Service::Echo, "bytes", [raw(b"\xff\xfe", Hear::Bytes(b"\xff\xfe"))]),
        Talk::new(
            Service::Alnum,
            "words",
            [one("abc123", alnum::YES), one("a b", alnum::NO), one("Grüße", alnum::YES)],
        ),
        Talk::new(Service::Alnum, "bytes", [raw(b"\xff\xfe", Hear::Text(NOT_TEXT)), one("x", alnum::YES)]),
        clock(),
        calc(),
        Talk::new(
            Service::Calc,
            "bytes",
            [several("Ada", []), raw(b"1 + \xff", Hear::Text(NOT_TEXT)), one("1 + 1", "2")],
        ),
        Talk::new(
            Service::Add,
            "a session",
            [
                one("client4711", add::ACK),
                one("3 4", "7"),
                one("3,4", "7"),
                one("x", add::FORMAT_ERROR),
                one("1, 10", "11"),
            ],
        ),
        Talk::new(Service::Add, "bytes", [raw(b"\xff", Hear::Text(calc::NAME_ERROR)), one("client1", add::ACK)]),
        Talk::new(
            Service::Sum,
            "plain",
            [one("3 4", "7"), several("3", []), one("4", "7"), one("-1.5,0.5", "-1"), one("abc", sum::FORMAT_ERROR)],
        ),
        Talk::new(Service::Sum, "bytes", [raw(b"\xff 1", Hear::Text(sum::FORMAT_ERROR)), one("1 1", "2")]),
        sum_steps(),
    ];
    talks.extend(boards());
    talks.extend(chats());
    talks
}

fn clock() -> Talk {
    Talk::new(
        Service::Clock,
        "date and time",
        [
            raw(clock::SEND_DATE.as_bytes(), Hear::Shape("####-##-##")),
            raw(clock::SEND_TIME.as_bytes(), Hear::Shape("##:##:##")),
            one("send_time", clock::ERROR),
            raw(b"\xff", Hear::Text(clock::ERROR)),
        ],
    )
}

fn calc() -> Talk {
    let turns = [
        several("Ada", []),
        one("12 + 42", "54"),
        one("4.5 / -6", "-0.75"),
        one("0.1 + 0.2", "0.3"),
        one("1 / 0", calc::DIVISION_ERROR),
        one("12 +", calc::FORMAT_ERROR),
        one("3.24 - 45", "-41.76"),
        several(calc::QUIT, []),
    ];
    Talk::new(Service::Calc, "a session", turns).ended_by_server()
}

fn sum_steps() -> Talk {
    let turns = [
        one("3", sum::FIRST_RECEIVED),
        one("4", "7"),
        one("three", sum::FIRST_RECEIVED),
        one("4", sum::INVALID),
        one("1.5", sum::FIRST_RECEIVED),
        one("-2", "-0.5"),
        several(sum::EXIT, []),
    ];
    let talk = Talk::new(Service::Sum, "in steps", turns).ended_by_server();
    let options = Options { dialect: Dialect::Steps, ..Options::default() };
    Talk { opening: Some(sum::WELCOME), ..talk.with(options) }
}

/// What one member alone hears.
fn chats() -> [Talk; 3] {
    const NAME_ERROR: &str =
        "Error: a name has 1 to 32 printable characters, no ':', and is not Server; choose another";
    const NOT_SENT: &str = "Server: expected text in UTF-8; your last message was not sent";
    let joined = |name: &'static str, line| raw(name.as_bytes(), Hear::Shape(line));
    let session = [
        joined("Batman", "Server: time=##.## Batman has joined. Member count=1"),
        several("Anyone here?", []),
        one("/who", "Server: 1 in lobby: Batman"),
        raw(
            b"/join cave",
            Hear::Shape("Server: you are in cave now\nServer: time=##.## Batman has joined. Member count=1"),
        ),
        several("/me waves", []),
        one("/rooms", "Server: 2 rooms: cave (1), lobby (0)"),
        several("quit", []),
    ];
    let names = [
        one("sERVER", NAME_ERROR),
        one("a:b", NAME_ERROR),
        joined("Count 李小龍", "Server: time=##.## Count 李小龍 has joined. Member count=1"),
        one("/msg Robin psst", "Server: nobody here is called that: /msg NAME TEXT; see /who"),
        one(
            "/msg count 李小龍 psst",
            "Server: Count 李小龍 says to you alone: psst\nServer: said to Count 李小龍 alone",
        ),
    ];
    let bytes = [
        raw(b"\xff", Hear::Text(NAME_ERROR)),
        joined("Batman", "Server: time=##.## Batman has joined. Member count=1"),
        raw(b"\xff\xfe", Hear::Text(NOT_SENT)),
        one("/who", "Server: 1 in lobby: Batman"),
    ];
    [
        Talk::new(Service::Chat, "a session alone", session).ended_by_server(),
        Talk::new(Service::Chat, "names", names),
        Talk::new(Service::Chat, "bytes", bytes),
    ]
}

fn boards() -> [Talk; 3] {
    let acknowledge = Options { acknowledge: true, ..Options::default() };
    let quiet = [
        several(board::GET, [board::BYE]),
        several("POST first", []),
        several("POST the second text", []),
        several(board::GET, ["first", "the second text", board::BYE]),
        one("PUT third", board::FORMAT_ERROR),
    ];
    let acknowledged = [
        one("POST first", board::SAVED),
        several(board::GET, ["first", board::BYE]),
        one("POST Grüße", board::SAVED),
        one("POST ", board::FORMAT_ERROR),
        several(board::GET, ["first", "Grüße", board::BYE]),
    ];
    let bytes = [raw(b"POST \xff", Hear::Text(NOT_TEXT)), several(board::GET, [board::BYE])];
    [
        Talk::new(Service::Board, "posts and gets", quiet),
        Talk::new(Service::Board, "acknowledged posts", acknowledged).with(acknowledge),
        Talk::new(Service::Board, "bytes", bytes),
    ]
}
