//! The labs' messages by their names: whose they are is told by the port, or by the first message that no other program would send.
//!
//! Neither `wire` knows a lab, nor `labs` a packet: whoever tells a story of packets hands [`LabNames`] to it.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};

use labs::{Number, Service, add, alnum, board, calc, chat, clock, sum};
use wire::{Naming, Said, Transport};

/// A conversation: what carries it, its client and its server.
pub type Conversation = (Transport, SocketAddr, SocketAddr);

/// A transport as the labs call it.
pub fn carrier(transport: Transport) -> labs::Transport {
    match transport {
        Transport::Tcp => labs::Transport::Tcp,
        Transport::Udp => labs::Transport::Udp,
    }
}

/// So many conversations found out by their contents are remembered; then it begins anew.
const FOUND_MAX: usize = 4096;
/// No request by which a lab is found out is longer.
const TELLING_BYTES_MAX: usize = 128;

/// Names messages of the labs.
#[derive(Debug)]
pub struct LabNames {
    /// The service that the user has named, at other ports than its own.
    told: Option<(Service, Vec<u16>)>,
    found: BTreeMap<Conversation, Service>,
    /// Where all that is said goes, for who follows it.
    followed: Option<Sender<Heard>>,
}

/// What was said, for who follows it.
#[derive(Debug)]
pub struct Heard {
    pub conversation: Conversation,
    pub by_client: bool,
    pub what: Words,
}

impl Heard {
    /// Who said it.
    pub fn speaker(&self) -> SocketAddr {
        let (_, client, server) = self.conversation;
        if self.by_client { client } else { server }
    }
}

/// What somebody said.
#[derive(Debug)]
pub enum Words {
    Said(Vec<u8>),
    /// So many bytes that the capture does not have.
    Missing(u64),
}

impl LabNames {
    /// Names messages at the usual ports and at these, of this service. What is said, in order and once, comes out at the other end if it is
    /// to be followed.
    pub fn new(service: Option<Service>, ports: &[u16], follow: bool) -> (Self, Receiver<Heard>) {
        let (followed, heard) = channel();
        let told = service.map(|service| (service, ports.to_vec()));
        (Self { told, found: BTreeMap::new(), followed: follow.then_some(followed) }, heard)
    }

    fn pass_on(&self, said: &Said<'_>, what: impl FnOnce() -> Words) {
        if let Some(followed) = &self.followed {
            let conversation = (said.transport, said.client, said.server);
            // It is heard until the story is over.
            let _ = followed.send(Heard { conversation, by_client: said.by_client, what: what() });
        }
    }

    fn service(&mut self, said: &Said<'_>) -> Option<Service> {
        if let Some((service, ports)) = &self.told
            && ports.contains(&said.server.port())
        {
            return Some(*service);
        }
        let carrier = carrier(said.transport);
        let at_port = |service: &Service| service.port() == said.server.port() && service.speaks(carrier);
        if let Some(service) = Service::ALL.into_iter().find(at_port) {
            return Some(service);
        }
        let conversation = (said.transport, said.client, said.server);
        if said.by_client
            && said.bytes.len() <= TELLING_BYTES_MAX
            && let Some(service) = std::str::from_utf8(said.bytes).ok().and_then(tells)
        {
            if self.found.len() >= FOUND_MAX {
                self.found.clear();
            }
            self.found.insert(conversation, service);
            return Some(service);
        }
        self.found.get(&conversation).copied()
    }
}

impl Naming for LabNames {
    fn name(&mut self, said: &Said<'_>, name: &mut String) -> u32 {
        let Some(service) = self.service(said) else { return 0 };
        let words = match std::str::from_utf8(said.bytes) {
            // Padding of fixed fields, as C programs send them.
            Ok(text) => Some(message(service, said, text.trim_end_matches('\0').trim_end())),
            Err(_) if service == Service::Talk => Some((1, "encrypted message", "")),
            Err(_) => None,
        };
        let Some((count, what, text)) = words else { return 0 };
        // An answer is plain enough without the service's name: it stands below its request.
        let own = if said.by_client { service.name() } else { "" };
        let words = [own, what, text].into_iter().filter(|word| !word.is_empty());
        for (place, word) in words.enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(name, "{}{word}", if place == 0 { "" } else { " " });
        }
        count
    }

    fn hear(&mut self, said: &Said<'_>) {
        self.pass_on(said, || Words::Said(said.bytes.to_vec()));
    }

    fn miss(&mut self, said: &Said<'_>, bytes: u64) {
        self.pass_on(said, || Words::Missing(bytes));
    }
}

