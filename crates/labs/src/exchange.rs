//! The client's half of a talk in which one line typed is one request, and one request has one answer.

use std::net::SocketAddr;
use std::time::Duration;

use crate::{Event, Now, Outbox, Peer, Transport};

/// Whom a client talks to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Dial {
    pub server: SocketAddr,
    pub transport: Transport,
    /// How long an answer may take before the client says so and goes on.
    pub answer_max: Duration,
}

impl Dial {
    pub(crate) fn peer(&self) -> Peer {
        Peer::Remote(self.server)
    }

    /// Says that no answer came, and what may be the reason.
    pub(crate) fn tell_unanswered(&self, perhaps: &str, out: &mut Outbox) {
        let Self { server, answer_max, .. } = self;
        out.complain(format_args!("no answer from {server} within {answer_max:?}; {perhaps}"));
    }

    /// Why an answer may be missing, as far as the transport tells.
    pub(crate) fn usual_doubt(&self) -> &'static str {
        match self.transport {
            Transport::Tcp => "if the server waits for whole lines, try --framing lf",
            Transport::Udp => "the datagram or its answer may be lost, or nobody listens there",
        }
    }
}

/// Whether an answer says no, in any lab's words.
pub(crate) fn is_refusal(answer: &[u8]) -> bool {
    [&b"Error"[..], b"Invalid inputs", b"Server Is Busy"].iter().any(|no| answer.starts_with(no))
}

/// Asks the terminal, sends, waits, prints, asks again. What is sent and how an answer is shown is the lab's.
#[derive(Debug)]
pub(crate) struct Exchange {
    dial: Dial,
    prompt: &'static str,
    /// Why an answer may be missing.
    doubt: &'static str,
    answer_due: Option<Duration>,
}

/// What the lab has to act on; all else the exchange has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// The way is open: introduce yourself, then [`Exchange::ask`].
    Opened,
    /// The user's line.
    Typed(&'a [u8]),
    /// The server's message.
    Said(&'a [u8]),
    /// The user has finished.
    Left,
    Nothing,
}

impl Exchange {
    pub(crate) fn new(dial: Dial, prompt: &'static str) -> Self {
        Self { dial, prompt, doubt: dial.usual_doubt(), answer_due: None }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.answer_due
    }

    /// Asks the user for the next line.
    pub(crate) fn ask(&self, out: &mut Outbox) {
        out.ask(self.prompt);
    }

    /// Asks the user for the next line with a prompt of its own.
    pub(crate) fn set_prompt(&mut self, prompt: &'static str) {
        self.prompt = prompt;
    }

    /// What to say of an answer that is missing, where the lab knows better.
    pub(crate) fn set_doubt(&mut self, doubt: &'static str) {
        self.doubt = doubt;
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn request(&mut self, now: Now, message: &[u8], out: &mut Outbox) {
        out.send(self.dial.peer(), message);
        self.expect(now);
    }

    /// Waits for an answer, or for a server that speaks first.
    pub(crate) fn expect(&mut self, now: Now) {
        self.answer_due = Some(now.uptime + self.dial.answer_max);
    }

    /// Prints an answer as it came, a refusal as a complaint.
    pub(crate) fn show(&self, answer: &[u8], out: &mut Outbox) {
        let text = String::from_utf8_lossy(answer);
        if is_refusal(answer) {
            out.complain(format_args!("{text}"));
        } else {
            out.print(format_args!("{text}"));
        }
    }

    /// The answer has come: asks for the next line if one was awaited.
    pub(crate) fn answered(&mut self, out: &mut Outbox) {
        if self.answer_due.take().is_some() {
            self.ask(out);
        }
    }

    /// Sorts an event.
    pub(crate) fn sort<'a>(&mut self, event: Event<'a>, out: &mut Outbox) -> Heard<'a> {
        match event {
            Event::Opened(_) => Heard::Opened,
            Event::Message(Peer::Terminal, line) => Heard::Typed(line),
            Event::Message(Peer::Remote(_), message) => Heard::Said(message),
            Event::Finished(Peer::Terminal) | Event::Gone(Peer::Terminal) => Heard::Left,
            Event::Finished(Peer::Remote(server)) => {
                out.fail(format_args!("{server} closed the connection"));
                Heard::Nothing
            }
            Event::Gone(Peer::Remote(_)) => {
                self.lost(out);
                Heard::Nothing
            }
            Event::Timeout => {
                self.time_out(out);
                Heard::Nothing
            }
            Event::Message(Peer::Store, _) | Event::Finished(Peer::Store) | Event::Gone(Peer::Store) => Heard::Nothing,
        }
    }

    /// A stream that broke ends the run; where a datagram found nobody, the next may find somebody.
    fn lost(&mut self, out: &mut Outbox) {
        match self.dial.transport {
            Transport::Tcp => out.fail(format_args!("the connection to {} broke", self.dial.server)),
            Transport::Udp => self.answered(out),
        }
    }

    fn time_out(&mut self, out: &mut Outbox) {
        self.dial.tell_unanswered(self.doubt, out);
        self.answered(out);
    }
}
