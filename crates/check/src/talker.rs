//! Our side of an encrypted talk, in the lab's dialect: its two keys. The ciphers are those of `cipher`.

use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cipher::{KeyError, LabKey};
use labs::talk::PublicKey;

/// How a key in PEM begins and ends: RFC 7468.
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One of our ends in a talk.
pub(crate) struct Talker {
    own: LabKey,
    other: Option<PublicKey>,
}

impl Talker {
    pub(crate) fn new() -> Result<Self, KeyError> {
        Ok(Self { own: LabKey::generate()?, other: None })
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.own.pem()
    }

    /// Takes the other's key, once all of it has come.
    pub(crate) fn meet(&mut self, heard: &[u8]) -> bool {
        let Some(armour) = armour(heard) else { return false };
        self.other = LabKey::read_peer(&heard[armour]);
        self.other.is_some()
    }

    /// The size of the blocks that the other reads.
    pub(crate) fn block_bytes(&self) -> usize {
        self.other.as_ref().map_or(0, PublicKey::block_bytes)
    }

    /// A text as one block to the other.
    pub(crate) fn encrypt(&self, text: &[u8]) -> Option<Vec<u8>> {
        LabKey::encrypt(self.other.as_ref()?, text)
    }

    /// What the other said, a line a block; none if it sent something that was not encrypted to our key.
    pub(crate) fn decrypt(&self, heard: &[u8]) -> Option<Vec<u8>> {
        let (said, rest) = self.read(heard);
        (rest.len() < self.own.block_bytes()).then_some(said)
    }

    /// How many bytes came that are neither the other's key nor a block nor the end of a line.
    pub(crate) fn surplus(&self, heard: &[u8]) -> usize {
        self.read(heard).1.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).count()
    }

    /// What the other said, and what is left behind the last of its blocks. Its own key may stand before it, and line endings between: nothing but a
    /// trial tells one from a block's first byte.
    fn read<'a>(&self, heard: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
        let mut said = Vec::new();
        let mut rest = &heard[armour(heard).map_or(0, |armour| armour.end)..];
        while let Some(block) = rest.get(..self.own.block_bytes()) {
            if let Some(text) = self.own.decrypt(block) {
                said.extend(text);
                said.push(b'\n');
                rest = &rest[block.len()..];
            } else if let Some(behind) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
                rest = behind;
            } else {
                break;
            }
        }
        (said, rest)
    }

    /// Whether this text came, encrypted to our key in another way than the lab's: with another padding, in Base64, or behind a length.
    pub(crate) fn hears_otherwise(&self, heard: &[u8], text: &[u8]) -> bool {
        let size = self.own.block_bytes();
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let runs = heard.split(|byte| !is_digit(byte)).filter_map(|run| BASE64_STANDARD.decode(run).ok());
        let read = |message: &[u8]| {
            let ends = [message.get(..size), message.len().checked_sub(size).map(|at| &message[at..])];
            let says = |block: &[u8]| self.own.decrypt(block).or_else(|| self.own.decrypt_otherwise(block));
            ends.into_iter().flatten().filter_map(says).any(|said| find(&said, text).is_some())
        };
        read(heard) || runs.into_iter().any(|run| read(&run))
    }

    /// Whether a line's end stands behind the other's key: it reads lines, or ends its own.
    pub(crate) fn ends_lines(heard: &[u8]) -> bool {
        armour(heard).is_some_and(|armour| heard[armour.end..].trim_ascii_start().len() < heard.len() - armour.end)
    }
}

/// Where a whole key in PEM stands.
fn armour(heard: &[u8]) -> Option<Range<usize>> {
    let begin = find(heard, BEGIN)?;
    let behind = begin + find(&heard[begin..], END)? + END.len();
    let last = find(&heard[behind..], DASHES)?;
    Some(begin..behind + last + DASHES.len())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_met_whole_and_blocks_are_read() {
        let (mut ours, theirs) = (Talker::new().unwrap(), Talker::new().unwrap());
        let pem = [b"welcome\n", &theirs.pem()[..], b"\n"].concat();
        assert!(!ours.meet(&pem[..pem.len() - 3]) && ours.encrypt(b"x").is_none());
        assert!(ours.meet(&pem));
        let blocks = [ours.encrypt(b"one").unwrap(), ours.encrypt(b"two").unwrap()].concat();
        assert_eq!(theirs.decrypt(&blocks).as_deref(), Some(&b"one\ntwo\n"[..]));
        assert_eq!(theirs.decrypt(&blocks[..100]).as_deref(), Some(&b""[..]));
        assert_eq!(theirs.decrypt(&[7; 256]), None);
        // A name before the key, and line endings behind key and blocks.
        let (one, two) = blocks.split_at(256);
        let lines = [b"Ada", &ours.pem()[..], b"\r\n", one, b"\n", two].concat();
        assert_eq!(theirs.decrypt(&lines).as_deref(), Some(&b"one\ntwo\n"[..]));
        assert_eq!((theirs.surplus(&lines), theirs.surplus(&[one, b"two\r\n"].concat())), (0, 3));
        let (padded, wrapped) = ([b"\x01\x00", one].concat(), BASE64_STANDARD.encode(one));
        assert!(theirs.hears_otherwise(&padded, b"one") && theirs.hears_otherwise(wrapped.as_bytes(), b"one"));
        assert!(!theirs.hears_otherwise(b"one", b"one") && !ours.hears_otherwise(&padded, b"one"));
        assert_eq!(ours.block_bytes(), 256);
    }
}
