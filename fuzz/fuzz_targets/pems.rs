//! Keys as nobody makes them, at the reader of real ones: `cargo +nightly fuzz run pems`.
#![no_main]

use std::sync::LazyLock;

use cipher::Keys;
use labs::talk::{Dialect, KEY_BITS, Keyring as _, SOUND_KEY_BITS_MIN};
use pem::Pem;

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("there is a place for keys");
    Keys::open_to_serve(folder.path()).expect("keys can be made")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&how, rest)) = data.split_first() else { return };
    let armour = |der: &[u8]| pem::encode(&Pem::new("RSA PUBLIC KEY", der)).into_bytes();
    let bytes = match how % 4 {
        0 => rest.to_vec(),
        1 => armour(rest),
        _ => armour(&pkcs1(how, rest)),
    };
    let Some(key) = KEYS.read_key(&bytes) else { return };
    if !KEY_BITS.contains(&key.bits) {
        return;
    }
    // What is taken is a key like any other: it can be read again, and encrypted to.
    assert_eq!(KEYS.read_key(&armour(&key.spki)).as_ref(), Some(&key));
    let block = KEYS.encrypt(Dialect::Lab, &key, b"text").expect("a block");
    assert_eq!(block.len(), key.block_bytes());
    if key.bits >= SOUND_KEY_BITS_MIN {
        assert!(KEYS.encrypt(Dialect::Sound, &key, &[7; 32]).is_some());
    }
    assert_eq!(KEYS.decrypt(Dialect::Lab, &block), None);
});

/// A key of PKCS#1 whose modulus is made of these bytes, over and over, and whose exponent is the first of them.
fn pkcs1(how: u8, bytes: &[u8]) -> Vec<u8> {
    let Some((&size, rest)) = bytes.split_first() else { return Vec::new() };
    let (exponent, rest) = rest.split_at(usize::from(how >> 4).min(rest.len()));
    let modulus: Vec<u8> = rest.iter().copied().cycle().take(usize::from(size) * 3).collect();
    let numbers = [integer(&modulus), integer(if exponent.is_empty() { &[1, 0, 1] } else { exponent })].concat();
    part(0x30, &numbers)
}

/// An unsigned number in DER: a zero stands before one whose first bit is set.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let sign: &[u8] = if bytes.get(start).is_none_or(|&byte| byte >= 0x80) { &[0] } else { &[] };
    part(0x02, &[sign, &bytes[start..]].concat())
}

fn part(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len() as u16;
    let mut der = vec![tag];
    match length {
        0..0x80 => der.push(length as u8),
        0x80..0x100 => der.extend([0x81, length as u8]),
        _ => der.extend([&[0x82][..], &length.to_be_bytes()].concat()),
    }
    der.extend(contents);
    der
}
