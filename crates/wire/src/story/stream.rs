//! One direction of a connection put in order again, in bounded memory.

use std::collections::BTreeMap;

use super::sequence::distance;

/// What is kept of one direction beyond a gap; more makes the gap count as missing, so that the story goes on.
const EARLY_BYTES_MAX: usize = 384 << 10;
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
    number: u64,
}

impl Early {
    /// What it takes in memory: of many small pieces their places weigh more than their bytes.
    fn cost(&self) -> usize {
        const PLACE_BYTES: usize = 128;
        self.bytes.len() + PLACE_BYTES
    }
}

/// A segment's data.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub sequence: u32,
    /// What was captured of them.
    pub bytes: &'a [u8],
    /// How many they were on the wire.
    pub len: u32,
    /// Whether the sender had no more to send at that moment (PSH).
    pub pushed: bool,
    /// The packet they came in.
    pub number: u64,
}

/// What becomes of a stream.
pub(super) enum Piece<'a> {
    /// Bytes that follow on what was handed on before, and the packet they came in.
    Bytes { bytes: &'a [u8], pushed: bool, number: u64 },
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

    /// Takes a segment's data and hands on all that is in order now.
    pub(super) fn take(&mut self, data: Data<'_>, hand: &mut impl FnMut(Piece<'_>)) {
        let Data { sequence, bytes, len, pushed, number } = data;
        let next = *self.next.get_or_insert(sequence);
        let ahead = i64::from(distance(sequence, next));
        if ahead > 0 {
            self.keep(self.position + ahead.unsigned_abs(), Early { bytes: bytes.to_vec(), pushed, number });
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
            hand(Piece::Bytes { bytes: kept, pushed, number });
        }
        if new > kept.len() as u64 {
            hand(Piece::Missing(new - kept.len() as u64));
        }
        self.advance(new);
        self.hand_early(hand);
    }

    /// What is kept beyond a gap, in memory.
    pub(super) fn early_bytes(&self) -> usize {
        self.early_bytes
    }

    /// Whether something before `sequence` has not been seen.
    pub(super) fn lacks(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| distance(sequence, next) > 0)
    }

    /// The other side has acknowledged up to `sequence`, and one more number that may be a FIN's: what the capture does not have of it will
    /// not come.
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
        // Behind a FIN there is nothing, so this was a byte.
        if self.early.first_key_value().is_some_and(|(&at, _)| at == self.position + 1) {
            self.pass_gap(hand);
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
    fn keep(&mut self, at: u64, early: Early) {
        if early.bytes.is_empty() || self.early.get(&at).is_some_and(|known| known.bytes.len() >= early.bytes.len()) {
            return;
        }
        self.early_bytes += early.cost();
        if let Some(shorter) = self.early.insert(at, early) {
            self.early_bytes -= shorter.cost();
        }
    }

    fn hand_early(&mut self, hand: &mut impl FnMut(Piece<'_>)) {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > self.position {
                return;
            }
            let (at, early) = entry.remove_entry();
            self.early_bytes -= early.cost();
            let known = usize::try_from(self.position - at).unwrap_or(usize::MAX);
            if let Some(bytes @ [_, ..]) = early.bytes.get(known..) {
                hand(Piece::Bytes { bytes, pushed: early.pushed, number: early.number });
                self.advance(bytes.len() as u64);
            }
        }
    }
}

#[cfg(test)]
mod tests;
