//! Tells a capture as a watcher would: read in pieces, a line each event.

use std::fs::File;
use std::io::{Read as _, Write as _, stdout};
use std::path::Path;

use anyhow::{Context as _, Result};
use wire::capture::Reader;
use wire::story::{Options, Story};
use wire::{Lines, summary};

const PIECE_BYTES: usize = 1 << 20;
const WINDOW_COLUMNS: usize = 120;

/// # Errors
/// If the capture cannot be read.
pub(crate) fn tell(capture: &Path) -> Result<()> {
    let mut file = File::open(capture).with_context(|| format!("cannot open {}", capture.display()))?;
    let (mut reader, mut story) = (Reader::new(), Story::new(Options::default()));
    let mut lines = Lines::new(Some(WINDOW_COLUMNS));
    let (mut piece, mut text) = (vec![0; PIECE_BYTES], String::new());
    let mut number = 0;
    loop {
        let size = file.read(&mut piece)?;
        if size == 0 {
            break;
        }
        reader.feed(&piece[..size], &mut |packet| {
            number += 1;
            story.take(&packet, number, &mut |event| {
                lines.write(event, &mut text);
                text.push('\n');
            });
        })?;
        stdout().write_all(text.as_bytes())?;
        text.clear();
    }
    reader.finish()?;
    summary::write(&story.finish(), WINDOW_COLUMNS, &mut text);
    stdout().write_all(text.as_bytes())?;
    Ok(())
}
