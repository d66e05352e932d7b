//! The lines of the talk, and which of them are in the window.

use std::collections::VecDeque;

use crate::chat::entry::Entry;
use crate::chat::wrap;

/// Lines that can be scrolled back to.
const ENTRIES_MAX: usize = 10_000;
/// And what they hold at most, however long a server makes them.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// The talk. While its end is in the window, the window follows it; else it stays where it was scrolled to.
#[derive(Debug)]
pub(super) struct History {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The number of the first entry that is still kept.
    first: u64,
    /// The window's last row, where it does not follow the end.
    bottom: Option<Place>,
    /// The number of the first entry that was not in the window yet.
    unseen: u64,
    columns: usize,
    rows: usize,
}

/// A row of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    entry: u64,
    row: usize,
}

/// A row to show: an entry, and which part of its text.
pub(super) type Row<'a> = (&'a Entry, std::ops::Range<usize>);

impl Default for History {
    fn default() -> Self {
        Self { entries: VecDeque::new(), bytes: 0, first: 0, bottom: None, unseen: 0, columns: 80, rows: 24 }
    }
}

impl History {
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.text.len();
        self.entries.push_back(entry);
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX && self.entries.len() > 1 {
            self.bytes -= self.entries.pop_front().map_or(0, |entry| entry.text.len());
            self.first += 1;
        }
        self.settle();
    }

    /// Fits it into a window that has so many rows when it is scrolled back.
    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns.max(1), rows);
        if let Some(place) = &mut self.bottom {
            // The same entry has other rows now.
            place.row = 0;
        }
        self.settle();
    }

    /// Whether the end of the talk is in the window.
    pub(super) fn follows(&self) -> bool {
        self.bottom.is_none()
    }

    /// How many entries came that were not in the window yet.
    pub(super) fn unseen(&self) -> u64 {
        self.end() - self.unseen
    }

    /// Back by so many rows.
    pub(super) fn scroll_back(&mut self, rows: usize) {
        let Some(mut place) = self.bottom.or_else(|| self.last()) else { return };
        for _ in 0..rows {
            let Some(above) = self.above(place) else { break };
            place = above;
        }
        self.bottom = Some(place);
        self.settle();
    }

    /// Forward by so many rows.
    pub(super) fn scroll_on(&mut self, rows: usize) {
        let Some(mut place) = self.bottom else { return };
        for _ in 0..rows {
            let Some(below) = self.below(place) else { break };
            place = below;
        }
        self.bottom = Some(place);
        self.settle();
    }

    pub(super) fn scroll_to_start(&mut self) {
        self.bottom = self.start();
        self.settle();
    }

    pub(super) fn scroll_to_end(&mut self) {
        self.bottom = None;
        self.settle();
    }

    /// The rows in a window of so many rows, at most.
    pub(super) fn window(&self, rows: usize) -> Vec<Row<'_>> {
        let mut window = Vec::new();
        let mut next = self.bottom.or_else(|| self.last());
        while let Some(place) = next.filter(|_| window.len() < rows) {
            let Some(entry) = self.entry(place.entry) else { break };
            let entry_rows = wrap::rows(&entry.text, self.columns);
            window.extend(entry_rows.into_iter().take(place.row + 1).rev().map(|row| (entry, row)));
            next = place.entry.checked_sub(1).and_then(|entry| self.last_row(entry));
        }
        window.truncate(rows);
        window.reverse();
        window
    }

    /// Keeps the window full and inside of what there is, and notes what it shows.
    fn settle(&mut self) {
        if let Some(place) = self.bottom
            && let (Some(start), Some(last)) = (self.start(), self.last())
        {
            let place = place.max(start);
            self.bottom = Some(place).filter(|place| *place < last);
        }
        let next = self.bottom.map_or_else(|| self.end(), |place| place.entry + 1);
        self.unseen = self.unseen.max(next);
    }

    /// Where the window ends if it begins with the first row of all.
    fn start(&self) -> Option<Place> {
        let mut place = Place { entry: self.first, row: 0 };
        self.entry(place.entry)?;
        for _ in 1..self.rows {
            let Some(below) = self.below(place) else { break };
            place = below;
        }
        Some(place)
    }

    /// The number of the entry to come.
    fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn last(&self) -> Option<Place> {
        self.last_row(self.end().checked_sub(1)?)
    }

    fn last_row(&self, entry: u64) -> Option<Place> {
        let rows = wrap::rows(&self.entry(entry)?.text, self.columns).len();
        Some(Place { entry, row: rows - 1 })
    }

    fn above(&self, place: Place) -> Option<Place> {
        match place.row.checked_sub(1) {
            Some(row) => Some(Place { row, ..place }),
            None => self.last_row(place.entry.checked_sub(1)?),
        }
    }

    fn below(&self, place: Place) -> Option<Place> {
        if place < self.last_row(place.entry)? {
            return Some(Place { row: place.row + 1, ..place });
        }
        let entry = place.entry + 1;
        self.entry(entry).map(|_| Place { entry, row: 0 })
    }
}

