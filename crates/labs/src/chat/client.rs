//! A person in the room.

use std::time::Duration;

use crate::chat::outgoing::{Outgoing, WAITING_MAX};
use crate::chat::{QUITS, REFUSED};
use crate::framing::{Ending, MESSAGE_BYTES_DEFAULT};
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Outbox, Peer};

mod lasting;
#[cfg(test)]
mod tests;
mod whereabouts;

use lasting::{DOUBT_BROKEN, DOUBT_CLOSED, Lasting, Pause};
use whereabouts::Answer;

const PROMPT: &str = "> ";
/// After `quit`, how long the server may take to close.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// Asks for a name, says it, then sends what is typed and shows what is said.
///
/// Students' servers are spoken to as well: they may answer a name or not, and in lines or bare. So the first line after the name
/// decides whether we are in, silence says yes, and a bare server is left alone between two messages.
#[derive(Debug)]
pub struct Client {
    dial: Dial,
    name: Option<Box<[u8]>>,
    phase: Phase,
    outgoing: Outgoing,
    /// How our messages end, by the last event.
    ending: Ending,
    /// Whether the terminal was asked for a line that has not come yet.
    asked: bool,
    /// Whether the server has said anything since it was told the name.
    answered: bool,
    lasting: Option<Lasting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Connected, without a name.
    Naming,
    /// The name is said.
    Entering {
        until: Duration,
    },
    /// Back under our name, on the way to our room.
    Returning {
        until: Duration,
    },
    Talking,
    /// Refused under the name that was ours before: it is said again.
    Taken(Pause),
    /// Without a connection. Without a pause too, it waits for a line to be typed.
    Lost(Option<Pause>),
    Dialling,
    /// `quit` is said.
    Leaving {
        until: Duration,
    },
}

impl Client {
    /// A client that ends with its connection. `settle` is how long a bare server is left alone between two messages.
    pub fn new(dial: Dial, name: Option<String>, settle: Duration) -> Self {
        Self {
            dial,
            name: name.map(|name| name.into_bytes().into()),
            phase: Phase::Dialling,
            outgoing: Outgoing::new(settle),
            ending: Ending::None,
            asked: false,
            answered: false,
            lasting: None,
        }
    }

    fn ask(&mut self, out: &mut Outbox) {
        if !std::mem::replace(&mut self.asked, true) {
            out.ask(PROMPT);
        }
    }

    fn ask_for_name(&mut self, out: &mut Outbox) {
        self.name = None;
        self.phase = Phase::Naming;
        out.print(format_args!("Enter login name:"));
        self.ask(out);
    }

    /// Says the name, if there is one.
    fn enter(&mut self, now: Now, out: &mut Outbox) {
        let Some(name) = &self.name else { return self.ask_for_name(out) };
        out.send(self.dial.peer(), name);
        self.outgoing.note_spoken(now.uptime);
        self.answered = false;
        self.phase = Phase::Entering { until: now.uptime + self.dial.answer_max };
    }

    fn entered(&mut self, now: Now, out: &mut Outbox) {
        let again = self.lasting.as_mut().is_some_and(|lasting| lasting.entered(now));
        if self.go_back(now, out) {
            return;
        }
        self.phase = Phase::Talking;
        if again {
            self.tell_back(out);
        }
    }

    fn refused(&mut self, now: Now, why: &[u8], out: &mut Outbox) {
        if let Some((pause, first)) = self.lasting.as_mut().and_then(|lasting| lasting.name_pause(now)) {
            if first {
                out.complain(format_args!("{}", Text(why)));
            }
            self.phase = Phase::Taken(pause);
            return;
        }
        out.complain(format_args!("{}", Text(why)));
        self.ask_for_name(out);
    }

    /// The server's line.
    fn said(&mut self, now: Now, message: &[u8], out: &mut Outbox) {
        let named = matches!(self.phase, Phase::Entering { .. } | Phase::Returning { .. } | Phase::Talking);
        let decides = named && !self.answered;
        self.answered = true;
        if decides && message.starts_with(REFUSED) {
            return self.refused(now, message, out);
        }
        out.send(Peer::Terminal, message);
        let room = self.lasting.as_mut().and_then(|lasting| lasting.note_said(message));
        match (self.phase, room) {
            (Phase::Entering { .. }, _) => self.entered(now, out),
            (Phase::Returning { .. }, Some(Answer::Entered)) => {
                self.phase = Phase::Talking;
                self.tell_back(out);
            }
            (Phase::Returning { .. }, Some(Answer::Refused)) => self.stay_away(out),
            _ => {}
        }
    }

    fn typed(&mut self, now: Now, line: &[u8], out: &mut Outbox) {
        self.asked = false;
        let words = line.trim_ascii();
        if QUITS.iter().any(|quit| words == quit.as_bytes()) {
            echo(line, out);
            return self.leave(now, words, out);
        }
        match self.name {
            _ if words.is_empty() => {}
            None => {
                echo(line, out);
                self.name = Some(words.into());
            }
            Some(_) => self.say(line, out),
        }
        match (self.phase, &self.name) {
            (Phase::Naming, _) => self.enter_or_ask(now, out),
            (Phase::Lost(None), Some(_)) => self.dial(out),
            _ => {}
        }
    }

