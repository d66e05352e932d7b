//! The lab's dialect: one block a message.

use super::{Dialect, Keyring, PublicKey};
use crate::framing::Cut;

/// The blocks of a conversation, in both directions.
pub(super) struct Blocks {
    peer_key: PublicKey,
    own_block_bytes: u32,
    /// Whether a block has come: the first may have the line ending of the peer's armour before it.
    begun: bool,
    /// A first block without such a line ending, as far as it has come.
    shifted: Vec<u8>,
}

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
        Self { peer_key, own_block_bytes, begun: false, shifted: Vec::new() }
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

    /// Takes what came. Many programs send a line ending behind their key, which nothing but a trial tells from a block's first byte:
    /// what decrypts is a block, since OAEP is never right by chance.
    pub(super) fn hear(&mut self, keyring: &dyn Keyring, bytes: &[u8]) -> Block {
        let first = !std::mem::replace(&mut self.begun, true);
        let mut block = std::mem::take(&mut self.shifted);
        let whole = block.len() + bytes.len() == self.own_block_bytes as usize;
        block.extend_from_slice(bytes);
        if !whole {
            let only_blank = first && block.trim_ascii().is_empty();
            return if only_blank { Block::Begun } else { Block::Cut };
        }
        if let Some(text) = keyring.decrypt(Dialect::Lab, &block) {
            return Block::Text(text);
        }
        let line_ending = if block.starts_with(b"\r\n") { 2 } else { usize::from(block.starts_with(b"\n")) };
        if !first || line_ending == 0 {
            return Block::Garbage;
        }
        self.shifted = block.split_off(line_ending);
        Block::Begun
    }
}
