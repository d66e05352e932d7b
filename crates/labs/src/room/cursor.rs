//! A member's place in its room's log, and what a shard still holds of that log.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// The newest bytes of a room's log. Positions count the bytes that were ever said.
#[derive(Debug, Default)]
pub(crate) struct Window {
    segments: VecDeque<(u64, Bytes)>,
    end: u64,
}

impl Window {
    /// A window in which nothing was said yet.
    pub(crate) fn starting_at(position: u64) -> Self {
        Self { segments: VecDeque::new(), end: position }
    }

    pub(crate) fn start(&self) -> u64 {
        self.segments.front().map_or(self.end, |(start, _)| *start)
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Appends what follows. Small segments that stay, since somebody is behind, are joined to larger ones, of at most so many bytes.
    pub(crate) fn push(&mut self, start: u64, bytes: Bytes, joined_bytes_max: usize) {
        self.end = start + bytes.len() as u64;
        self.segments.push_back((start, bytes));
        while self.join_last(joined_bytes_max) {}
    }

    /// Joins the last two if the later is as large as the earlier, so that no byte is copied more often than in proportion to the logarithm
    /// of a segment's size.
    fn join_last(&mut self, bytes_max: usize) -> bool {
        let Some((_, later)) = self.segments.back() else { return false };
        let Some((start, earlier)) = self.segments.iter().nth_back(1) else { return false };
        if later.len() < earlier.len() || earlier.len() + later.len() > bytes_max {
            return false;
        }
        let mut joined = BytesMut::with_capacity(earlier.len() + later.len());
        joined.extend_from_slice(earlier);
        joined.extend_from_slice(later);
        let joined = (*start, joined.freeze());
        self.segments.truncate(self.segments.len() - 2);
        self.segments.push_back(joined);
        true
    }

    /// Forgets segments that end at or before a position.
    pub(crate) fn forget_before(&mut self, position: u64) {
        while self.segments.front().is_some_and(|(start, bytes)| start + bytes.len() as u64 <= position) {
            self.segments.pop_front();
        }
    }

    /// The bytes between two positions, in pieces, each with the segment of which it is a part.
    fn parts(&self, from: u64, to: u64) -> impl Iterator<Item = (&Bytes, &[u8])> {
        // Nearly every member has taken all but the last.
        let behind = self.segments.iter().rev().take_while(|(start, _)| *start > from).count();
        let first = self.segments.len().saturating_sub(behind + 1);
        self.segments.range(first..).map_while(move |(start, bytes)| {
            let end = start + bytes.len() as u64;
            let (from, to) = (from.max(*start), to.min(end));
            // Both are within the segment, so their distance from its start fits.
            (from < to).then(|| (bytes, &bytes[(from - start) as usize..(to - start) as usize]))
        })
    }
}

/// A member's place: all before it was taken.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    position: u64,
    /// Where the way through the log is left, in order. Most have none.
    detours: Option<Box<Detours>>,
}

#[derive(Debug, Default)]
struct Detours {
    list: VecDeque<Detour>,
    /// What was taken of the first one's insert.
    taken: usize,
    inserted_bytes: usize,
    carried_bytes: usize,
}

/// At a position, something else is said, and the log goes on at another.
#[derive(Debug)]
struct Detour {
    at: u64,
    insert: Bytes,
    /// Whether that was said in a room where the member was before.
    is_carried: bool,
    to: u64,
}

impl Detours {
    /// So much of the first one's insert was taken.
    fn take(&mut self, count: usize) {
        let is_carried = self.list.front().is_some_and(|first| first.is_carried);
        *(if is_carried { &mut self.carried_bytes } else { &mut self.inserted_bytes }) -= count;
        self.taken += count;
    }
}

/// What a stream is still to get: parts of the log, which are shared with others that are to get them.
#[derive(Clone, Debug, Default)]
pub struct Rest(VecDeque<Bytes>);

impl Rest {
    /// Adds what is said last.
    pub(crate) fn push(&mut self, bytes: &'static [u8]) {
        if !bytes.is_empty() {
            self.0.push_back(Bytes::from_static(bytes));
        }
    }

    /// What is left, in pieces that are not empty.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|bytes| &bytes[..])
    }

    /// So many of the next bytes were taken.
    pub fn advance(&mut self, count: usize) {
        if let Some(mut first) = self.0.pop_front() {
            let left = first.split_off(count.min(first.len()));
            if !left.is_empty() {
                self.0.push_front(left);
            }
        }
    }
}

