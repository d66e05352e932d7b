//! Whose socket it is: the process behind it, as far as this user may see.

use std::collections::HashMap;
use std::fs::{read, read_dir, read_link};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use wire::Transport;

use crate::sockets::{self, Socket};

/// A process that holds a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub pid: u32,
    /// The program; for one of many uses, as an interpreter, with what it does: `python3 client.py`. Any bytes are possible that the system allows in file names.
    pub name: String,
}

/// Finds owners, and remembers them.
#[derive(Debug, Default)]
pub struct Owners {
    by_inode: HashMap<u64, Owner>,
    /// Processes that held a socket before, and are likely to hold the next.
    known: Vec<u32>,
    budget: Budget,
}

/// At this many remembered sockets it begins anew, since numbers of sockets long closed gather.
const REMEMBERED_MAX: usize = 4096;
/// As many processes are looked at first.
const KNOWN_MAX: usize = 16;

impl Owners {
    /// The process behind the end `local` of a connection to `remote`, or behind the socket that waits there. None if it is gone already, or if
    /// it is another user's.
    ///
    /// # Errors
    /// If looking has taken too much of the time lately: worth asking again.
    pub fn owner(
        &mut self,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Option<Owner>, Resting> {
        let start = Instant::now();
        if !self.budget.allows(start) {
            return Err(Resting);
        }
        let inode = sockets::all().ok().and_then(|all| find(&all, transport, local, remote));
        let owner = inode.and_then(|inode| self.of(inode));
        self.budget.spend(start.elapsed());
        Ok(owner)
    }

    /// The process that holds the socket of this number.
    pub fn of(&mut self, inode: u64) -> Option<Owner> {
        self.remembered(inode).or_else(|| self.search(inode))
    }

    /// Without a search through everything: it was asked for before, or a process holds it that holds others.
    fn remembered(&mut self, inode: u64) -> Option<Owner> {
        if let Some(owner) = self.by_inode.get(&inode) {
            return Some(owner.clone());
        }
        let wanted = link(inode);
        let pid = self.known.iter().copied().find(|pid| holds(*pid, &wanted))?;
        self.remember(inode, pid)
    }

    /// Looks at all processes, the newest first: those of the programs that were just started, and may soon end.
    fn search(&mut self, inode: u64) -> Option<Owner> {
        let wanted = link(inode);
        let pid = processes().into_iter().find(|pid| holds(*pid, &wanted))?;
        self.remember(inode, pid)
    }

    fn remember(&mut self, inode: u64, pid: u32) -> Option<Owner> {
        let owner = Owner { pid, name: name(pid)? };
        if !self.known.contains(&pid) {
            self.known.insert(0, pid);
            self.known.truncate(KNOWN_MAX);
        }
        if self.by_inode.len() >= REMEMBERED_MAX {
            self.by_inode.clear();
        }
        self.by_inode.insert(inode, owner.clone());
        Some(owner)
    }
}

/// No process is looked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting;

/// Bounds the time that looking takes: where there are thousands of sockets and processes, one look takes tens of milliseconds.
#[derive(Debug)]
struct Budget {
    /// Nanoseconds that may be spent; below zero it rests.
    left: i64,
    since: Option<Instant>,
}

impl Budget {
    /// So much may be spent at once, in nanoseconds.
    const MOST: i64 = 50_000_000;
    /// In the long run one part in so many of the time.
    const SHARE: u128 = 10;

    fn allows(&mut self, now: Instant) -> bool {
        let earned = self.since.map_or(0, |since| now.duration_since(since).as_nanos() / Self::SHARE);
        self.since = Some(now);
        self.left = self.left.saturating_add(i64::try_from(earned).unwrap_or(i64::MAX)).min(Self::MOST);
        self.left > 0
    }

    fn spend(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: Self::MOST, since: None }
    }
}

/// How /proc/PID/fd shows a socket.
fn link(inode: u64) -> String {
    format!("socket:[{inode}]")
}

