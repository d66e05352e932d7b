//! The ways to show a story: a line an event, an arrow an event, an object an event, or the text alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;

use names::{Heard, Words};
use wire::summary::Conversation;
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
    Follow { heard: Receiver<Heard>, last: Option<u32> },
}

impl Show {
    pub(super) fn new(args: &WatchArgs, columns: Option<usize>, heard: Receiver<Heard>) -> Self {
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
                    let (from, to) = (&event.from, &event.to);
                    if last.replace(event.conversation) != Some(event.conversation) {
                        title(event.conversation, (from.name, from.address), (to.name, to.address), &mut self.text);
                    }
                    // What was kept beyond a gap may be the words of the one to whom this packet goes.
                    let speaker = if said.speaker() == from.address { from.name } else { to.name };
                    follow(&said.what, speaker, &mut self.text);
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
        let mut text = self.left_to_follow(summary);
        text.push_str(if self.has_shown || !text.is_empty() { "\n" } else { "" });
        wire::summary::write(summary, columns.unwrap_or(COLUMNS), &mut text);
        text
    }

    /// What was said beyond gaps that nothing has filled.
    fn left_to_follow(&self, summary: &Summary) -> String {
        let mut text = String::new();
        let &Way::Follow { ref heard, mut last } = &self.way else { return text };
        for said in heard.try_iter() {
            let is_there =
                |it: &&Conversation| (it.transport, it.client.address, it.server.address) == said.conversation;
            let Some(it) = summary.conversations.iter().rfind(is_there) else { continue };
            let [client, server] = [&it.client, &it.server].map(|party| (party.name.as_str(), party.address));
            if last.replace(it.number) != Some(it.number) {
                title(it.number, client, server, &mut text);
            }
            follow(&said.what, if said.by_client { client.0 } else { server.0 }, &mut text);
        }
        text
    }
}

/// Says between whom the following is said.
fn title(number: u32, one: (&str, SocketAddr), other: (&str, SocketAddr), to: &mut String) {
    // Writing to a String cannot fail.
    let _ = writeln!(to, "── conversation {number}: {} {} and {} {} ──", one.0, one.1, other.0, other.1);
}

/// What was said, with its speaker before each line.
fn follow(words: &Words, speaker: &str, to: &mut String) {
    let said = match words {
        Words::Said(said) => said,
        Words::Missing(bytes) => {
            let _ = writeln!(to, "{speaker:<8} ┆ {bytes} bytes are missing from the capture");
            return;
        }
    };
    let said = said.strip_suffix(b"\n").unwrap_or(said);
    for line in said.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let _ = writeln!(to, "{speaker:<8} │ {}", Visible(line));
    }
}
