//! The one module that uses the `rsa` crate: reads public keys of any size, and encrypts to those that AWS-LC refuses as too small.
//!
//! That crate's *private* key operations leak through their time (RUSTSEC-2023-0071, unpatched). None is used here, and this module
//! never sees a private key: encrypting to a public key has no secret but the text, which does not enter what the advisory is about.

use labs::talk::{KEY_BITS, PublicKey};
use rsa::pkcs1::der::Decode as _;
use rsa::pkcs1::{DecodeRsaPublicKey as _, RsaPublicKeyRef};
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, SubjectPublicKeyInfoRef};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::{PaddingScheme as _, PublicKeyParts as _};
use rsa::{Oaep, RsaPublicKey};
use sha1::Sha1;

use aws_lc_rs::error::Unspecified;

/// Reads a SubjectPublicKeyInfo or a PKCS#1 key in DER. Of one whose size is not taken, that is all that can be used.
pub(crate) fn read(der: &[u8]) -> Option<PublicKey> {
    let Ok(key) = RsaPublicKey::from_public_key_der(der).or_else(|_| RsaPublicKey::from_pkcs1_der(der)) else {
        return outsized(der);
    };
    Some(PublicKey { spki: key.to_public_key_der().ok()?.into_vec(), bits: key.n().bits() })
}

/// A key that the crate refuses for its size, so that its holder can be told which it is. Nothing is reckoned with it.
fn outsized(der: &[u8]) -> Option<PublicKey> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok();
    let key = info.and_then(|info| info.subject_public_key.as_bytes()).unwrap_or(der);
    let modulus = RsaPublicKeyRef::from_der(key).ok()?.modulus;
    let (first, rest) = modulus.as_bytes().split_first()?;
    let bits = u32::try_from(rest.len()).ok()? * 8 + first.checked_ilog2()? + 1;
    (!KEY_BITS.contains(&bits)).then(|| PublicKey { spki: der.to_vec(), bits })
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
