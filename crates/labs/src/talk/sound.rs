//! The sound dialect: the keys agree a session, whose records are sealed and counted. `docs/talk.md` tells it byte by byte.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::cipher::TAG_BYTES;
use super::session::Role;
use super::{Channel, Dialect, Keyring, PublicKey};
use crate::framing::Cut;

/// What the session's keys are derived for.
const NAME: &[u8] = b"socketlab talk 1";
const NONCE_BYTES: usize = 32;
/// How much of a text one record holds.
const PIECE_BYTES_MAX: usize = 4096;
const HEADER_BYTES: usize = 4;
/// A record holds its kind and its piece.
const SEALED_BYTES_MAX: usize = 1 + PIECE_BYTES_MAX + TAG_BYTES;

/// Our half of the agreement, until the peer's has come.
pub(super) struct Agreement {
    keyring: Arc<dyn Keyring>,
    role: Role,
    own_key: PublicKey,
    peer_key: PublicKey,
    secret: Zeroizing<[u8; 32]>,
    /// What we sent: a nonce in clear, and our secret encrypted to the peer.
    share: Vec<u8>,
}

impl Agreement {
    /// Draws our half; [`Agreement::share`] is what the peer is to get.
    pub(super) fn begin(keyring: Arc<dyn Keyring>, role: Role, peer_key: PublicKey) -> Option<Self> {
        let (secret, mut share) = (Zeroizing::new(keyring.random()), keyring.random().to_vec());
        share.extend(keyring.encrypt(Dialect::Sound, &peer_key, &secret[..])?);
        let own_key = keyring.own_key(Dialect::Sound);
        Some(Self { keyring, role, own_key, peer_key, secret, share })
    }

    pub(super) fn share(&self) -> &[u8] {
        &self.share
    }

    pub(super) fn cut(&self) -> Cut {
        Cut::Bytes(u32::try_from(NONCE_BYTES + self.own_key.block_bytes()).unwrap_or(u32::MAX))
    }

    /// Whether the peer's half came whole.
    pub(super) fn is_whole(&self, peer_share: &[u8]) -> bool {
        peer_share.len() == NONCE_BYTES + self.own_key.block_bytes()
    }

    /// The session, whose texts have at most so many bytes, from the peer's half; none if that was not meant for our key.
    pub(super) fn complete(&self, peer_share: &[u8], text_bytes_max: usize) -> Option<Records> {
        let (peer_nonce, block) = peer_share.split_at_checked(NONCE_BYTES)?;
        let peer_secret = Zeroizing::new(self.keyring.decrypt(Dialect::Sound, block)?);
        let nonce = &self.share[..NONCE_BYTES];
        let ours = (&self.secret[..], nonce, &self.own_key.spki, &self.share[..]);
        let theirs = (&peer_secret[..], peer_nonce, &self.peer_key.spki, peer_share);
        let (client, server) = match self.role {
            Role::Client => (ours, theirs),
            Role::Server => (theirs, ours),
        };
        let secret = Zeroizing::new([client.0, server.0].concat());
        let salt = [client.1, server.1].concat();
        // Whatever either side saw of the other is a part of the keys, so that two who saw different things share none.
        let parts = [client.2, server.2, client.3, server.3];
        let seen = parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat());
        let seen = self.keyring.digest(&seen.collect::<Vec<_>>());
        let channel = |from: &[u8]| self.keyring.channel(&secret, &salt, &[NAME, from, &seen].concat());
        let (client, server) = (channel(b" client "), channel(b" server "));
        let (outgoing, incoming) = match self.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        Some(Records::new(outgoing, incoming, text_bytes_max))
    }
}

