//! What a conversation needs of cryptography. Nothing here knows how it is done: keys, chance and ciphers are handed in.

use super::Dialect;

/// Our keys, and what is done with them and with others'.
pub trait Keyring: Send + Sync {
    /// Our public key for this dialect, in PEM with the dialect's label and no line ending behind it.
    fn own_pem(&self, dialect: Dialect) -> Vec<u8>;

    /// Our public key for this dialect.
    fn own_key(&self, dialect: Dialect) -> PublicKey;

    /// Reads a key, whatever its label: SubjectPublicKeyInfo or PKCS#1.
    fn read_key(&self, pem: &[u8]) -> Option<PublicKey>;

    /// Encrypts one block with RSA-OAEP, by SHA-1 for the lab and SHA-256 for the sound dialect; none if the text is too long.
    fn encrypt(&self, dialect: Dialect, to: &PublicKey, text: &[u8]) -> Option<Vec<u8>>;

    /// Decrypts one block that was encrypted to our key; none also if it was decrypted before.
    fn decrypt(&self, dialect: Dialect, block: &[u8]) -> Option<Vec<u8>>;

    /// Bytes that nobody can guess.
    fn random(&self) -> [u8; 32];

    /// SHA-256.
    fn digest(&self, bytes: &[u8]) -> [u8; 32];

    /// A channel of one direction, whose key is derived by HKDF-SHA-256.
    fn channel(&self, secret: &[u8], salt: &[u8], info: &[u8]) -> Box<dyn Channel>;
}

/// One direction of a session: AES-256-GCM.
pub trait Channel: Send {
    /// Encrypts in place, and adds a tag of 16 bytes. No counter is used twice.
    fn seal(&self, counter: u64, header: &[u8], text: &mut Vec<u8>);

    /// Decrypts in place, and takes the tag off; false if anything differs from what was sealed.
    fn open(&self, counter: u64, header: &[u8], sealed: &mut Vec<u8>) -> bool;
}

/// What [`Channel::seal`] adds.
pub(super) const TAG_BYTES: usize = 16;

/// An RSA public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// As a SubjectPublicKeyInfo in DER: RFC 5280.
    pub spki: Vec<u8>,
    pub bits: u32,
}

impl PublicKey {
    /// How large a block is that is encrypted to it.
    pub fn block_bytes(&self) -> usize {
        self.bits.div_ceil(8) as usize
    }

    /// How much text one block holds: RFC 8017, 7.1.1.
    pub fn text_bytes_max(&self, dialect: Dialect) -> usize {
        let hash_bytes = match dialect {
            Dialect::Lab => 20,
            Dialect::Sound => 32,
        };
        self.block_bytes().saturating_sub(2 * hash_bytes + 2)
    }
}
