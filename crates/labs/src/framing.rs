//! Cuts a byte stream into messages, and finds out how the peer speaks so that answers can be given in the same way.
//!
//! Most programs written for the labs send a message with one `send` and no newline (a *bare* peer); Java and Go programs
//! end it with LF; C programs with LF, CRLF, or a field padded with NULs. The guess, made for each connection:
//! - a newline in what arrives: messages end at LF from now on, and a CR before it is dropped;
//! - a NUL before any newline: the message ends there, and the NULs that follow are padding;
//! - neither, and nothing more for a quiet time: what has arrived is one message.
//!
//! The first newline settles it for good, since a person who types into `nc` or telnet may pause inside a line. Until then a
//! quiet time ends a message, so two bare sends closer together than that are read as one: TCP keeps no boundaries.
//!
//! Where a stream does not carry text, nothing is guessed: its machine says how the next message is cut, see [`Cut`].

mod cut;

use std::sync::Arc;
use std::time::Duration;

pub use cut::Cut;

/// How a message ends, or a datagram's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Nothing: the message is all that was sent.
    #[default]
    None,
    Lf,
    CrLf,
    /// Padded with NULs to a field of so many bytes, and ended by at least one.
    Nul {
        field_bytes: usize,
    },
}

impl Ending {
    /// Ends the message that starts at `start` of `bytes`.
    pub fn push(self, bytes: &mut Vec<u8>, start: usize) {
        match self {
            Self::None => {}
            Self::Lf => bytes.push(b'\n'),
            Self::CrLf => bytes.extend_from_slice(b"\r\n"),
            Self::Nul { field_bytes } => bytes.resize((start + field_bytes).max(bytes.len() + 1), 0),
        }
    }

    /// How large a message is with its ending.
    pub fn framed_bytes(self, message_bytes: usize) -> usize {
        match self {
            Self::None => message_bytes,
            Self::Lf => message_bytes + 1,
            Self::CrLf => message_bytes + 2,
            Self::Nul { field_bytes } => field_bytes.max(message_bytes + 1),
        }
    }

    /// Parts a datagram, which is always one message, from its ending.
    pub fn split(datagram: &[u8]) -> (&[u8], Self) {
        let text = trim_nuls(datagram);
        // As in a stream, a newline says more than the padding behind it.
        if let Some(line) = text.strip_suffix(b"\r\n") {
            return (line, Self::CrLf);
        }
        if let Some(line) = text.strip_suffix(b"\n") {
            return (line, Self::Lf);
        }
        let padded = text.len() < datagram.len();
        (text, if padded { Self::Nul { field_bytes: datagram.len() } } else { Self::None })
    }
}

/// How a connection's framing is set up. The defaults are those of a server.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Find out how the peer speaks; else only LF ends a message.
    pub guess: bool,
    /// How long nothing must arrive before what a bare peer sent is taken for a message.
    pub quiet: Duration,
    /// The largest message, in bytes.
    pub message_bytes_max: usize,
    /// How a message ends while it is not known how the peer speaks.
    pub greeting: Ending,
    /// How answers to a bare peer end: LF where several answers come back to back.
    pub bare: Ending,
    /// How our messages end whatever the peer does: for a client, which speaks first.
    pub spoken: Option<Ending>,
}

/// Long enough for two segments of one message, short enough not to be noticed.
pub const QUIET_DEFAULT: Duration = Duration::from_millis(30);
/// Larger than anything the labs say.
pub const MESSAGE_BYTES_DEFAULT: usize = 8 * 1024;

impl Default for Rules {
    fn default() -> Self {
        Self {
            guess: true,
            quiet: QUIET_DEFAULT,
            message_bytes_max: MESSAGE_BYTES_DEFAULT,
            greeting: Ending::Lf,
            bare: Ending::None,
            spoken: None,
        }
    }
}

/// A message is larger than [`Rules::message_bytes_max`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlong;

/// What is known of the peer's way of speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Unknown,
    Bare,
    /// In few bytes, since every idle connection holds it.
    Padded {
        field_bytes: u32,
    },
    Lines {
        crlf: bool,
    },
}

/// One connection's cutter: bytes in, messages out.
#[derive(Debug)]
pub struct Framing {
    rules: Arc<Rules>,
    manner: Manner,
    cut: Cut,
    /// The start of a message whose end has not arrived; holds no memory between messages.
    begun: Vec<u8>,
    quiet_at: Option<Duration>,
}

impl Framing {
    /// A cutter by these rules, which many connections may share.
    pub fn new(rules: impl Into<Arc<Rules>>) -> Self {
        let rules = rules.into();
        let manner = if rules.guess { Manner::Unknown } else { Manner::Lines { crlf: false } };
        Self { rules, manner, cut: Cut::Text, begun: Vec::new(), quiet_at: None }
    }

    /// Begins again, with another stream.
    pub fn forget(&mut self) {
        *self = Self::new(Arc::clone(&self.rules));
    }

