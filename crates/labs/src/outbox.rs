//! What a machine writes: messages for its peers and its rooms, lines for its terminal, texts for the store.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;

use crate::framing::Ending;
use crate::room::RoomId;
use crate::visible::Text;
use crate::{Peer, Visible};

/// Collects what follows from one or more events; the driver empties it. Its buffers are reused, so that a message costs no allocation.
#[derive(Debug, Default)]
pub struct Outbox {
    wire: Vec<u8>,
    acts: Vec<(Act, usize)>,
    lines: String,
    shown: Vec<(Tone, Option<SocketAddr>, usize)>,
    stored: Vec<Vec<u8>>,
    ending: Ending,
    about: Option<SocketAddr>,
    muted: bool,
    finished: bool,
    outcome: Option<Outcome>,
}

/// What is done with remote peers, in the machine's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A message goes to one peer.
    Send(SocketAddr),
    /// A message goes to everyone in a room, but for one.
    Publish { room: RoomId, except: Option<SocketAddr> },
    /// A peer hears from now on what is published in a room, and no other room any more.
    Admit { peer: SocketAddr, room: RoomId },
    /// A peer's connection is closed once it has taken what was sent to it.
    Dismiss(SocketAddr),
}

/// How a line for the terminal is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something to read.
    Print,
    /// Something went wrong or was refused: standard error, and a run in a pipe counts as failed.
    Complain,
    /// A question: the prompt for the next line, and the permission to read one.
    Ask,
}

/// One line for the terminal, already safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    pub tone: Tone,
    /// The peer whose doing led to it.
    pub about: Option<SocketAddr>,
    pub text: &'a str,
}

/// How a client's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As its user wished.
    Done,
    /// The other side failed or said no.
    Failed,
}

impl Outbox {
    /// Sends one message: to a remote peer framed as it speaks, to the terminal as a line, to the store as a text to keep.
    pub fn send(&mut self, peer: Peer, message: &[u8]) {
        match peer {
            Peer::Terminal => self.print(format_args!("{}", Text(message))),
            Peer::Store => self.stored.push(message.to_vec()),
            Peer::Remote(address) => {
                let start = self.wire.len();
                self.wire.extend_from_slice(message);
                self.end_message(Act::Send(address), start);
            }
        }
    }

    /// Sends one message that is formatted in place.
    pub fn send_text(&mut self, peer: Peer, text: fmt::Arguments<'_>) {
        let Peer::Remote(address) = peer else {
            return self.send(peer, text.to_string().as_bytes());
        };
        self.write(Act::Send(address), text);
    }

    /// Sends one message to everyone in a room, but for one.
    pub fn publish(&mut self, room: RoomId, except: Option<SocketAddr>, text: fmt::Arguments<'_>) {
        self.write(Act::Publish { room, except }, text);
    }

    fn write(&mut self, act: Act, text: fmt::Arguments<'_>) {
        let start = self.wire.len();
        // Writing to a Vec cannot fail, and our own Display implementations do not.
        let _ = self.wire.write_fmt(text);
        self.end_message(act, start);
    }

    fn end_message(&mut self, act: Act, start: usize) {
        self.ending.push(&mut self.wire, start);
        self.acts.push((act, self.wire.len()));
    }

    /// Lets a peer into a room, out of the one where it is.
    pub fn admit(&mut self, peer: SocketAddr, room: RoomId) {
        self.acts.push((Act::Admit { peer, room }, self.wire.len()));
    }

    /// Closes one connection of many, once its peer has taken what was sent to it.
    pub fn dismiss(&mut self, peer: SocketAddr) {
        self.acts.push((Act::Dismiss(peer), self.wire.len()));
    }

    /// Prints one line at the terminal.
    pub fn print(&mut self, line: fmt::Arguments<'_>) {
        self.show(Tone::Print, line);
    }

    /// Tells the terminal what went wrong.
    pub fn complain(&mut self, line: fmt::Arguments<'_>) {
        self.show(Tone::Complain, line);
    }

    /// Asks the terminal for one line. Until it asks, a client hears nothing from its terminal but its end.
    pub fn ask(&mut self, prompt: &str) {
        self.show(Tone::Ask, format_args!("{prompt}"));
    }

    fn show(&mut self, tone: Tone, line: fmt::Arguments<'_>) {
        if self.muted {
            return;
        }
        // Writing to a String cannot fail, and our own Display implementations do not.
        let _ = fmt::write(&mut Visible(&mut self.lines), line);
        self.shown.push((tone, self.about, self.lines.len()));
    }

