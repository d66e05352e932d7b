//! Giving back what is needed no more: capabilities(7).

use std::io;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
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
