//! The blocks that were decrypted: each is read once.
//!
//! Encryption with OAEP is random, so nobody who means it sends a block twice: what comes again was overheard.

use std::collections::{HashSet, VecDeque};

/// A block's first bytes. Nobody finds another that begins with them and decrypts.
type Start = [u8; 16];

#[derive(Default)]
pub(crate) struct Spent {
    known: HashSet<Start>,
    order: VecDeque<Start>,
}

/// So many are remembered: some megabytes, and at the pace of one peer of `serve`, twenty minutes.
const BLOCKS_MAX: usize = 65_536;

impl Spent {
    /// Remembers a block; false if it came before.
    pub(crate) fn spend(&mut self, block: &[u8]) -> bool {
        let Some(&start) = block.first_chunk() else { return false };
        if !self.known.insert(start) {
            return false;
        }
        self.order.push_back(start);
        if self.order.len() > BLOCKS_MAX {
            self.order.pop_front().map(|oldest| self.known.remove(&oldest));
        }
        true
    }
}