    /// Ends what we say to a peer: for a stream, close after what was sent; for the terminal, the end of a client's run.
    pub fn finish(&mut self, peer: Peer) {
        match peer {
            Peer::Terminal => self.outcome = self.outcome.or(Some(Outcome::Done)),
            Peer::Store => {}
            Peer::Remote(_) => self.finished = true,
        }
    }

    /// Ends a client's run with a sentence that says what failed.
    pub fn fail(&mut self, line: fmt::Arguments<'_>) {
        self.complain(line);
        self.outcome = Some(Outcome::Failed);
    }
}

/// The driver's side.
impl Outbox {
    /// How the next messages are framed; a machine that answers later notes it and begins again with it.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// Sets how the next messages are framed, and about whom the next lines are.
    pub fn begin(&mut self, ending: Ending, about: Option<SocketAddr>) {
        self.ending = ending;
        self.about = about;
    }

    /// Whether lines for the terminal are dropped unseen, so that a quiet server does not even format them.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// All bytes for remote peers, framed, in order: what a stream's only peer is to get.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// How many messages for remote peers there are.
    pub fn message_count(&self) -> usize {
        self.acts.len()
    }

    /// The messages for remote peers one by one: what a datagram socket is to send.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.acts().filter_map(|(act, message)| match act {
            Act::Send(to) => Some((to, message)),
            Act::Publish { .. } | Act::Admit { .. } | Act::Dismiss(_) => None,
        })
    }

    /// What is done with remote peers, each with its framed message: what a room's driver carries out.
    pub fn acts(&self) -> impl Iterator<Item = (Act, &[u8])> {
        let mut start = 0;
        self.acts.iter().map(move |&(act, end)| (act, &self.wire[std::mem::replace(&mut start, end)..end]))
    }

    /// The lines for the terminal.
    pub fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        let mut start = 0;
        self.shown.iter().map(move |&(tone, about, end)| {
            let text = &self.lines[std::mem::replace(&mut start, end)..end];
            Shown { tone, about, text }
        })
    }

    /// The texts to keep, in order.
    pub fn take_stored(&mut self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.stored.drain(..)
    }

    /// Whether the machine has ended the talk: it closes its stream, or its client's run is over.
    pub fn is_finished(&self) -> bool {
        self.finished || self.outcome.is_some()
    }

    /// Whether a client's run is over, and how.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Empties it for the next events. Buffers that one large answer blew up are given back.
    pub fn clear(&mut self) {
        const KEPT_BYTES_MAX: usize = 64 * 1024;
        self.wire.clear();
        self.wire.shrink_to(KEPT_BYTES_MAX);
        self.acts.clear();
        self.acts.shrink_to(KEPT_BYTES_MAX / size_of::<(Act, usize)>());
        self.lines.clear();
        self.lines.shrink_to(KEPT_BYTES_MAX);
        self.shown.clear();
        self.shown.shrink_to(KEPT_BYTES_MAX / size_of::<(Tone, Option<SocketAddr>, usize)>());
        self.stored.clear();
        self.stored.shrink_to(KEPT_BYTES_MAX / size_of::<Vec<u8>>());
        self.finished = false;
        self.outcome = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);

    #[test]
    fn messages_are_framed_and_kept_apart() {
        let mut out = Outbox::default();
        out.begin(Ending::CrLf, Some(PEER));
        out.send(Peer::Remote(PEER), b"one");
        out.send_text(Peer::Remote(PEER), format_args!("{}", 2));
        assert_eq!(out.wire(), b"one\r\n2\r\n");
        let datagrams: Vec<_> = out.datagrams().collect();
        assert_eq!(datagrams, [(PEER, &b"one\r\n"[..]), (PEER, &b"2\r\n"[..])]);
    }

    #[test]
    fn lines_are_safe_and_know_their_cause() {
        let mut out = Outbox::default();
        out.begin(Ending::None, Some(PEER));
        out.send(Peer::Terminal, b"\x1b]0;owned\x07\xff");
        let shown: Vec<_> = out.shown().collect();
        assert_eq!(shown, [Shown { tone: Tone::Print, about: Some(PEER), text: "␛]0;owned␇\u{fffd}" }]);
    }

    #[test]
    fn a_muted_outbox_still_answers() {
        let mut out = Outbox::default();
        out.mute(true);
        out.print(format_args!("unseen"));
        out.send(Peer::Remote(PEER), b"seen");
        assert_eq!(out.shown().count(), 0);
        assert_eq!(out.wire(), b"seen");
    }
}
