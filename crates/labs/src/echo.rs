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
pub struct Client(Exchange);

impl Client {
    pub fn new(dial: Dial) -> Self {
        Self(Exchange::new(dial, "message: "))
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match self.0.sort(event, out) {
            Heard::Opened => self.0.ask(out),
            // Nothing to send would be nothing to answer on a stream without line ends.
            Heard::Typed(b"") => self.0.ask(out),
            Heard::Typed(line) => self.0.request(now, line, out),
            Heard::Said(answer) => {
                self.0.show(answer, out);
                self.0.answered(out);
            }
            Heard::Left => out.finish(Peer::Terminal),
            Heard::Nothing => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.0.deadline()
    }
}