#[cfg(test)]
mod tests {
    use labs::Tone;

    use super::*;

    fn say(history: &mut History, text: &str) {
        history.push(Entry::new(Tone::Print, text));
    }

    /// A hundred lines in a window of five rows.
    fn hundred() -> History {
        let mut history = History::default();
        history.resize(20, 5);
        (0..100).for_each(|number| say(&mut history, &number.to_string()));
        history
    }

    #[track_caller]
    fn check(history: &History, wanted: &[&str]) {
        let rows = history.window(history.rows);
        assert_eq!(rows.iter().map(|(entry, row)| &entry.text[row.clone()]).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn the_window_follows_the_end() {
        let mut history = History::default();
        history.resize(20, 3);
        check(&history, &[]);
        say(&mut history, "one");
        check(&history, &["one"]);
        for line in ["two", "three", "four"] {
            say(&mut history, line);
        }
        check(&history, &["two", "three", "four"]);
        assert_eq!(history.unseen(), 0);
    }

    #[test]
    fn a_window_scrolled_back_stays_while_lines_come() {
        let mut history = hundred();
        history.scroll_back(10);
        check(&history, &["85", "86", "87", "88", "89"]);
        say(&mut history, "new");
        say(&mut history, "newer");
        check(&history, &["85", "86", "87", "88", "89"]);
        assert_eq!((history.unseen(), history.follows()), (2, false));
        history.scroll_on(11);
        check(&history, &["96", "97", "98", "99", "new"]);
        assert_eq!(history.unseen(), 1);
        history.scroll_on(5);
        check(&history, &["97", "98", "99", "new", "newer"]);
        assert_eq!((history.unseen(), history.follows()), (0, true));
    }

    #[test]
    fn the_window_stays_full_at_both_ends() {
        let mut history = hundred();
        history.scroll_back(1000);
        check(&history, &["0", "1", "2", "3", "4"]);
        history.scroll_on(1);
        check(&history, &["1", "2", "3", "4", "5"]);
        history.scroll_to_start();
        check(&history, &["0", "1", "2", "3", "4"]);
        history.scroll_to_end();
        check(&history, &["95", "96", "97", "98", "99"]);
        let mut short = History::default();
        short.resize(20, 5);
        say(&mut short, "only");
        short.scroll_back(3);
        assert!(short.follows());
    }

    #[test]
    fn long_lines_scroll_row_by_row() {
        let mut history = History::default();
        history.resize(3, 2);
        say(&mut history, "abcdefghi");
        say(&mut history, "x");
        check(&history, &["hi", "x"]);
        history.scroll_back(1);
        check(&history, &["fg", "hi"]);
        history.resize(4, 2);
        check(&history, &["abcd", "ef"]);
        history.resize(20, 2);
        check(&history, &["abcdefghi", "x"]);
    }

    #[test]
    fn the_oldest_lines_go_first_even_from_under_the_window() {
        let mut history = hundred();
        history.scroll_to_start();
        (100..ENTRIES_MAX + 3).for_each(|number| say(&mut history, &number.to_string()));
        check(&history, &["3", "4", "5", "6", "7"]);
        history.scroll_to_end();
        (0..20).for_each(|_| say(&mut history, &"x".repeat(1024 * 1024)));
        assert_eq!((history.entries.len(), history.bytes), (16, BYTES_MAX));
    }
}
