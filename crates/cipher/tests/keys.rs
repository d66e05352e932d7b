//! Keys on disk, blocks at every size, channels, and what is known of peers.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test, as it should")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::OnceLock;

use cipher::{KeyError, Keys, KnownPeers, LabKey};
use labs::talk::{Dialect, Fingerprint, Keyring as _, Meeting, PublicKey};
use pem::Pem;

/// Making keys takes long, and two suffice.
fn keys() -> &'static (Keys, Keys) {
    static KEYS: OnceLock<(Keys, Keys)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let open = || Keys::open(tempfile::tempdir().unwrap().path()).unwrap();
        (open(), open())
    })
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn keys_are_made_once_and_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("state");
    let first = Keys::open(&folder).unwrap();
    let again = Keys::open(&folder).unwrap();
    for dialect in [Dialect::Lab, Dialect::Sound] {
        assert_eq!(first.own_pem(dialect), again.own_pem(dialect));
    }
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["talk-lab.pem", "talk.pem"]);
    assert!(files.iter().all(|file| mode(file) == 0o600));

    std::fs::set_permissions(&files[0], Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(Keys::open(&folder), Err(KeyError::Exposed(_))));
    std::fs::set_permissions(&files[0], Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&files[0], "no key").unwrap();
    let error = Keys::open(&folder).err().unwrap().to_string();
    assert!(error.contains("talk-lab.pem is damaged") && error.contains("remove it"), "{error}");
}

#[test]
fn what_is_encrypted_to_a_key_only_its_owner_reads() {
    let (ours, theirs) = keys();
    for dialect in [Dialect::Lab, Dialect::Sound] {
        let key = ours.read_key(&theirs.own_pem(dialect)).unwrap();
        assert_eq!(key, theirs.own_key(dialect));
        let longest = key.text_bytes_max(dialect);
        for text in [vec![], vec![7], vec![7; longest]] {
            let block = ours.encrypt(dialect, &key, &text).unwrap();
            assert_eq!(block.len(), key.block_bytes());
            assert_eq!(ours.decrypt(dialect, &block), None);
            assert_eq!(theirs.decrypt(dialect, &block), Some(text));
        }
        assert_eq!(ours.encrypt(dialect, &key, &vec![7; longest + 1]), None);
        let mut altered = ours.encrypt(dialect, &key, b"text").unwrap();
        altered[20] ^= 1;
        assert_eq!(theirs.decrypt(dialect, &altered), None);
    }
}

/// A key of 1024 bits, in the three forms in which programs send it; nobody has its private half any more.
const SMALL_SPKI: &str = include_str!("small-spki.pem");
const SMALL_PKCS1: &str = include_str!("small-pkcs1.pem");

#[test]
fn small_keys_are_read_and_encrypted_to_in_the_lab_only() {
    let (ours, _) = keys();
    let key = ours.read_key(SMALL_SPKI.as_bytes()).unwrap();
    assert_eq!((key.bits, key.text_bytes_max(Dialect::Lab)), (1024, 86));
    assert_eq!(ours.read_key(SMALL_PKCS1.as_bytes()), Some(key.clone()));
    let crlf = SMALL_SPKI.replace('\n', "\r\n");
    assert_eq!(ours.read_key(crlf.as_bytes()), Some(key.clone()));
    // Some programs do not wrap it.
    let lines: Vec<_> = SMALL_SPKI.lines().collect();
    let [begin, body @ .., end] = &lines[..] else { panic!("{lines:?}") };
    let unwrapped = format!("{begin}\n{}\n{end}", body.concat());
    assert_eq!(ours.read_key(unwrapped.as_bytes()), Some(key.clone()));
    assert_eq!(ours.encrypt(Dialect::Lab, &key, &[7; 86]).unwrap().len(), 128);
    assert_eq!(ours.encrypt(Dialect::Lab, &key, &[7; 87]), None);
    assert_eq!(ours.encrypt(Dialect::Sound, &key, &[7; 8]), None);
    assert_eq!(ours.read_key(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), None);
}

/// A key of PKCS#1 by its modulus and its exponent.
fn pkcs1(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    fn part(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        let length = match length {
            [0, short @ ..0x80] => vec![short],
            [0, long] => vec![0x81, long],
            [high, low] => vec![0x82, high, low],
        };
        [&[tag][..], &length, contents].concat()
    }
    fn integer(bytes: &[u8]) -> Vec<u8> {
        let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
        part(2, &[sign, bytes].concat())
    }
    part(0x30, &[integer(modulus), integer(exponent)].concat())
}

/// An odd number of so many bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0x5a; bits.div_ceil(8)];
    bytes[0] = 1 << ((bits - 1) % 8);
    *bytes.last_mut().unwrap() |= 1;
    bytes
}

#[test]
fn a_key_of_any_size_is_told_by_its_size_and_those_that_are_taken_can_be_used() {
    let (ours, _) = keys();
    let read = |modulus: &[u8], exponent: &[u8]| {
        ours.read_key(&pem::encode(&Pem::new("RSA PUBLIC KEY", pkcs1(modulus, exponent))).into_bytes())
    };
    for bits in [512, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 4097, 8192, 8193, 16_384] {
        let key = read(&modulus(bits), &[1, 0, 1]).unwrap();
        assert_eq!(key.bits as usize, bits);
        let usable = (1024..=4096).contains(&bits);
        assert!(!usable || ours.encrypt(Dialect::Lab, &key, b"text").is_some(), "{bits} bits");
    }
    let mut even = modulus(2048);
    *even.last_mut().unwrap() &= 0xfe;
    assert_eq!(read(&even, &[1, 0, 1]), None);
    let long = [0xff; 200];
    for exponent in [&[1][..], &[2], &[4], &[1, 0, 0], &[3, 0, 0, 0, 1], &long] {
        for bits in [1024, 2048] {
            assert_eq!(read(&modulus(bits), exponent), None, "{exponent:?}");
        }
    }
    for exponent in [&[3][..], &[1, 0xff, 0xff, 0xff, 0xff]] {
        for bits in [1024, 2048] {
            let key: PublicKey = read(&modulus(bits), exponent).unwrap();
            assert!(ours.encrypt(Dialect::Lab, &key, b"text").is_some(), "{exponent:?}");
        }
    }
}

