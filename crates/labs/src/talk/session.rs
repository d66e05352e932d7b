//! One end of a conversation, from its keys to its end, in either dialect; when it is whose turn is not its matter.

use std::fmt;
use std::sync::Arc;

use super::lab::{Block, Blocks};
use super::sound::{Agreement, Kind, Record, Records};
use super::{Dialect, Fingerprint, GOOD_BYE, KEY_BITS, Keyring, PublicKey, SOUND_KEY_BITS_MIN, TEXT_BYTES_MAX};
use crate::framing::Cut;
use crate::{Outbox, Peer};

/// Who connects speaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// One end of a conversation.
pub(super) struct Session {
    keyring: Arc<dyn Keyring>,
    role: Role,
    /// The only dialect to speak; none: the peer's, whichever it is.
    wanted: Option<Dialect>,
    /// Who is there: known once both keys are.
    parties: Option<Parties>,
    phase: Phase,
    /// The longest text that is taken.
    text_bytes_max: usize,
}

enum Phase {
    /// The peer's key is awaited.
    Key,
    Agreeing(Box<Agreement>),
    Lab(Blocks),
    Sound(Box<Records>),
    Over,
}

/// Who talks with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    pub(super) dialect: Dialect,
    pub(super) own: Fingerprint,
    pub(super) peer: Fingerprint,
    pub(super) peer_bits: u32,
}

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    /// From now on there can be talk.
    Opened(Parties),
    Text(Vec<u8>),
    Bye,
    /// A text is longer than any that is taken; there can still be an answer.
    TooLong,
    Failed(Failure),
}

/// Why a conversation cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    NoKey,
    Bits(u32),
    /// The peer speaks another dialect than was asked for.
    OtherDialect(Dialect),
    Agreement,
    Garbage,
    CutBlock,
    Record(&'static str),
}

impl Failure {
    /// Whether our own key has not been sent, if we answer: then the peer can be told in words.
    pub(super) fn is_before_our_key(self) -> bool {
        match self {
            Self::NoKey => true,
            Self::Bits(bits) => !KEY_BITS.contains(&bits),
            Self::OtherDialect(_) | Self::Agreement | Self::Garbage | Self::CutBlock | Self::Record(_) => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (KEY_BITS.start(), KEY_BITS.end());
        match self {
            Self::NoKey => f.write_str("what came is no RSA public key in PEM"),
            Self::Bits(bits) if KEY_BITS.contains(bits) => {
                write!(f, "the peer's key has {bits} bits, and the sound dialect takes no less than {SOUND_KEY_BITS_MIN}")
            }
            Self::Bits(bits) => write!(f, "the peer's key has {bits} bits; {least} to {most} are taken"),
            Self::OtherDialect(Dialect::Lab) => f.write_str(
                "the peer speaks the lab's dialect, which protects less, and nothing was said: to talk in it, give --dialect lab",
            ),
            Self::OtherDialect(Dialect::Sound) => {
                f.write_str("the peer speaks the sound dialect: leave out --dialect lab")
            }
            Self::Agreement => f.write_str("no session could be agreed: the peer's half was not meant for our key"),
            Self::Garbage => f.write_str("a block does not decrypt: it was altered, repeated, or encrypted to another key"),
            Self::CutBlock => f.write_str("the connection was cut within a block"),
            Self::Record(why) => f.write_str(why),
        }
    }
}

impl Session {
    /// An end that takes texts of at most so many bytes.
    pub(super) fn new(keyring: Arc<dyn Keyring>, role: Role, wanted: Option<Dialect>, text_bytes_max: usize) -> Self {
        Self { keyring, role, wanted, parties: None, phase: Phase::Key, text_bytes_max }
    }

    /// Who is there, once both keys are: perhaps before it is proven that the peer holds its own.
    pub(super) fn parties(&self) -> Option<Parties> {
        self.parties
    }

    pub(super) fn cut(&self) -> Cut {
        match &self.phase {
            Phase::Key | Phase::Over => Cut::Pem,
            Phase::Agreeing(agreement) => agreement.cut(),
            Phase::Lab(blocks) => blocks.cut(),
            Phase::Sound(records) => records.cut(),
        }
    }

    /// The longest text that one message takes, in bytes.
    pub(super) fn text_bytes_max(&self) -> usize {
        match &self.phase {
            Phase::Lab(blocks) => blocks.text_bytes_max(),
            Phase::Key | Phase::Agreeing(_) | Phase::Sound(_) | Phase::Over => TEXT_BYTES_MAX,
        }
    }

    /// The stream is there.
    pub(super) fn begin(&self, peer: Peer, out: &mut Outbox) {
        if self.role == Role::Client {
            out.send(peer, &self.keyring.own_pem(self.wanted.unwrap_or(Dialect::Sound)));
        }
    }

    /// Says a text that is not longer than [`Session::text_bytes_max`]; false if that cannot be.
    pub(super) fn say(&mut self, peer: Peer, text: &[u8], out: &mut Outbox) -> bool {
        match &mut self.phase {
            Phase::Lab(blocks) => {
                let Some(block) = blocks.encrypt(self.keyring.as_ref(), text) else { return false };
                out.send(peer, &block);
            }
            Phase::Sound(records) => {
                let mut wire = Vec::new();
                records.seal_text(text, &mut wire);
                out.send(peer, &wire);
            }
            Phase::Key | Phase::Agreeing(_) | Phase::Over => return false,
        }
        true
    }

