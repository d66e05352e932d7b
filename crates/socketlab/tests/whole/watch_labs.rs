//! The labs' real servers and clients, watched: the stories are those that `wire` tells of scripted packets in its golden files.

use std::collections::BTreeMap;

use crate::server::socketlab;
use crate::watch::{networks_are_allowed, watch, watch_json};

/// A lab: what is served, and what its clients do.
struct Lab {
    golden: &'static str,
    serve: &'static [&'static str],
    host: &'static str,
    port: &'static str,
    moves: &'static [&'static str],
    /// Lines of the golden story that our server has no part in.
    other: &'static [&'static str],
}

const LABS: [Lab; 9] = [
    Lab {
        golden: "numbers",
        serve: &["numbers"],
        host: "127.0.0.1",
        port: "12000",
        moves: &[
            "a binds 11000",
            "b binds 13000",
            "a sends 1",
            "b sends 1",
            "a sends 2",
            "b sends 2",
            "a sends 3",
            "b sends 3",
        ],
        other: &[],
    },
    Lab {
        golden: "echo",
        serve: &["echo"],
        host: "127.0.0.1",
        port: "12001",
        moves: &[
            "a connects",
            r"a sends Hello\r\n",
            "a hears 7",
            r"a sends one\r\ntwo\r\n",
            "a hears 10",
            r"a sends Gr\xc3",
            "a pauses",
            r"a sends \xbc\xc3\x9fe, \xe4\xb8\x96\xe7\x95\x8c\r\n",
            "a hears 17",
            "a half-closes",
            "a sees-the-end",
            "a closes",
        ],
        other: &[],
    },
    Lab {
        golden: "alnum",
        serve: &["alnum"],
        host: "127.0.0.1",
        port: "12002",
        moves: &[
            "a binds 0",
            "a sends abc123",
            "a hears 13",
            r"a sends \x1b[2J\x07\xe2\x80\xaeevil\xc2\x9b31m",
            "a hears 17",
        ],
        other: &[],
    },
    Lab {
        golden: "clock",
        serve: &["clock"],
        host: "127.0.0.1",
        port: "12003",
        moves: &[
            "a binds 0",
            "a sends SEND_DATE",
            "a hears 10",
            "a sends SEND_TIME",
            "a hears 8",
            "a sends SEND_MONEY",
            "a hears 23",
        ],
        // At the last request its server is gone.
        other: &["    7    4.2", "ICMP"],
    },
    Lab {
        golden: "calc",
        serve: &["calc"],
        host: "127.0.0.1",
        port: "12004",
        moves: &[
            "a connects",
            "a sends Batman",
            "a pauses",
            "a sends 12 + 42",
            "a hears 2",
            "a sends 4.5 / -6",
            "a hears 5",
            "a sends 1 + 23 * 4",
            "a hears 44",
            "a sends q",
            "a sees-the-end",
            "a closes",
        ],
        other: &[],
    },
    Lab {
        golden: "add",
        serve: &["add"],
        host: "127.0.0.1",
        port: "12005",
        moves: &[
            "a connects",
            "a sends Batman-4711",
            "a hears 3",
            "b connects",
            "b sends Robin-42",
            "b hears 3",
            "a sends 3 4",
            "a hears 1",
            "a half-closes",
            "a sees-the-end",
            "a closes",
            "b sends 10 1",
            "b hears 2",
            "b resets",
        ],
        other: &[],
    },
    Lab {
        golden: "sum",
        serve: &["sum", "--dialect", "steps", "--members", "1"],
        host: "::1",
        port: "12006",
        moves: &[
            "a connects",
            "a hears 7",
            "a sends 3",
            "a hears 13",
            "a sends 4",
            "a hears 1",
            "b connects",
            "b hears 14",
            "b sees-the-end",
            "b closes",
            "a sends Exit",
            "a half-closes",
            "a sees-the-end",
            "a closes",
        ],
        other: &[],
    },
    Lab {
        golden: "board",
        serve: &["board"],
        host: "127.0.0.1",
        port: "12007",
        moves: &[
            "a binds 0",
            "a sends POST Buy milk",
            r"a sends POST \xe4\xb8\x96\xe7\x95\x8c",
            "a pauses",
            "a sends GET",
            "a hears 8",
            "a hears 6",
            "a hears 11",
        ],
        other: &[],
    },
    Lab {
        golden: "chat",
        serve: &["chat"],
        host: "127.0.0.1",
        port: "12009",
        moves: &[
            "a connects",
            r"a sends Batman\n",
            "a hears 53",
            "b connects",
            r"b sends Robin\n",
            "b hears 52",
            "a hears 52",
            r"a sends Anyone here?\nHello?\n",
            "b hears 36",
            r"b sends quit\n",
            "a hears 50",
            "b half-closes",
            "b sees-the-end",
            "b closes",
        ],
        // Ours closes first at `quit`; theirs lets the client.
        other: &["FIN"],
    },
];