/// How many messages, what they are called, and what they say.
type Name<'a> = (u32, &'static str, &'a str);

/// The service that alone has such a request.
fn tells(text: &str) -> Option<Service> {
    let text = text.trim_end_matches(['\0', '\n', '\r']);
    match text {
        clock::SEND_DATE | clock::SEND_TIME => Some(Service::Clock),
        _ if calc::Request::parse(text).is_some() => Some(Service::Calc),
        _ => None,
    }
}

fn message<'a>(service: Service, said: &Said<'_>, text: &'a str) -> Name<'a> {
    let is_first = said.from_beginning && said.index == 0;
    if !said.by_client && text.starts_with(REFUSAL) {
        return (1, "", text);
    }
    match (service, said.by_client) {
        (Service::Numbers, true) => (1, "number", text),
        (Service::Clock, true) => (repeats(text), "request", text),
        (Service::Calc, true) => calc_says(text, is_first),
        (Service::Add, true) if is_first => (1, "name", text),
        (Service::Add, false) if is_first => add_begins(text),
        (Service::Sum, true) if text == sum::EXIT => (1, "quit", ""),
        (Service::Sum, false) if [sum::WELCOME, sum::FIRST_RECEIVED, sum::BUSY].contains(&text) => (1, "step", text),
        (Service::Board, true) if text == board::GET => (1, "request", text),
        (Service::Board, true) => text.strip_prefix(board::POST).map_or((1, "request", text), |text| (1, "post", text)),
        (Service::Board, false) if text == board::BYE => (1, "bye", ""),
        (Service::Board, false) if text == board::SAVED => (1, "answer", text),
        (Service::Board, false) => (1, "text", text),
        (Service::Talk, _) if text.starts_with(PEM) => (1, "public key", ""),
        (Service::Talk, _) => (1, "message", ""),
        (Service::Chat, true) if is_first => (1, "login", text),
        (Service::Chat, true) if chat::QUITS.contains(&text) => (1, "quit", ""),
        (Service::Chat, true) => (1, "says", text),
        (Service::Chat, false) => chat_tells(text),
        (Service::Alnum, false) if text == alnum::YES || text == alnum::NO => (1, "answer", text),
        (Service::Echo | Service::Alnum | Service::Add | Service::Sum, true) => (1, "request", text),
        (
            Service::Echo
            | Service::Alnum
            | Service::Clock
            | Service::Calc
            | Service::Add
            | Service::Sum
            | Service::Numbers,
            false,
        ) => (1, "answer", text),
    }
}

/// `SEND_DATESEND_TIME` is two requests in one.
fn repeats(text: &str) -> u32 {
    let mut count = 0;
    let mut rest = text;
    while let Some(next) = [clock::SEND_DATE, clock::SEND_TIME].iter().find_map(|word| rest.strip_prefix(word)) {
        (rest, count) = (next, count + 1);
    }
    if rest.is_empty() { count.max(1) } else { 1 }
}

fn calc_says(text: &str, is_first: bool) -> Name<'_> {
    if text == calc::QUIT {
        return (1, "quit", "");
    }
    if calc::Request::parse(text).is_some() {
        return (1, "request", text);
    }
    // What is sent right after one another arrives as one.
    let (requests, quits) = text.strip_suffix(calc::QUIT).map_or((text, 0), |requests| (requests, 1));
    match run_together(requests) {
        Some(count) if count + quits > 1 => (count + quits, "requests run together", text),
        _ if is_first => (1, "name", text),
        _ => (1, "request", text),
    }
}

