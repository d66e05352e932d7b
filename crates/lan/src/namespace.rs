//! A network of one's own: no root, no other program, and every IPv4 address is this computer.
//!
//! The process leaves the system's network for a new one, in which only it and what it starts later live. `lo` is up there, and the route
//! `local 0.0.0.0/0 dev lo` makes every IPv4 address an own one: programs bind and connect to whatever address they were written
//! with. Without root it becomes a user namespace's owner first: user_namespaces(7), network_namespaces(7).
#![allow(
    unsafe_code,
    reason = "rustix calls unshare unsafe, since of its flags one is; and a process is made of this one"
)]

mod hindrance;
mod netlink;

use std::fs::{read_dir, write};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{
    DumpableBehavior, Pid, WaitId, WaitIdOptions, WaitOptions, getegid, geteuid, set_dumpable_behavior, waitid, waitpid,
};
use rustix::thread::{CapabilitySet, UnshareFlags, capabilities, unshare_unsafe};

use crate::privileges::{self, Kept};

pub use hindrance::Hindrance;
use hindrance::{Readings, Step};
use netlink::Netlink;

/// What the last thread of a process takes to be gone, once it is the last.
const LAST_THREAD: Duration = Duration::from_millis(2);

/// Moves this process into a new network. It keeps its user and its groups, and what it starts has no more rights than before.
///
/// To be called before the first thread starts: the kernel refuses it later. A process that is refused half-way is in a network where
/// nothing works, and does best to end.
pub fn enter() -> Result<(), Hindrance> {
    enter_network(&Readings::take()).map(|_is_owner| ())
}

/// The same, and what this process does to the mounts nobody else sees, and what it starts from now on lives among processes of its own:
/// mount_namespaces(7), pid_namespaces(7), ipc_namespaces(7). Ports below 1024 are anybody's there, where the system lets that be said.
///
/// Root becomes a user whom nobody else is, since nothing bounds root's processes. The capabilities that all this needed are kept until
/// [`privileges::give_back_for_good`].
pub fn enter_apart() -> Result<Kept, Hindrance> {
    let readings = Readings::take();
    let was_root = privileges::become_nobody().map_err(readings.told(Step::User))?;
    let is_owner = enter_network(&readings)?;
    leave(UnshareFlags::NEWNS).map_err(readings.told(Step::Mounts))?;
    leave(UnshareFlags::NEWPID | UnshareFlags::NEWIPC).map_err(readings.told(Step::Processes))?;
    // Where /proc/sys may not be written, it is as everywhere: these ports are root's.
    let _ = write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    Ok(if was_root && !is_owner { Kept::ToRead } else { Kept::None })
}

/// Goes on in a process of its own, the first among its own after [`enter_apart`]: with its end they all end, however far they went to hide. There it
/// gives none; here it waits for that process, and gives how it ended.
///
/// # Errors
/// If this process has more than one thread, since the others would be missing in the new one.
pub fn go_on_as_first() -> io::Result<Option<ExitStatus>> {
    if read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    // SAFETY: there is no other thread, as was just seen, which could hold a lock or be half-way through a change.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        number => {
            let process = Pid::from_raw(number);
            process.into_iter().for_each(await_end);
            let status = waitpid(process, WaitOptions::empty())?;
            Ok(status.map(|(_, status)| ExitStatus::from_raw(status.as_raw())))
        }
    }
}

/// Lets what this process starts be ended by Ctrl-C and the like, also where this one was started to ignore them, as behind `&` or by `nohup`: signal(7).
pub fn hear_signals() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: what the system does by itself is no code of this process.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Waits until a child has ended, and leaves it to be waited for. One of whose threads somebody has seen in /proc is best waited for in this way: if its last
/// thread is not quite gone by then, the kernel (6.18 was seen to) spins until it is.
pub fn await_end(child: Pid) {
    let has_ended = waitid(WaitId::Pid(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    // One that is no child any more was waited for already.
    if has_ended.is_ok() {
        std::thread::sleep(LAST_THREAD);
    }
}

/// Tells what forbids a process files of its own, once it has its namespaces.
pub fn explain_files(error: io::Error) -> Hindrance {
    Readings::take().told(Step::Files)(error)
}

/// Whether it took a user namespace of which this process is the owner.
fn enter_network(readings: &Readings) -> Result<bool, Hindrance> {
    // Root needs no user namespace, and in one would lose its rights over other users' files.
    let is_admin = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
    let is_owner = !(is_admin && leave(UnshareFlags::NEWNET).is_ok());
    if is_owner {
        become_owner(readings)?;
        leave(UnshareFlags::NEWNET).map_err(readings.told(Step::Network))?;
    }
    // That a namespace was made says little: some systems take its owner's capabilities away. So what needs them is what decides.
    let mut netlink = Netlink::open().map_err(readings.told(Step::Link))?;
    netlink.raise_loopback().map_err(readings.told(Step::Link))?;
    netlink.take_all_addresses().map_err(readings.told(Step::Route))?;
    Ok(is_owner)
}

/// Makes a user namespace in which this user and this group are as outside, and others are not.
fn become_owner(readings: &Readings) -> Result<(), Hindrance> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    // A program with capabilities of its own may not write its maps otherwise.
    set_dumpable_behavior(DumpableBehavior::Dumpable).map_err(|error| readings.told(Step::Maps)(error.into()))?;
    leave(UnshareFlags::NEWUSER).map_err(readings.told(Step::User))?;
    // user_namespaces(7): who gives up setgroups may map its own group.
    write("/proc/self/setgroups", "deny").map_err(readings.told(Step::Maps))?;
    write("/proc/self/uid_map", format!("{user} {user} 1")).map_err(readings.told(Step::Maps))?;
    write("/proc/self/gid_map", format!("{group} {group} 1")).map_err(readings.told(Step::Maps))
}

fn leave(what: UnshareFlags) -> io::Result<()> {
    // SAFETY: only unsharing the table of descriptors is unsafe, and that is not asked for.
    Ok(unsafe { unshare_unsafe(what) }?)
}
