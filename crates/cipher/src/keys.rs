//! Our keys, and what is done with them.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use labs::talk::{self, Dialect, Keyring, PublicKey, SOUND_KEY_BITS_MIN};
use pem::{EncodeConfig, LineEnding, Pem};
use zeroize::Zeroizing;

use crate::channel::Channel;
use crate::spent::Spent;
use crate::{KeyError, keyfile, small};

/// Our two keys: one for each dialect, so that what is done with the one in the lab says nothing about the other.
pub struct Keys {
    lab: OwnKey,
    sound: OwnKey,
    spent: Mutex<Spent>,
}

pub(crate) struct OwnKey {
    private: OaepPrivateDecryptingKey,
    pub(crate) public: PublicKey,
}

/// AWS-LC takes no smaller ones.
const BITS_MIN: u32 = 2048;
const LAB_FILE: &str = "talk-lab.pem";
pub(crate) const LAB_SIZE: KeySize = KeySize::Rsa2048;
const SOUND_FILE: &str = "talk.pem";
const SOUND_SIZE: KeySize = KeySize::Rsa3072;

impl Keys {
    /// Reads our keys from a folder; those that are not there are made.
    ///
    /// # Errors
    /// If a key can be neither read nor made, or if others can read it.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(LAB_FILE);
        let lab = keyfile::open(&path, LAB_SIZE, BITS_MIN as usize)?;
        Self::with(OwnKey::new(lab).ok_or(KeyError::Damaged(path))?, folder)
    }

    /// Our keys for a service that tells everybody what it read. A block of the lab's dialect does not tell who made it: with the lab's key of
    /// a person, the service would read to anybody what was once said to that person. So it has one of its own, for this run.
    ///
    /// # Errors
    /// As [`Keys::open`].
    pub fn open_to_serve(folder: &Path) -> Result<Self, KeyError> {
        Self::with(OwnKey::for_lab().ok_or(KeyError::NoChance)?, folder)
    }

    fn with(lab: OwnKey, folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(SOUND_FILE);
        let sound = keyfile::open(&path, SOUND_SIZE, SOUND_KEY_BITS_MIN as usize)?;
        let sound = OwnKey::new(sound).ok_or(KeyError::Damaged(path))?;
        Ok(Self { lab, sound, spent: Mutex::default() })
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self, dialect: Dialect) -> &OwnKey {
        match dialect {
            Dialect::Lab => &self.lab,
            Dialect::Sound => &self.sound,
        }
    }
}

impl OwnKey {
    /// A key for the lab's dialect, made now.
    pub(crate) fn for_lab() -> Option<Self> {
        PrivateDecryptingKey::generate(LAB_SIZE).ok().and_then(Self::new)
    }

    pub(crate) fn new(private: PrivateDecryptingKey) -> Option<Self> {
        let bits = u32::try_from(private.key_size_bits()).ok()?;
        let spki = private.public_key().as_der().ok()?.as_ref().to_vec();
        Some(Self { private: OaepPrivateDecryptingKey::new(private).ok()?, public: PublicKey { spki, bits } })
    }

    pub(crate) fn pem(&self, dialect: Dialect) -> Vec<u8> {
        let pem = Pem::new(dialect.label(), self.public.spki.as_slice());
        let text = pem::encode_config(&pem, EncodeConfig::new().set_line_ending(LineEnding::LF));
        text.trim_end().as_bytes().to_vec()
    }

    pub(crate) fn decrypt(&self, dialect: Dialect, block: &[u8]) -> Option<Vec<u8>> {
        let mut room = Zeroizing::new(vec![0; self.private.min_output_size()]);
        Some(self.private.decrypt(algorithm(dialect), block, &mut room, None).ok()?.to_vec())
    }
}

pub(crate) fn read_key(pem: &[u8]) -> Option<PublicKey> {
    small::read(pem::parse(pem).ok()?.contents())
}

pub(crate) fn encrypt(dialect: Dialect, to: &PublicKey, text: &[u8]) -> Option<Vec<u8>> {
    if to.bits < BITS_MIN {
        return if dialect == Dialect::Lab { small::encrypt(&to.spki, text) } else { None };
    }
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&to.spki).ok()?).ok()?;
    let mut block = vec![0; key.ciphertext_size()];
    key.encrypt(algorithm(dialect), text, &mut block, None).ok()?;
    Some(block)
}

fn algorithm(dialect: Dialect) -> &'static OaepAlgorithm {
    match dialect {
        Dialect::Lab => &OAEP_SHA1_MGF1SHA1,
        Dialect::Sound => &OAEP_SHA256_MGF1SHA256,
    }
}

impl Keyring for Keys {
    fn own_pem(&self, dialect: Dialect) -> Vec<u8> {
        self.own(dialect).pem(dialect)
    }

    fn own_key(&self, dialect: Dialect) -> PublicKey {
        self.own(dialect).public.clone()
    }

    fn read_key(&self, pem: &[u8]) -> Option<PublicKey> {
        read_key(pem)
    }

    fn encrypt(&self, dialect: Dialect, to: &PublicKey, text: &[u8]) -> Option<Vec<u8>> {
        encrypt(dialect, to, text)
    }

    fn decrypt(&self, dialect: Dialect, block: &[u8]) -> Option<Vec<u8>> {
        let text = self.own(dialect).decrypt(dialect, block)?;
        self.spent().spend(block).then_some(text)
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // AWS-LC aborts rather than give none.
        let filled = aws_lc_rs::rand::fill(&mut bytes);
        assert!(filled.is_ok(), "the system gives no randomness");
        bytes
    }

    fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        let mut result = [0; 32];
        result.copy_from_slice(digest(&SHA256, bytes).as_ref());
        result
    }

    fn channel(&self, secret: &[u8], salt: &[u8], info: &[u8]) -> Box<dyn talk::Channel> {
        let channel = Channel::derive(secret, salt, info);
        // It fails only for keys longer than ours.
        Box::new(channel.expect("44 bytes can be derived"))
    }
}
