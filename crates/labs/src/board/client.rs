//! A person's end of the board.

use std::time::Duration;

use super::{BYE, FORMAT_ERROR, GET, HELD_BACK, POST, PROVE, SAVED};
use crate::exchange::{Exchange, Heard};
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Outbox, Peer, Transport};

/// Sends `GET` and `POST <text>` as typed. A `GET` is over with the server's bye; a `POST` at once, unless an acknowledgement is awaited.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    dial: Dial,
    acknowledged: bool,
    /// How long to wait behind a `POST` that nothing answers, so that two of them stay apart on a stream.
    settle: Duration,
    /// Whether a refusal of a `POST` may still come.
    unanswered: bool,
    phase: Phase,
    /// A line that asks for a proof that we receive, if the server's bye follows; else it is a text like any other.
    asked: Option<Box<[u8]>>,
    /// The line that asked for the proof which is on its way.
    proven: Option<Box<[u8]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    /// A `POST` is under way that may not be answered.
    Settling {
        until: Duration,
    },
    /// A `GET` is being answered.
    Reading {
        until: Duration,
    },
    /// An answer is awaited.
    Waiting,
    /// The user is done; a refusal of the last `POST` may still come.
    Leaving {
        until: Duration,
    },
}

/// Behind the last `POST`, how long its refusal is awaited.
const FAREWELL: Duration = Duration::from_millis(100);
/// Between two datagrams, so that a file full of `POST`s does not overrun the server's buffer.
const DATAGRAM_PAUSE: Duration = Duration::from_millis(2);

impl Client {
    /// A client that waits for each acknowledgement, or else, over TCP, for `settle` behind each `POST`.
    pub fn new(dial: Dial, acknowledged: bool, settle: Duration) -> Self {
        let mut exchange = Exchange::new(dial, "GET or POST <text> (q quits): ");
        exchange.set_doubt("the text may be lost, or the server was not told to --acknowledge");
        let settle = if dial.transport == Transport::Udp { DATAGRAM_PAUSE } else { settle };
        Self {
            exchange,
            dial,
            acknowledged,
            settle,
            unanswered: false,
            phase: Phase::Asking,
            asked: None,
            proven: None,
        }
    }

    fn typed(&mut self, now: Now, line: &[u8], out: &mut Outbox) {
        let line = line.trim_ascii();
        if line == b"q" {
            self.leave(now, out);
        } else if line == GET.as_bytes() {
            self.get(now, line, out);
        } else if line.starts_with(POST.as_bytes()) && self.acknowledged {
            self.phase = Phase::Waiting;
            self.exchange.request(now, line, out);
        } else if line.starts_with(POST.as_bytes()) {
            self.phase = Phase::Settling { until: now.uptime + self.settle };
            self.unanswered = true;
            out.send(self.dial.peer(), line);
        } else {
            if !line.is_empty() {
                let text = String::from_utf8_lossy(line);
                out.complain(format_args!("not sent: `{text}` is neither GET nor POST <text>"));
            }
            self.exchange.ask(out);
        }
    }

    fn leave(&mut self, now: Now, out: &mut Outbox) {
        if self.unanswered {
            self.phase = Phase::Leaving { until: now.uptime + FAREWELL };
        } else {
            out.finish(Peer::Terminal);
        }
    }

    fn get(&mut self, now: Now, request: &[u8], out: &mut Outbox) {
        out.send(self.dial.peer(), request);
        self.phase = Phase::Reading { until: now.uptime + self.dial.answer_max };
    }

    fn said(&mut self, now: Now, answer: &[u8], out: &mut Outbox) {
        match self.phase {
            Phase::Reading { .. } => self.read(now, answer, out),
            Phase::Waiting => {
                self.exchange.show(answer, out);
                self.phase = Phase::Asking;
                self.exchange.answered(out);
            }
            // The acknowledgement of a server that was told to, though we did not wait.
            Phase::Asking | Phase::Settling { .. } | Phase::Leaving { .. } if answer == SAVED.as_bytes() => {}
            Phase::Asking | Phase::Settling { .. } | Phase::Leaving { .. } => self.exchange.show(answer, out),
        }
    }

    fn read(&mut self, now: Now, text: &[u8], out: &mut Outbox) {
        self.phase = Phase::Reading { until: now.uptime + self.dial.answer_max };
        let asked = self.asked.take();
        if text == BYE.as_bytes() {
            match asked.as_deref().and_then(proof) {
                Some(request) => {
                    self.proven = asked;
                    self.get(now, &request, out);
                }
                None => self.end_reading(out),
            }
            return;
        }
        show_text(asked.as_deref(), out);
        let refused = self.proven.take().filter(|_| text == FORMAT_ERROR.as_bytes());
        if let Some(line) = refused {
            // It was a text, posted by somebody who knows the server's words.
            show_text(Some(&line), out);
            self.end_reading(out);
        } else if self.dial.transport == Transport::Udp && proof(text).is_some() {
            self.asked = Some(text.into());
        } else {
            show_text(Some(text), out);
        }
    }

    fn end_reading(&mut self, out: &mut Outbox) {
        self.unanswered = false;
        self.ask(out);
    }

    fn ask(&mut self, out: &mut Outbox) {
        self.phase = Phase::Asking;
        self.exchange.ask(out);
    }
}

fn show_text(text: Option<&[u8]>, out: &mut Outbox) {
    if let Some(text) = text {
        out.print(format_args!("{}", Text(text)));
    }
}

/// The request that a line asks for, if it has the form in which the server does.
fn proof(line: &[u8]) -> Option<Vec<u8>> {
    let line = std::str::from_utf8(line).ok()?.strip_prefix("Error: ")?;
    let (count, rest) = line.split_once(' ')?;
    count.parse::<usize>().ok()?;
    let words = rest.strip_prefix(HELD_BACK)?.strip_prefix(' ')?;
    let (token, place) = words.split_once(' ')?;
    let well_formed = token.len() == 16 && u64::from_str_radix(token, 16).is_ok() && place.parse::<usize>().is_ok();
    well_formed.then(|| format!("{PROVE}{words}").into_bytes())
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match (self.phase, event) {
            (Phase::Settling { .. }, Event::Timeout) => return self.ask(out),
            (Phase::Leaving { .. }, Event::Timeout | Event::Finished(_)) => return out.finish(Peer::Terminal),
            (Phase::Reading { .. }, Event::Timeout) => {
                let Dial { server, answer_max, .. } = self.dial;
                out.complain(format_args!("no {BYE} from {server} within {answer_max:?}: texts may be missing"));
                show_text(self.asked.take().as_deref(), out);
                self.proven = None;
                return self.ask(out);
            }
            (Phase::Reading { .. }, Event::Gone(Peer::Remote(_))) if self.dial.transport == Transport::Udp => {
                return self.ask(out);
            }
            _ => {}
        }
        match self.exchange.sort(event, out) {
            Heard::Opened => self.exchange.ask(out),
            Heard::Typed(line) => self.typed(now, line, out),
            Heard::Said(answer) => self.said(now, answer, out),
            Heard::Left => self.leave(now, out),
            Heard::Nothing => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Settling { until } | Phase::Reading { until } | Phase::Leaving { until } => Some(until),
            Phase::Asking | Phase::Waiting => self.exchange.deadline(),
        }
    }
}
