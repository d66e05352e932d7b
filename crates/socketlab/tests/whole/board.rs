//! The board over UDP, and what survives a crash.

use std::io::Read as _;
use std::time::Duration;

use crate::peer::{Datagram, Stream};
use crate::server::{Server, socketlab};

#[test]
fn post_and_get_with_the_labs_exact_texts() {
    let server = Server::start(&["board=udp://127.0.0.1:0"]);
    let peer = Datagram::connect(server.at("board", "udp"));
    peer.send(b"POST hello world");
    peer.send(b"POST \"quoted\"");
    peer.send(b"GET");
    for text in ["hello world", "\"quoted\"", "<<--bye-->>"] {
        peer.expect(text);
    }
    peer.send(b"get");
    peer.expect("Error: expected GET or POST <text>");
    assert!(peer.is_silent(), "POST is not answered");
}

#[test]
fn post_is_acknowledged_when_told_to() {
    let server = Server::start(&["board=udp://127.0.0.1:0", "--acknowledge"]);
    let peer = Datagram::connect(server.at("board", "udp"));
    peer.send(b"POST kept");
    peer.expect("saved");
}

#[test]
fn a_full_board_says_so() {
    let server = Server::start(&["board=udp://127.0.0.1:0", "--acknowledge", "--set", "board.texts=2"]);
    let peer = Datagram::connect(server.at("board", "udp"));
    for _ in 0..2 {
        peer.send(b"POST text");
        peer.expect("saved");
    }
    peer.send(b"POST too much");
    peer.expect("Error: the board is full");
}

/// As many as fit a receiver's buffer, so that none is lost however late this test reads.
#[test]
fn many_texts_come_in_order_and_whole() {
    let server = Server::start(&["board=udp://127.0.0.1:0", "--acknowledge", "--quiet"]);
    let peer = Datagram::connect(server.at("board", "udp"));
    let text = |number: usize| format!("{number:0>200}");
    for number in 0..200 {
        peer.send(format!("POST {}", text(number)).as_bytes());
        peer.expect("saved");
    }
    peer.send(b"GET");
    for number in 0..200 {
        peer.expect(&text(number));
    }
    peer.expect("<<--bye-->>");
}

/// Kills the real server again and again while texts are posted: what was acknowledged is there after every restart.
#[test]
fn an_acknowledged_text_survives_kill_9() {
    const ROUNDS: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let chance = &mut fastrand::Rng::with_seed(7);
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..=ROUNDS {
        let mut command = socketlab(&folder);
        let places = ["board=udp://127.0.0.1:0", "board=tcp://127.0.0.1:0"];
        let server = Server::spawn(command.arg("serve").args(places).args(["--acknowledge", "--quiet"]));
        let peer = Datagram::connect(server.at("board", "udp"));
        let kept = get_all(&server);
        let mut rest = kept.iter();
        for text in &acknowledged {
            assert!(rest.any(|other| other == text), "round {round}: {text} was acknowledged and is lost");
        }
        // The kill comes while texts are on their way, at a moment drawn by chance.
        let before_kill = chance.usize(1..40);
        for number in 0..60 {
            let text = format!("round {round} text {number}");
            peer.send(format!("POST {text}").as_bytes());
            if number < before_kill {
                peer.expect("saved");
                acknowledged.push(text);
            }
        }
        drop(server);
        peer.0.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut late = before_kill;
        // What was acknowledged between our last look and the kill counts too.
        while peer.0.recv(&mut [0; 100]).is_ok() {
            acknowledged.push(format!("round {round} text {late}"));
            late += 1;
        }
    }
    assert!(acknowledged.len() > ROUNDS);
}

/// All texts, over TCP, which loses none.
pub(crate) fn get_all(server: &Server) -> Vec<String> {
    let mut peer = Stream::connect(server.at("board", "tcp"));
    peer.send(b"GET\n");
    peer.half_close();
    let mut answer = String::new();
    peer.0.read_to_string(&mut answer).unwrap();
    let texts = answer.strip_suffix("<<--bye-->>\n").expect("the bye comes last");
    texts.lines().map(str::to_owned).collect()
}