/// The socket that is this end of the connection, else the one that waits for such connections.
fn find(sockets: &[Socket], transport: Transport, local: SocketAddr, remote: SocketAddr) -> Option<u64> {
    let held = || sockets.iter().filter(|socket| socket.transport == transport && socket.inode != 0);
    let is_end = |socket: &&Socket| socket.local == local && socket.remote == remote;
    let waits_there = |socket: &&Socket| {
        let everywhere = socket.local.ip().is_unspecified();
        socket.waits && socket.local.port() == local.port() && (everywhere || socket.local.ip() == local.ip())
    };
    held().find(is_end).or_else(|| held().find(waits_there)).map(|socket| socket.inode)
}

/// All processes, the youngest first.
fn processes() -> Vec<u32> {
    let entries = read_dir("/proc").into_iter().flatten().flatten();
    let mut all: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all
}

fn holds(pid: u32, wanted: &str) -> bool {
    let descriptors = read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let mut targets = descriptors.filter_map(|descriptor| read_link(descriptor.path()).ok());
    targets.any(|target| target.as_os_str() == wanted)
}

/// What a person calls the process.
fn name(pid: u32) -> Option<String> {
    let program = String::from_utf8_lossy(&read(format!("/proc/{pid}/comm")).ok()?).trim_end().to_owned();
    let line = read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    Some(match script(&program, &line) {
        Some(script) => format!("{program} {script}"),
        None => program,
    })
}

/// What a program of many uses is used for, by its command line: the first argument that is no option, without its folder.
fn script(program: &str, line: &[u8]) -> Option<String> {
    if !OF_MANY_USES.iter().any(|name| program.starts_with(name)) {
        return None;
    }
    let mut arguments = line.split(|byte| *byte == 0).skip(1).filter(|argument| !argument.is_empty());
    let script = arguments.find(|argument| !argument.starts_with(b"-"))?;
    let is_inline = line.split(|byte| *byte == 0).any(|argument| argument == b"-c" || argument == b"-e");
    let script = String::from_utf8_lossy(script);
    (!is_inline).then(|| script.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Interpreters, whose script says more than their name, and this program.
const OF_MANY_USES: [&str; 9] = ["python", "java", "node", "ruby", "perl", "sh", "bash", "dash", "socketlab"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn both_ends_of_a_connection_are_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let client = TcpStream::connect(server).unwrap();
        let own = client.local_addr().unwrap();
        let mut owners = Owners::default();
        let is_us = |owner: Option<Owner>| owner.is_some_and(|owner| owner.pid == std::process::id());
        // Not accepted yet, so it is the listener's.
        let inode = |local, remote| find(&sockets::all().unwrap(), Transport::Tcp, local, remote).unwrap();
        let listening = inode(server, own);
        assert!(is_us(owners.of(listening)));
        let _accepted = listener.accept().unwrap();
        assert_ne!(inode(server, own), listening);
        assert!(is_us(owners.of(inode(server, own))));
        assert!(is_us(owners.of(inode(own, server))));
        assert!(!is_us(owners.of(0)));
    }

    #[test]
    fn looking_takes_a_tenth_of_the_time() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        assert!(budget.allows(start));
        budget.spend(Duration::from_millis(60));
        assert!(!budget.allows(start + Duration::from_millis(99)));
        assert!(budget.allows(start + Duration::from_millis(101)));
        budget.spend(Duration::from_millis(1));
        // However long it rested, it saves no more than it began with.
        assert!(budget.allows(start + Duration::from_secs(1000)));
        budget.spend(Duration::from_millis(51));
        assert!(!budget.allows(start + Duration::from_secs(1000)));
    }

    #[test]
    fn an_interpreter_is_named_with_its_script() {
        assert_eq!(script("python3", b"python3\0-u\0/home/ada/client.py\0localhost\0"), Some("client.py".to_owned()));
        assert_eq!(script("python3.11", b"python3\0-c\0import socket\0"), None);
        assert_eq!(script("nc", b"nc\0localhost\0"), None);
        assert_eq!(script("python3", b"python3\0"), None);
    }
}
