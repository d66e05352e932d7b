//! Draws the screen.

use std::fmt::Write as _;

use labs::Visible;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::chat::entry::Kind;
use crate::chat::history::Row;
use crate::chat::model::Model;
use crate::chat::wrap;

/// Whether there are colours. Without them all is still told apart, by signs, names and brightness.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub(super) colours: bool,
}

/// Colours that can be read on a dark and on a light ground.
const COLOURS: [Color; 10] = [
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::LightBlue,
    Color::Magenta,
    Color::Cyan,
    Color::LightRed,
    Color::LightGreen,
    Color::LightMagenta,
    Color::LightCyan,
];

impl Theme {
    /// A name has the same colour in every run.
    fn name(self, name: &str) -> Style {
        // FNV-1a.
        let hash = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let place = name.to_lowercase().bytes().fold(0x811c_9dc5, hash) as usize % COLOURS.len();
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.colours { style.fg(COLOURS[place]) } else { style }
    }

    fn text(self, kind: Kind) -> Style {
        let style = Style::new();
        match kind {
            Kind::Said { .. } | Kind::Plain => style,
            Kind::Own | Kind::Private => style.add_modifier(Modifier::BOLD),
            Kind::Server | Kind::Earlier => style.add_modifier(Modifier::DIM),
            Kind::Note if self.colours => style.fg(Color::Yellow),
            Kind::Note => style.add_modifier(Modifier::ITALIC),
        }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: Theme) {
    let layout = model.layout;
    // A window that has just changed its size is drawn again when we hear of it.
    let parts = [layout.talk, layout.roster, layout.state, layout.input];
    if parts.into_iter().any(|part| part.intersection(frame.area()) != part) {
        return;
    }
    draw_talk(frame, model, theme, layout.talk);
    draw_roster(frame, model, theme, layout.roster);
    draw_state(frame, model, layout.state);
    draw_input(frame, model, layout.input);
}

fn draw_talk(frame: &mut Frame<'_>, model: &Model, theme: Theme, area: Rect) {
    let follows = model.history.follows();
    let rows = usize::from(if follows { area.height } else { area.height.saturating_sub(1) });
    // Short talks stand at the top.
    for (y, row) in area.rows().zip(model.history.window(rows)) {
        let continues = row.1.start > 0;
        put(frame, if continues { indented(y) } else { y }, &line(&row, theme));
    }
    if let Some(mark) = area.rows().next_back().filter(|_| !follows) {
        let text = match model.history.unseen() {
            0 => "↓ more below".to_owned(),
            new => format!("↓ {new} new below"),
        };
        put(frame, mark, &Line::from(text).style(Modifier::REVERSED));
    }
}

/// What a row that continues a line has of its own.
fn indented(row: Rect) -> Rect {
    let indent = wrap::indent(usize::from(row.width)) as u16;
    Rect { x: row.x + indent, width: row.width - indent, ..row }
}

/// One row of an entry, the name in its colour.
fn line<'a>((entry, row): &Row<'a>, theme: Theme) -> Line<'a> {
    let text = theme.text(entry.kind);
    let name = entry.speaker().unwrap_or_default();
    let parted = name.len().clamp(row.start, row.end);
    let name = Span::styled(&entry.text[row.start..parted], theme.name(name));
    Line::from(vec![name, Span::styled(&entry.text[parted..row.end], text)])
}

fn draw_roster(frame: &mut Frame<'_>, model: &Model, theme: Theme, area: Rect) {
    let count = model.roster.count();
    let known = model.roster.names().count();
    // The head, and a foot where not all have a row.
    let room = usize::from(area.height.saturating_sub(1));
    let shown = if known == count && known <= room { known } else { known.min(room.saturating_sub(1)) };
    let head = Line::from(format!(" │ {count} here")).style(Modifier::DIM);
    let names = model.roster.names().take(shown);
    let names = names.map(|name| Line::from(vec![Span::raw(" │ "), Span::styled(name, theme.name(name))]));
    let rest = (shown < count).then(|| Line::from(format!(" │ and {} more: /who", count - shown)));
    let blank = std::iter::repeat(Line::from(" │"));
    for (y, line) in area.rows().zip([head].into_iter().chain(names).chain(rest).chain(blank)) {
        put(frame, y, &line);
    }
}

fn draw_state(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let here = format!("{} here ", model.roster.count());
    let free = usize::from(area.width).saturating_sub(model.state.width() + 2);
    let line = if model.layout.roster.is_empty() && here.width() < free {
        Line::from(format!(" {}{here:>free$}", model.state, free = free + 1))
    } else {
        Line::from(format!(" {}", model.state))
    };
    frame.buffer_mut().set_style(area, Modifier::REVERSED);
    put(frame, area, &line);
}

const PROMPT: &str = "> ";

fn draw_input(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let columns = usize::from(area.width).saturating_sub(PROMPT.width());
    let (shown, cursor) = fit_input(model.input.halves(), columns);
    put(frame, area, &Line::from(vec![Span::raw(PROMPT), Span::raw(shown)]));
    let x = (PROMPT.width() + cursor).min(usize::from(area.width).saturating_sub(1));
    frame.set_cursor_position(Position::new(area.x + x as u16, area.y));
}

/// As much of what is typed as fits around the cursor, and the cursor's column in it.
fn fit_input((before, behind): (&str, &str), columns: usize) -> (String, usize) {
    let (before, behind) = (visible(before), visible(behind));
    // Something of what is behind the cursor stays in sight, and the cursor's own column.
    let kept_behind = behind.width().min(columns / 3).max(1);
    let mut start = before.len();
    let mut cursor = 0;
    for (at, character) in before.grapheme_indices(true).rev() {
        if cursor + character.width() + kept_behind > columns {
            break;
        }
        (start, cursor) = (at, cursor + character.width());
    }
    (format!("{}{behind}", &before[start..]), cursor)
}

fn visible(text: &str) -> String {
    let mut shown = String::new();
    // Writing to a String cannot fail.
    let _ = Visible(&mut shown).write_str(text);
    shown
}

/// Puts a line into the first row of an area, as much of it as fits.
fn put(frame: &mut Frame<'_>, area: Rect, line: &Line<'_>) {
    if !area.is_empty() {
        frame.buffer_mut().set_line(area.x, area.y, line, area.width);
    }
}

#[cfg(test)]
mod tests;
