//! What a server prints, and that it never waits for who reads it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::peer::{Datagram, Stream};
use crate::server::{Server, socketlab};

#[test]
fn echo_prints_who_sent_what_and_no_living_control_character() {
    let server = Server::start(&["echo=127.0.0.1:0"]);
    let mut stream = Stream::connect(server.at("echo", "tcp"));
    stream.send(b"\x1b[2Jhello\x07\n");
    stream.expect("\x1b[2Jhello\x07\n");
    let from = stream.0.local_addr().unwrap();
    assert_eq!(server.next_line(), format!("{from}: ␛[2Jhello␇"));
    let datagram = Datagram::connect(server.at("echo", "udp"));
    datagram.send(b"one\r\ntwo");
    datagram.expect("one\r\ntwo");
    let from = datagram.0.local_addr().unwrap();
    assert_eq!(server.next_line(), format!("{from}: one␍␊two"));
}

#[test]
fn quiet_prints_the_endpoints_and_no_more() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--quiet"]);
    let mut peer = Stream::connect(server.at("echo", "tcp"));
    peer.send(b"hello\n");
    peer.expect("hello\n");
    server.signal(rustix::process::Signal::TERM);
    let (status, lines) = server.wait();
    assert!(status.success());
    assert_eq!(lines, [""; 0]);
}

#[test]
fn json_is_for_machines() {
    let server = Server::start(&["add=127.0.0.1:0", "--log-format", "json"]);
    let head: Vec<serde_json::Value> = server.head.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [listening, ready] = &head[..] else { panic!("{head:?}") };
    assert_eq!((&listening["service"], &listening["transport"]), (&"add".into(), &"tcp".into()));
    assert_eq!((&listening["text"], &listening["level"]), (&"listening".into(), &"info".into()));
    assert_eq!(ready["text"], "ready");
    ready["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let mut peer = Stream::connect(server.at("add", "tcp"));
    peer.send(b"Ada \"A\"\n");
    peer.expect("ack\n");
    let line: serde_json::Value = serde_json::from_str(&server.next_line()).unwrap();
    assert_eq!(line["service"], "add");
    assert_eq!(line["transport"], "tcp");
    assert_eq!(line["peer"], peer.0.local_addr().unwrap().to_string());
    assert_eq!(line["text"], "Connection initiated by Ada \"A\"");
    line["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
}

#[test]
fn a_terminal_that_is_not_read_or_closed_slows_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = socketlab(&folder)
        .args(["serve", "echo=tcp://127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.split_whitespace().nth(2).unwrap().parse().unwrap();
    let mut peer = Stream::connect(address);
    // Several times what a pipe and the printer's own buffer hold.
    let message = format!("{:x<1000}\n", "");
    let talk = |peer: &mut Stream, count: usize| {
        for _ in 0..count {
            peer.send(message.as_bytes());
            peer.expect(&message);
        }
    };
    talk(&mut peer, 4000);
    drop(stdout);
    talk(&mut peer, 100);
    child.kill().unwrap();
    child.wait().unwrap();
}
