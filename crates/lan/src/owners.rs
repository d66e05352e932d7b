//! Whose socket it is: the process behind it, as far as this user may see.

use std::collections::HashMap;
use std::fs::{read, read_dir, read_link};
use std::net::SocketAddr;
use std::time::Instant;

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
    /// No search among the newest processes, and none among all, before these moments: searching takes a small part of the time at most.
    rest_until: [Option<Instant>; 2],
}

/// At this many remembered sockets it begins anew, since numbers of sockets long closed gather.
const REMEMBERED_MAX: usize = 4096;
/// As many processes are looked at first.
const KNOWN_MAX: usize = 16;
/// Programs that end soon are to be found before a search through everything: they are among so many newest processes.
const NEWEST: usize = 32;
/// After a search it rests so many times as long as the search took.
const REST_FACTOR: u32 = 9;

impl Owners {
    /// The process behind the end `local` of a connection to `remote`, or behind the socket that waits there. None if it is gone already, or if
    /// it is another user's.
    ///
    /// # Errors
    /// If it would have to be searched for, and the last search was too short ago: worth asking again.
    pub fn owner(
        &mut self,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Option<Owner>, Resting> {
        let Some(inode) = sockets::all().ok().and_then(|all| find(&all, transport, local, remote)) else {
            return Ok(None);
        };
        if let Some(owner) = self.remembered(inode) {
            return Ok(Some(owner));
        }
        let mut rests = false;
        for (kind, processes_max) in [NEWEST, usize::MAX].into_iter().enumerate() {
            let start = Instant::now();
            if self.rest_until[kind].is_some_and(|end| start < end) {
                rests = true;
                continue;
            }
            let owner = self.search(inode, processes_max);
            self.rest_until[kind] = Some(Instant::now() + start.elapsed() * REST_FACTOR);
            if owner.is_some() {
                return Ok(owner);
            }
        }
        if rests { Err(Resting) } else { Ok(None) }
    }

    /// The process that holds the socket of this number.
    pub fn of(&mut self, inode: u64) -> Option<Owner> {
        self.remembered(inode).or_else(|| self.search(inode, usize::MAX))
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

    /// Looks at so many processes, the newest first: those of the programs that were just started.
    fn search(&mut self, inode: u64, processes_max: usize) -> Option<Owner> {
        let wanted = link(inode);
        let pid = processes().into_iter().take(processes_max).find(|pid| holds(*pid, &wanted))?;
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

/// No process is searched for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting;

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
    fn an_interpreter_is_named_with_its_script() {
        assert_eq!(script("python3", b"python3\0-u\0/home/ada/client.py\0localhost\0"), Some("client.py".to_owned()));
        assert_eq!(script("python3.11", b"python3\0-c\0import socket\0"), None);
        assert_eq!(script("nc", b"nc\0localhost\0"), None);
        assert_eq!(script("python3", b"python3\0"), None);
    }
}