/// A session's records, in both directions.
pub(super) struct Records {
    outgoing: Box<dyn Channel>,
    incoming: Box<dyn Channel>,
    sealed_count: u64,
    opened_count: u64,
    /// The header of the record under way.
    header: Option<[u8; HEADER_BYTES]>,
    /// The pieces of the text under way.
    text: Vec<u8>,
    text_bytes_max: usize,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shows the peer that we hold our key.
    Confirm = 0,
    /// A piece of a text that goes on.
    Piece = 1,
    /// A text's last piece.
    Text = 2,
    /// The end of the conversation.
    Bye = 3,
}

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    Begun,
    Confirmed,
    Text(Vec<u8>),
    Bye,
    /// A text is longer than any that is taken.
    TooLong,
    Wrong(&'static str),
}

/// Why a record ends the conversation.
const ALTERED: &str = "a record does not decrypt: it was altered, repeated, reordered, or left out on the way";
const UNKNOWN: &str = "a record decrypts to nothing known: the peer speaks another version";
const CUT: &str = "the connection was cut within a record";

impl Records {
    fn new(outgoing: Box<dyn Channel>, incoming: Box<dyn Channel>, text_bytes_max: usize) -> Self {
        Self { outgoing, incoming, sealed_count: 0, opened_count: 0, header: None, text: Vec::new(), text_bytes_max }
    }

    pub(super) fn cut(&self) -> Cut {
        Cut::Bytes(self.header.map_or(HEADER_BYTES as u32, u32::from_be_bytes))
    }

    /// A text as records.
    pub(super) fn seal_text(&mut self, text: &[u8], wire: &mut Vec<u8>) {
        let mut rest = text;
        while let Some((piece, next)) = rest.split_at_checked(PIECE_BYTES_MAX).filter(|(_, next)| !next.is_empty()) {
            self.seal(Kind::Piece, piece, wire);
            rest = next;
        }
        self.seal(Kind::Text, rest, wire);
    }

    pub(super) fn seal(&mut self, kind: Kind, piece: &[u8], wire: &mut Vec<u8>) {
        let mut record = Vec::with_capacity(1 + piece.len() + TAG_BYTES);
        record.push(kind as u8);
        record.extend_from_slice(piece);
        let header = u32::try_from(record.len() + TAG_BYTES).unwrap_or(u32::MAX).to_be_bytes();
        self.outgoing.seal(self.sealed_count, &header, &mut record);
        self.sealed_count += 1;
        wire.extend_from_slice(&header);
        wire.extend(record);
    }

    /// Takes a header or what it announced.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Record {
        let Some(header) = self.header.take() else {
            let Ok(header) = <[u8; HEADER_BYTES]>::try_from(bytes) else { return Record::Wrong(CUT) };
            let announced = u32::from_be_bytes(header) as usize;
            if !(1 + TAG_BYTES..=SEALED_BYTES_MAX).contains(&announced) {
                return Record::Wrong(ALTERED);
            }
            self.header = Some(header);
            return Record::Begun;
        };
        if bytes.len() != u32::from_be_bytes(header) as usize {
            return Record::Wrong(CUT);
        }
        let mut record = bytes.to_vec();
        if !self.incoming.open(self.opened_count, &header, &mut record) {
            return Record::Wrong(ALTERED);
        }
        let is_first = self.opened_count == 0;
        self.opened_count += 1;
        let Some((&kind, piece)) = record.split_first() else { return Record::Wrong(UNKNOWN) };
        let is_alone = self.text.is_empty() && piece.is_empty();
        match kind {
            0 if is_first && is_alone => Record::Confirmed,
            1 if !is_first => self.hear_piece(piece),
            2 if !is_first => {
                let heard = self.hear_piece(piece);
                if heard == Record::Begun { Record::Text(std::mem::take(&mut self.text)) } else { heard }
            }
            3 if !is_first && is_alone => Record::Bye,
            _ => Record::Wrong(UNKNOWN),
        }
    }

    fn hear_piece(&mut self, piece: &[u8]) -> Record {
        if self.text.len() + piece.len() > self.text_bytes_max {
            self.text = Vec::new();
            return Record::TooLong;
        }
        self.text.extend_from_slice(piece);
        Record::Begun
    }
}
