//! add, over TCP: two numbers in one message, their sum back.
//!
//! The client connects and sends its unique name (a base name with a random number). The server prints
//! `Connection initiated by <name>` and answers `ack`. Then each message holds two numbers, parted by spaces or a comma, and is
//! answered with their sum. The client prompts for a command: `a` picks two numbers from 1 to 10, prints and sends them, and
//! prints `answer received from Server = <sum>`; `q` closes and exits; anything else is an `Invalid command`.
//! Sheet: "Lab 2" q1 and q2. Stateful: the first message is the name, the others are not.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::calc::{NAME_ERROR, refuse_name};
use crate::exchange::{Exchange, Heard, is_refusal};
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Number, Outbox, Peer, clean_name};

pub const ACK: &str = "ack";
pub const FORMAT_ERROR: &str = "Error: expected two numbers, like 3 4";

/// One client's session.
#[derive(Debug, Default)]
pub struct Server {
    name: Option<Box<str>>,
}

impl Server {
    fn message(&mut self, peer: Peer, message: &[u8], out: &mut Outbox) {
        let Some(name) = &self.name else {
            return self.introduce(peer, message, out);
        };
        out.print(format_args!("{name}: {}", Text(message)));
        match std::str::from_utf8(message).ok().and_then(Number::parse_two) {
            Some((a, b)) => out.send_text(peer, format_args!("{}", a + b)),
            None => out.send(peer, FORMAT_ERROR.as_bytes()),
        }
    }

    fn introduce(&mut self, peer: Peer, message: &[u8], out: &mut Outbox) {
        match clean_name(message) {
            Some(name) => {
                out.print(format_args!("Connection initiated by {name}"));
                out.send(peer, ACK.as_bytes());
                self.name = Some(name.into());
            }
            None => out.send(peer, NAME_ERROR.as_bytes()),
        }
    }

    fn end_session(&mut self, out: &mut Outbox) {
        if let Some(name) = self.name.take() {
            out.print(format_args!("Connection closed by {name}"));
        }
    }
}

impl Machine for Server {
    fn handle(&mut self, _now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(_), message) => self.message(peer, message, out),
            Event::Finished(peer @ Peer::Remote(_)) => {
                self.end_session(out);
                out.finish(peer);
            }
            Event::Gone(Peer::Remote(_)) => self.end_session(out),
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }
}

/// What a client's base name is followed by.
const NUMBERS: RangeInclusive<u32> = 1000..=9999;

fn full_name(base_name: &str, number: u32) -> String {
    format!("{base_name}{number}")
}

/// Whether a client can have this base name, which its number makes longer.
pub fn is_base_name(name: &str) -> bool {
    crate::is_name(name) && crate::is_name(&full_name(name, *NUMBERS.end()))
}

/// A person's end of a session.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    name: String,
    chance: fastrand::Rng,
    acknowledged: bool,
}

impl Client {
    /// A client whose name is the base name with a random number.
    pub fn new(dial: Dial, base_name: &str, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let name = full_name(base_name, chance.u32(NUMBERS));
        Self { exchange: Exchange::new(dial, "command (a adds, q quits): "), name, chance, acknowledged: false }
    }

    fn command(&mut self, now: Now, command: &[u8], out: &mut Outbox) {
        match command.trim_ascii() {
            b"a" => {
                let (a, b) = (self.chance.u8(1..=10), self.chance.u8(1..=10));
                out.print(format_args!("{a} {b}"));
                self.exchange.request(now, format!("{a} {b}").as_bytes(), out);
            }
            b"q" => out.finish(Peer::Terminal),
            _ => {
                out.print(format_args!("Invalid command"));
                self.exchange.ask(out);
            }
        }
    }

    fn answer(&mut self, answer: &[u8], out: &mut Outbox) {
        if !self.acknowledged && answer == NAME_ERROR.as_bytes() {
            return refuse_name(&self.name, out);
        }
        let text = String::from_utf8_lossy(answer);
        if is_refusal(answer) {
            out.complain(format_args!("{text}"));
        } else if self.acknowledged {
            out.print(format_args!("answer received from Server = {text}"));
        } else {
            out.print(format_args!("{} connected: {text}", self.name));
        }
        self.acknowledged = true;
        self.exchange.answered(out);
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match self.exchange.sort(event, out) {
            Heard::Opened => {
                let name = std::mem::take(&mut self.name);
                self.exchange.request(now, name.as_bytes(), out);
                self.name = name;
            }
            Heard::Typed(command) => self.command(now, command, out),
            Heard::Said(answer) => self.answer(answer, out),
            Heard::Left => out.finish(Peer::Terminal),
            Heard::Nothing => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.exchange.deadline()
    }
}
