//! The sequence diagram in a terminal: a lifeline for each party, an arrow for each packet, time going down.

use crate::line::{self, Detail};
use crate::story::{Event, Party};
use crate::visible::{columns, cut, wrap};

/// Two lifelines closer than this leave no room for a word between them.
const STEP_LEAST: usize = 20;
const WIDTH_LEAST: usize = 30;
/// From here on there is room for the time.
const WIDTH_WITH_TIME: usize = 60;
const TIME_COLUMNS: usize = 13;
/// From the window's edge to a lifeline, so that the name above it has room.
const EDGE_COLUMNS: usize = 5;
/// What is written beside an arrow takes at most so many rows.
const LABEL_ROWS_MAX: usize = 3;

/// Draws events one after another, as they come.
pub struct Ladder {
    width: usize,
    lifelines: Vec<Lifeline>,
    drawn: u64,
}

/// A party with a place in the picture.
struct Lifeline {
    index: u32,
    name: String,
    address: String,
    /// The last row it took part in.
    used: u64,
}

impl Ladder {
    /// `width` is that of the window, in columns.
    pub fn new(width: usize) -> Self {
        Self { width: width.max(WIDTH_LEAST), lifelines: Vec::new(), drawn: 0 }
    }

    /// Draws one packet, in whole lines. Whoever is new gets a lifeline, under names written anew; if there is no room left, that of the
    /// party that was silent longest.
    pub fn draw(&mut self, event: &Event<'_>, out: &mut String) {
        self.drawn += 1;
        let known = self.lifelines.len();
        let (from, new) = self.place(&event.from, None);
        let (to, newer) = self.place(&event.to, Some(from));
        if new || newer {
            if known > 0 {
                out.push('\n');
            }
            self.draw_names(out);
        }
        let span = (self.at(from).min(self.at(to)), self.at(from).max(self.at(to)));
        let room = span.1.saturating_sub(span.0 + 1);
        let label = label(event, room.saturating_mul(LABEL_ROWS_MAX));
        let mut time = String::new();
        if self.has_time() {
            line::write_seconds(event.since, &mut time);
        }
        if from == to {
            return self.draw_note(&format!("↻ {label}"), from, &time, out);
        }
        const HEAD_AND_TAIL: usize = 6;
        if columns(&label) + HEAD_AND_TAIL <= room {
            return self.draw_arrow(from, to, &time, &format!(" {label} "), out);
        }
        for (row, text) in rows(&label, room.saturating_sub(2).max(2)).into_iter().enumerate() {
            let mut cells = self.cells(if row == 0 { &time } else { "" });
            let indent = room.saturating_sub(columns(&text)) / 2;
            cells.put(span.0 + 1 + indent, &text);
            cells.end(out);
        }
        self.draw_arrow(from, to, "", "", out);
    }

    fn has_time(&self) -> bool {
        self.width >= WIDTH_WITH_TIME
    }

    fn left(&self) -> usize {
        if self.has_time() { TIME_COLUMNS } else { 0 }
    }

    /// How many lifelines fit.
    fn capacity(&self) -> usize {
        ((self.width - self.left() - 2 * EDGE_COLUMNS) / STEP_LEAST + 1).max(2)
    }

    /// The column of a lifeline.
    fn at(&self, place: usize) -> usize {
        let first = self.left() + EDGE_COLUMNS;
        let last = self.width - 1 - EDGE_COLUMNS;
        first + (last - first) * place / (self.lifelines.len().max(2) - 1)
    }

    /// The place of a party, and whether it is new there. `beside` is a place that must stay.
    fn place(&mut self, party: &Party<'_>, beside: Option<usize>) -> (usize, bool) {
        if let Some(place) = self.lifelines.iter().position(|lifeline| lifeline.index == party.index) {
            self.lifelines[place].used = self.drawn;
            return (place, false);
        }
        let (name, address) = (party.name.to_owned(), party.address.to_string());
        let new = Lifeline { index: party.index, name, address, used: self.drawn };
        if self.lifelines.len() < self.capacity() {
            self.lifelines.push(new);
            return (self.lifelines.len() - 1, true);
        }
        let silent = (0..self.lifelines.len())
            .filter(|&place| Some(place) != beside)
            .min_by_key(|&place| self.lifelines[place].used)
            .unwrap_or_default();
        self.lifelines[silent] = new;
        (silent, true)
    }

