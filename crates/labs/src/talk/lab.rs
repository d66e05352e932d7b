//! The lab's dialect: one block a message.

use super::{Dialect, Keyring, PublicKey};
use crate::framing::Cut;

/// The blocks of a conversation, in both directions.
pub(super) struct Blocks {
    peer_key: PublicKey,
    own_block_bytes: u32,
    /// How many line endings may stand before the next block: the first may have those of the peer's armour before it.
    line_endings_max: u8,
    /// A first block without such a line ending, as far as it has come.
    shifted: Vec<u8>,
}

/// Many libraries end an armour with a line ending, and many programs send what they send as a line.
const LINE_ENDINGS_MAX: u8 = 2;

/// What a block was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    Text(Vec<u8>),
    /// Nothing yet.
    Begun,
    /// It does not decrypt.
    Garbage,
    /// The stream ended in it.
    Cut,
}

impl Blocks {
    pub(super) fn new(peer_key: PublicKey, own_key: &PublicKey) -> Self {
        let own_block_bytes = u32::try_from(own_key.block_bytes()).unwrap_or(u32::MAX);
        Self { peer_key, own_block_bytes, line_endings_max: LINE_ENDINGS_MAX, shifted: Vec::new() }
    }

    pub(super) fn text_bytes_max(&self) -> usize {
        self.peer_key.text_bytes_max(Dialect::Lab)
    }

    pub(super) fn cut(&self) -> Cut {
        let missing = self.own_block_bytes - u32::try_from(self.shifted.len()).unwrap_or(0);
        Cut::Bytes(if self.shifted.is_empty() { self.own_block_bytes } else { missing })
    }

    pub(super) fn encrypt(&self, keyring: &dyn Keyring, text: &[u8]) -> Option<Vec<u8>> {
        keyring.encrypt(Dialect::Lab, &self.peer_key, text)
    }

    /// Takes what came. Nothing but a trial tells a line ending behind the peer's key from a block's first byte: what decrypts is a block,
    /// since OAEP is never right by chance.
    pub(super) fn hear(&mut self, keyring: &dyn Keyring, bytes: &[u8]) -> Block {
        let is_first = self.line_endings_max == LINE_ENDINGS_MAX;
        let mut block = std::mem::take(&mut self.shifted);
        let whole = block.len() + bytes.len() == self.own_block_bytes as usize;
        block.extend_from_slice(bytes);
        if !whole {
            let only_blank = is_first && block.trim_ascii().is_empty();
            return if only_blank { Block::Begun } else { Block::Cut };
        }
        if let Some(text) = keyring.decrypt(Dialect::Lab, &block) {
            self.line_endings_max = 0;
            return Block::Text(text);
        }
        let line_ending = if block.starts_with(b"\r\n") { 2 } else { usize::from(block.starts_with(b"\n")) };
        if self.line_endings_max == 0 || line_ending == 0 {
            return Block::Garbage;
        }
        self.line_endings_max -= 1;
        self.shifted = block.split_off(line_ending);
        Block::Begun
    }
}
