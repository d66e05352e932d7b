//! An orderly end.

use rustix::process::Signal;

use crate::peer::{Datagram, Stream};
use crate::server::Server;

#[test]
fn clients_are_told_and_the_exit_is_clean() {
    for signal in [Signal::INT, Signal::TERM] {
        let server = Server::start(&["echo=tcp://127.0.0.1:0", "calc=0"]);
        let mut echo = Stream::connect(server.at("echo", "tcp"));
        echo.send(b"hi\n");
        echo.expect("hi\n");
        let mut calc = Stream::connect(server.at("calc", "tcp"));
        calc.send(b"Ada\r\n1 + 1\r\n");
        calc.expect("2\r\n");
        server.signal(signal);
        echo.expect("Error: the server is shutting down\n");
        echo.expect_end();
        calc.expect("Error: the server is shutting down\r\n");
        drop((echo, calc));
        let (status, lines) = server.wait();
        assert_eq!(status.code(), Some(0));
        assert!(lines.contains(&"Session ended".to_owned()), "{lines:?}");
    }
}

#[test]
fn a_client_that_does_not_leave_cannot_hold_the_server() {
    // The board's has the store open.
    let server = Server::start(&["board=tcp://127.0.0.1:0"]);
    let mut peer = Stream::connect(server.at("board", "tcp"));
    peer.send(b"GET\n");
    peer.expect("<<--bye-->>\n");
    // Neither does it read, nor close.
    server.signal(Signal::TERM);
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    drop(peer);
}

#[test]
fn the_boards_texts_on_their_way_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("texts.redb");
    let args = ["board=udp://127.0.0.1:0", "--store", store.to_str().unwrap()];
    let server = Server::start(&args);
    let peer = Datagram::connect(server.at("board", "udp"));
    for number in 0..50 {
        peer.send(format!("POST {number}").as_bytes());
    }
    for number in 0..50 {
        server.expect_line(&format!("{}: POST {number}", peer.0.local_addr().unwrap()));
    }
    server.signal(Signal::INT);
    assert_eq!(server.wait().0.code(), Some(0));
    let server = Server::start(&args);
    let peer = Datagram::connect(server.at("board", "udp"));
    peer.send(b"GET");
    for number in 0..50 {
        peer.expect(&number.to_string());
    }
    peer.expect("<<--bye-->>");
}
