//! Giving back what is needed no more: capabilities(7).

use std::io;

use rustix::process::{DumpableBehavior, Gid, Uid, geteuid, getpid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

/// A user and a group, as sudo(8) tells whose the terminal is in `SUDO_UID` and `SUDO_GID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    pub user: u32,
    pub group: u32,
}

/// Gives back every privilege, and as root becomes `user` if there is one.
///
/// Root that stays root keeps two capabilities, with which it sees whose a socket is: `CAP_SYS_PTRACE` and `CAP_DAC_READ_SEARCH`. What is open stays open,
/// and what root starts later has root's privileges again. Acts on this thread: to be called before others start.
pub fn give_back(user: Option<User>) -> io::Result<()> {
    match user.filter(|user| user.user != 0 && geteuid().is_root()) {
        Some(User { user, group }) => {
            set_thread_groups(&[])?;
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
            set_thread_res_gid(group, group, group)?;
            // With its user id root loses its capabilities too.
            set_thread_res_uid(user, user, user)?;
        }
        None => {
            let kept = capabilities(None)?.permitted & (CapabilitySet::SYS_PTRACE | CapabilitySet::DAC_READ_SEARCH);
            let inheritable = CapabilitySet::empty();
            set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable })?;
        }
    }
    Ok(())
}

/// What a process that gives back everything for good still may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    None,
    /// Read any file, as root may: `CAP_DAC_READ_SEARCH`.
    ToRead,
}

/// Users from here on belong to nobody on usual systems: those of people, services and containers have lower numbers.
const NOBODYS: u32 = 1 << 30;
/// The user nobody, where a user namespace has no others.
const NOBODY: u32 = 65534;

/// Root becomes a user whom nobody else is, and keeps its capabilities for now: the kernel bounds the number of every user's processes but root's.
/// Others stay who they are. Tells whether it was root. Acts on this thread: to be called before others start.
pub(crate) fn become_nobody() -> io::Result<bool> {
    if !geteuid().is_root() {
        return Ok(false);
    }
    let may_change = capabilities(None)?.effective.contains(CapabilitySet::SETUID | CapabilitySet::SETGID);
    if !may_change {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let own = NOBODYS + u32::try_from(getpid().as_raw_pid()).unwrap_or_default();
    set_keep_capabilities(true)?;
    // Where groups cannot be left, as in some user namespaces, they are none of root's.
    let _ = set_thread_groups(&[]);
    become_user(own).or_else(|_error| become_user(NOBODY))?;
    let permitted = capabilities(None)?.permitted;
    set_capabilities(None, CapabilitySets { effective: permitted, permitted, inheritable: CapabilitySet::empty() })?;
    Ok(true)
}

fn become_user(number: u32) -> rustix::io::Result<()> {
    let (user, group) = (Uid::from_raw(number), Gid::from_raw(number));
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)
}

/// Gives back every privilege, of this thread and of all that it starts: no program gives any of them again, whoever owns it. No other process of the same user
/// may look into this one. To be called before other threads start.
pub fn give_back_for_good(kept: Kept) -> io::Result<()> {
    let kept = match kept {
        Kept::None => CapabilitySet::empty(),
        Kept::ToRead => CapabilitySet::DAC_READ_SEARCH,
    };
    set_no_new_privs(true)?;
    for capability in (CapabilitySet::all() - kept).iter() {
        // One that this kernel does not know nobody can have.
        let _ = remove_capability_from_bounding_set(capability);
    }
    clear_ambient_capability_set()?;
    set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable: kept })?;
    if !kept.is_empty() {
        configure_capability_in_ambient_set(kept, true)?;
    }
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