    fn enter_or_ask(&mut self, now: Now, out: &mut Outbox) {
        if self.name.is_some() { self.enter(now, out) } else { self.ask(out) }
    }

    /// Takes a message, to be sent as soon as it may.
    fn say(&mut self, line: &[u8], out: &mut Outbox) {
        if line.len() > MESSAGE_BYTES_DEFAULT {
            return out.complain(format_args!("not sent, since a message has at most {MESSAGE_BYTES_DEFAULT} bytes"));
        }
        let text = Text(line);
        if self.outgoing.push(line).is_err() {
            return out.complain(format_args!("not sent, since {WAITING_MAX} others wait: {text}"));
        }
        if matches!(self.phase, Phase::Lost(_) | Phase::Dialling | Phase::Taken(_)) {
            out.complain(format_args!("kept until we are back: {text}"));
        }
    }

    /// Sends what is due, and lets more be typed once nothing waits.
    fn send_due(&mut self, now: Now, out: &mut Outbox) {
        let talking = match self.phase {
            Phase::Talking => true,
            Phase::Leaving { .. } => false,
            Phase::Naming
            | Phase::Entering { .. }
            | Phase::Returning { .. }
            | Phase::Taken(_)
            | Phase::Lost(_)
            | Phase::Dialling => return,
        };
        while let Some(line) = self.outgoing.next(now.uptime, self.ending) {
            if talking {
                echo(line, out);
            }
            if let Some(lasting) = &mut self.lasting {
                lasting.whereabouts.note_sent(line);
            }
            out.send(self.dial.peer(), line);
        }
        if talking && self.outgoing.waiting() == 0 {
            self.ask(out);
        }
    }

    /// Says `quit` where there is somebody to say it to, and waits for the server to close.
    fn leave(&mut self, now: Now, quit: &[u8], out: &mut Outbox) {
        match self.phase {
            Phase::Entering { .. } | Phase::Returning { .. } | Phase::Talking => {
                if self.phase != Phase::Talking && self.wanted_room().is_some() {
                    self.tell_unsent(out);
                    self.outgoing.take_waiting();
                }
                self.outgoing.push_last(quit);
                self.phase = Phase::Leaving { until: now.uptime + self.outgoing.sending_max() + FAREWELL_MAX };
            }
            Phase::Naming | Phase::Taken(_) | Phase::Lost(_) | Phase::Dialling | Phase::Leaving { .. } => {
                self.tell_unsent(out);
                out.finish(Peer::Terminal);
            }
        }
    }

    fn time_out(&mut self, now: Now, out: &mut Outbox) {
        match &mut self.phase {
            Phase::Entering { until } if *until <= now.uptime => self.entered(now, out),
            Phase::Returning { until } if *until <= now.uptime => self.stay_away(out),
            Phase::Taken(pause) if pause.is_over(now.uptime) => self.enter(now, out),
            Phase::Lost(Some(pause)) if pause.is_over(now.uptime) => self.dial(out),
            Phase::Taken(pause) | Phase::Lost(Some(pause)) => pause.tick(now.uptime),
            Phase::Leaving { until } if *until <= now.uptime => {
                self.tell_unsent(out);
                out.finish(Peer::Terminal);
            }
            Phase::Naming
            | Phase::Entering { .. }
            | Phase::Returning { .. }
            | Phase::Talking
            | Phase::Lost(None)
            | Phase::Dialling
            | Phase::Leaving { .. } => {}
        }
    }
}

/// Repeats a typed line where it belongs in the transcript.
fn echo(line: &[u8], out: &mut Outbox) {
    out.echo(format_args!("{PROMPT}{}", Text(line)));
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        self.ending = out.ending();
        let before = self.phase;
        match event {
            Event::Opened(_) => self.enter(now, out),
            Event::Message(Peer::Terminal, line) => self.typed(now, line, out),
            Event::Message(Peer::Remote(_), message) => self.said(now, message, out),
            Event::Finished(Peer::Terminal) | Event::Gone(Peer::Terminal) => self.leave(now, QUITS[0].as_bytes(), out),
            Event::Finished(Peer::Remote(server)) => {
                self.lost(now, DOUBT_CLOSED, format_args!("{server} closed the connection"), out);
            }
            Event::Gone(Peer::Remote(server)) => {
                self.lost(now, DOUBT_BROKEN, format_args!("the connection to {server} broke"), out)
            }
            Event::Timeout => self.time_out(now, out),
            Event::Message(Peer::Store, _) | Event::Finished(Peer::Store) | Event::Gone(Peer::Store) => {}
        }
        self.send_due(now, out);
        if self.phase != before {
            self.tell_state(out);
        }
    }

    fn deadline(&self) -> Option<Duration> {
        let sending = self.outgoing.due(self.ending);
        match self.phase {
            Phase::Entering { until } | Phase::Returning { until } => Some(until),
            Phase::Talking => sending,
            Phase::Taken(pause) | Phase::Lost(Some(pause)) => Some(pause.tick_at()),
            Phase::Leaving { until } => sending.into_iter().chain([until]).min(),
            Phase::Naming | Phase::Lost(None) | Phase::Dialling => None,
        }
    }
}
