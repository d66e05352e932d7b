//! The programs that watch, and what each says of the packets that it saw.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::words;
use crate::services::OURS;
use crate::target::is_installed;

/// A program that watches a port on loopback.
pub(super) struct Watcher {
    pub(super) name: &'static str,
    pub(super) command: Vec<OsString>,
    /// What it says when it watches.
    pub(super) ready: &'static str,
    /// Whether it prints a line for each packet.
    pub(super) tells: bool,
    /// The capture that it leaves.
    pub(super) file: Option<PathBuf>,
    /// What it says that the kernel dropped.
    pub(super) dropped: fn(&str) -> Option<u64>,
}

impl Watcher {
    pub(super) fn is_ours(&self) -> bool {
        self.name.starts_with(OURS)
    }
}

/// Ours without a file and with one, and those peers that are installed.
pub(super) fn all(ours: &Path, port: u16, folder: &Path) -> Vec<Watcher> {
    let port = port.to_string();
    let file = folder.join("live.pcapng");
    let own = words([ours.as_os_str(), "watch".as_ref(), "--port".as_ref(), port.as_ref()]);
    let writing = [&own[..], &words(["--write".as_ref(), file.as_os_str()])].concat();
    let told = |name, command, file| Watcher { name, command, ready: "watching", tells: true, file, dropped: by_us };
    let mut watchers = vec![told(OURS, own, None), told("socketlab --write", writing, Some(file.clone()))];
    let filter = format!("udp port {port}");
    let on_loopback: [&OsStr; 4] = ["-i".as_ref(), "lo".as_ref(), "-f".as_ref(), filter.as_ref()];
    let peer = |program: &str, options: &[&OsStr]| {
        let words = [&[OsStr::new(program)], &on_loopback[..], options].concat();
        words.into_iter().map(OsStr::to_owned).collect()
    };
    let tshark = Watcher {
        name: "tshark -l",
        command: peer("tshark", &["-n".as_ref(), "-l".as_ref()]),
        ready: "Capture started",
        tells: true,
        file: None,
        dropped: by_tshark,
    };
    let dumpcap = Watcher {
        name: "dumpcap",
        command: peer("dumpcap", &["-q".as_ref(), "-w".as_ref(), file.as_os_str()]),
        ready: "File:",
        tells: false,
        file: Some(file),
        dropped: by_dumpcap,
    };
    watchers.extend([tshark, dumpcap].into_iter().filter(|peer| is_installed(&peer.command[0])));
    watchers
}

/// Ours says nothing where nothing was dropped; it ends in success then.
fn by_us(said: &str) -> Option<u64> {
    number_before(said, " packets came faster").or(Some(0))
}

/// tshark says nothing either where nothing was dropped, but how many packets it captured.
fn by_tshark(said: &str) -> Option<u64> {
    number_before(said, " packets dropped from").or_else(|| number_before(said, " packets captured").map(|_all| 0))
}

/// `Packets received/dropped on interface 'Loopback: lo': 5/0 (…)`
fn by_dumpcap(said: &str) -> Option<u64> {
    let (_, counts) = said.split_once("Packets received/dropped on interface")?.1.split_once("': ")?;
    counts.split_once('/')?.1.split_ascii_whitespace().next()?.parse().ok()
}

/// The number that stands before some words.
pub(super) fn number_before(said: &str, words: &str) -> Option<u64> {
    said.split_once(words)?.0.split_ascii_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_read_from_what_each_says() {
        let ours =
            "socketlab: watching port 9 on lo\nsocketlab: 12 packets came faster than they could be taken: they are";
        assert_eq!((by_us(ours), by_us("socketlab: watching")), (Some(12), Some(0)));
        assert_eq!(by_tshark("tshark: \n5 packets captured\n7 packets dropped from lo\n"), Some(7));
        assert_eq!((by_tshark("tshark: \n5 packets captured\n"), by_tshark("tshark: no such device")), (Some(0), None));
        let dumpcap =
            "Packets captured: 5\nPackets received/dropped on interface 'Loopback: lo': 5/3 (pcap:0/dumpcap:3) (9%)\n";
        assert_eq!((by_dumpcap(dumpcap), by_dumpcap("dumpcap: no such device")), (Some(3), None));
    }
}
