//! A capture made before, by anyone.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use wire::capture::Reader;

use super::output::Output;
use super::session::Session;
use super::wanted::Wanted;
use crate::cli::WatchArgs;

/// So much is read at once.
const CHUNK_BYTES: usize = 1024 * 1024;
/// The first pieces are small, so that the interfaces are known before the first packet.
const FIRST_CHUNK_BYTES: usize = 64;
/// A file this large takes long enough for a person to wonder.
const LARGE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn watch(path: &Path, args: &WatchArgs, wanted: &Wanted) -> anyhow::Result<()> {
    let mut file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
    // Writing would empty it before it is read.
    let is_same =
        |other: &Path| other.canonicalize().is_ok_and(|other| path.canonicalize().is_ok_and(|it| it == other));
    ensure!(!args.write.as_deref().is_some_and(is_same), "{} is being read: write to another file", path.display());
    let bytes = file.metadata()?.len();
    let mut session = Session::new(args, wanted, Output::patient(), &path.display().to_string())?;
    let progress = progress(bytes);
    let mut reader = Reader::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let result = loop {
        let most = if reader.interfaces().is_empty() { FIRST_CHUNK_BYTES } else { CHUNK_BYTES };
        let count = file.read(&mut chunk[..most]).with_context(|| format!("reading {}", path.display()))?;
        if count == 0 {
            break reader.finish();
        }
        session.name_interfaces(|| reader.interfaces());
        let fed = reader.feed(&chunk[..count], &mut |packet| {
            if wanted.takes(&packet) {
                session.take(&packet);
            } else {
                session.pass_over();
            }
        });
        progress.inc(count as u64);
        if fed.is_err() || session.has_failed() {
            break fed;
        }
    };
    progress.finish_and_clear();
    if reader.packets() == 0 {
        result.as_ref().map_err(Clone::clone).with_context(|| format!("reading {}", path.display()))?;
    }
    // What was read before the damage is told all the same.
    session.finish(None)?;
    result.with_context(|| format!("reading {}", path.display()))
}

/// A bar on standard error, where the story itself does not already fill the terminal.
fn progress(bytes: u64) -> ProgressBar {
    if bytes < LARGE_BYTES || std::io::stdout().is_terminal() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % of {total_bytes}, {bytes_per_sec}, {eta} left");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_error| ProgressStyle::default_bar()))
}
