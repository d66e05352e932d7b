//! A network of one's own: no root, no other program, and every IPv4 address is this computer.
//!
//! The process leaves the system's network for a new one, in which only it and what it starts later live. `lo` is up there, and the route
//! `local 0.0.0.0/0 dev lo` makes every IPv4 address an own one: programs bind and connect to whatever address they were written
//! with. Without root it becomes a user namespace's owner first: user_namespaces(7), network_namespaces(7).
#![allow(unsafe_code, reason = "rustix calls unshare unsafe, since of its flags one is")]

mod hindrance;
mod netlink;

use std::fs::write;
use std::io;

use rustix::process::{DumpableBehavior, getegid, geteuid, set_dumpable_behavior};
use rustix::thread::{CapabilitySet, UnshareFlags, capabilities, unshare_unsafe};

pub use hindrance::Hindrance;
use hindrance::{Readings, Step};
use netlink::Netlink;

/// Moves this process into a new network. It keeps its user and its groups, and what it starts has no more rights than before.
///
/// To be called before the first thread starts: the kernel refuses it later. A process that is refused half-way is in a network where
/// nothing works, and does best to end.
pub fn enter() -> Result<(), Hindrance> {
    // Taken outside: a new user namespace has limits of its own, and reads those.
    let readings = Readings::take();
    // Root needs no user namespace, and in one would lose its rights over other users' files.
    let is_admin = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
    if !(is_admin && leave(UnshareFlags::NEWNET).is_ok()) {
        become_owner(&readings)?;
        leave(UnshareFlags::NEWNET).map_err(readings.told(Step::Network))?;
    }
    // That a namespace was made says little: some systems take its owner's capabilities away. So what needs them is what decides.
    let mut netlink = Netlink::open().map_err(readings.told(Step::Link))?;
    netlink.raise_loopback().map_err(readings.told(Step::Link))?;
    netlink.take_all_addresses().map_err(readings.told(Step::Route))
}

/// The same, and whatever this process starts from now on lives among processes of its own: pid_namespaces(7).
///
/// The first that it starts is to them what init is to a system: with its end they all end, however far they went to hide.
pub fn enter_with_processes() -> Result<(), Hindrance> {
    let readings = Readings::take();
    enter()?;
    leave(UnshareFlags::NEWPID).map_err(readings.told(Step::Processes))
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