impl Cursor {
    pub(crate) fn new(position: u64) -> Self {
        Self { position, detours: None }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The bytes that are for this member alone and not yet taken.
    pub(crate) fn inserted_bytes(&self) -> usize {
        self.detours.as_ref().map_or(0, |detours| detours.inserted_bytes)
    }

    /// Leaves out what the log says between two positions.
    pub(crate) fn skip(&mut self, from: u64, to: u64) {
        let detours = self.detours.get_or_insert_default();
        match detours.list.back_mut() {
            Some(last) if last.to == from => last.to = to,
            Some(_) | None => detours.list.push_back(Detour { at: from, insert: Bytes::new(), is_carried: false, to }),
        }
    }

    /// Says something else before what the log says at a position.
    pub(crate) fn insert(&mut self, at: u64, insert: Bytes) {
        let detours = self.detours.get_or_insert_default();
        detours.inserted_bytes += insert.len();
        detours.list.push_back(Detour { at, insert, is_carried: false, to: at });
    }

    /// Says what is left of another room before what the log says at a position.
    pub(crate) fn carry(&mut self, at: u64, rest: Rest) {
        for insert in rest.0 {
            let detours = self.detours.get_or_insert_default();
            detours.carried_bytes += insert.len();
            detours.list.push_back(Detour { at, insert, is_carried: true, to: at });
        }
    }

    /// The bytes from other rooms that are not yet taken.
    pub(crate) fn carried_bytes(&self) -> usize {
        self.detours.as_ref().map_or(0, |detours| detours.carried_bytes)
    }

    /// Whether everything up to the window's end was taken.
    pub(crate) fn is_done(&self, window: &Window) -> bool {
        self.detours.is_none() && self.position >= window.end
    }

    /// What is to be taken, in order, up to the window's end.
    pub(crate) fn pieces<'a>(&'a self, window: &'a Window) -> impl Iterator<Item = &'a [u8]> {
        self.parts(window).map(|(_, piece)| piece)
    }

    /// The same, to keep.
    pub(crate) fn rest(&self, window: &Window) -> Rest {
        Rest(self.parts(window).map(|(whole, piece)| whole.slice_ref(piece)).collect())
    }

    fn parts<'a>(&'a self, window: &'a Window) -> impl Iterator<Item = (&'a Bytes, &'a [u8])> {
        let (list, taken) = self.detours.as_ref().map_or((None, 0), |detours| (Some(&detours.list), detours.taken));
        let detours = list.into_iter().flatten();
        let last = detours.clone().next_back().map_or(self.position, |detour| detour.to);
        let before = detours.enumerate().scan(self.position, move |position, (number, detour)| {
            let from = std::mem::replace(position, detour.to);
            let taken = if number == 0 { taken } else { 0 };
            let insert = (&detour.insert, &detour.insert[taken..]);
            Some(window.parts(from, detour.at).chain(std::iter::once(insert)))
        });
        before.flatten().chain(window.parts(last, window.end)).filter(|(_, piece)| !piece.is_empty())
    }

    /// So many bytes of the pieces were taken.
    pub(crate) fn advance(&mut self, mut count: usize) {
        while let Some(detours) = &mut self.detours {
            let Some(first) = detours.list.front() else {
                self.detours = None;
                break;
            };
            let (at, to) = (first.at, first.to);
            let before = (at - self.position) as usize;
            let left = first.insert.len() - detours.taken;
            if count < before {
                break;
            }
            count -= before;
            self.position = at;
            if count < left {
                detours.take(count);
                return;
            }
            count -= left;
            detours.take(left);
            detours.taken = 0;
            self.position = to;
            detours.list.pop_front();
            if detours.list.is_empty() {
                self.detours = None;
            }
        }
        self.position += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        pieces.flatten().copied().collect()
    }

    #[test]
    fn a_cursor_goes_through_segments_and_detours() {
        let mut window = Window::default();
        window.push(10, Bytes::from_static(b"abc"), 0);
        window.push(13, Bytes::from_static(b"defg"), 0);
        let mut cursor = Cursor::new(11);
        cursor.skip(12, 14);
        cursor.insert(15, Bytes::from_static(b"**"));
        assert_eq!(text(cursor.pieces(&window)), b"be**fg");
        cursor.advance(3);
        assert_eq!(text(cursor.pieces(&window)), b"*fg");
        cursor.advance(3);
        assert!(cursor.is_done(&window));
        window.forget_before(cursor.position());
        assert_eq!((window.start(), window.end()), (17, 17));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Said(Vec<u8>),
        SaidMyself(Vec<u8>),
        ToMe(Vec<u8>),
        Took(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let bytes = || proptest::collection::vec(any::<u8>(), 1..6);
        prop_oneof![
            bytes().prop_map(Step::Said),
            bytes().prop_map(Step::SaidMyself),
            bytes().prop_map(Step::ToMe),
            (0..12usize).prop_map(Step::Took),
        ]
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_was_said_to_it(steps in proptest::collection::vec(step(), 0..60)) {
            let (mut window, mut cursor) = (Window::default(), Cursor::default());
            let (mut owed, mut taken) = (Vec::new(), Vec::new());
            for step in steps {
                let end = window.end();
                match step {
                    Step::Said(bytes) => {
                        owed.extend_from_slice(&bytes);
                        window.push(end, bytes.into(), 8);
                    }
                    Step::SaidMyself(bytes) => {
                        cursor.skip(end, end + bytes.len() as u64);
                        window.push(end, bytes.into(), 8);
                    }
                    Step::ToMe(bytes) => {
                        owed.extend_from_slice(&bytes);
                        cursor.insert(end, bytes.into());
                    }
                    Step::Took(count) => {
                        let rest = text(cursor.pieces(&window));
                        let count = count.min(rest.len());
                        taken.extend_from_slice(&rest[..count]);
                        cursor.advance(count);
                        window.forget_before(cursor.position());
                    }
                }
                let rest = text(cursor.pieces(&window));
                prop_assert_eq!([taken.as_slice(), &rest].concat(), owed.as_slice());
                prop_assert_eq!(cursor.is_done(&window), rest.is_empty() && cursor.detours.is_none());
            }
            let rest = text(cursor.pieces(&window)).len();
            cursor.advance(rest);
            prop_assert!(cursor.is_done(&window));
            prop_assert_eq!(cursor.inserted_bytes(), 0);
        }
    }
}
