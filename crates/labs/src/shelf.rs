//! The texts of `board` that are safe on disk.

use std::sync::{Arc, PoisonError, RwLock};

/// An append-only list that the store fills and every connection reads.
///
/// It is shared memory and nothing else: who appends has made the text durable before, so what a reader finds survives a crash.
#[derive(Clone, Debug)]
pub struct Shelf {
    texts: Arc<RwLock<Texts>>,
    limits: ShelfLimits,
}

#[derive(Debug, Default)]
struct Texts {
    list: Vec<Arc<[u8]>>,
    bytes: usize,
    /// Promised to texts that are on their way to the disk.
    reserved: usize,
    reserved_bytes: usize,
}

/// How much a shelf holds.
#[derive(Clone, Copy, Debug)]
pub struct ShelfLimits {
    pub texts_max: usize,
    pub bytes_max: usize,
}

/// The shelf holds as much as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShelfFull;

impl Shelf {
    pub fn new(limits: ShelfLimits) -> Self {
        Self { texts: Arc::default(), limits }
    }

    /// How many texts there are.
    pub fn count(&self) -> usize {
        self.read().list.len()
    }

    /// The text at a place, counted from 0.
    pub fn get(&self, index: usize) -> Option<Arc<[u8]>> {
        self.read().list.get(index).cloned()
    }

    /// Keeps a place free for a text that is to be made durable.
    ///
    /// # Errors
    /// If there is none.
    pub fn reserve(&self, text_bytes: usize) -> Result<(), ShelfFull> {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        let places = texts.list.len() + texts.reserved < self.limits.texts_max;
        let bytes = texts.bytes + texts.reserved_bytes + text_bytes <= self.limits.bytes_max;
        if !(places && bytes) {
            return Err(ShelfFull);
        }
        texts.reserved += 1;
        texts.reserved_bytes += text_bytes;
        Ok(())
    }

    /// Gives back a place that was reserved for a text which could not be kept. The store does, whoever wanted the text kept.
    pub fn release(&self, text_bytes: usize) {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        texts.reserved = texts.reserved.saturating_sub(1);
        texts.reserved_bytes = texts.reserved_bytes.saturating_sub(text_bytes);
    }

    /// Appends a durable text for which a place was reserved, and tells its place.
    pub fn push(&self, text: &[u8]) -> usize {
        self.release(text.len());
        self.load(text)
    }

    /// Appends a durable text that an earlier run left, and tells its place. The limits do not hold for it: it is there.
    pub fn load(&self, text: &[u8]) -> usize {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        texts.bytes += text.len();
        texts.list.push(text.into());
        texts.list.len() - 1
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Texts> {
        self.texts.read().unwrap_or_else(PoisonError::into_inner)
    }
}
