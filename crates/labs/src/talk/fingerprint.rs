//! A key's fingerprint, in forms that two people can read to each other.

use std::fmt;

use super::{Keyring, PublicKey};

/// The SHA-256 of a key's SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// So many of its bytes are told in words: enough that nobody finds a second key for them.
const WORDS_BYTES: usize = 16;

impl Fingerprint {
    pub(super) fn of(key: &PublicKey, keyring: &dyn Keyring) -> Self {
        Self(keyring.digest(&key.spki))
    }

    /// All of it, in groups of four hexadecimal digits.
    pub fn hex(&self) -> String {
        let groups: Vec<_> = self.0.chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect();
        groups.join(" ")
    }

    /// The first 128 bits as eight words that can be spoken, each of 16 bits: three consonants and two vowels between them, as in
    /// "A Proposal for Proquints" by D. Wilkerson.
    pub fn words(&self) -> String {
        let words: Vec<_> =
            self.0[..WORDS_BYTES].chunks(2).map(|pair| word(u16::from_be_bytes([pair[0], pair[1]]))).collect();
        words.join("-")
    }
}

fn word(bits: u16) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let consonant = |shift: u32| char::from(CONSONANTS[usize::from(bits >> shift & 15)]);
    let vowel = |shift: u32| char::from(VOWELS[usize::from(bits >> shift & 3)]);
    [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)].iter().collect()
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_proposal() {
        // Its examples: 127.0.0.1 and 63.84.220.193.
        assert_eq!((word(0x7f00), word(0x0001)), ("lusab".to_owned(), "babad".to_owned()));
        assert_eq!((word(0x3f54), word(0xdcc1)), ("gutih".to_owned(), "tugad".to_owned()));
    }

    #[test]
    fn hex_tells_every_byte() {
        let print = Fingerprint(std::array::from_fn(|place| place as u8));
        assert!(print.hex().starts_with("0001 0203 ") && print.hex().ends_with(" 1e1f"));
        assert_eq!(print.words().split('-').count(), 8);
    }
}
