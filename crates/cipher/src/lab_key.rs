//! A key for one talk in the lab's dialect: it is kept nowhere, and reads a block as often as it is asked to.

use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use labs::talk::{Dialect, PublicKey};

use crate::KeyError;
use crate::keys::{LAB_SIZE, OwnKey, encrypt, read_key};

/// Our key for a talk with a program of the lab, and what is done with it.
pub struct LabKey {
    own: OwnKey,
    pkcs1: Pkcs1PrivateDecryptingKey,
}

impl LabKey {
    /// Makes a key of 2048 bits.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let private = PrivateDecryptingKey::generate(LAB_SIZE).map_err(|_unspecified| KeyError::NoChance)?;
        let own = OwnKey::new(private.clone()).ok_or(KeyError::NoChance)?;
        let pkcs1 = Pkcs1PrivateDecryptingKey::new(private).map_err(|_unspecified| KeyError::NoChance)?;
        Ok(Self { own, pkcs1 })
    }

    /// The public key in PEM, with no line ending behind it.
    pub fn pem(&self) -> Vec<u8> {
        self.own.pem(Dialect::Lab)
    }

    /// How large a block is that is encrypted to it.
    pub fn block_bytes(&self) -> usize {
        self.own.public.block_bytes()
    }

    /// Decrypts one block; none if it was not encrypted to this key.
    pub fn decrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        self.own.decrypt(Dialect::Lab, block)
    }

    /// The same for a block whose padding is another than the lab's: OAEP with SHA-256, or that of PKCS#1 v1.5 (RFC 8017, section 7.2). For those
    /// who want to know what came, and not for a service: the latter tells whoever may ask often enough what a block says.
    pub fn decrypt_otherwise(&self, block: &[u8]) -> Option<Vec<u8>> {
        let mut room = vec![0; self.block_bytes()];
        let pkcs1 = || Some(self.pkcs1.decrypt(block, &mut room).ok()?.to_vec());
        self.own.decrypt(Dialect::Sound, block).or_else(pkcs1)
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
