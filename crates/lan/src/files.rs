//! A view of the computer's files of one's own, in which nothing can be changed: mount_namespaces(7).
//!
//! All this is for a process in a mount namespace of its own (`namespace::enter_apart`), and acts on what it and its children see. First what is to be seen
//! elsewhere is held ([`Held`], [`Memory`]), then everything is sealed, and then memory and what was held are put in their places.
#![allow(unsafe_code, reason = "mount_setattr(2) has no safe wrapper")]

use std::fs::{File, Permissions, create_dir, set_permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use libc::{MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY};
use rustix::fs::{CWD, FileType, fstat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_string, fsmount, fsopen, mount, move_mount, open_tree,
};

/// Makes everything read-only that is seen now, whatever it is mounted from, and lets what is mounted outside later stay there. Devices can be written to.
/// Linux 5.12.
pub fn seal() -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
        attr_clr: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    let size = size_of_val(&attributes);
    // SAFETY: the path is a string that ends, and the kernel reads `attributes`, of exactly the size told, and keeps no pointer to it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c"/".as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A file, or a folder with all that is mounted in it, which can be put somewhere else.
#[derive(Debug)]
pub struct Held(OwnedFd);

impl Held {
    pub fn new(path: &Path) -> io::Result<Self> {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
        Ok(Self(open_tree(CWD, path, flags)?))
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> io::Result<bool> {
        Ok(FileType::from_raw_mode(fstat(&self.0)?.st_mode) == FileType::Directory)
    }

    /// Lets it be seen at this path, where something of its kind is.
    pub fn put(&self, path: &Path) -> io::Result<()> {
        put(&self.0, path)
    }
}

/// A folder in memory, which is to be seen somewhere. What is in it is gone with the last process that sees it.
#[derive(Debug)]
pub struct Memory(OwnedFd);

impl Memory {
    /// An empty one for so many bytes and files, which anybody may write to if it is `common`, as everybody may to /tmp.
    pub fn new(bytes_max: u64, files_max: u64, common: bool) -> io::Result<Self> {
        let system = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_set_string(system.as_fd(), "size", bytes_max.to_string())?;
        fsconfig_set_string(system.as_fd(), "nr_inodes", files_max.to_string())?;
        fsconfig_set_string(system.as_fd(), "mode", if common { "1777" } else { "755" })?;
        fsconfig_create(system.as_fd())?;
        let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
        Ok(Self(fsmount(system.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?))
    }

    /// By which it is reached before it is seen anywhere.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }

    /// Lets it be seen at this path, where a folder is, which is then not.
    pub fn put(&self, path: &Path) -> io::Result<()> {
        put(&self.0, path)
    }
}

fn put(what: &OwnedFd, path: &Path) -> io::Result<()> {
    // A link is a name for where it leads.
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    Ok(move_mount(what, "", CWD, path, flags)?)
}

/// The devices that programs use.
const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];
/// What else there is, and where it leads.
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Lets /dev hold only what is nobody's: no disk, and terminals of one's own. /dev/shm is there, as a place for memory.
pub fn put_devices() -> io::Result<()> {
    let device = |name: &str| Ok((name.to_owned(), Held::new(&Path::new("/dev").join(name))?));
    // Some containers lack some.
    let held = DEVICES.iter().filter(|name| Path::new("/dev").join(name).exists()).map(|name| device(name));
    let held: Vec<(String, Held)> = held.collect::<io::Result<_>>()?;
    let folder = Memory::new(0x10000, 64, false)?;
    let inside = folder.path();
    for (name, _) in &held {
        File::create(inside.join(name))?;
    }
    for (name, to) in LINKS {
        symlink(to, inside.join(name))?;
    }
    create_dir(inside.join("pts"))?;
    create_dir(inside.join("shm"))?;
    set_permissions(&inside, Permissions::from_mode(0o555))?;
    folder.put(Path::new("/dev"))?;
    for (name, device) in &held {
        device.put(&Path::new("/dev").join(name))?;
    }
    let careful = MountFlags::NOSUID | MountFlags::NOEXEC;
    Ok(mount("devpts", "/dev/pts", "devpts", careful, c"newinstance,ptmxmode=0666,mode=620")?)
}

/// Lets /proc tell of the own processes alone, where the system does: in some containers it does not, since theirs hides things.
pub fn put_processes() -> io::Result<()> {
    let careful = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    Ok(mount("proc", "/proc", "proc", careful, None)?)
}
