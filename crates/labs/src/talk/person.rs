//! A person's end of a conversation, whichever side connected.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::session::{Failure, Heard, Parties, Session};
use super::{Dialect, Fingerprint, GOOD_BYE, Keyring, Role, TEXT_BYTES_MAX, pieces};
use crate::framing::Cut;
use crate::visible::Text;
use crate::{Event, Machine, Now, Outbox, Peer};

const PROMPT: &str = "> ";
/// Sends the text that was too long for one message as several.
const SPLIT: &str = "/split";
/// Texts that wait for their turn; beyond, nothing more is asked for.
const WAITING_MAX: usize = 100;
/// Keys of fewer bits are within reach of those with many computers: NIST SP 800-131A.
const SAFE_BITS_MIN: u32 = 2048;

/// What is known of a peer's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// It was never seen here, and is remembered from now on.
    New,
    Known,
    /// Another was remembered; with what to do if this one is right.
    Changed {
        known: String,
        advice: String,
    },
    /// Nothing can be remembered, and why.
    Unkept(String),
}

/// Looks up a peer's key, and remembers it if none was known.
pub type Meet = Box<dyn FnMut(Fingerprint) -> Meeting + Send>;

/// A person who talks with one peer.
pub struct Person {
    session: Session,
    dialect: Dialect,
    meet: Meet,
    peer: Option<Peer>,
    key_max: Duration,
    key_due: Option<Duration>,
    open: bool,
    our_turn: bool,
    /// Whether the terminal may give us a line.
    asked: bool,
    waiting: VecDeque<String>,
    /// A text that was too long for one message.
    too_long: Option<String>,
    /// The person wants to end the conversation behind what waits.
    leaving: bool,
}

impl Person {
    /// A person whose peer has `key_max` to send its key.
    pub fn new(keyring: Arc<dyn Keyring>, role: Role, dialect: Dialect, key_max: Duration, meet: Meet) -> Self {
        Self {
            session: Session::new(keyring, role, Some(dialect), TEXT_BYTES_MAX),
            dialect,
            meet,
            peer: None,
            key_max,
            key_due: None,
            open: false,
            our_turn: role == Role::Client,
            asked: false,
            waiting: VecDeque::new(),
            too_long: None,
            leaving: false,
        }
    }

    fn hear(&mut self, peer: Peer, bytes: &[u8], out: &mut Outbox) {
        match self.session.hear(peer, bytes, out) {
            Heard::Nothing => {}
            Heard::Opened(parties) => self.opened(parties, out),
            Heard::Text(text) => {
                let peer = if self.our_turn { "peer, out of turn" } else { "peer" };
                out.print(format_args!("{peer}: {}", Text(&text)));
                self.our_turn = true;
                self.take_turn(out);
            }
            Heard::Bye => {
                out.print(format_args!("peer: {GOOD_BYE}"));
                self.tell_unsent(out);
                out.finish(Peer::Terminal);
            }
            Heard::TooLong => {
                self.session.say_bye(peer, out);
                self.tell_unsent(out);
                out.fail(format_args!("a text of more than {TEXT_BYTES_MAX} bytes is not taken"));
            }
            Heard::Failed(Failure::NoKey) => {
                out.fail(format_args!("{}; it begins: {}", Failure::NoKey, Text(&bytes[..bytes.len().min(80)])));
            }
            Heard::Failed(failure) => {
                self.tell_unsent(out);
                out.fail(format_args!("{failure}"));
            }
        }
    }

    fn opened(&mut self, parties: Parties, out: &mut Outbox) {
        let Parties { dialect, own, peer, peer_bits } = parties;
        (self.open, self.key_due) = (true, None);
        out.print(format_args!("The peer's key has {peer_bits} bits: {}", peer.words()));
        out.print(format_args!("  {}", peer.hex()));
        out.print(format_args!("Yours: {}", own.words()));
        out.print(format_args!("  {}", own.hex()));
        match dialect {
            Dialect::Lab => {
                out.print(format_args!(
                    "The lab's dialect hides what you say, but not who says it, or whether it is repeated."
                ));
                if peer_bits < SAFE_BITS_MIN {
                    out.print(format_args!(
                        "A key of {peer_bits} bits can be broken: say nothing that has to stay secret."
                    ));
                }
            }
            Dialect::Sound => {
                if !self.meet_peer(peer, out) {
                    return;
                }
            }
        }
        let whose = if self.our_turn { "You begin" } else { "The peer begins; what you type waits for your turn" };
        out.print(format_args!("{whose}. `{GOOD_BYE}` ends the conversation."));
        self.take_turn(out);
    }

    /// Whether there can be talk with the holder of this key.
    fn meet_peer(&mut self, peer: Fingerprint, out: &mut Outbox) -> bool {
        match (self.meet)(peer) {
            Meeting::Known => out.print(format_args!("This is the key that was here before.")),
            Meeting::New => out.print(format_args!(
                "This key is new here and is remembered. Compare both, by telephone or face to face: only that shows who holds it."
            )),
            Meeting::Unkept(why) => out.complain(format_args!("This key cannot be remembered: {why}. Compare both each time.")),
            Meeting::Changed { known, advice } => {
                out.fail(format_args!(
                    "THE PEER'S KEY HAS CHANGED: {known} was remembered. Somebody may be between you. Nothing was said. {advice}"
                ));
                return false;
            }
        }
        true
    }

