//! A caller that holds a session of `talk`'s sound dialect and seals whatever it likes: written from `docs/talk.md`, apart from `labs`.

use labs::talk::{Channel, Dialect, Keyring, PublicKey};

use crate::SeededKeyring;

const NONCE_BYTES: usize = 32;

/// The client's side of a session; it calls, so its part comes first.
pub struct Forger {
    keyring: SeededKeyring,
    server: PublicKey,
    secret: [u8; 32],
    share: Vec<u8>,
    /// What it seals with and what it opens with, once there is a session.
    channels: Option<[Box<dyn Channel>; 2]>,
    counts: [u64; 2],
}

impl Forger {
    /// One that calls the holder of this key.
    pub fn new(seed: u64, server: PublicKey) -> Self {
        let keyring = SeededKeyring::new(seed, 1024);
        let (secret, mut share) = (keyring.random(), keyring.random().to_vec());
        share.extend(keyring.encrypt(Dialect::Sound, &server, &secret).unwrap_or_default());
        Self { keyring, server, secret, share, channels: None, counts: [0; 2] }
    }

    /// What it sends first: its key.
    pub fn pem(&self) -> Vec<u8> {
        self.keyring.own_pem(Dialect::Sound)
    }

    /// What it sends behind the server's key.
    pub fn share(&self) -> &[u8] {
        &self.share
    }

    /// Takes the server's share; false if that was not meant for it.
    pub fn agree(&mut self, server_share: &[u8]) -> bool {
        let Some((nonce, block)) = server_share.split_at_checked(NONCE_BYTES) else { return false };
        let Some(secret) = self.keyring.decrypt(Dialect::Sound, block) else { return false };
        let own_key = self.keyring.own_key(Dialect::Sound);
        let mut seen = Vec::new();
        for part in [&own_key.spki, &self.server.spki, &self.share[..], server_share] {
            seen.extend((part.len() as u64).to_be_bytes());
            seen.extend(part);
        }
        let seen = self.keyring.digest(&seen);
        let secrets = [&self.secret[..], &secret].concat();
        let nonces = [&self.share[..NONCE_BYTES], nonce].concat();
        self.channels = Some(["client", "server"].map(|from| {
            let about = [format!("socketlab talk 1 {from} ").as_bytes(), &seen].concat();
            self.keyring.channel(&secrets, &nonces, &about)
        }));
        true
    }

    /// The next record, with this kind and piece, or whatever else is in it.
    ///
    /// # Panics
    /// If there is no session.
    pub fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        let [outgoing, _] = self.channels.as_ref().expect("a session was agreed");
        let header = u32::try_from(plain.len() + 16).unwrap_or(u32::MAX).to_be_bytes();
        let mut record = plain.to_vec();
        outgoing.seal(self.counts[0], &header, &mut record);
        self.counts[0] += 1;
        [&header[..], &record].concat()
    }

    /// Takes the server's next record off these bytes, if it is there and there is a session.
    ///
    /// # Panics
    /// If the record does not open.
    pub fn open(&mut self, wire: &mut Vec<u8>) -> Option<Vec<u8>> {
        let [_, incoming] = self.channels.as_ref()?;
        let header: [u8; 4] = wire.get(..4)?.try_into().ok()?;
        let end = 4 + u32::from_be_bytes(header) as usize;
        let mut record = wire.get(4..end)?.to_vec();
        assert!(incoming.open(self.counts[1], &header, &mut record), "the server's record does not open");
        self.counts[1] += 1;
        wire.drain(..end);
        Some(record)
    }
}
