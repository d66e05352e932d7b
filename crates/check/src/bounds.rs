//! What a program may use.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Processes and threads together, as far as the kernel counts them: for every user but root, and so for everybody on a stage of their own.
pub(crate) const PROCESSES_MAX: u64 = 512;
/// Of one file, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
const DESCRIPTORS_MAX: u64 = 1024;
/// Of each process, in seconds.
const PROCESSOR_SECONDS_MAX: u64 = 300;
/// What a process may have in memory of its own is a quarter of the computer's, but at least so many bytes: Java takes a part of the computer's at once.
const MEMORY_BYTES_LEAST: u64 = 4 << 30;
/// Of the memory that may be had, for each process.
const MEMORY_SHARE: u64 = 4;

/// Bounds what a program may use, for this process and all that it starts. `apart` is whether it is a user of its own: elsewhere all that its user runs would count.
pub(crate) fn set(apart: bool) {
    let computer = rustix::system::sysinfo();
    let memory = (computer.totalram as u64).saturating_mul(u64::from(computer.mem_unit)) / MEMORY_SHARE;
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, FILE_BYTES_MAX),
        (Resource::Nproc, PROCESSES_MAX),
        (Resource::Nofile, DESCRIPTORS_MAX),
        (Resource::Cpu, PROCESSOR_SECONDS_MAX),
        // Not the address space, most of which nothing stands behind.
        (Resource::Data, memory.max(MEMORY_BYTES_LEAST)),
    ] {
        if resource == Resource::Nproc && !apart {
            continue;
        }
        let now = getrlimit(resource);
        let lower = |old: Option<u64>| Some(old.map_or(most, |old| old.min(most)));
        // What cannot be lowered was lower before.
        let _ = setrlimit(resource, Rlimit { current: lower(now.current), maximum: lower(now.maximum) });
    }
    // Where memory runs out all the same, the kernel is to look for it here, and not among what the user works with.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}
