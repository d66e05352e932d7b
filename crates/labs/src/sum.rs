//! sum, over TCP or UDP, IPv4 or IPv6: two numbers in, their sum out; no names.
//!
//! Both numbers in one message (`3 4` or `3,4`) are answered with the sum; after one number alone the server waits for the
//! second. Over TCP it waits as long as the connection lives; over UDP for each sender for as long as the idle time, for at most as many
//! senders as members.
//!
//! The published program speaks in steps over TCP ([`Dialect::Steps`]): the server says `welcome`, the client a number, the server
//! `num1 received`, the client a number, the server the sum or `Invalid inputs`; and again from the first number, until the client says
//! `Exit`. Over its limit the server says `Server Is Busy`. These texts come without a newline, since its client compares them exactly;
//! a peer that ends its own messages with one gets it back.
//! Sheet: "Socket programming" project 1.

use std::net::SocketAddr;
use std::time::Duration;

use crate::exchange::{Exchange, Heard};
use crate::framing::Ending;
use crate::members::Members;
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Number, Outbox, Peer};

pub const WELCOME: &str = "welcome";
pub const FIRST_RECEIVED: &str = "num1 received";
pub const INVALID: &str = "Invalid inputs";
pub const BUSY: &str = "Server Is Busy";
pub const EXIT: &str = "Exit";
pub const FORMAT_ERROR: &str = "Error: expected one or two numbers, like 3 4";
pub const FULL_ERROR: &str = "Error: too many clients wait with one number";

/// Which form of the protocol is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Plain,
    /// The published program's.
    Steps,
}

/// Adds what one client, or over UDP what each of many, sends.
#[derive(Debug)]
pub struct Server {
    /// First numbers whose second is awaited.
    waiting: Members<Number>,
    /// None on a stream, whose end tells that nobody waits any more.
    wait_max: Option<Duration>,
}

impl Server {
    /// A server that keeps at most `members_max` first numbers, each of a datagram's sender for at most `wait_max`.
    pub fn new(members_max: usize, wait_max: Duration) -> Self {
        Self { waiting: Members::new(members_max), wait_max: Some(wait_max) }
    }

    fn message(&mut self, now: Now, from: SocketAddr, message: &[u8], out: &mut Outbox) {
        let peer = Peer::Remote(from);
        let text = std::str::from_utf8(message).unwrap_or_default().trim();
        if let Some((a, b)) = Number::parse_two(text) {
            return out.send_text(peer, format_args!("{}", a + b));
        }
        let Some(number) = Number::parse(text) else {
            return out.send(peer, FORMAT_ERROR.as_bytes());
        };
        if let Some(first) = self.waiting.remove(from) {
            return out.send_text(peer, format_args!("{}", first + number));
        }
        let until = self.wait_max.map(|wait_max| now.uptime + wait_max);
        if !self.waiting.insert(from, number, until) {
            out.send(peer, FULL_ERROR.as_bytes());
        }
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(Peer::Remote(from), message) => {
                out.print(format_args!("{from}: {}", Text(message)));
                self.message(now, from, message, out);
            }
            Event::Finished(peer @ Peer::Remote(_)) => out.finish(peer),
            Event::Timeout => self.waiting.expire(now.uptime, |_, _| {}),
            // Only a stream is opened.
            Event::Opened(_) => self.wait_max = None,
            Event::Message(..) | Event::Finished(_) | Event::Gone(_) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.waiting.deadline()
    }
}

/// The published client compares what it hears exactly, so its server's first words end in nothing.
pub const STEPS_GREETING: Ending = Ending::None;

/// The published program's form, for one connection.
#[derive(Debug, Default)]
pub struct StepsServer {
    /// What came as the first number, as long as the second is awaited.
    first: Option<Option<Number>>,
}

impl StepsServer {
    fn message(&mut self, peer: Peer, message: &[u8], out: &mut Outbox) {
        let text = std::str::from_utf8(message).unwrap_or_default().trim();
        if text == EXIT {
            return out.finish(peer);
        }
        match self.first.take() {
            None => {
                self.first = Some(Number::parse(text));
                out.send(peer, FIRST_RECEIVED.as_bytes());
            }
            Some(first) => match (first, Number::parse(text)) {
                (Some(first), Some(second)) => out.send_text(peer, format_args!("{}", first + second)),
                _ => out.send(peer, INVALID.as_bytes()),
            },
        }
    }
}

impl Machine for StepsServer {
    fn handle(&mut self, _now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Opened(peer) => out.send(peer, WELCOME.as_bytes()),
            Event::Message(peer @ Peer::Remote(from), message) => {
                out.print(format_args!("{from}: {}", Text(message)));
                self.message(peer, message, out);
            }
            Event::Finished(peer @ Peer::Remote(_)) => out.finish(peer),
            Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }
}

const PROMPT: &str = "two numbers (q quits): ";
const FIRST_PROMPT: &str = "first number (q quits): ";
const SECOND_PROMPT: &str = "second number: ";

/// A person's end, in either dialect.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    dial: Dial,
    dialect: Dialect,
    /// In the plain dialect, a number typed alone: it is sent together with the next.
    first: Option<Number>,
}

