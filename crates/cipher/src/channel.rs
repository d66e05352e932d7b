//! One direction of a session: AES-256-GCM under a derived key, a counter in its nonce.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use labs::talk;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;

pub(crate) struct Channel {
    /// Erased by AWS-LC when dropped.
    key: LessSafeKey,
    /// What the counter is added to without carry: as in TLS 1.3, RFC 8446, 5.3.
    base: [u8; NONCE_LEN],
}

struct Derived;

impl KeyType for Derived {
    fn len(&self) -> usize {
        KEY_BYTES + NONCE_LEN
    }
}

impl Channel {
    /// Derives key and nonces by HKDF-SHA-256: RFC 5869.
    pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Self, Unspecified> {
        let mut derived = Zeroizing::new([0; KEY_BYTES + NONCE_LEN]);
        let info = [info];
        Salt::new(HKDF_SHA256, salt).extract(secret).expand(&info, Derived)?.fill(&mut derived[..])?;
        let (key, base) = derived.split_at(KEY_BYTES);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
        Ok(Self { key, base: base.try_into().map_err(|_| Unspecified)? })
    }

    fn nonce(&self, counter: u64) -> Nonce {
        let mut nonce = self.base;
        for (byte, count) in nonce[NONCE_LEN - 8..].iter_mut().zip(counter.to_be_bytes()) {
            *byte ^= count;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

impl talk::Channel for Channel {
    fn seal(&self, counter: u64, header: &[u8], text: &mut Vec<u8>) {
        // It fails only for texts of more than 64 GiB, and what is not sealed must not leave.
        if self.key.seal_in_place_append_tag(self.nonce(counter), Aad::from(header), text).is_err() {
            text.clear();
        }
    }

    fn open(&self, counter: u64, header: &[u8], sealed: &mut Vec<u8>) -> bool {
        let opened = self.key.open_in_place(self.nonce(counter), Aad::from(header), sealed).map(|text| text.len());
        let is_whole = opened.is_ok();
        sealed.truncate(opened.unwrap_or(0));
        is_whole
    }
}
