//! The cores, and what a process has had of them as the scheduler counts it.

use std::collections::BTreeMap;
use std::fs;
use std::iter::Sum;
use std::ops::Add;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::param::clock_ticks_per_second;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which core serves and which one makes the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// The first two that this process may use.
    pub(crate) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None).context("cannot read which cores may be used")?;
        let mut allowed = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let (server, load) = (allowed.next(), allowed.next());
        let (Some(server), Some(load)) = (server, load) else {
            anyhow::bail!("measuring takes two cores: one for the server, one for the load")
        };
        Ok(Self { server, load })
    }
}

/// Keeps this thread, and every process it starts from now on, on one core.
pub(crate) fn pin_to(core: usize) -> Result<()> {
    pin_to_any(&[core])
}

/// Keeps this thread, and every process it starts from now on, on these cores.
pub(crate) fn pin_to_any(cores: &[usize]) -> Result<()> {
    let mut only = CpuSet::new();
    cores.iter().for_each(|&core| only.set(core));
    sched_setaffinity(None, &only).with_context(|| format!("cannot move to cores {cores:?}"))
}

/// A thread's counters since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Nanoseconds on a core, the kernel's work for it included.
    pub(crate) running: u64,
    /// Nanoseconds ready to run while something else had the core.
    pub(crate) waiting: u64,
    /// Times it had nothing to do and slept.
    pub(crate) sleeps: u64,
}

impl Add for Spent {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let Self { running, waiting, sleeps } = other;
        Self { running: self.running + running, waiting: self.waiting + waiting, sleeps: self.sleeps + sleeps }
    }
}

impl Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// A process' counters by thread, so that one which begins or ends in between does not make the others' wrong.
#[derive(Default)]
pub(crate) struct Usage(BTreeMap<String, Spent>);

impl Usage {
    pub(crate) fn read(process: Pid) -> Result<Self> {
        let folder = format!("/proc/{}/task", process.as_raw_nonzero());
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("{folder}: the server is gone"))? {
            let entry = entry?;
            let read = |file: &str| fs::read_to_string(entry.path().join(file));
            // A thread may end between the listing and the reading.
            let (Ok(schedstat), Ok(status)) = (read("schedstat"), read("status")) else { continue };
            let spent = parse(&schedstat, &status).with_context(|| format!("cannot understand {folder}"))?;
            threads.insert(entry.file_name().to_string_lossy().into_owned(), spent);
        }
        ensure!(!threads.is_empty(), "{folder}: the server is gone");
        Ok(Self(threads))
    }

    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        let spent = |(thread, now): (&String, &Spent)| {
            let before = earlier.0.get(thread).copied().unwrap_or_default();
            Spent {
                running: now.running.saturating_sub(before.running),
                waiting: now.waiting.saturating_sub(before.waiting),
                sleeps: now.sleeps.saturating_sub(before.sleeps),
            }
        };
        self.0.iter().map(spent).sum()
    }
}

/// Reads `schedstat` (time running, time waiting, turns) and the one line of `status` that counts sleeps.
fn parse(schedstat: &str, status: &str) -> Option<Spent> {
    let mut numbers = schedstat.split_ascii_whitespace();
    let running = numbers.next()?.parse().ok()?;
    let waiting = numbers.next()?.parse().ok()?;
    let sleeps = field(status, "voluntary_ctxt_switches")?;
    Some(Spent { running, waiting, sleeps })
}

/// The time that all programs ran which this one has started and waited for, and those that they waited for.
pub(crate) fn children_spent() -> Result<Duration> {
    let path = "/proc/self/stat";
    let stat = fs::read_to_string(path)?;
    let ticks = children_ticks(&stat).with_context(|| format!("cannot understand {path}"))?;
    Ok(Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64))
}

/// `cutime` and `cstime` of proc_pid_stat(5), fields 16 and 17. The second field is a name, in which anything may stand.
fn children_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(13);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// The bytes of memory a process has in use.
pub(crate) fn resident_bytes(process: Pid) -> Result<u64> {
    memory(process, "VmRSS")
}

/// The most bytes of memory it has had in use so far.
pub(crate) fn peak_bytes(process: Pid) -> Result<u64> {
    memory(process, "VmHWM")
}

fn memory(process: Pid, name: &str) -> Result<u64> {
    let path = format!("/proc/{}/status", process.as_raw_nonzero());
    let status = fs::read_to_string(&path).with_context(|| format!("{path}: the process is gone"))?;
    let kibibytes = field(&status, name).with_context(|| format!("{path} does not tell {name}"))?;
    Ok(kibibytes * 1024)
}

/// The number behind `name:` in a `/proc` status file.
fn field(status: &str, name: &str) -> Option<u64> {
    let values = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    values.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read() {
        let status = "Name:\tbench\nVmRSS:\t    1234 kB\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n";
        assert_eq!(parse("155951 60305 3\n", status), Some(Spent { running: 155_951, waiting: 60_305, sleeps: 7 }));
        assert_eq!(field(status, "VmRSS"), Some(1234));
        assert_eq!(field(status, "VmSwap"), None);
        assert_eq!(parse("", status), None);
    }

    #[test]
    fn the_time_of_children_is_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 11 12 13 14 20 21 30 12 20 0 1 0 99 100 200\n";
        assert_eq!(children_ticks(stat), Some(42));
        assert_eq!(children_ticks("7 (a"), None);
    }

    #[test]
    fn a_thread_that_ends_does_not_hide_what_others_spent() {
        let spent = |running| Spent { running, waiting: 1, sleeps: 1 };
        let before = Usage([("1".to_owned(), spent(10)), ("2".to_owned(), spent(1000))].into());
        let after = Usage([("1".to_owned(), spent(30)), ("3".to_owned(), spent(5))].into());
        assert_eq!(after.since(&before), Spent { running: 25, waiting: 1, sleeps: 1 });
    }

    #[test]
    fn this_process_has_run() {
        let own = rustix::process::getpid();
        assert!(Usage::read(own).unwrap().since(&Usage(BTreeMap::new())).running > 0);
        assert!(resident_bytes(own).unwrap() > 4096);
    }
}
