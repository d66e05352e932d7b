//! What telling a capture costs: our reader and story, beside `tshark -r` on the same file.

mod tell;
mod traffic;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use rustix::process::Pid;
pub(crate) use tell::tell;

use crate::cpu::{Cores, Spent, Usage, peak_bytes, pin_to};
use crate::report::{Spread, verdict};
use crate::target::{ending_with_us, is_installed};

const MIB: f64 = 1024.0 * 1024.0;
/// What tshark's work divided by ours is to be.
const GOAL: f64 = 5.0;
/// How often a program that runs is looked at.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Args)]
pub(crate) struct Options {
    /// Size of the capture that is made, in MiB
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    mib: u64,
    /// A capture to be told instead
    #[arg(long)]
    capture: Option<PathBuf>,
    /// How often each program tells it
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
}

/// What telling a capture once cost.
#[derive(Clone, Copy)]
struct Run {
    lasted: Duration,
    spent: Spent,
    peak_bytes: u64,
}

/// # Errors
/// If the capture cannot be made or told.
pub(crate) fn measure(options: &Options) -> Result<()> {
    ensure!(!cfg!(debug_assertions), "measure with optimization: cargo run --release -p bench -- watch");
    let folder = tempfile::tempdir()?;
    let capture = match &options.capture {
        Some(capture) => capture.clone(),
        None => {
            let path = folder.path().join("capture.pcapng");
            traffic::write(&path, options.mib << 20).context("cannot make the capture")?;
            path
        }
    };
    let bytes = std::fs::metadata(&capture).with_context(|| format!("cannot read {}", capture.display()))?.len();
    let ours = [std::env::current_exe()?.into_os_string(), "tell".into(), capture.clone().into_os_string()];
    let tshark = ["tshark".into(), "-r".into(), capture.into_os_string()];
    let peer = is_installed(Path::new("tshark").as_os_str());
    pin_to(Cores::choose()?.server)?;
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        own.push(run(&ours)?);
        if peer {
            theirs.push(run(&tshark)?);
        }
    }
    println!(
        "Reading and telling a capture of {:.0} MiB, a line each event, on one core, {} rounds in turn.\n",
        bytes as f64 / MIB,
        options.rounds
    );
    println!("{:<10} {:>9} {:>9} {:>9} {:>10}", "program", "seconds", "running", "MiB/s", "peak MiB");
    row("wire", &own, bytes);
    if peer {
        row("tshark", &theirs, bytes);
        let ratio = Spread::of(theirs.iter().zip(&own).map(|(theirs, own)| running(theirs) / running(own)));
        println!(
            "\ntshark runs {:.1} times as long ({:.1}–{:.1}); goal: ≥ {GOAL} {}",
            ratio.median,
            ratio.min,
            ratio.max,
            verdict(GOAL, ratio.median)
        );
    } else {
        println!("\ntshark is not installed, so there is no peer to compare with.");
    }
    Ok(())
}

fn running(run: &Run) -> f64 {
    run.spent.running as f64 / 1e9
}

fn row(name: &str, runs: &[Run], bytes: u64) {
    let median = |of: fn(&Run) -> f64| Spread::of(runs.iter().map(of)).median;
    let seconds = median(|run| run.lasted.as_secs_f64());
    println!(
        "{name:<10} {seconds:>9.2} {:>9.2} {:>9.0} {:>10.1}",
        median(running),
        bytes as f64 / MIB / seconds,
        median(|run| run.peak_bytes as f64 / MIB)
    );
}

/// Runs a program to its end and looks at it while it does; what it writes is thrown away.
fn run(command: &[OsString]) -> Result<Run> {
    let begin = Instant::now();
    let mut started = start(command)?;
    let process = Pid::from_child(&started);
    let (mut spent, mut peak) = (Spent::default(), 0);
    let status = loop {
        if let Some(status) = started.try_wait()? {
            break status;
        }
        // It may have ended in between.
        if let (Ok(usage), Ok(bytes)) = (Usage::read(process), peak_bytes(process)) {
            spent = usage.since(&Usage::default());
            peak = bytes;
        }
        std::thread::sleep(LOOK);
    };
    ensure!(status.success(), "{} failed: {status}", command[0].display());
    Ok(Run { lasted: begin.elapsed(), spent, peak_bytes: peak })
}

fn start(command: &[OsString]) -> Result<Child> {
    let (program, arguments) = command.split_first().context("no program is named")?;
    let mut command: Command = ending_with_us(program)?;
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("cannot start {}", program.display()))
}
