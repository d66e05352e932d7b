//! A member as its shard knows it, and how its stream is offered what it has yet to take.

use std::io::{self, IoSlice};

use crate::room::RoomId;
use crate::room::cursor::{Cursor, Window};
use crate::room::shard::Taken;

#[derive(Debug)]
pub(super) struct Member<S> {
    pub(super) stream: S,
    pub(super) cursor: Cursor,
    pub(super) room: Option<RoomId>,
    /// Its place among the room's slots.
    pub(super) index: u32,
    pub(super) state: State,
    pub(super) is_listed_stalled: bool,
    /// Whether what it took ends within a line.
    pub(super) mid_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// The stream took less than it was offered.
    Stalled,
    /// It fell behind, or its stream broke: nothing is written any more.
    Lost {
        slow: bool,
    },
}

/// The pieces of one write.
const PIECES_MAX: usize = 64;

impl<S> Member<S> {
    /// A member of no room.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            cursor: Cursor::default(),
            room: None,
            index: 0,
            state: State::Open,
            is_listed_stalled: false,
            mid_line: false,
        }
    }

    /// Offers the next pieces to the stream, and tells whether it is full.
    pub(super) fn write_some(
        &mut self,
        window: &Window,
        write: &mut impl FnMut(&S, &[IoSlice<'_>]) -> io::Result<Taken>,
    ) -> io::Result<bool> {
        let mut pieces = self.cursor.pieces(window);
        let Some(first) = pieces.next() else { return Ok(true) };
        let Some(second) = pieces.next() else {
            drop(pieces);
            let taken = write(&self.stream, &[IoSlice::new(first)])?;
            self.mid_line = ends_mid_line([first], taken.bytes).unwrap_or(self.mid_line);
            self.cursor.advance(taken.bytes);
            return Ok(taken.is_full);
        };
        let mut offered = [IoSlice::new(&[]); PIECES_MAX];
        let mut count = 0;
        for (slice, piece) in offered.iter_mut().zip([first, second].into_iter().chain(pieces)) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        let offered = &offered[..count];
        let taken = write(&self.stream, offered)?;
        self.mid_line = ends_mid_line(offered.iter().map(|piece| &**piece), taken.bytes).unwrap_or(self.mid_line);
        self.cursor.advance(taken.bytes);
        Ok(taken.is_full)
    }
}

/// Whether so many bytes of the pieces end within a line; none if there are none.
fn ends_mid_line<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, written: usize) -> Option<bool> {
    let mut before = written.checked_sub(1)?;
    for piece in pieces {
        if before < piece.len() {
            return Some(piece[before] != b'\n');
        }
        before -= piece.len();
    }
    None
}