/// What each client and its server do, in order: the kinds of packets, and what they carry. Times, ports and bare acknowledgements are the
/// kernel's business; dates and times the clock's, so digits behind a colon, an equals sign or a dash are blurred.
fn shape(story: &str, other: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut shapes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in story.lines().take_while(|line| !line.is_empty()) {
        if other.iter().any(|other| line.contains(other)) {
            continue;
        }
        let Some((ends, what)) = line.split_once(" → ").map(|(from, rest)| {
            let (to, what) = rest.split_at(10);
            ((from.split_whitespace().skip(2).collect::<Vec<_>>().join(" "), to.trim().to_owned()), what.trim())
        }) else {
            continue;
        };
        let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
        let step = match kind {
            "ACK" if what.contains("handshake 3 of 3") => "opens".to_owned(),
            "ACK" => continue,
            "data" | "datagram" => blur(&format!("{kind} {}", rest.split(" · ").next().unwrap_or_default().trim())),
            other => other.to_owned(),
        };
        let client = if ends.0.starts_with("client") { &ends.0 } else { &ends.1 };
        shapes.entry(client.clone()).or_default().push(format!("{} {step}", ends.0));
    }
    shapes
}

fn blur(text: &str) -> String {
    let is_time = |text: &str| text.contains("time=") || text.contains("8 bytes") || text.contains("10 bytes");
    if !is_time(text) {
        return text.to_owned();
    }
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn golden(lab: &Lab) -> String {
    let path = format!("{}/../wire/tests/golden/{}.txt", env!("CARGO_MANIFEST_DIR"), lab.golden);
    std::fs::read_to_string(path).unwrap()
}

const MOVES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/whole/watch_moves.py");

#[test]
fn every_lab_tells_the_golden_story() {
    if !networks_are_allowed() {
        return;
    }
    for lab in &LABS {
        let folder = tempfile::tempdir().unwrap();
        let program = socketlab(&folder);
        let server = format!("{} serve {}", program.get_program().to_str().unwrap(), lab.serve.join(" "));
        let command = [&["python3", MOVES, lab.host, lab.port], lab.moves].concat();
        let watched = watch(&folder, &["--with", &server], &command);
        assert_eq!(watched.code, Some(0), "{}: {}", lab.golden, watched.story);
        assert_eq!(
            shape(&watched.story, lab.other),
            shape(&golden(lab), lab.other),
            "{}:\n{}",
            lab.golden,
            watched.story
        );
    }
}

/// Our own client and server, whose keys are their own each time.
#[test]
fn talk_tells_that_it_cannot_be_read() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = socketlab(&folder);
    let program = program.get_program().to_str().unwrap();
    let talk = format!("echo hello | {program} talk --dialect lab");
    let (events, summary) = watch_json(&folder, &["--with", &format!("{program} serve talk")], &["sh", "-c", &talk]);
    let names: Vec<&str> =
        events.iter().filter_map(|event| event["name"].as_str()).filter(|name| !name.is_empty()).collect();
    assert_eq!(names[..2], ["talk public key", "public key"], "{names:?}");
    assert!(names[2..].iter().all(|name| name.ends_with("encrypted message")), "{names:?}");
    let readable = &summary["conversations"][0]["readable"];
    assert_eq!(readable["answer"], "partly", "{readable}");
    assert_eq!(readable["rest"]["look"], "random", "{readable}");
}