/// How many requests `1 + 23 * 4` holds: where one ends cannot be told, but each adds an operator and a number.
fn run_together(text: &str) -> Option<u32> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_alternating = words.iter().enumerate().all(|(place, word)| match place % 2 {
        0 => Number::parse(word).is_some(),
        _ => ["+", "-", "*", "/"].contains(word),
    });
    let whole = is_alternating && words.len() % 2 == 1 && words.len() >= 3;
    whole.then(|| u32::try_from(words.len() / 2).unwrap_or(u32::MAX))
}

/// The answer to the name, perhaps with the first sum already behind it.
fn add_begins(text: &str) -> Name<'_> {
    match text.strip_prefix(add::ACK) {
        Some(sum) if Number::parse(sum).is_some() => (2, "answers run together", text),
        _ => (1, "answer", text),
    }
}

fn chat_tells(text: &str) -> Name<'_> {
    match text.split_once(": ") {
        Some((chat::SERVER, notice)) => (1, "notice", notice),
        Some(_) => (1, "message from", text),
        None => (1, "", text),
    }
}

/// How every refusal of a lab begins.
const REFUSAL: &str = "Error: ";
const PEM: &str = "-----BEGIN ";

#[cfg(test)]
mod tests {
    use super::*;

    /// What the messages of a conversation at this port are called, and how many each is; those of the server begin with `←`.
    fn named(port: u16, messages: &[&str]) -> Vec<(u32, String)> {
        let (mut names, _) = LabNames::new(None, &[], false);
        let mut indices = [0, 0];
        let mut told = Vec::new();
        for message in messages {
            let answer = message.strip_prefix('←');
            let said = Said {
                transport: Transport::Tcp,
                client: "127.0.0.1:40000".parse().unwrap(),
                server: ([127, 0, 0, 1], port).into(),
                by_client: answer.is_none(),
                index: indices[usize::from(answer.is_none())],
                from_beginning: true,
                bytes: answer.unwrap_or(message).as_bytes(),
            };
            let mut name = String::new();
            let count = names.name(&said, &mut name);
            indices[usize::from(answer.is_none())] += u64::from(count.max(1));
            told.push((count, name));
        }
        told
    }

    fn texts(port: u16, messages: &[&str]) -> Vec<String> {
        named(port, messages).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn messages_at_a_labs_port_are_named() {
        assert_eq!(
            texts(12004, &["Ada", "12 + 42", "←54", "1 / 0", "←Error: division by zero", "q"]),
            [
                "calc name Ada",
                "calc request 12 + 42",
                "answer 54",
                "calc request 1 / 0",
                "Error: division by zero",
                "calc quit"
            ]
        );
        assert_eq!(
            texts(
                12009,
                &["Batman", "←Server: time=10.01 Batman has joined. Member count=1", "hi", "←Robin: ho", "quit"]
            ),
            [
                "chat login Batman",
                "notice time=10.01 Batman has joined. Member count=1",
                "chat says hi",
                "message from Robin: ho",
                "chat quit"
            ]
        );
        assert_eq!(
            texts(12007, &["POST milk", "GET", "←milk", "←<<--bye-->>"]).join("; "),
            "board post milk; board request GET; text milk; bye"
        );
    }

    #[test]
    fn what_runs_together_is_counted() {
        assert_eq!(named(12004, &["Ada", "1 + 23 * 4"])[1], (2, "calc requests run together 1 + 23 * 4".to_owned()));
        assert_eq!(named(12004, &["Ada", "1 + 2q"])[1].0, 2);
        assert_eq!(named(12004, &["Ada", "nonsense + 2"])[1], (1, "calc request nonsense + 2".to_owned()));
        assert_eq!(named(12003, &["SEND_DATESEND_TIME"])[0].0, 2);
        assert_eq!(named(12005, &["Ada", "3 4", "←ack7"])[2].0, 2);
    }

    #[test]
    fn contents_tell_where_the_port_does_not() {
        assert_eq!(
            texts(5000, &["Ada", "12 + 42", "←54", "SEND", "←x"]),
            ["", "calc request 12 + 42", "answer 54", "calc request SEND", "answer x"]
        );
        assert_eq!(texts(5000, &["GET / HTTP/1.1", "←HTTP/1.1 200 OK"]), ["", ""]);
        assert_eq!(texts(5000, &["SEND_TIME"]), ["clock request SEND_TIME"]);
    }
}