    /// Writes who stands above each lifeline, and where; an address without room for it by its port.
    fn draw_names(&self, out: &mut String) {
        let step = if self.lifelines.len() > 1 { self.at(1) - self.at(0) } else { self.width };
        let (mut names, mut addresses) = (Cells::new(self.width), Cells::new(self.width));
        for (place, lifeline) in self.lifelines.iter().enumerate() {
            let centred = |text: &str| {
                let start = self.at(place).saturating_sub(columns(text) / 2);
                start.min(self.width - columns(text))
            };
            let name = cut(&lifeline.name, step - 1);
            names.put(centred(name), name);
            let address = &lifeline.address;
            let port = address.rfind(':').unwrap_or_default();
            let shown = if address.len() < step.min(2 * EDGE_COLUMNS + 8) { address } else { &address[port..] };
            addresses.put(centred(shown), shown);
        }
        names.end(out);
        addresses.end(out);
    }

    /// A row with nothing but the time and the lifelines.
    fn cells(&self, time: &str) -> Cells {
        let mut cells = Cells::new(self.width);
        cells.put(0, time);
        for place in 0..self.lifelines.len() {
            cells.put(self.at(place), "│");
        }
        cells
    }

    fn draw_arrow(&self, from: usize, to: usize, time: &str, label: &str, out: &mut String) {
        let mut cells = self.cells(time);
        let (start, end) = (self.at(from), self.at(to));
        let (left, right) = (start.min(end), start.max(end));
        let crossed = (0..self.lifelines.len()).map(|place| self.at(place));
        for column in left + 1..right {
            cells.put(column, "─");
        }
        for column in crossed.filter(|&column| column > left && column < right) {
            cells.put(column, "┼");
        }
        if start < end {
            cells.put(right - 1, "▶");
        } else {
            cells.put(left + 1, "◀");
        }
        cells.put(left + 1 + (right - left - 1).saturating_sub(columns(label)) / 2, label);
        cells.end(out);
    }

    /// Something that a party says to itself.
    fn draw_note(&self, text: &str, place: usize, time: &str, out: &mut String) {
        let mut cells = self.cells(time);
        let start = (self.at(place) + 2).min(self.width.saturating_sub(columns(text)));
        cells.put(start, cut(text, self.width - start));
        cells.end(out);
    }
}

/// What stands at an arrow, data cut to about `room` columns.
fn label(event: &Event<'_>, room: usize) -> String {
    let mut notes = String::new();
    line::write_notes(event, Detail::Brief, &mut notes);
    let mut label = format!("{} ", line::kind(event));
    let left = room.saturating_sub(columns(&label) + columns(&notes));
    line::write_core(event, left, &mut label);
    label + &notes
}

/// A label's rows, of which too many are cut.
fn rows(label: &str, width: usize) -> Vec<String> {
    let mut rows = wrap(label, width);
    if rows.len() > LABEL_ROWS_MAX {
        rows.truncate(LABEL_ROWS_MAX);
        if let Some(last) = rows.last_mut() {
            last.truncate(cut(last, width - 1).len());
            last.push('…');
        }
    }
    rows
}

/// One row of the picture, column by column.
struct Cells(Vec<String>);

impl Cells {
    fn new(width: usize) -> Self {
        Self(vec![" ".to_owned(); width])
    }

    /// Writes a text from a column on. A wide character takes two columns, a combining one joins the one before it.
    fn put(&mut self, mut column: usize, text: &str) {
        use unicode_width::UnicodeWidthChar;
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            if width == 0 {
                if let Some(cell) = column.checked_sub(1).and_then(|before| self.0.get_mut(before)) {
                    cell.push(c);
                }
                continue;
            }
            if column + width > self.0.len() {
                return;
            }
            self.0[column] = c.to_string();
            for covered in &mut self.0[column + 1..column + width] {
                covered.clear();
            }
            column += width;
        }
    }

    fn end(self, out: &mut String) {
        let row: String = self.0.concat();
        out.push_str(row.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_cut_after_some_rows() {
        assert_eq!(rows("SYN seq 0 · asks to open", 10), ["SYN seq 0", "· asks to", "open"]);
        assert_eq!(rows("a b c d e f g h i j", 3), ["a b", "c d", "e …"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut cells = Cells::new(8);
        cells.put(1, "世e\u{301}x");
        cells.put(7, "界");
        let mut row = String::new();
        cells.end(&mut row);
        assert_eq!(row, " 世e\u{301}x\n");
    }
}
