//! `socketlab watch` where something goes wrong: with the file, with the server, or with itself.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::server::socketlab;
use crate::watch::{networks_are_allowed, students, watch};

#[test]
fn a_capture_is_not_written_over_while_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcap");
    let capture = pcap(&[]);
    std::fs::write(&path, &capture).unwrap();
    let mut watch = socketlab(&folder);
    watch.arg("watch").arg("--read").arg(&path).arg("--write").arg(folder.path().join(".").join("a.pcap"));
    let output = watch.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is being read: write to another file"));
    assert_eq!(std::fs::read(&path).unwrap(), capture);
}

#[test]
fn a_files_name_cannot_act_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("\x1b[2Jgone\u{202e}");
    let output = socketlab(&folder).args(["watch", "--read"]).arg(&path).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("␛[2Jgone<U+202E>: No such file"), "{told}");
}

#[test]
fn what_cannot_be_saved_is_told_all_the_same() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, client) = students(&folder);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let watched = watch(&folder, &["--with", &server, "--write", "/dev/full"], &client);
    assert_eq!(watched.code, Some(1), "{}", watched.story);
    assert!(watched.story.contains("1 complete handshake.\nsocketlab: writing /dev/full: "), "{}", watched.story);
}

#[test]
fn a_server_in_the_background_is_waited_for_and_ended() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, client) = students(&folder);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let watched = watch(&folder, &["--with", &format!("{server} & sleep 600 &")], &client);
    assert_eq!((watched.code, watched.printed.as_str()), (Some(0), "Hello Ada\n54\nb''\n"), "{}", watched.story);
    let watched = watch(&folder, &["--with", "true &"], &["true"]);
    assert!(watched.story.contains("the server `true &` ended before it listened"), "{}", watched.story);
}

#[test]
fn a_server_ends_with_us_when_we_are_killed() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = "import socket, time; s = socket.socket(); s.bind(('', 4000)); s.listen(); time.sleep(600)";
    let mut watch = socketlab(&folder);
    watch.args([
        "watch",
        "--with",
        &format!("python3 -c \"{server}\"; true"),
        "--",
        "sh",
        "-c",
        "echo ready; read line",
    ]);
    // The command ends with its input; the server writes into the same pipe, which is at its end when both are gone.
    let mut watch = watch.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(watch.stdout.take().unwrap());
    let mut line = String::new();
    printed.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    kill_process(Pid::from_child(&watch), Signal::KILL).unwrap();
    watch.wait().unwrap();
    let mut rest = String::new();
    printed.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn who_follows_hears_each_by_name_and_of_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gaps.pcap");
    let (client, server) = ((1, 40_000), (2, 5000));
    let packets = [
        (0, segment(client, server, (0, 0), SYN, b"")),
        (1, segment(server, client, (0, 1), SYN | ACK, b"")),
        (2, segment(client, server, (1, 1), ACK, b"")),
        (3, segment(client, server, (1, 1), PSH | ACK, b"who is there?\n")),
        // Five bytes of the server's are lost, and the client acknowledges them.
        (4, segment(server, client, (6, 15), PSH | ACK, b"it is I\n")),
        (5, segment(client, server, (15, 14), ACK, b"")),
        (500, segment(client, server, (15, 14), PSH | ACK, b"well\n")),
        // Nothing acknowledges this one, nor what is lost before it.
        (501, segment(server, client, (20, 20), PSH | ACK, b"bye\n")),
    ];
    std::fs::write(&path, pcap(&packets)).unwrap();
    let output = socketlab(&folder).args(["watch", "--follow", "--read"]).arg(&path).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = told.lines().take_while(|line| !line.is_empty()).collect();
    let wanted = [
        "── conversation 1: client 1 10.0.0.1:40000 and server 10.0.0.2:5000 ──",
        "client 1 │ who is there?",
        "client 1 │ well",
        "server   ┆ 5 bytes are missing from the capture",
        "server   │ it is I",
    ];
    assert_eq!(&lines[..5], wanted, "{told}");
    let rest = ["server   ┆ 6 bytes are missing from the capture", "server   │ bye"];
    assert_eq!(lines.iter().rev().take(2).rev().copied().collect::<Vec<_>>(), rest, "{told}");
}

const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// An IPv4 packet with a TCP segment; hosts by their last number.
fn segment(from: (u8, u16), to: (u8, u16), (sequence, acknowledgement): (u32, u32), flags: u8, data: &[u8]) -> Vec<u8> {
    const HEADERS_BYTES: usize = 40;
    let length = u16::try_from(HEADERS_BYTES + data.len()).unwrap().to_be_bytes();
    let ip = [&[0x45, 0][..], &length, &[0, 0, 0x40, 0, 64, 6, 0, 0], &[10, 0, 0, from.0], &[10, 0, 0, to.0]].concat();
    let ports = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    let numbers = [sequence.to_be_bytes(), acknowledgement.to_be_bytes()].concat();
    [&ip[..], &ports, &numbers, &[0x50, flags, 2, 0, 0, 0, 0, 0], data].concat()
}

/// A pcap file of bare IP packets, each with the millisecond it came.
fn pcap(packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    const RAW: u32 = 101;
    let mut file = [0xa1b2_c3d4, 0x0002_0004, 0, 0, 65_535, RAW].map(u32::to_be_bytes).concat();
    for (at, bytes) in packets {
        let length = u32::try_from(bytes.len()).unwrap();
        file.extend([at / 1000, at % 1000 * 1000, length, length].map(u32::to_be_bytes).concat());
        file.extend(bytes);
    }
    file
}
