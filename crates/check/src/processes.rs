//! What a program's processes do, from /proc: proc_pid_stat(5).

use std::collections::BTreeMap;
use std::fs::{File, read_dir, read_link, read_to_string};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, WaitOptions, kill_process};

/// As many looks in a row have to show all threads asleep before a program is said to rest.
const LOOKS: u32 = 3;
/// Of the time between two looks, so much is counted.
const UNSEEN_MAX: Duration = Duration::from_millis(20);
/// At every so many of them, new processes are searched for.
const SEARCH_EVERY: u32 = 50;
/// How long processes may take to end that were killed.
const END_MAX: Duration = Duration::from_secs(10);
/// The pause between two looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(4);

/// Everything that descends from this process.
pub(crate) fn descendants() -> Vec<u32> {
    // Asked for by its link, since /proc may count processes otherwise than we do.
    let Some(own) = read_link("/proc/self").ok().and_then(|link| link.to_str()?.parse().ok()) else {
        return Vec::new();
    };
    descendants_of(own)
}

/// Whether anything that descends from this process has not ended. What has may still wait to be taken leave of.
pub(crate) fn any_lives() -> bool {
    descendants().into_iter().filter_map(|pid| stat(&format!("/proc/{pid}/stat"))).any(|stat| !stat.has_ended())
}

/// Everything that descends from a process.
pub(crate) fn descendants_of(own: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut parent = own;
    for at in 0.. {
        // Not every kernel lists children; then all processes have to be asked for their parents.
        let Some(children) = children(parent) else { return descendants_by_parents(own) };
        found.extend(children);
        match found.get(at) {
            Some(next) => parent = *next,
            None => break,
        }
    }
    found
}

/// The children of a process, as proc_pid_task(5) lists them; none if this kernel does not.
fn children(pid: u32) -> Option<Vec<u32>> {
    let mut found = Vec::new();
    for thread in read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        match read_to_string(thread.path().join("children")) {
            Ok(list) => found.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok())),
            // The thread may just have ended, which is not the kernel's fault.
            Err(_) if !thread.path().exists() => {}
            Err(_) => return None,
        }
    }
    Some(found)
}

