//! The labs' messages by their names: whose they are is told by the port, or by the first message that no other program would send.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};

use labs::{Number, Service, add, alnum, board, calc, chat, clock, sum};
use wire::{Naming, Said, Transport};

use super::wanted::carrier;

/// A conversation: what carries it, its client and its server.
type Conversation = (Transport, SocketAddr, SocketAddr);

/// So many conversations found out by their contents are remembered; then it begins anew.
const FOUND_MAX: usize = 4096;
/// No request by which a lab is found out is longer.
const TELLING_BYTES_MAX: usize = 128;

/// Names messages of the labs.
pub(super) struct LabNames {
    /// The service that the user has named, at other ports than its own.
    told: Option<(Service, Vec<u16>)>,
    found: BTreeMap<Conversation, Service>,
    /// Where all that is said goes, for who follows it.
    followed: Option<Sender<Vec<u8>>>,
}

impl LabNames {
    /// Names messages at the usual ports and at these, of this service. What is said, in order and once, comes out at the other end if it is
    /// to be followed.
    pub(super) fn new(service: Option<Service>, ports: &[u16], follow: bool) -> (Self, Receiver<Vec<u8>>) {
        let (followed, heard) = channel();
        let told = service.map(|service| (service, ports.to_vec()));
        (Self { told, found: BTreeMap::new(), followed: follow.then_some(followed) }, heard)
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
        if let Some(followed) = &self.followed {
            // It is heard until the story is over.
            let _ = followed.send(said.bytes.to_vec());
        }
    }
}

/// How many messages, what they are called, and what they say.
type Words<'a> = (u32, &'static str, &'a str);

/// The service that alone has such a request.
fn tells(text: &str) -> Option<Service> {
    let text = text.trim_end_matches(['\0', '\n', '\r']);
    match text {
        clock::SEND_DATE | clock::SEND_TIME => Some(Service::Clock),
        _ if calc::Request::parse(text).is_some() => Some(Service::Calc),
        _ => None,
    }
}

fn message<'a>(service: Service, said: &Said<'_>, text: &'a str) -> Words<'a> {
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
        (Service::Sum, true) if text == sum::EXIT => (1, "end", text),
        (Service::Sum, false) if [sum::WELCOME, sum::FIRST_RECEIVED, sum::BUSY].contains(&text) => (1, "step", text),
        (Service::Board, true) if text == board::GET => (1, "request", text),
        (Service::Board, true) => text.strip_prefix(board::POST).map_or((1, "request", text), |text| (1, "post", text)),
        (Service::Board, false) if text == board::BYE => (1, "bye", text),
        (Service::Board, false) if text == board::SAVED => (1, "acknowledgement", text),
        (Service::Board, false) => (1, "text", text),
        (Service::Talk, _) if text.starts_with(PEM) => (1, "public key", ""),
        (Service::Talk, _) => (1, "message", ""),
        (Service::Chat, true) if is_first => (1, "login", text),
        (Service::Chat, true) if chat::QUITS.contains(&text) => (1, "leaves", text),
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

fn calc_says(text: &str, is_first: bool) -> Words<'_> {
    if text == calc::QUIT {
        return (1, "end", text);
    }
    if calc::Request::parse(text).is_some() {
        return (1, "request", text);
    }
    // Sent right after one another, they arrive as one.
    if text.strip_suffix(calc::QUIT).is_some_and(|request| calc::Request::parse(request).is_some()) {
        return (2, "request and end", text);
    }
    if is_first { (1, "name", text) } else { (1, "request", text) }
}

/// The answer to the name, perhaps with the first sum already behind it.
fn add_begins(text: &str) -> Words<'_> {
    match text.strip_prefix(add::ACK) {
        Some("") => (1, "acknowledgement", text),
        Some(sum) if Number::parse(sum).is_some() => (2, "acknowledgement and answer", text),
        _ => (1, "answer", text),
    }
}

fn chat_tells(text: &str) -> Words<'_> {
    match text.split_once(": ") {
        Some((chat::SERVER, notice)) => (1, "notice", notice),
        Some(_) => (1, "message from", text),
        None => (1, "", text),
    }
}

/// How every refusal of a lab begins.
const REFUSAL: &str = "Error: ";
const PEM: &str = "-----BEGIN ";
