//! The automatic side of a conversation, with which a client can be tried alone.

use std::sync::Arc;

use super::session::{Failure, Heard, Parties, Session};
use super::{KEY_ERROR, Keyring, Role, pieces};
use crate::framing::Cut;
use crate::visible::Text;
use crate::{Event, Machine, Now, Outbox, Peer};

/// What an answer begins with.
pub const ANSWER: &str = "I read: ";
/// No answer repeats more than this.
const ANSWER_BYTES_MAX: usize = 200;
const ELLIPSIS: &str = "…";

/// One client's conversation, in the client's dialect: each message is answered with a text that shows it was read.
pub struct Server {
    session: Session,
    text_bytes_max: usize,
    /// With whom there is talk.
    open: Option<Peer>,
}

impl Server {
    /// A server that takes texts of so many bytes.
    pub fn new(keyring: Arc<dyn Keyring>, text_bytes_max: usize) -> Self {
        Self { session: Session::new(keyring, Role::Server, None), text_bytes_max, open: None }
    }

    fn hear(&mut self, peer: Peer, bytes: &[u8], out: &mut Outbox) {
        match self.session.hear(peer, bytes, out) {
            Heard::Nothing => {}
            Heard::Opened(Parties { dialect, own, peer: theirs, peer_bits }) => {
                self.open = Some(peer);
                let (theirs, own) = (theirs.words(), own.words());
                let speaks =
                    format_args!("speaks the {dialect} dialect, with a key of {peer_bits} bits: {theirs}; ours: {own}");
                tell(peer, speaks, out);
            }
            Heard::Text(text) if text.len() > self.text_bytes_max => {
                let limit = self.text_bytes_max;
                tell(peer, format_args!("a text of {} bytes is more than the {limit} that are taken", text.len()), out);
                self.session.say_bye(peer, out);
                self.end(peer, out);
            }
            Heard::Text(text) => {
                tell(peer, format_args!("{}", Text(&text)), out);
                let answer = self.answer(&String::from_utf8_lossy(&text));
                self.session.say(peer, answer.as_bytes(), out);
            }
            Heard::Bye => {
                tell(peer, format_args!("{}", super::GOOD_BYE), out);
                self.end(peer, out);
            }
            Heard::Failed(failure) => {
                tell(peer, format_args!("{failure}"), out);
                // Between blocks no words can stand, and who sent a key expects one.
                if failure == Failure::NoKey {
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

    fn end(&mut self, peer: Peer, out: &mut Outbox) {
        self.open = None;
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
    fn handle(&mut self, _now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(_), bytes) => self.hear(peer, bytes, out),
            Event::Finished(peer @ Peer::Remote(_)) => {
                if self.open.is_some() {
                    tell(peer, format_args!("closed the connection without {}", super::GOOD_BYE), out);
                }
                self.end(peer, out);
            }
            Event::Gone(peer @ Peer::Remote(_)) if self.open.is_some() => {
                self.open = None;
                tell(peer, format_args!("is gone without {}", super::GOOD_BYE), out);
            }
            // The server shuts down.
            Event::Finished(Peer::Terminal) => {
                if let Some(peer) = self.open {
                    self.session.say_bye(peer, out);
                    self.end(peer, out);
                }
            }
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }

    fn cut(&self) -> Cut {
        self.session.cut()
    }
}
