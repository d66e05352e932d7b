//! calc, over TCP: a calculator that remembers your name.
//!
//! The client sends its name; the server remembers it for the session and says nothing. Then each request is
//! `<number> <operator> <number>` with `+ - * /`, parted by spaces: `12 + 42` is answered `54`, `4.5 / -6` is answered `-0.75`.
//! Arithmetic is exact decimal, see [`Number`]. The server prints `<name>: <request>`. At `q` it prints `Session ended` and
//! closes. What is not well formed gets one clear error, and the session goes on. The client checks before it sends.
//! Sheet: "Socket Programming using Python" q6 and q8. Stateful: the server's prints depend on the name sent before.

use std::fmt;
use std::time::Duration;

use crate::exchange::{Exchange, Heard};
use crate::visible::Text;
use crate::{Dial, Event, Machine, NOT_TEXT, Now, Number, Outbox, Peer, clean_name};

pub const FORMAT_ERROR: &str = "Error: expected <number> <operator> <number>";
pub const DIVISION_ERROR: &str = "Error: division by zero";
pub const NAME_ERROR: &str = "Error: expected a name of 1 to 64 printable characters";
pub const QUIT: &str = "q";

/// Whether a client can have this name; a `q` would end its session.
pub fn is_name(name: &str) -> bool {
    crate::is_name(name) && name.trim() != QUIT
}

/// What a calculator is asked.
#[derive(Debug)]
pub struct Request {
    left: Number,
    operator: Operator,
    right: Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Request {
    /// Reads `<number> <operator> <number>`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let (left, operator, right) = (words.next()?, words.next()?, words.next()?);
        let operator = match operator {
            "+" => Operator::Add,
            "-" => Operator::Subtract,
            "*" => Operator::Multiply,
            "/" => Operator::Divide,
            _ => return None,
        };
        if words.next().is_some() {
            return None;
        }
        Some(Self { left: Number::parse(left)?, operator, right: Number::parse(right)? })
    }

    /// The answer as it is sent.
    pub fn answer(self) -> Answer {
        match self.operator {
            Operator::Add => Answer::Result(self.left + self.right),
            Operator::Subtract => Answer::Result(self.left - self.right),
            Operator::Multiply => Answer::Result(self.left * self.right),
            Operator::Divide => self.left.divide(self.right).map_or(Answer::Refused(DIVISION_ERROR), Answer::Result),
        }
    }
}

/// A result or the reason why there is none.
#[derive(Debug)]
pub enum Answer {
    Result(Number),
    Refused(&'static str),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result(number) => number.fmt(f),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

/// One client's session.
#[derive(Debug, Default)]
pub struct Server {
    name: Option<Box<str>>,
}

impl Server {
    fn message(&mut self, peer: Peer, message: &[u8], out: &mut Outbox) {
        if message.trim_ascii() == QUIT.as_bytes() {
            out.print(format_args!("Session ended"));
            self.name = None;
            return out.finish(peer);
        }
        let Some(name) = &self.name else {
            return self.introduce(peer, message, out);
        };
        let Ok(text) = std::str::from_utf8(message) else {
            out.print(format_args!("{name}: {}", Text(message)));
            return out.send(peer, NOT_TEXT.as_bytes());
        };
        out.print(format_args!("{name}: {text}"));
        let answer = Request::parse(text).map_or(Answer::Refused(FORMAT_ERROR), Request::answer);
        out.send_text(peer, format_args!("{answer}"));
    }

    fn introduce(&mut self, peer: Peer, message: &[u8], out: &mut Outbox) {
        let Some(name) = clean_name(message) else {
            return out.send(peer, NAME_ERROR.as_bytes());
        };
        if Request::parse(name).is_some() {
            // Likely a client that forgot to send its name; by the lab nothing is answered, so whoever runs the server is told.
            out.print(format_args!("a client's first message is its name, and this one's is `{name}`"));
        }
        self.name = Some(name.into());
    }

    fn end_session(&mut self, out: &mut Outbox) {
        if self.name.take().is_some() {
            out.print(format_args!("Session ended"));
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

/// Ends a client whose name the server does not take: it takes every message as another name.
pub(crate) fn refuse_name(name: &str, out: &mut Outbox) {
    out.fail(format_args!("the server does not take `{name}` as a name ({NAME_ERROR}): give another with --name"));
}

/// A person's end of a session.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    dial: Dial,
    name: String,
    /// How long to wait behind the name, which nothing answers, so that a server without line ends does not read it
    /// together with the first request.
    settle: Duration,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Settling { until: Duration },
    Calculating,
    Leaving { until: Duration },
}

impl Client {
    pub fn new(dial: Dial, name: String, settle: Duration) -> Self {
        let exchange = Exchange::new(dial, "calculate (q quits): ");
        Self { exchange, dial, name, settle, phase: Phase::Calculating }
    }

    fn typed(&mut self, now: Now, line: &[u8], out: &mut Outbox) {
        let line = line.trim_ascii();
        if line == QUIT.as_bytes() {
            return self.leave(now, out);
        }
        if std::str::from_utf8(line).ok().and_then(Request::parse).is_some() {
            return self.exchange.request(now, line, out);
        }
        if !line.is_empty() {
            let text = String::from_utf8_lossy(line);
            out.complain(format_args!("not sent: `{text}` is not <number> <operator> <number>, like 12 + 42"));
        }
        self.exchange.ask(out);
    }

    /// Says `q` and waits for the server to close.
    fn leave(&mut self, now: Now, out: &mut Outbox) {
        out.send(self.dial.peer(), QUIT.as_bytes());
        self.phase = Phase::Leaving { until: now.uptime + self.dial.answer_max };
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match (self.phase, event) {
            (Phase::Leaving { .. }, Event::Timeout | Event::Finished(_) | Event::Gone(_)) => {
                return out.finish(Peer::Terminal);
            }
            (Phase::Settling { .. }, Event::Timeout) => {
                self.phase = Phase::Calculating;
                return self.exchange.ask(out);
            }
            _ => {}
        }
        match self.exchange.sort(event, out) {
            Heard::Opened => {
                out.send(self.dial.peer(), self.name.as_bytes());
                self.phase = Phase::Settling { until: now.uptime + self.settle };
            }
            Heard::Typed(line) => self.typed(now, line, out),
            Heard::Said(answer) if answer == NAME_ERROR.as_bytes() => refuse_name(&self.name, out),
            Heard::Said(answer) => {
                self.exchange.show(answer, out);
                self.exchange.answered(out);
            }
            Heard::Left => self.leave(now, out),
            Heard::Nothing => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Settling { until } | Phase::Leaving { until } => Some(until),
            Phase::Calculating => self.exchange.deadline(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> String {
        Request::parse(text).map_or(Answer::Refused(FORMAT_ERROR), Request::answer).to_string()
    }

    #[test]
    fn the_sheets_examples() {
        assert_eq!(answer("12 + 42"), "54");
        assert_eq!(answer("3.24 - 45"), "-41.76");
        assert_eq!(answer("4.5 / -6"), "-0.75");
        assert_eq!(answer("0.1 + 0.2"), "0.3");
        assert_eq!(answer("1 / 0"), DIVISION_ERROR);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in ["", "12", "12 +", "12+42", "12 % 5", "12 + 42 + 1", "a + b", "+ 1 2", "1e9 + 1"] {
            assert_eq!(answer(bad), FORMAT_ERROR, "{bad}");
        }
    }
}
