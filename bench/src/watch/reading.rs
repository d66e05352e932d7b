//! A large capture, told a line each event, beside `tshark -r` on the same file.

use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Pid;

use super::{MIB, Options, ensure_room, start, traffic, words};
use crate::cpu::{Cores, Spent, Usage, peak_bytes};
use crate::report::{Spread, verdict};
use crate::services::OURS;
use crate::target::is_installed;

/// What tshark's work divided by ours is to be.
const GOAL: f64 = 5.0;
/// How often a program that runs is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Captures that are to need the same memory, in MiB; both have more connections than are told in the end.
const SIZES: [u64; 2] = [128, 512];
/// What the large one's memory may be of the small one's.
const GROWTH_GOAL: f64 = 1.1;

/// What telling a capture once cost.
#[derive(Clone, Copy)]
struct Run {
    lasted: Duration,
    spent: Spent,
    peak_bytes: u64,
}

pub(super) fn measure(options: &Options, ours: &Path, cores: Cores) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let made = folder.join("capture.pcapng");
    let capture = options.capture.as_ref().unwrap_or(&made);
    if options.capture.is_none() {
        make(capture, options.mib, traffic::LONG)?;
    }
    let bytes = std::fs::metadata(capture).with_context(|| format!("cannot read {}", capture.display()))?.len();
    let told = telling(ours, capture);
    let tshark = words([OsStr::new("tshark"), "-n".as_ref(), "-r".as_ref(), capture.as_os_str()]);
    let peer = is_installed(OsStr::new("tshark"));
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        own.push(run(&told, cores, folder)?);
        if peer {
            theirs.push(run(&tshark, cores, folder)?);
        }
    }
    let (mib, rounds) = (bytes as f64 / MIB, options.rounds);
    println!("A capture of {mib:.0} MiB, read and told a line each event, on one core, {rounds} rounds in turn.\n");
    println!("{:<18} {:>9} {:>9} {:>9} {:>10}", "program", "seconds", "running", "MiB/s", "peak MiB");
    row(OURS, &own, bytes);
    if peer {
        row("tshark", &theirs, bytes);
        let ratio = Spread::of(theirs.iter().zip(&own).map(|(theirs, own)| running(theirs) / running(own)));
        let Spread { median, min, max } = ratio;
        let verdict = verdict(GOAL, median);
        println!("\ntshark runs {median:.1} times as long ({min:.1}–{max:.1}); goal: ≥ {GOAL} {verdict}");
    } else {
        println!("\ntshark is not installed, so there is no peer to compare with.");
    }
    memory(ours, cores, folder)
}

fn telling(ours: &Path, capture: &Path) -> Vec<OsString> {
    words([ours.as_os_str(), "watch".as_ref(), "--read".as_ref(), capture.as_os_str()])
}

fn make(capture: &Path, mib: u64, said: Range<u32>) -> Result<()> {
    let size = mib << 20;
    ensure_room(capture.parent().context("a file is in a folder")?, size + size / 4)?;
    traffic::write(capture, size, said).context("cannot make the capture")
}

/// Whether memory grows with the capture.
fn memory(ours: &Path, cores: Cores, folder: &Path) -> Result<()> {
    let capture = folder.join("short.pcapng");
    let mut peaks = [0.0; 2];
    for (mib, to) in SIZES.into_iter().zip(&mut peaks) {
        make(&capture, mib, traffic::SHORT)?;
        *to = peak(&run(&telling(ours, &capture), cores, folder)?);
    }
    let ([small_mib, large_mib], [small, large]) = (SIZES, peaks);
    println!(
        "memory for many short connections: {large:.1} MiB for {large_mib} MiB, {small:.1} for {small_mib}: {:.2} times; goal: ≤ {GROWTH_GOAL} {}",
        large / small,
        verdict(large / small, GROWTH_GOAL)
    );
    Ok(())
}

fn running(run: &Run) -> f64 {
    run.spent.running as f64 / 1e9
}

fn peak(run: &Run) -> f64 {
    run.peak_bytes as f64 / MIB
}

fn row(name: &str, runs: &[Run], bytes: u64) {
    let median = |of: fn(&Run) -> f64| Spread::of(runs.iter().map(of)).median;
    let seconds = median(|run| run.lasted.as_secs_f64());
    let speed = bytes as f64 / MIB / seconds;
    println!("{name:<18} {seconds:>9.2} {:>9.2} {speed:>9.0} {:>10.1}", median(running), median(peak));
}

/// Runs a program to its end and looks at it while it does; what it writes is thrown away.
fn run(command: &[OsString], cores: Cores, folder: &Path) -> Result<Run> {
    let begin = Instant::now();
    let mut started = start(command, cores, folder, Stdio::null(), Stdio::null())?;
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
