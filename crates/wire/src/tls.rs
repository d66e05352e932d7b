//! What of TLS anybody can read: the records' kinds and lengths, and both hellos (RFC 8446, sections 4.1 and 5.1).

mod ciphers;
mod hello;

use std::fmt::Write as _;

pub use hello::{ClientHello, ServerHello};
use serde::Serialize;

/// A version or cipher by its number on the wire; serialised by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u16);

/// See [`Version`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cipher(pub u16);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0x0300 => f.write_str("SSL 3.0"),
            0x0301 => f.write_str("TLS 1.0"),
            0x0302 => f.write_str("TLS 1.1"),
            0x0303 => f.write_str("TLS 1.2"),
            0x0304 => f.write_str("TLS 1.3"),
            other => write!(f, "TLS version {other:#06x}"),
        }
    }
}

impl std::fmt::Display for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match ciphers::name(self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "cipher {:#06x}", self.0),
        }
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Cipher {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const HEAD_BYTES: usize = 5;
/// A record holds at most 2^14 bytes, and 2048 more once encrypted in TLS 1.2 (RFC 5246, section 6.2.3).
const RECORD_BYTES_MAX: usize = (1 << 14) + 2048;
const CHANGE_CIPHER: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION: u8 = 23;

/// Whether a stream that goes on with these bytes speaks TLS. In the middle of a stream that says less, so its records must fit together.
pub(crate) fn begins(bytes: &[u8], from_beginning: bool) -> bool {
    match *bytes {
        [HANDSHAKE, 3, 0..=4, high, low, ..] => {
            let len = usize::from(u16::from_be_bytes([high, low]));
            (4..=RECORD_BYTES_MAX).contains(&len) && bytes.get(HEAD_BYTES).is_none_or(|&kind| matches!(kind, 1 | 2))
        }
        // The answer of who refuses a hello: a warning or a fatal alert, and its description.
        [ALERT, 3, 0..=4, 0, 2, 1 | 2, _] => from_beginning,
        [APPLICATION, 3, 3, high, low, ..] if !from_beginning => {
            let len = usize::from(u16::from_be_bytes([high, low]));
            (17..=RECORD_BYTES_MAX).contains(&len)
                && bytes
                    .get(HEAD_BYTES + len..)
                    .is_none_or(|next| next.is_empty() || next.starts_with(&[APPLICATION, 3, 3]))
        }
        _ => false,
    }
}

/// One direction's records, cut out of its stream.
#[derive(Default)]
pub(crate) struct Records {
    head: Vec<u8>,
    /// What is still to come of the record under way.
    left: usize,
    kind: u8,
    /// The first handshake record's beginning, until its hello is read.
    hello: Vec<u8>,
    pub client_hello: Option<ClientHello>,
    pub server_hello: Option<ServerHello>,
    /// Records of application data, or of what TLS 1.3 hides as such.
    pub encrypted: u64,
    lost: bool,
}

impl Records {
    /// Takes the stream's next bytes, and writes what they are.
    pub(crate) fn take(&mut self, mut bytes: &[u8], name: &mut String) {
        let mut encrypted = 0;
        while !bytes.is_empty() && !self.lost {
            if self.left == 0 {
                let (head, rest) = bytes.split_at((HEAD_BYTES - self.head.len()).min(bytes.len()));
                self.head.extend_from_slice(head);
                bytes = rest;
                if let [kind, 3, _, high, low] = *self.head {
                    (self.kind, self.left) = (kind, usize::from(u16::from_be_bytes([high, low])));
                    self.head.clear();
                    self.begin(&mut encrypted, name);
                } else if self.head.len() == HEAD_BYTES {
                    self.lost = true;
                }
                continue;
            }
            let (body, rest) = bytes.split_at(self.left.min(bytes.len()));
            self.left -= body.len();
            bytes = rest;
            if self.kind == HANDSHAKE {
                self.read_hello(body, name);
            }
        }
        self.encrypted += encrypted;
        if name.is_empty() {
            name.push_str(self.current());
        } else if encrypted > 0 {
            name.push_str(", then encrypted");
        }
    }

    /// What is under way, where nothing of it could be read.
    fn current(&self) -> &'static str {
        match self.kind {
            _ if self.lost => "TLS, of which something is missing",
            HANDSHAKE if self.client_hello.is_none() && self.server_hello.is_none() => "TLS hello, a part of it",
            HANDSHAKE | CHANGE_CIPHER => "TLS handshake",
            _ => "TLS, encrypted",
        }
    }

    /// Something is missing: where the next record begins is not known.
    pub(crate) fn lose(&mut self) {
        self.lost = true;
    }

    /// Notes a record's kind.
    fn begin(&mut self, encrypted: &mut u64, name: &mut String) {
        match self.kind {
            APPLICATION => *encrypted += 1,
            ALERT if self.encrypted == 0 && *encrypted == 0 => note("TLS alert", name),
            CHANGE_CIPHER | HANDSHAKE => {}
            _ if self.left > RECORD_BYTES_MAX => self.lost = true,
            _ => {}
        }
    }

    fn read_hello(&mut self, body: &[u8], name: &mut String) {
        if self.client_hello.is_some() || self.server_hello.is_some() {
            return;
        }
        let room = RECORD_BYTES_MAX.saturating_sub(self.hello.len());
        self.hello.extend_from_slice(&body[..body.len().min(room)]);
        let Some(message) = hello::whole(&self.hello) else { return };
        match *message {
            [hello::CLIENT_HELLO, _, _, _, ref body @ ..] => self.client_hello = ClientHello::read(body),
            [hello::SERVER_HELLO, _, _, _, ref body @ ..] => self.server_hello = ServerHello::read(body),
            _ => {}
        }
        self.hello = Vec::new();
        if let Some(hello) = &self.client_hello {
            note("TLS ClientHello", name);
            if let Some(server) = &hello.server_name {
                let _ = write!(name, " for {server}");
            }
        }
        if let Some(hello) = &self.server_hello {
            note("TLS ServerHello", name);
            let _ = write!(name, ": {}, {}", hello.version, hello.cipher);
        }
    }
}

fn note(what: &str, name: &mut String) {
    if !name.is_empty() {
        name.push_str(", ");
    }
    name.push_str(what);
}
