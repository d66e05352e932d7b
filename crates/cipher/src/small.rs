//! The one module that uses the `rsa` crate: reads public keys of any size, and encrypts to those that AWS-LC refuses as too small.
//!
//! That crate's *private* key operations leak through their time (RUSTSEC-2023-0071, unpatched). None is used here, and this module
//! never sees a private key: encrypting to a public key has no secret but the text, which does not enter what the advisory is about.

use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::{PaddingScheme as _, PublicKeyParts as _};
use rsa::{Oaep, RsaPublicKey};
use sha1::Sha1;

use aws_lc_rs::error::Unspecified;

/// Reads a SubjectPublicKeyInfo or a PKCS#1 key in DER, and gives it as SubjectPublicKeyInfo with its size in bits.
pub(crate) fn read(der: &[u8]) -> Option<(Vec<u8>, u32)> {
    let key = RsaPublicKey::from_public_key_der(der).or_else(|_| RsaPublicKey::from_pkcs1_der(der)).ok()?;
    Some((key.to_public_key_der().ok()?.into_vec(), key.n().bits()))
}

/// Encrypts one block with OAEP by SHA-1.
pub(crate) fn encrypt(spki: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let key = RsaPublicKey::from_public_key_der(spki).ok()?;
    Oaep::<Sha1>::new().encrypt(&mut SystemChance, &key, text).ok()
}

/// The system's randomness, by way of AWS-LC.
struct SystemChance;

impl TryRng for SystemChance {
    type Error = ChanceError;

    fn try_next_u32(&mut self) -> Result<u32, ChanceError> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, ChanceError> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), ChanceError> {
        aws_lc_rs::rand::fill(bytes).map_err(ChanceError)
    }
}

impl TryCryptoRng for SystemChance {}

/// The system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness")]
struct ChanceError(Unspecified);
