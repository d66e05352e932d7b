//! Linux's networks as a program may use them: what crosses an interface, a network of one's own without root, and the processes
//! behind the sockets.
//!
//! [`capture`] reads frames from a ring that is shared with the kernel. [`namespace`] moves this process into a network where nobody else is.
//! [`files`] gives it a view of the files in which nothing can be changed. [`owners`] names processes. [`privileges`] gives back what is no longer needed. This is the only crate with unsafe code: each
//! block says why it is sound. On other systems than Linux the crate is empty.
#![cfg(target_os = "linux")]

pub mod capture;
pub mod files;
pub mod namespace;
pub mod owners;
pub mod privileges;
pub mod sockets;
