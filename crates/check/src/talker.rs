//! Our side of an encrypted talk, in the lab's dialect: its two keys. The ciphers are those of `cipher`.

use cipher::{KeyError, LabKey};
use labs::talk::PublicKey;

/// How a key in PEM ends: RFC 7468.
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One of our clients in a talk.
pub(crate) struct Talker {
    own: LabKey,
    server: Option<PublicKey>,
}

impl Talker {
    pub(crate) fn new() -> Result<Self, KeyError> {
        Ok(Self { own: LabKey::generate()?, server: None })
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.own.pem()
    }

    /// Takes the server's key, once all of it has come.
    pub(crate) fn meet(&mut self, heard: &[u8]) -> bool {
        let Some(end) = find(heard, END) else { return false };
        let behind = end + END.len();
        let Some(last) = find(&heard[behind..], DASHES) else { return false };
        self.server = LabKey::read_peer(&heard[..behind + last + DASHES.len()]);
        self.server.is_some()
    }

    /// The size of the blocks that the server reads.
    pub(crate) fn block_bytes(&self) -> usize {
        self.server.as_ref().map_or(0, PublicKey::block_bytes)
    }

    /// A text as one block to the server.
    pub(crate) fn encrypt(&self, text: &[u8]) -> Option<Vec<u8>> {
        LabKey::encrypt(self.server.as_ref()?, text)
    }

    /// What the server said, a line a block; none if it sent something that was not encrypted to our key.
    pub(crate) fn decrypt(&self, heard: &[u8]) -> Option<Vec<u8>> {
        let mut said = Vec::new();
        for block in heard.chunks_exact(self.own.block_bytes()) {
            said.extend(self.own.decrypt(block)?);
            said.push(b'\n');
        }
        Some(said)
    }
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
        assert_eq!(ours.block_bytes(), 256);
    }
}
