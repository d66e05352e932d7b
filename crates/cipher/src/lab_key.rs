//! A key for one talk in the lab's dialect: it is kept nowhere, and reads a block as often as it is asked to.

use labs::talk::{Dialect, PublicKey};

use crate::KeyError;
use crate::keys::{OwnKey, encrypt, read_key};

/// Our key for a talk with a program of the lab, and what is done with it.
pub struct LabKey(OwnKey);

impl LabKey {
    /// Makes a key of 2048 bits.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        OwnKey::for_lab().map(Self).ok_or(KeyError::NoChance)
    }

    /// The public key in PEM, with no line ending behind it.
    pub fn pem(&self) -> Vec<u8> {
        self.0.pem(Dialect::Lab)
    }

    /// How large a block is that is encrypted to it.
    pub fn block_bytes(&self) -> usize {
        self.0.public.block_bytes()
    }

    /// Decrypts one block; none if it was not encrypted to this key.
    pub fn decrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(Dialect::Lab, block)
    }

    /// Reads somebody's public key in PEM, whatever its label.
    pub fn read_peer(pem: &[u8]) -> Option<PublicKey> {
        read_key(pem)
    }

    /// Encrypts one block to somebody; none if the text is too long.
    pub fn encrypt(to: &PublicKey, text: &[u8]) -> Option<Vec<u8>> {
        encrypt(Dialect::Lab, to, text)
    }
}