    /// Says what waits, if it is our turn, or lets the person type.
    fn take_turn(&mut self, out: &mut Outbox) {
        while self.open && self.our_turn {
            let Some(text) = self.waiting.pop_front() else { break };
            if self.say(&text, out) {
                out.print(format_args!("sent: {text}"));
            }
        }
        if self.leaving && (self.our_turn || !self.open) && self.waiting.is_empty() {
            return self.leave(out);
        }
        self.ask(out);
    }

    fn ask(&mut self, out: &mut Outbox) {
        let wanted = self.open && !self.leaving && self.waiting.len() < WAITING_MAX;
        if wanted && !std::mem::replace(&mut self.asked, true) {
            out.ask(PROMPT);
        }
    }

    fn typed(&mut self, line: &[u8], out: &mut Outbox) {
        self.asked = false;
        let text = String::from_utf8_lossy(line).into_owned();
        if text == SPLIT {
            self.split(out);
        } else if self.our_turn && self.waiting.is_empty() {
            self.say(&text, out);
        } else if self.fits(&text, out) {
            self.wait(text, out);
        }
        // The last word may have been said.
        if !out.is_finished() {
            self.take_turn(out);
        }
    }

    fn wait(&mut self, text: String, out: &mut Outbox) {
        out.print(format_args!("waiting for your turn: {text}"));
        self.waiting.push_back(text);
    }

    /// Sends the text that was refused, a piece each turn.
    fn split(&mut self, out: &mut Outbox) {
        let Some(text) = self.too_long.take() else {
            return out.complain(format_args!("no text was too long: there is nothing to split"));
        };
        let pieces = pieces(&text, self.session.text_bytes_max());
        let room = WAITING_MAX.saturating_sub(self.waiting.len());
        if pieces.len() > room {
            let count = pieces.len();
            return out.complain(format_args!(
                "not sent: the text makes {count} messages, and no more than {room} can wait: send it by another way"
            ));
        }
        for piece in pieces {
            if !self.our_turn || !self.waiting.is_empty() {
                self.wait(piece.to_owned(), out);
            } else if self.say(piece, out) {
                out.print(format_args!("sent: {piece}"));
            }
        }
    }

    /// Says a text in our turn; false if it cannot be said.
    fn say(&mut self, text: &str, out: &mut Outbox) -> bool {
        let Some(peer) = self.peer else { return false };
        if text.trim() == GOOD_BYE {
            self.leave(out);
            return false;
        }
        if !self.fits(text, out) || !self.session.say(peer, text.as_bytes(), out) {
            return false;
        }
        self.our_turn = false;
        true
    }

    /// Whether one message takes the text; if not, the person is told what can be done.
    fn fits(&mut self, text: &str, out: &mut Outbox) -> bool {
        let (bytes, bytes_max) = (text.len(), self.session.text_bytes_max());
        if bytes <= bytes_max {
            return true;
        }
        let count = pieces(text, bytes_max).len();
        out.complain(format_args!(
            "not sent: the text has {bytes} bytes, and one message holds {bytes_max}; {SPLIT} sends it as {count} messages, one each turn"
        ));
        self.too_long = Some(text.to_owned());
        false
    }

    /// The person has finished: behind what waits, or at once if that was said before.
    fn want_to_leave(&mut self, out: &mut Outbox) {
        let again = std::mem::replace(&mut self.leaving, true);
        if again || !self.open || self.our_turn && self.waiting.is_empty() {
            return self.leave(out);
        }
        out.print(format_args!("{GOOD_BYE} waits for your turn; interrupt again to leave at once."));
    }

    /// Says the last word, and ends.
    fn leave(&mut self, out: &mut Outbox) {
        if let Some(peer) = self.peer.filter(|_| self.open) {
            self.session.say_bye(peer, out);
        }
        self.open = false;
        self.tell_unsent(out);
        out.finish(Peer::Terminal);
    }

    fn tell_unsent(&mut self, out: &mut Outbox) {
        for text in self.waiting.drain(..) {
            out.complain(format_args!("not sent: {text}"));
        }
    }

    fn closed(&mut self, how: &str, out: &mut Outbox) {
        self.tell_unsent(out);
        if self.open {
            return out.fail(format_args!("{how} without {GOOD_BYE}"));
        }
        if self.session.parties().is_some() {
            // Nothing is wrong with the dialect, and nobody is to be led to the weaker one.
            return out
                .fail(format_args!("{how} before a session was agreed; perhaps something was altered on the way"));
        }
        let other = match self.dialect {
            Dialect::Sound => "if it is a program written for the lab, try --dialect lab",
            Dialect::Lab => "if it speaks the sound dialect, leave out --dialect lab",
        };
        out.fail(format_args!("{how} before the keys were exchanged; {other}"));
    }
}

impl Machine for Person {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Opened(peer) => {
                self.peer = Some(peer);
                self.key_due = Some(now.uptime + self.key_max);
                self.session.begin(peer, out);
            }
            Event::Message(Peer::Terminal, line) => self.typed(line, out),
            Event::Message(peer @ Peer::Remote(_), bytes) => self.hear(peer, bytes, out),
            Event::Finished(Peer::Terminal) | Event::Gone(Peer::Terminal) => self.want_to_leave(out),
            Event::Finished(Peer::Remote(_)) => self.closed("the peer closed the connection", out),
            Event::Gone(Peer::Remote(_)) => self.closed("the connection broke", out),
            Event::Timeout => {
                if self.key_due.take().is_some() {
                    let key_max = self.key_max;
                    self.closed(&format!("the peer was silent for {key_max:?}"), out);
                }
            }
            Event::Message(Peer::Store, _) | Event::Finished(Peer::Store) | Event::Gone(Peer::Store) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.key_due
    }

    fn cut(&self) -> Cut {
        self.session.cut()
    }
}
