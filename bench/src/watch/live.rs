//! Packets that are told as they come: how many were offered, told and dropped.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use wire::capture::Reader;

use super::peers::{self, Watcher, number_before};
use super::sender::{Offered, Sender};
use super::{Options, ensure_room, start};
use crate::cpu::{Cores, children_spent};
use crate::report::met;

/// Packets a second, all of which are to be told.
const GOAL: f64 = 200_000.0;
/// How long a program may take to be ready.
const START_MAX: Duration = Duration::from_secs(10);
/// How long it may take to tell what still waits.
const END_MAX: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
/// A person ends no program the moment the last packet is sent, and peers lose then what the kernel has not handed over yet.
const SETTLE: Duration = Duration::from_millis(500);
/// More than can be sent in a second, and more than a line and a packet in a file take.
const ROOM_BYTES_A_SECOND: u64 = 1_000_000 * 400;

/// What became of the packets that one program watched.
struct Seen {
    offered: Offered,
    told: Option<u64>,
    saved: Option<u64>,
    dropped: u64,
    spent: Duration,
}

pub(super) fn measure(options: &Options, ours: &Path, cores: Cores) -> Result<()> {
    println!(
        "Datagrams of 64 bytes on loopback for {} s, told on core {}, sent on core {}; CPU seconds with start and end.\n",
        options.seconds, cores.server, cores.load
    );
    println!(
        "{:<18} {:>9} {:>8} {:>8} {:>8} {:>8} {:>6}  goal",
        "program", "offered/s", "offered", "told", "saved", "dropped", "CPU s"
    );
    for rate in [Some(options.rate), None] {
        let sender = Sender::bind()?;
        let folder = tempfile::tempdir()?;
        ensure_room(folder.path(), options.seconds * ROOM_BYTES_A_SECOND)?;
        for watcher in peers::all(ours, sender.port()?, folder.path()) {
            let send = || sender.send(rate, Duration::from_secs(options.seconds));
            let seen = run(&watcher, cores, folder.path(), send).with_context(|| watcher.name)?;
            row(&watcher, &seen, rate.is_some());
        }
        println!();
    }
    Ok(())
}

fn row(watcher: &Watcher, seen: &Seen, has_goal: bool) {
    let Seen { offered, told, saved, dropped, spent } = seen;
    let shown = |count: &Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
    let whole = |count: &Option<u64>| count.is_none_or(|count| count == offered.packets);
    let goal = if has_goal && watcher.is_ours() {
        let is_met = offered.rate() >= GOAL && *dropped == 0 && whole(told) && whole(saved);
        format!("  all of ≥ {GOAL:.0}/s {}", met(is_met))
    } else {
        String::new()
    };
    println!(
        "{:<18} {:>9.0} {:>8} {:>8} {:>8} {dropped:>8} {:>6.2}{goal}",
        watcher.name,
        offered.rate(),
        offered.packets,
        shown(told),
        shown(saved),
        spent.as_secs_f64()
    );
}

/// Lets a program watch what is sent, and asks it then what it saw.
fn run(watcher: &Watcher, cores: Cores, folder: &Path, send: impl Fn() -> Result<Offered>) -> Result<Seen> {
    let (story, messages) = (folder.join("story.txt"), folder.join("messages.txt"));
    let to = |path: &Path| File::create(path).map(Stdio::from);
    let before = children_spent()?;
    let mut started = start(&watcher.command, cores, folder, to(&story)?, to(&messages)?)?;
    let offered = wait_until_ready(&mut started, &messages, watcher.ready).and_then(|()| send());
    std::thread::sleep(SETTLE);
    let ended = end(&mut started);
    let said = std::fs::read_to_string(&messages)?;
    let offered = offered.with_context(|| said.trim().to_owned())?;
    ensure!(ended?, "it failed: {said}");
    let lost = number_before(&said, " lines were not shown").unwrap_or(0);
    let seen = Seen {
        offered,
        told: watcher.tells.then(|| lines(&story)).transpose()?,
        saved: watcher.file.as_deref().map(packets).transpose()?,
        dropped: (watcher.dropped)(&said).with_context(|| format!("it does not say what was dropped: {said}"))?,
        spent: children_spent()?.saturating_sub(before),
    };
    // So that the disk is not busy with it while the next is measured.
    watcher.file.iter().chain([&story]).try_for_each(std::fs::remove_file)?;
    if lost > 0 {
        println!("{} left out {lost} lines that could not be written fast enough:", watcher.name);
    }
    Ok(seen)
}

fn wait_until_ready(started: &mut Child, messages: &Path, ready: &str) -> Result<()> {
    let deadline = Instant::now() + START_MAX;
    while !std::fs::read_to_string(messages)?.contains(ready) {
        if started.try_wait()?.is_some() {
            bail!("it ended before it was ready");
        }
        ensure!(Instant::now() < deadline, "it is not ready after {START_MAX:?}");
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// Interrupts it as a person would, and waits; says whether it ended well.
fn end(started: &mut Child) -> Result<bool> {
    let deadline = Instant::now() + END_MAX;
    // One that has ended already cannot be asked to, and is only waited for.
    let _ = kill_process(Pid::from_child(started), Signal::INT);
    loop {
        if let Some(status) = started.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() > deadline {
            started.kill()?;
            started.wait()?;
            bail!("it has not ended after {END_MAX:?}");
        }
        std::thread::sleep(LOOK);
    }
}

/// The lines that tell a packet: they begin with its number.
fn lines(story: &Path) -> Result<u64> {
    let mut count = 0;
    for line in BufReader::new(File::open(story)?).split(b'\n') {
        let line = line?;
        let number = line.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        count += u64::from(!number.is_empty() && number.iter().all(u8::is_ascii_digit));
    }
    Ok(count)
}

/// The packets that a capture holds.
fn packets(capture: &Path) -> Result<u64> {
    let mut file = File::open(capture).with_context(|| format!("cannot open {}", capture.display()))?;
    let mut reader = Reader::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let size = file.read(&mut piece)?;
        if size == 0 {
            reader.finish()?;
            return Ok(reader.packets());
        }
        reader.feed(&piece[..size], &mut |_packet| {})?;
    }
}
