//! One direction of a connection put in order again, in bounded memory.

use std::collections::BTreeMap;

use super::sequence::distance;

/// What is kept of one direction beyond a gap; more makes the gap count as missing, so that the story goes on.
const EARLY_BYTES_MAX: usize = 256 << 10;
const EARLY_PIECES_MAX: usize = 1024;

/// The bytes of one direction in their order, each once.
#[derive(Default)]
pub(super) struct Stream {
    /// How many bytes were handed on or given up, counted from where the capture began to see them.
    position: u64,
    /// The sequence number at `position`.
    next: Option<u32>,
    /// What came too early, by position.
    early: BTreeMap<u64, Early>,
    early_bytes: usize,
}

struct Early {
    bytes: Vec<u8>,
    pushed: bool,
}

/// What becomes of a stream.
pub(super) enum Piece<'a> {
    /// Bytes that follow on what was handed on before. `pushed` tells that the sender had no more to send at that moment (PSH).
    Bytes { bytes: &'a [u8], pushed: bool },
    /// So many that the capture does not have.
    Missing(u64),
}

impl Stream {
    /// Notes where the data begin: behind a SYN, or wherever the capture came in.
    pub(super) fn begin(&mut self, sequence: u32) {
        if self.next.is_none() {
            self.next = Some(sequence);
        }
    }

    /// Takes a segment's data. `len` is how much it carried, of which `bytes` were captured.
    pub(super) fn take(
        &mut self,
        sequence: u32,
        bytes: &[u8],
        len: u32,
        pushed: bool,
        hand: &mut impl FnMut(Piece<'_>),
    ) {
        let next = *self.next.get_or_insert(sequence);
        let ahead = i64::from(distance(sequence, next));
        if ahead > 0 {
            self.keep(self.position + ahead.unsigned_abs(), bytes, pushed);
            if self.early_bytes > EARLY_BYTES_MAX || self.early.len() > EARLY_PIECES_MAX {
                self.pass_gap(hand);
            }
            return;
        }
        let behind = ahead.unsigned_abs();
        if behind >= u64::from(len) {
            return;
        }
        let new = u64::from(len) - behind;
        let kept = bytes.get(behind as usize..).unwrap_or_default();
        if !kept.is_empty() {
            hand(Piece::Bytes { bytes: kept, pushed });
        }
        if new > kept.len() as u64 {
            hand(Piece::Missing(new - kept.len() as u64));
        }
        self.advance(new);
        self.hand_early(hand);
    }

    /// Whether something before `sequence` has not been seen.
    pub(super) fn lacks(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| distance(sequence, next) > 0)
    }

    /// The other side has acknowledged up to `sequence`: what the capture does not have of it will not come.
    pub(super) fn acknowledged(&mut self, sequence: u32, hand: &mut impl FnMut(Piece<'_>)) {
        let Some(next) = self.next else { return };
        let ahead = i64::from(distance(sequence, next));
        if ahead <= 0 {
            return;
        }
        let end = self.position + ahead.unsigned_abs();
        while self.position < end {
            let gap_end = self.early.first_key_value().map_or(end, |(&at, _)| at.min(end));
            self.miss(gap_end - self.position, hand);
            self.hand_early(hand);
        }
    }

    /// Hands on what is left, with its gaps told.
    pub(super) fn finish(&mut self, hand: &mut impl FnMut(Piece<'_>)) {
        while !self.early.is_empty() {
            self.pass_gap(hand);
        }
    }

    fn pass_gap(&mut self, hand: &mut impl FnMut(Piece<'_>)) {
        if let Some((&at, _)) = self.early.first_key_value() {
            self.miss(at.saturating_sub(self.position), hand);
            self.hand_early(hand);
        }
    }

    fn miss(&mut self, bytes: u64, hand: &mut impl FnMut(Piece<'_>)) {
        if bytes > 0 {
            hand(Piece::Missing(bytes));
            self.advance(bytes);
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        // Wraps around with the sequence numbers.
        self.next = self.next.map(|next| next.wrapping_add(bytes as u32));
    }

    /// Keeps what came too early. Of two at one place the longer one is kept; other overlaps are cut when they are handed on.
    fn keep(&mut self, at: u64, bytes: &[u8], pushed: bool) {
        if bytes.is_empty() || self.early.get(&at).is_some_and(|early| early.bytes.len() >= bytes.len()) {
            return;
        }
        self.early_bytes += bytes.len();
        if let Some(shorter) = self.early.insert(at, Early { bytes: bytes.to_vec(), pushed }) {
            self.early_bytes -= shorter.bytes.len();
        }
    }

    fn hand_early(&mut self, hand: &mut impl FnMut(Piece<'_>)) {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > self.position {
                return;
            }
            let (at, early) = entry.remove_entry();
            self.early_bytes -= early.bytes.len();
            let known = usize::try_from(self.position - at).unwrap_or(usize::MAX);
            if let Some(bytes @ [_, ..]) = early.bytes.get(known..) {
                hand(Piece::Bytes { bytes, pushed: early.pushed });
                self.advance(bytes.len() as u64);
            }
        }
    }
}

#[cfg(test)]
mod tests;
