//! Keys and ciphers for `talk` that are reckoned from a seed: they hide nothing, but have the sizes and notice the faults of real ones.

use std::sync::{Mutex, PoisonError};

use fastrand::Rng;
use labs::talk::{Channel, Dialect, Keyring, PublicKey};

/// One side's keys.
pub struct SeededKeyring {
    name: u64,
    bits: u32,
    chance: Mutex<Rng>,
}

/// A block: a salt, a checksum, the text's length, the text, and what fills it up, all but the salt under a stream that only the
/// receiver's key gives.
const SALT_BYTES: usize = 8;
const SUM_BYTES: usize = 8;
const LENGTH_BYTES: usize = 2;
const TAG_BYTES: usize = 16;

impl SeededKeyring {
    /// Keys of so many bits for the lab, and large enough for the sound dialect.
    pub fn new(seed: u64, bits: u32) -> Self {
        Self { name: seed, bits, chance: Mutex::new(Rng::with_seed(seed)) }
    }

    fn chance(&self) -> u64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }
}

/// Parts into one number: FNV-1a, whose weakness does not matter here.
fn reckon(parts: &[&[u8]]) -> u64 {
    let parted = parts.iter().flat_map(|part| [&(part.len() as u64).to_le_bytes()[..], part].concat());
    let sum =
        parted.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Rng::with_seed(sum).u64(..)
}

fn mask(seed: u64, bytes: &mut [u8]) {
    let mut stream = Rng::with_seed(seed);
    bytes.iter_mut().for_each(|byte| *byte ^= stream.u8(..));
}

fn tag(key: &[u8], counter: u64, header: &[u8], text: &[u8]) -> [u8; TAG_BYTES] {
    let half = |which: &[u8]| reckon(&[which, key, &counter.to_le_bytes(), header, text]).to_le_bytes();
    let mut tag = [0; TAG_BYTES];
    tag[..8].copy_from_slice(&half(b"a"));
    tag[8..].copy_from_slice(&half(b"b"));
    tag
}

impl Keyring for SeededKeyring {
    fn own_pem(&self, dialect: Dialect) -> Vec<u8> {
        let (label, key) = (dialect.label(), self.own_key(dialect));
        let hex: String = key.spki.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("-----BEGIN {label}-----\n{hex}\n{}\n-----END {label}-----", key.bits).into_bytes()
    }

    fn own_key(&self, dialect: Dialect) -> PublicKey {
        let bits = match dialect {
            Dialect::Lab => self.bits,
            Dialect::Sound => 3072,
        };
        PublicKey { spki: format!("{dialect} {}", self.name).into_bytes(), bits }
    }

    fn read_key(&self, pem: &[u8]) -> Option<PublicKey> {
        let text = std::str::from_utf8(pem).ok()?;
        let mut lines = text.lines().filter(|line| !line.is_empty());
        let (begin, hex, bits) = (lines.next()?, lines.next()?, lines.next()?);
        let pairs = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let spki = pairs.collect::<Option<Vec<u8>>>()?;
        begin.starts_with("-----BEGIN ").then_some(PublicKey { spki, bits: bits.parse().ok()? })
    }

    fn encrypt(&self, dialect: Dialect, to: &PublicKey, text: &[u8]) -> Option<Vec<u8>> {
        if text.len() > to.text_bytes_max(dialect) {
            return None;
        }
        let salt = self.chance().to_le_bytes();
        let mut block =
            [&salt[..], &reckon(&[text]).to_le_bytes(), &u16::try_from(text.len()).ok()?.to_le_bytes(), text].concat();
        block.resize(to.block_bytes(), 0);
        mask(reckon(&[&salt, &to.spki]), &mut block[SALT_BYTES..]);
        Some(block)
    }

    fn decrypt(&self, dialect: Dialect, block: &[u8]) -> Option<Vec<u8>> {
        let key = self.own_key(dialect);
        let (salt, masked) = block.split_at_checked(SALT_BYTES)?;
        let mut plain = masked.to_vec();
        mask(reckon(&[salt, &key.spki]), &mut plain);
        let (sum, rest) = plain.split_at_checked(SUM_BYTES)?;
        let (length, text) = rest.split_at_checked(LENGTH_BYTES)?;
        let text = text.get(..usize::from(u16::from_le_bytes(length.try_into().ok()?)))?;
        let is_whole = block.len() == key.block_bytes() && sum == reckon(&[text]).to_le_bytes();
        is_whole.then(|| text.to_vec())
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        mask(self.chance(), &mut bytes);
        bytes
    }

    fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        mask(reckon(&[bytes]), &mut digest);
        digest
    }

    fn channel(&self, secret: &[u8], salt: &[u8], info: &[u8]) -> Box<dyn Channel> {
        Box::new(SeededChannel { key: reckon(&[secret, salt, info]).to_le_bytes() })
    }
}

struct SeededChannel {
    key: [u8; 8],
}

impl SeededChannel {
    fn stream(&self, counter: u64) -> u64 {
        reckon(&[&self.key, &counter.to_le_bytes()])
    }
}

impl Channel for SeededChannel {
    fn seal(&self, counter: u64, header: &[u8], text: &mut Vec<u8>) {
        let tag = tag(&self.key, counter, header, text);
        mask(self.stream(counter), text);
        text.extend(tag);
    }

    fn open(&self, counter: u64, header: &[u8], sealed: &mut Vec<u8>) -> bool {
        let Some(bytes) = sealed.len().checked_sub(TAG_BYTES) else { return false };
        let seen = sealed.split_off(bytes);
        mask(self.stream(counter), sealed);
        seen == tag(&self.key, counter, header, sealed)
    }
}