impl Client {
    pub fn new(dial: Dial, dialect: Dialect) -> Self {
        let prompt = match dialect {
            Dialect::Plain => PROMPT,
            Dialect::Steps => FIRST_PROMPT,
        };
        let mut exchange = Exchange::new(dial, prompt);
        if dialect == Dialect::Steps {
            exchange.set_doubt("perhaps the server does not speak in steps: leave out --dialect steps");
        }
        Self { exchange, dial, dialect, first: None }
    }

    fn typed(&mut self, now: Now, line: &[u8], out: &mut Outbox) {
        let text = String::from_utf8_lossy(line.trim_ascii());
        match (self.dialect, Number::parse(&text), Number::parse_two(&text)) {
            _ if text == "q" || text == EXIT => return self.leave(out),
            (Dialect::Steps, Some(_), _) => return self.exchange.request(now, text.as_bytes(), out),
            (Dialect::Plain, None, Some((a, b))) => return self.request_sum(now, &a, &b, out),
            (Dialect::Plain, Some(number), None) => match self.first.take() {
                Some(first) => return self.request_sum(now, &first, &number, out),
                None => self.first = Some(number),
            },
            _ if text.is_empty() => {}
            (Dialect::Steps, ..) => out.complain(format_args!("not sent: `{text}` is not a number, like 3 or -4.5")),
            (Dialect::Plain, ..) => {
                out.complain(format_args!("not sent: `{text}` is not one or two numbers, like 3 -4.5"));
            }
        }
        self.prompt(out);
    }

    fn request_sum(&mut self, now: Now, a: &Number, b: &Number, out: &mut Outbox) {
        self.first = None;
        self.exchange.set_prompt(PROMPT);
        self.exchange.request(now, format!("{a} {b}").as_bytes(), out);
    }

    fn prompt(&mut self, out: &mut Outbox) {
        if self.dialect == Dialect::Plain {
            self.exchange.set_prompt(if self.first.is_some() { SECOND_PROMPT } else { PROMPT });
        }
        self.exchange.ask(out);
    }

    fn said(&mut self, answer: &[u8], out: &mut Outbox) {
        match (self.dialect, answer) {
            (_, b"Server Is Busy") => {
                let server = self.dial.server;
                return out.fail(format_args!("{BUSY}: {server} has as many clients as it takes; try again later"));
            }
            (Dialect::Plain, b"welcome") => {
                return out.fail(format_args!("this server speaks in steps: try --dialect steps"));
            }
            (Dialect::Steps, b"welcome") => self.exchange.set_doubt(self.dial.usual_doubt()),
            (Dialect::Steps, b"num1 received") => self.exchange.set_prompt(SECOND_PROMPT),
            (Dialect::Steps, _) => self.exchange.set_prompt(FIRST_PROMPT),
            (Dialect::Plain, _) => {}
        }
        self.exchange.show(answer, out);
        self.exchange.answered(out);
    }

    fn leave(&self, out: &mut Outbox) {
        if self.dialect == Dialect::Steps {
            out.send(self.dial.peer(), EXIT.as_bytes());
        }
        out.finish(Peer::Terminal);
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match self.exchange.sort(event, out) {
            Heard::Opened => match self.dialect {
                Dialect::Plain => self.exchange.ask(out),
                Dialect::Steps => self.exchange.expect(now),
            },
            Heard::Typed(line) => self.typed(now, line, out),
            Heard::Said(answer) => self.said(answer, out),
            Heard::Left => self.leave(out),
            Heard::Nothing => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.exchange.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wall;

    const WAIT: Duration = Duration::from_secs(30);

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    /// What a server says to an event so many seconds after its start.
    fn said(server: &mut Server, seconds: u64, event: Event<'_>) -> String {
        let wall = Wall { timestamp: jiff::Timestamp::UNIX_EPOCH, offset: jiff::tz::Offset::UTC };
        let mut out = Outbox::default();
        server.handle(Now { uptime: Duration::from_secs(seconds), wall }, event, &mut out);
        String::from_utf8_lossy(out.wire()).into_owned()
    }

    fn number(port: u16, number: &[u8]) -> Event<'_> {
        Event::Message(Peer::Remote(peer(port)), number)
    }

    #[test]
    fn a_stream_s_first_number_waits_as_long_as_the_stream() {
        let mut server = Server::new(1, WAIT);
        said(&mut server, 0, Event::Opened(Peer::Remote(peer(1))));
        assert_eq!(said(&mut server, 1, number(1, b"3")), "");
        assert_eq!(server.deadline(), None);
        assert_eq!(said(&mut server, 1000, Event::Timeout), "");
        assert_eq!(said(&mut server, 1000, number(1, b"4")), "7");
    }

    #[test]
    fn a_sender_s_first_number_waits_for_a_time() {
        let mut server = Server::new(2, WAIT);
        assert_eq!(said(&mut server, 0, number(1, b"3")), "");
        assert_eq!(said(&mut server, 10, number(2, b"5")), "");
        assert_eq!(said(&mut server, 20, number(3, b"1")), FULL_ERROR);
        assert_eq!(server.deadline(), Some(WAIT));
        said(&mut server, 30, Event::Timeout);
        assert_eq!(said(&mut server, 30, number(1, b"4")), "", "a first number again");
        assert_eq!(said(&mut server, 31, number(2, b"4")), "9");
        assert_eq!(server.deadline(), Some(2 * WAIT));
    }
}
