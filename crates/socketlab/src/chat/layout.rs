//! Which part of the window shows what.

use ratatui::layout::Rect;

/// The parts of the window; what does not fit is empty. What is typed comes first, then the talk, then how things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) talk: Rect,
    /// Who is here.
    pub(super) roster: Rect,
    pub(super) state: Rect,
    pub(super) input: Rect,
}

/// From so many columns on there is room for the roster.
const WIDE_COLUMNS: u16 = 80;
const ROSTER_COLUMNS: u16 = 22;

impl Layout {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let input_rows = rows.min(1);
        let state_rows = u16::from(rows >= 3);
        let talk_rows = rows - input_rows - state_rows;
        let roster_columns = if columns >= WIDE_COLUMNS { ROSTER_COLUMNS } else { 0 };
        let talk_columns = columns - roster_columns;
        Self {
            talk: Rect::new(0, 0, talk_columns, talk_rows),
            roster: Rect::new(talk_columns, 0, roster_columns, talk_rows),
            state: Rect::new(0, talk_rows, columns, state_rows),
            input: Rect::new(0, talk_rows + state_rows, columns, input_rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_any_window_belongs_to_one_part() {
        for columns in 0..120 {
            for rows in 0..30 {
                let Layout { talk, roster, state, input } = Layout::new(columns, rows);
                let cells: u32 = [talk, roster, state, input].map(Rect::area).iter().sum();
                assert_eq!(cells, u32::from(columns) * u32::from(rows), "{columns}x{rows}");
                assert!(rows == 0 || input.height == 1);
            }
        }
    }
}