    /// Says the last word, if there can be any.
    pub(super) fn say_bye(&mut self, peer: Peer, out: &mut Outbox) {
        if let Phase::Sound(records) = &mut self.phase {
            let mut wire = Vec::new();
            records.seal(Kind::Bye, &[], &mut wire);
            out.send(peer, &wire);
        } else {
            self.say(peer, GOOD_BYE.as_bytes(), out);
        }
        self.phase = Phase::Over;
    }

    /// Takes what the stream brought, cut as [`Session::cut`] says.
    pub(super) fn hear(&mut self, peer: Peer, bytes: &[u8], out: &mut Outbox) -> Heard {
        let heard = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Key => self.hear_key(peer, bytes, out),
            Phase::Agreeing(agreement) => self.hear_share(peer, &agreement, bytes, out),
            Phase::Lab(mut blocks) => {
                let block = blocks.hear(self.keyring.as_ref(), bytes);
                self.phase = Phase::Lab(blocks);
                self.hear_block(block)
            }
            Phase::Sound(mut records) => {
                let record = records.hear(bytes);
                if record == Record::Confirmed && self.role == Role::Client {
                    let mut wire = Vec::new();
                    records.seal(Kind::Confirm, &[], &mut wire);
                    out.send(peer, &wire);
                }
                self.phase = Phase::Sound(records);
                self.hear_record(record)
            }
            Phase::Over => Heard::Nothing,
        };
        if matches!(heard, Heard::Bye | Heard::Failed(_)) {
            self.phase = Phase::Over;
        }
        heard
    }

    fn hear_key(&mut self, peer: Peer, pem: &[u8], out: &mut Outbox) -> Heard {
        let Some(key) = self.keyring.read_key(pem) else { return Heard::Failed(Failure::NoKey) };
        if !KEY_BITS.contains(&key.bits) {
            return Heard::Failed(Failure::Bits(key.bits));
        }
        let theirs = Dialect::of_armour(pem);
        let dialect = self.wanted.unwrap_or(theirs);
        // Our key tells the peer what we speak, also where that is not what it wants.
        if self.role == Role::Server {
            out.send(peer, &self.keyring.own_pem(dialect));
        }
        if theirs != dialect {
            return Heard::Failed(Failure::OtherDialect(theirs));
        }
        if dialect == Dialect::Sound && key.bits < SOUND_KEY_BITS_MIN {
            return Heard::Failed(Failure::Bits(key.bits));
        }
        let parties = self.introduce(dialect, &key);
        match dialect {
            Dialect::Lab => {
                self.phase = Phase::Lab(Blocks::new(key, &self.keyring.own_key(Dialect::Lab)));
                Heard::Opened(parties)
            }
            Dialect::Sound => {
                let agreement = Agreement::begin(Arc::clone(&self.keyring), self.role, key);
                let Some(agreement) = agreement else { return Heard::Failed(Failure::Agreement) };
                // One after the other, so that two who read nothing while they write do not wait for each other.
                if self.role == Role::Client {
                    out.send(peer, agreement.share());
                }
                self.phase = Phase::Agreeing(Box::new(agreement));
                Heard::Nothing
            }
        }
    }

    fn introduce(&mut self, dialect: Dialect, key: &PublicKey) -> Parties {
        let own = Fingerprint::of(&self.keyring.own_key(dialect), self.keyring.as_ref());
        let peer = Fingerprint::of(key, self.keyring.as_ref());
        *self.parties.insert(Parties { dialect, own, peer, peer_bits: key.bits })
    }

    fn hear_share(&mut self, peer: Peer, agreement: &Agreement, share: &[u8], out: &mut Outbox) -> Heard {
        if !agreement.is_whole(share) {
            return Heard::Failed(Failure::CutBlock);
        }
        let records = agreement.complete(share, self.text_bytes_max);
        let Some(mut records) = records else { return Heard::Failed(Failure::Agreement) };
        // The client confirms once the server has: again one after the other.
        if self.role == Role::Server {
            let mut wire = agreement.share().to_vec();
            records.seal(Kind::Confirm, &[], &mut wire);
            out.send(peer, &wire);
        }
        self.phase = Phase::Sound(Box::new(records));
        Heard::Nothing
    }

    fn hear_record(&self, record: Record) -> Heard {
        match (record, self.parties) {
            (Record::Confirmed, Some(parties)) => Heard::Opened(parties),
            (Record::Confirmed, None) | (Record::Begun, _) => Heard::Nothing,
            (Record::Text(text), _) => Heard::Text(text),
            (Record::Bye, _) => Heard::Bye,
            (Record::TooLong, _) => Heard::TooLong,
            (Record::Wrong(why), _) => Heard::Failed(Failure::Record(why)),
        }
    }

    fn hear_block(&self, block: Block) -> Heard {
        match block {
            Block::Begun => Heard::Nothing,
            Block::Text(text) if text.trim_ascii() == GOOD_BYE.as_bytes() => Heard::Bye,
            Block::Text(text) if text.len() > self.text_bytes_max => Heard::TooLong,
            Block::Text(text) => Heard::Text(text),
            Block::Garbage => Heard::Failed(Failure::Garbage),
            Block::Cut => Heard::Failed(Failure::CutBlock),
        }
    }
}