#[test]
fn a_block_is_read_once() {
    let (ours, theirs) = keys();
    let key = theirs.own_key(Dialect::Lab);
    let blocks = [(); 2].map(|()| ours.encrypt(Dialect::Lab, &key, b"text").unwrap());
    assert_eq!(theirs.decrypt(Dialect::Lab, &blocks[0]), Some(b"text".to_vec()));
    assert_eq!(theirs.decrypt(Dialect::Lab, &blocks[0]), None);
    assert_eq!(theirs.decrypt(Dialect::Lab, &blocks[1]), Some(b"text".to_vec()));
}

#[test]
fn a_service_cannot_read_what_was_said_to_its_owner_in_the_lab_s_dialect() {
    let folder = tempfile::tempdir().unwrap();
    let person = Keys::open(folder.path()).unwrap();
    let services = [(); 2].map(|()| Keys::open_to_serve(folder.path()).unwrap());
    let block = person.encrypt(Dialect::Lab, &person.own_key(Dialect::Lab), b"a secret").unwrap();
    for service in &services {
        assert_eq!(service.decrypt(Dialect::Lab, &block), None);
        // Whom one talks to in the sound dialect stays the same.
        assert_eq!(service.own_key(Dialect::Sound), person.own_key(Dialect::Sound));
    }
    assert_ne!(services[0].own_key(Dialect::Lab), services[1].own_key(Dialect::Lab));
    assert!(person.decrypt(Dialect::Lab, &block).is_some());
}

#[test]
fn a_channel_opens_only_what_was_sealed_in_its_place() {
    let (ours, _) = keys();
    let channel = || ours.channel(b"secret", b"salt", b"info");
    let mut sealed = b"text".to_vec();
    channel().seal(3, b"head", &mut sealed);
    assert!(!sealed.windows(4).any(|window| window == b"text"));
    let open = |counter, header: &[u8], sealed: &[u8]| {
        let mut text = sealed.to_vec();
        channel().open(counter, header, &mut text).then_some(text)
    };
    assert_eq!(open(3, b"head", &sealed), Some(b"text".to_vec()));
    assert_eq!(open(4, b"head", &sealed), None);
    assert_eq!(open(3, b"haed", &sealed), None);
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert_eq!(open(3, b"head", &altered), None);
    }
    let mut other = sealed.clone();
    assert!(!ours.channel(b"secret", b"salt", b"other").open(3, b"head", &mut other));
}

#[test]
fn a_known_peer_is_known_again_and_a_changed_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known");
    let (first, second) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    let peers = KnownPeers::new(path.clone());
    assert_eq!(peers.meet("lab:12008", first), Meeting::New);
    assert_eq!(peers.meet("lab:12008", first), Meeting::Known);
    assert_eq!(peers.meet("lab:12009", second), Meeting::New);
    assert_eq!(mode(&path), 0o600);
    let Meeting::Changed { known, advice } = peers.meet("lab:12008", second) else { panic!("the key has changed") };
    assert_eq!(known, "01".repeat(32));
    assert!(advice.contains("remove the line `lab:12008 …`"), "{advice}");
    // What is refused is not remembered.
    assert_eq!(peers.meet("lab:12008", first), Meeting::Known);
    assert!(matches!(KnownPeers::new(folder.path().to_owned()).meet("lab", first), Meeting::Unkept(_)));
}

#[test]
fn what_somebody_did_to_the_list_of_peers_makes_nobody_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known");
    let (first, second) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    let peers = KnownPeers::new(path.clone());
    assert_eq!(peers.meet("lab:12008", first), Meeting::New);
    // An editor takes away the last line's end, and its file is for all to read.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.trim_end()).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(peers.meet("other:12008", second), Meeting::New);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(peers.meet("lab:12008", first), Meeting::Known);
    assert_eq!(peers.meet("other:12008", second), Meeting::Known);
    std::fs::set_permissions(&path, Permissions::from_mode(0o622)).unwrap();
    let Meeting::Unkept(why) = peers.meet("lab:12008", first) else { panic!("others can change it") };
    assert!(why.contains("others can write it"), "{why}");
}

#[test]
fn a_key_for_one_talk_reads_what_others_encrypt_to_it_and_nothing_else() {
    let (key, other) = (LabKey::generate().unwrap(), LabKey::generate().unwrap());
    let public = LabKey::read_peer(&key.pem()).unwrap();
    assert_eq!(public.block_bytes(), key.block_bytes());
    for text in [&b""[..], b"hello", &[7; 214]] {
        let block = LabKey::encrypt(&public, text).unwrap();
        assert_eq!(key.decrypt(&block).as_deref(), Some(text));
        // It keeps nothing, also not what it has read.
        assert_eq!(key.decrypt(&block).as_deref(), Some(text));
        assert_eq!(other.decrypt(&block), None);
    }
    assert_eq!(LabKey::encrypt(&public, &[7; 215]), None);
    assert_eq!(LabKey::read_peer(b"no key"), None);
}
