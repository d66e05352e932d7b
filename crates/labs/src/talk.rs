//! talk, over TCP: two people, one after the other, and nobody who listens on the way understands them.
//!
//! Each side sends its RSA public key, client first; then messages alternate, client first, until one says `Good Bye`. Two dialects:
//! - **lab**, the sheet's: each key as PEM without framing; each message one block, encrypted to the receiver's key with RSA-OAEP
//!   (SHA-1), so no longer than the key allows. It does not tell who sent a block, nor whether it was seen before.
//! - **sound**, between two socketlabs: the keys agree a session key, messages are of any length, and whatever is altered, repeated,
//!   reordered or cut ends the conversation: see `docs/talk.md`.
//!
//! A key's armour tells which dialect its sender speaks. The sound one's looks to a lab's program like any other key, so it
//! answers with its own, and we learn whom we face. Nobody changes to the lab's dialect unasked.
//! Sheet: "Socket programming", project 3. Stateful: keys, turns, and in the sound dialect counters.

mod cipher;
mod fingerprint;
mod lab;
mod person;
mod server;
mod session;
mod sound;

use std::fmt;

pub use cipher::{Channel, Keyring, PublicKey};
pub use fingerprint::Fingerprint;
pub use person::{Meet, Meeting, Person};
pub use server::{ANSWER, Server};
pub use session::Role;

/// What ends a conversation.
pub const GOOD_BYE: &str = "Good Bye";
/// What a peer hears that sent no key.
pub const KEY_ERROR: &str = "Error: expected an RSA public key in PEM, of 1024 to 4096 bits";
/// The sizes of keys that are taken.
pub const KEY_BITS: std::ops::RangeInclusive<u32> = 1024..=4096;
/// The smallest key that the sound dialect takes.
pub const SOUND_KEY_BITS_MIN: u32 = 3072;
/// The largest piece of a stream that is one: a key in its armour, a block, a record.
pub const UNIT_BYTES_MAX: usize = 8 * 1024;
/// The longest text that a person takes.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// How a conversation is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Lab,
    Sound,
}

impl Dialect {
    /// The label of a key's armour.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Lab => "PUBLIC KEY",
            Self::Sound => "SOCKETLAB TALK KEY",
        }
    }

    /// Whose dialect an armour's label tells. Programs name a key as they like, so whatever is not ours is the lab's.
    fn of_armour(pem: &[u8]) -> Self {
        let ours = [b"-----BEGIN ", Self::Sound.label().as_bytes(), b"-----"].concat();
        if pem.trim_ascii_start().starts_with(&ours) { Self::Sound } else { Self::Lab }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lab => "lab",
            Self::Sound => "sound",
        })
    }
}

/// Cuts a text into pieces of at most so many bytes, between characters.
fn pieces(text: &str, bytes_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > bytes_max {
        // A piece holds a character at least, however small the bound.
        let end = rest.floor_char_boundary(bytes_max).max(rest.chars().next().map_or(1, char::len_utf8));
        let (piece, next) = rest.split_at(end);
        pieces.push(piece);
        rest = next;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_armour_tells_the_dialect() {
        assert_eq!(Dialect::of_armour(b"\n-----BEGIN SOCKETLAB TALK KEY-----\nx"), Dialect::Sound);
        assert_eq!(Dialect::of_armour(b"-----BEGIN PUBLIC KEY-----\nx"), Dialect::Lab);
        assert_eq!(Dialect::of_armour(b"-----BEGIN RSA PUBLIC KEY-----\nx"), Dialect::Lab);
    }

    proptest! {
        #[test]
        fn pieces_make_up_the_text(text in "\\PC{0,80}", bytes_max in 4_usize..20) {
            let pieces = pieces(&text, bytes_max);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= bytes_max));
            prop_assert_eq!(pieces.concat(), text);
        }
    }
}
