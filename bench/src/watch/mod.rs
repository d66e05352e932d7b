//! What watching costs: a large capture that is told, beside `tshark -r`, and packets that are told as they come.

mod live;
mod peers;
mod reading;
mod sender;
mod traffic;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::cpu::{Cores, pin_to};
use crate::services::build;
use crate::target::ending_with_us;

const MIB: f64 = 1024.0 * 1024.0;

#[derive(Args)]
pub(crate) struct Options {
    /// Size of the capture that is made, in MiB
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(8..=65_536))]
    mib: u64,
    /// A capture to be told instead
    #[arg(long)]
    capture: Option<PathBuf>,
    /// How often each program tells it
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// Packets a second that are offered live
    #[arg(long, default_value_t = 220_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rate: u64,
    /// For so many seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Leave out the capture that is read, or what is watched live
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Measure this socketlab and build none
    #[arg(long)]
    server: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Read,
    Live,
}

/// # Errors
/// If nothing can be measured.
pub(crate) fn measure(options: &Options) -> Result<()> {
    ensure!(!cfg!(debug_assertions), "measure with optimization: cargo run --release -p bench -- watch");
    let cores = Cores::choose()?;
    let ours = match &options.server {
        Some(path) => path.clone(),
        None => build()?,
    };
    if options.only != Some(Part::Live) {
        reading::measure(options, &ours, cores)?;
    }
    if options.only.is_none() {
        println!();
    }
    if options.only != Some(Part::Read) {
        live::measure(options, &ours, cores)?;
    }
    Ok(())
}

/// Starts a program on the core that is measured; we are on the other.
fn start(command: &[OsString], cores: Cores, folder: &Path, stdout: Stdio, stderr: Stdio) -> Result<Child> {
    let (program, arguments) = command.split_first().context("no program is named")?;
    let mut started = ending_with_us(program)?;
    started.args(arguments).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    // What a peer leaves behind goes away with the folder.
    started.env("TMPDIR", folder);
    pin_to(cores.server)?;
    let child = started.spawn();
    pin_to(cores.load)?;
    child.with_context(|| format!("cannot start {}", program.display()))
}

/// Words of a command line; files' names need not be text.
fn words<const COUNT: usize>(words: [&OsStr; COUNT]) -> Vec<OsString> {
    words.map(OsStr::to_owned).into()
}

/// Refuses to fill the disk.
fn ensure_room(folder: &Path, bytes: u64) -> Result<()> {
    let space = rustix::fs::fstatvfs(File::open(folder)?)?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    ensure!(free > bytes, "{} has room for {} MiB only; set TMPDIR", folder.display(), free >> 20);
    Ok(())
}
