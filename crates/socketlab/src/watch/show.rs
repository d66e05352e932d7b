//! The ways to show a story: a line an event, an arrow an event, an object an event, or the text alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::mpsc::Receiver;

use wire::{Event, Ladder, Lines, Summary, Visible};

use super::output::Output;
use crate::cli::WatchArgs;

/// How wide a picture and the summary are where no window is.
const COLUMNS: usize = 100;

/// One of the ways.
pub(super) struct Show {
    way: Way,
    /// Used anew for each event.
    text: String,
    has_shown: bool,
}

enum Way {
    Lines(Lines),
    Ladder(Ladder),
    Json,
    Follow { heard: Receiver<Vec<u8>>, last: Option<u32> },
}

impl Show {
    pub(super) fn new(args: &WatchArgs, columns: Option<usize>, heard: Receiver<Vec<u8>>) -> Self {
        let way = match args {
            WatchArgs { json: true, .. } => Way::Json,
            WatchArgs { ladder: true, .. } => Way::Ladder(Ladder::new(columns.unwrap_or(COLUMNS))),
            WatchArgs { follow: true, .. } => Way::Follow { heard, last: None },
            _ => Way::Lines(Lines::new(columns)),
        };
        Self { way, text: String::new(), has_shown: false }
    }

    /// Shows an event.
    pub(super) fn event(&mut self, event: &Event<'_>, output: &mut Output) -> io::Result<()> {
        self.text.clear();
        match &mut self.way {
            Way::Lines(lines) => lines.write(event, &mut self.text),
            Way::Ladder(ladder) => ladder.draw(event, &mut self.text),
            Way::Json => self.text = serde_json::to_string(event)?,
            Way::Follow { heard, last } => {
                for said in heard.try_iter() {
                    if last.replace(event.conversation) != Some(event.conversation) {
                        title(event, &mut self.text);
                    }
                    follow(&said, event.from.name, &mut self.text);
                }
            }
        }
        let text = self.text.trim_end_matches('\n');
        if text.is_empty() {
            return Ok(());
        }
        self.has_shown = true;
        output.line(text)
    }

    /// The answers at the end, for a window of so many columns.
    pub(super) fn summary(&self, summary: &Summary, columns: Option<usize>) -> String {
        if matches!(self.way, Way::Json) {
            return serde_json::to_string(&BTreeMap::from([("summary", summary)]))
                .map_or_else(|_error| String::new(), |line| line + "\n");
        }
        let mut text = String::from(if self.has_shown { "\n" } else { "" });
        wire::summary::write(summary, columns.unwrap_or(COLUMNS), &mut text);
        text
    }
}

/// Says between whom the following is said.
fn title(event: &Event<'_>, to: &mut String) {
    let (from, other) = (event.from, event.to);
    // Writing to a String cannot fail.
    let _ = writeln!(
        to,
        "── conversation {}: {} {} and {} {} ──",
        event.conversation, from.name, from.address, other.name, other.address
    );
}

/// What was said, with its speaker before each line.
fn follow(said: &[u8], speaker: &str, to: &mut String) {
    let said = said.strip_suffix(b"\n").unwrap_or(said);
    for line in said.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let _ = writeln!(to, "{speaker:<8} │ {}", Visible(line));
    }
}
