//! The automatic side of a conversation, with which a client can be tried alone.

use std::sync::Arc;
use std::time::Duration;

use super::session::{Heard, Parties, Session};
use super::{Dialect, KEY_ERROR, Keyring, Role, pieces};
use crate::framing::Cut;
use crate::visible::Text;
use crate::{Event, Machine, Now, Outbox, Peer};

/// What an answer begins with.
pub const ANSWER: &str = "I read: ";
/// No answer repeats more than this.
const ANSWER_BYTES_MAX: usize = 200;
const ELLIPSIS: &str = "…";
/// What a block of the lab's dialect may cost: one with our private key takes about a thousandth of a second, and its sender can send
/// one block again and again for nothing. So beyond a few at once, one peer's blocks are answered at this pace.
const BLOCK_TIME: Duration = Duration::from_millis(20);
/// So many are answered at once.
const BLOCKS_AT_ONCE: u32 = 32;

/// One client's conversation, in the client's dialect: each message is answered with a text that shows it was read.
pub struct Server {
    session: Session,
    text_bytes_max: usize,
    /// With whom there is talk.
    open: Option<Peer>,
    /// When the blocks that were heard are paid for.
    paid_at: Duration,
    held: Option<Held>,
}

/// An answer to a peer that is ahead of its pace.
struct Held {
    due: Duration,
    to: Peer,
    answer: String,
}

impl Server {
    /// A server that takes texts of so many bytes.
    pub fn new(keyring: Arc<dyn Keyring>, text_bytes_max: usize) -> Self {
        let session = Session::new(keyring, Role::Server, None, text_bytes_max);
        Self { session, text_bytes_max, open: None, paid_at: Duration::ZERO, held: None }
    }

    fn hear(&mut self, now: Now, peer: Peer, bytes: &[u8], out: &mut Outbox) {
        // Whoever takes turns waits for the answer, and so is slowed down; only who does not is sent away.
        if self.held.is_some() {
            tell(peer, format_args!("sends more blocks than are answered, and does not wait for its turn"), out);
            self.session.say_bye(peer, out);
            return self.end(peer, out);
        }
        match self.session.hear(peer, bytes, out) {
            Heard::Nothing => {}
            Heard::Opened(Parties { dialect, own, peer: theirs, peer_bits }) => {
                self.open = Some(peer);
                let (theirs, own) = (theirs.words(), own.words());
                let speaks =
                    format_args!("speaks the {dialect} dialect, with a key of {peer_bits} bits: {theirs}; ours: {own}");
                tell(peer, speaks, out);
            }
            Heard::TooLong => {
                let why = format!("a text of more than {} bytes is not taken", self.text_bytes_max);
                tell(peer, format_args!("{why}"), out);
                self.session.say(peer, format!("Error: {why}").as_bytes(), out);
                self.session.say_bye(peer, out);
                self.end(peer, out);
            }
            Heard::Text(text) => {
                tell(peer, format_args!("{}", Text(&text)), out);
                let answer = self.answer(&String::from_utf8_lossy(&text));
                self.pace(now.uptime, peer, answer, out);
            }
            Heard::Bye => {
                tell(peer, format_args!("{}", super::GOOD_BYE), out);
                self.end(peer, out);
            }
            Heard::Failed(failure) => {
                tell(peer, format_args!("{failure}"), out);
                // Behind our key no words can stand.
                if failure.is_before_our_key() {
                    out.send(peer, KEY_ERROR.as_bytes());
                }
                self.end(peer, out);
            }
        }
    }

    /// As much of the text as fits one message.
    fn answer(&self, text: &str) -> String {
        let room = self.session.text_bytes_max().min(ANSWER_BYTES_MAX) - ANSWER.len();
        if text.len() <= room {
            return format!("{ANSWER}{text}");
        }
        let begin = pieces(text, room - ELLIPSIS.len())[0];
        format!("{ANSWER}{begin}{ELLIPSIS}")
    }

    /// Answers now, or once the peer's blocks are paid for.
    fn pace(&mut self, uptime: Duration, to: Peer, answer: String, out: &mut Outbox) {
        if self.session.parties().is_none_or(|parties| parties.dialect == Dialect::Lab) {
            self.paid_at = self.paid_at.max(uptime) + BLOCK_TIME;
        }
        let due = self.paid_at.saturating_sub(BLOCK_TIME * BLOCKS_AT_ONCE);
        self.held = Some(Held { due, to, answer });
        if due <= uptime {
            self.release(out);
        }
    }

    fn release(&mut self, out: &mut Outbox) {
        if let Some(Held { to, answer, .. }) = self.held.take() {
            self.session.say(to, answer.as_bytes(), out);
        }
    }

    fn end(&mut self, peer: Peer, out: &mut Outbox) {
        (self.open, self.held) = (None, None);
        out.finish(peer);
    }
}

/// Tells the server's terminal about a peer.
fn tell(peer: Peer, what: std::fmt::Arguments<'_>, out: &mut Outbox) {
    match peer {
        Peer::Remote(address) => out.print(format_args!("{address}: {what}")),
        Peer::Terminal | Peer::Store => {}
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(_), bytes) => self.hear(now, peer, bytes, out),
            Event::Timeout if self.deadline().is_some_and(|due| due <= now.uptime) => self.release(out),
            Event::Finished(peer @ Peer::Remote(_)) => {
                self.release(out);
                if self.open.is_some() {
                    tell(peer, format_args!("closed the connection without {}", super::GOOD_BYE), out);
                }
                self.end(peer, out);
            }
            Event::Gone(peer @ Peer::Remote(_)) if self.open.is_some() => {
                (self.open, self.held) = (None, None);
                tell(peer, format_args!("is gone without {}", super::GOOD_BYE), out);
            }
            // The server shuts down, or the peer was idle.
            Event::Finished(Peer::Terminal) => {
                if let Some(peer) = self.open {
                    self.session.say_bye(peer, out);
                    self.end(peer, out);
                }
            }
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.held.as_ref().map(|held| held.due)
    }

    fn cut(&self) -> Cut {
        self.session.cut()
    }
}