fn descendants_by_parents(own: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for pid in read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| number(&entry.file_name())) {
        if let Some(parent) = stat(&format!("/proc/{pid}/stat")).and_then(|stat| stat.parent()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = children.remove(&own).unwrap_or_default();
    let mut at = 0;
    while let Some(pid) = found.get(at) {
        let of_it = children.remove(pid).unwrap_or_default();
        found.extend(of_it);
        at += 1;
    }
    found
}

/// The number that a process has for us, which /proc may count otherwise: pid_namespaces(7).
pub(crate) fn own_number(pid: u32) -> Option<i32> {
    let status = read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_ascii_whitespace().next_back()?.parse().ok()
}

/// Ends everything that descends from this process, however far it went to hide.
pub(crate) fn end_all() {
    let end = Instant::now() + END_MAX;
    loop {
        let left = descendants();
        if left.is_empty() || Instant::now() > end {
            break;
        }
        for pid in left.into_iter().filter_map(own_number) {
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
        }
        // Takes leave of those that were left to us by their parents.
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The numbers of our own sockets.
pub(crate) fn own_sockets() -> Vec<u64> {
    read_link("/proc/self")
        .ok()
        .and_then(|link| link.to_str()?.parse().ok())
        .map_or_else(Vec::new, |own| sockets(&[own]))
}

/// The numbers of the sockets that these processes hold.
pub(crate) fn sockets(pids: &[u32]) -> Vec<u64> {
    let descriptors = pids.iter().flat_map(|pid| read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten());
    let links = descriptors.filter_map(|descriptor| read_link(descriptor.path()).ok());
    links.filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

/// Looks again and again whether the program rests, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    looked: Option<Instant>,
    looks: u32,
    /// For how long they were seen asleep.
    asleep: Duration,
    has_slept: bool,
    /// The program's processes when all were last searched for, which takes longer than a look.
    known: Vec<Process>,
}

impl Rest {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// For how long all its threads have been asleep, as far as was looked; none if one was awake at the last look.
    pub(crate) fn look(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let since = self.looked.map_or(LOOK_EVERY, |looked| now - looked);
        if since >= LOOK_EVERY {
            self.looked = Some(now);
            if self.all_sleep() {
                // While we were kept from looking, the program was perhaps kept from running.
                self.asleep += if self.looks == 0 { Duration::ZERO } else { since.min(UNSEEN_MAX) };
                self.looks += 1;
                self.has_slept |= self.looks >= LOOKS;
            } else {
                (self.looks, self.asleep) = (0, Duration::ZERO);
            }
        }
        (self.looks >= LOOKS).then_some(self.asleep)
    }

    /// Whether they all slept at some time, and so had as much of the processor's time as they wanted.
    pub(crate) fn has_slept(&self) -> bool {
        self.has_slept
    }

    /// One that sleeps starts no other; so only before rest is told, and now and then, all are searched for. Those that are found then are looked at as often
    /// as the others: one that has just started sleeps for a moment now and then.
    fn all_sleep(&mut self) -> bool {
        if !all_sleep(&self.known) {
            return false;
        }
        if self.known.is_empty() || (self.looks + 1) % SEARCH_EVERY == LOOKS {
            let found = descendants();
            let is_known = found.iter().all(|pid| self.known.iter().any(|known| known.pid == *pid));
            self.known = found.into_iter().map(Process::new).collect();
            return is_known;
        }
        true
    }
}

/// Whether no thread of these processes runs, is about to run, or waits for a disk.
fn all_sleep(processes: &[Process]) -> bool {
    processes.iter().all(|process| match process.stat() {
        Some(stat) if stat.threads() == Some(1) => stat.sleeps(),
        // Its threads come and go.
        Some(_) => {
            let threads = read_dir(format!("/proc/{}/task", process.pid)).into_iter().flatten().flatten();
            threads.into_iter().all(|thread| {
                let stat = thread.path().join("stat");
                stat.to_str().and_then(self::stat).is_none_or(|stat| stat.sleeps())
            })
        }
        None => true,
    })
}

/// A process that is looked at again and again: its row is read anew from the same open file.
#[derive(Debug)]
struct Process {
    pid: u32,
    row: Option<File>,
}

impl Process {
    fn new(pid: u32) -> Self {
        Self { pid, row: File::open(format!("/proc/{pid}/stat")).ok() }
    }

    /// None once it is gone.
    fn stat(&self) -> Option<Stat> {
        // Fifty numbers and a name of sixteen characters.
        let mut page = [0; 2048];
        let count = self.row.as_ref()?.read_at(&mut page, 0).ok()?;
        Stat::parse(&String::from_utf8_lossy(&page[..count]))
    }
}

/// What is known of a process or a thread.
struct Stat(String);

impl Stat {
    /// From the state on: what is before it holds a name in which anything may stand.
    fn parse(row: &str) -> Option<Self> {
        row.rsplit_once(')').map(|(_, rest)| Self(rest.to_owned()))
    }

    fn sleeps(&self) -> bool {
        let state = self.0.split_ascii_whitespace().next().unwrap_or_default();
        matches!(state, "S" | "Z" | "X" | "T" | "I")
    }

    fn has_ended(&self) -> bool {
        matches!(self.0.split_ascii_whitespace().next(), Some("Z" | "X"))
    }

    /// How many there are of this process.
    fn threads(&self) -> Option<u32> {
        self.0.split_ascii_whitespace().nth(17)?.parse().ok()
    }

    /// The processor time that it had.
    fn had(&self) -> Duration {
        let ticks = |place| self.0.split_ascii_whitespace().nth(place).and_then(|text| text.parse::<u64>().ok());
        let had = ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default();
        Duration::from_millis(had * 1000 / clock_ticks_per_second())
    }

    fn parent(&self) -> Option<u32> {
        self.0.split_ascii_whitespace().nth(1)?.parse().ok()
    }
}

/// The processor time that everything had which descends from this process and still lives.
pub(crate) fn processor_time() -> Duration {
    descendants().into_iter().filter_map(|pid| stat(&format!("/proc/{pid}/stat"))).map(|stat| stat.had()).sum()
}

/// How many threads everything has together that descends from this process.
pub(crate) fn threads() -> u64 {
    let threads = |pid| stat(&format!("/proc/{pid}/stat")).and_then(|stat| stat.threads()).map_or(0, u64::from);
    descendants().into_iter().map(threads).sum()
}

/// A row of /proc/PID/stat.
fn stat(path: &str) -> Option<Stat> {
    Stat::parse(&read_to_string(path).ok()?)
}

fn number(name: &std::ffi::OsStr) -> Option<u32> {
    name.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    fn start(script: &str) -> Child {
        Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    #[test]
    fn a_program_that_waits_rests_and_one_that_spins_does_not() {
        let mut waiting = start("sh -c 'read line; read more'; true");
        let mut rest = Rest::new();
        let end = Instant::now() + Duration::from_secs(20);
        while rest.look().is_none() {
            assert!(Instant::now() < end, "it never rests");
            std::thread::sleep(LOOK_EVERY);
        }
        assert!(descendants().contains(&waiting.id()));
        let own = std::process::id();
        let (mut listed, mut asked) = (descendants(), descendants_by_parents(own));
        listed.sort_unstable();
        asked.sort_unstable();
        assert_eq!(listed, asked);
        let mut spinning = start("while :; do :; done");
        let mut rest = Rest::new();
        let spins = (0..50).all(|_| {
            std::thread::sleep(LOOK_EVERY);
            rest.look().is_none()
        });
        spinning.kill().unwrap();
        spinning.wait().unwrap();
        drop(waiting.stdin.take());
        waiting.wait().unwrap();
        assert!(spins);
    }
}