    /// How the next message to this peer is to end.
    pub fn ending(&self) -> Ending {
        if self.cut != Cut::Text {
            return Ending::None;
        }
        if let Some(spoken) = self.rules.spoken {
            return spoken;
        }
        match self.manner {
            Manner::Unknown => self.rules.greeting,
            Manner::Bare => self.rules.bare,
            Manner::Padded { field_bytes } => Ending::Nul { field_bytes: field_bytes as usize },
            Manner::Lines { crlf: false } => Ending::Lf,
            Manner::Lines { crlf: true } => Ending::CrLf,
        }
    }

    /// The uptime at which [`Framing::quiet`] is due.
    pub fn deadline(&self) -> Option<Duration> {
        self.quiet_at
    }

    /// Takes bytes that arrived at `uptime` and hands each whole message to `each`, with how its answer is to end, until that says
    /// `false`. Tells how many bytes it took: all, unless it was stopped. Where the stream is not cut as text, it stops behind one message.
    pub fn receive(
        &mut self,
        uptime: Duration,
        bytes: &[u8],
        mut each: impl FnMut(&[u8], Ending) -> bool,
    ) -> Result<usize, Overlong> {
        if self.cut != Cut::Text {
            return self.receive_one(bytes, |message| each(message, Ending::None));
        }
        let mut rest = bytes;
        loop {
            if self.begun.is_empty() && self.rules.guess {
                rest = skip_nuls(rest);
            }
            let Some((end, next)) = self.find_end(rest) else { break };
            let go_on = if self.begun.is_empty() {
                let message = self.finish_message(&rest[..end])?;
                each(message, self.ending())
            } else {
                self.extend_begun(&rest[..end])?;
                let begun = std::mem::take(&mut self.begun);
                let message = self.finish_message(&begun)?;
                each(message, self.ending())
            };
            rest = &rest[next..];
            if !go_on {
                self.quiet_at = None;
                return Ok(bytes.len() - rest.len());
            }
        }
        self.extend_begun(rest)?;
        let waits = !self.begun.is_empty() && !matches!(self.manner, Manner::Lines { .. });
        self.quiet_at = waits.then(|| uptime + self.rules.quiet);
        Ok(bytes.len())
    }

    /// Where the message that `rest` goes on with ends, and where the next begins. Learns the peer's manner from what it finds.
    fn find_end(&mut self, rest: &[u8]) -> Option<(usize, usize)> {
        if let Manner::Lines { crlf } = self.manner {
            let at = memchr::memchr(b'\n', rest)?;
            let now_crlf = if at > 0 { rest[at - 1] == b'\r' } else { self.begun.last() == Some(&b'\r') };
            if crlf != now_crlf {
                self.manner = Manner::Lines { crlf: now_crlf };
            }
            return Some((at, at + 1));
        }
        let at = memchr::memchr2(b'\n', 0, rest)?;
        if rest[at] == b'\n' {
            self.manner = Manner::Lines { crlf: false };
            return self.find_end(rest);
        }
        let padding = rest[at..].len() - skip_nuls(&rest[at..]).len();
        let seen = self.begun.len() + at + padding;
        // A field's first piece may hold only a part of its padding, so the widest seen is the best guess; but a field
        // whose end is seen is as wide as it is, else many small ones in one read would be answered with many large ones.
        let field_bytes = match self.manner {
            Manner::Padded { field_bytes } if at + padding == rest.len() => seen.max(field_bytes as usize),
            Manner::Padded { .. } | Manner::Unknown | Manner::Bare | Manner::Lines { .. } => seen,
        };
        let field_bytes = field_bytes.min(self.rules.message_bytes_max);
        self.manner = Manner::Padded { field_bytes: u32::try_from(field_bytes).unwrap_or(u32::MAX) };
        Some((at, at + padding))
    }

    fn finish_message<'m>(&self, line: &'m [u8]) -> Result<&'m [u8], Overlong> {
        let message = match self.manner {
            Manner::Lines { .. } => line.strip_suffix(b"\r").unwrap_or(line),
            Manner::Unknown | Manner::Bare | Manner::Padded { .. } => line,
        };
        if message.len() > self.rules.message_bytes_max { Err(Overlong) } else { Ok(message) }
    }

    fn extend_begun(&mut self, bytes: &[u8]) -> Result<(), Overlong> {
        // One more for the CR of a line's ending.
        if self.begun.len() + bytes.len() > self.rules.message_bytes_max + 1 {
            self.begun = Vec::new();
            return Err(Overlong);
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }

    /// Nothing more came: if the quiet time is over, what has arrived is a message.
    pub fn quiet(&mut self, uptime: Duration, each: impl FnMut(&[u8], Ending) -> bool) -> Result<(), Overlong> {
        if self.quiet_at.is_none_or(|at| uptime < at) {
            return Ok(());
        }
        if self.manner == Manner::Unknown {
            self.manner = Manner::Bare;
        }
        self.flush(each)
    }

    /// The peer has finished: what it left unended is its last message.
    pub fn flush(&mut self, mut each: impl FnMut(&[u8], Ending) -> bool) -> Result<(), Overlong> {
        self.quiet_at = None;
        if self.begun.is_empty() {
            return Ok(());
        }
        if self.manner == Manner::Unknown {
            self.manner = Manner::Bare;
        }
        let begun = std::mem::take(&mut self.begun);
        let message = self.finish_message(&begun)?;
        each(message, self.ending());
        Ok(())
    }
}

fn skip_nuls(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

fn trim_nuls(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests;
