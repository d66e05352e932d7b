//! echo, over TCP and UDP: the server prints who sent what, and answers with the same bytes.
//!
//! The client takes lines from its user, sends each and prints the answer. Over UDP an answer may be lost: the client
//! says so after a while and goes on. Sheets: "Socket Programming using Python" q1, q2, q4; "Software Systems" tasks 1 and 2.

use std::time::Duration;

use crate::exchange::{Exchange, Heard};
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Outbox, Peer};

/// Answers with what it hears.
#[derive(Debug, Default)]
pub struct Server;

impl Machine for Server {
    fn handle(&mut self, _now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(address), message) => {
                out.print(format_args!("{address}: {}", Text(message)));
                out.send(peer, message);
            }
            Event::Finished(peer @ Peer::Remote(_)) => out.finish(peer),
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }
}

/// Sends lines and prints what comes back; the client of every service that needs no more.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    /// The last request.
    sent: Vec<u8>,
}

impl Client {
    pub fn new(dial: Dial) -> Self {
        Self { exchange: Exchange::new(dial, "message: "), sent: Vec::new() }
    }

    fn request(&mut self, now: Now, line: &[u8], out: &mut Outbox) {
        self.sent.clear();
        self.sent.extend_from_slice(line);
        self.exchange.request(now, line, out);
    }

    fn said(&mut self, answer: &[u8], out: &mut Outbox) {
        if answer == self.sent {
            // What comes back as it was sent is no refusal, whatever its words.
            out.print(format_args!("{}", String::from_utf8_lossy(answer)));
        } else {
            self.exchange.show(answer, out);
        }
        self.exchange.answered(out);
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match self.exchange.sort(event, out) {
            Heard::Opened => self.exchange.ask(out),
            // Nothing to send would be nothing to answer on a stream without line ends.
            Heard::Typed(b"") => self.exchange.ask(out),
            Heard::Typed(line) => self.request(now, line, out),
            Heard::Said(answer) => self.said(answer, out),
            Heard::Left => out.finish(Peer::Terminal),
            Heard::Nothing => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.exchange.deadline()
    }
}
