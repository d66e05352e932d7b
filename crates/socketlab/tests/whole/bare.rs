//! Peers that send a message with one `send` and no newline, as most programs written for the labs do.

use std::time::Duration;

use crate::peer::Stream;
use crate::server::Server;

/// Far longer than the quiet time it goes with.
const PAUSE: Duration = Duration::from_millis(100);
const SHORT_QUIET: [&str; 2] = ["--set", "server.quiet_time=5ms"];

#[test]
fn calc_answers_a_bare_peer_without_a_newline() {
    let server = Server::start(&[&["calc=0"], &SHORT_QUIET[..]].concat());
    let mut peer = Stream::connect(server.at("calc", "tcp"));
    peer.send(b"Ada");
    peer.pause_after_read(PAUSE);
    for (request, answer) in
        [("12 + 42", "54"), ("nonsense", "Error: expected <number> <operator> <number>"), ("6 * 7", "42")]
    {
        peer.send(request.as_bytes());
        peer.expect(answer);
    }
    peer.send(b"q");
    peer.expect_end();
    server.expect_line("Session ended");
}

#[test]
fn add_answers_a_bare_peer_without_a_newline() {
    let server = Server::start(&["add=0"]);
    let mut peer = Stream::connect(server.at("add", "tcp"));
    peer.send(b"client42");
    peer.expect("ack");
    peer.send(b"3 4");
    peer.expect("7");
    peer.half_close();
    peer.expect_end();
}

#[test]
fn a_message_in_two_segments_is_one() {
    // A quiet time that no pause of a loaded machine reaches.
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--set", "server.quiet_time=1s"]);
    let mut peer = Stream::connect(server.at("echo", "tcp"));
    peer.send(b"first half,");
    peer.pause_after_read(Duration::from_millis(5));
    peer.send(b" second half");
    peer.expect("first half, second half");
    peer.half_close();
    peer.expect_end();
}

#[test]
fn a_nul_padded_field_is_answered_with_a_field() {
    let server = Server::start(&["add=0"]);
    let mut peer = Stream::connect(server.at("add", "tcp"));
    let field = |text: &str| format!("{text:\0<32}");
    peer.send(field("client42").as_bytes());
    peer.expect(&field("ack"));
    peer.send(field("3 4").as_bytes());
    peer.expect(&field("7"));
    assert_eq!(server.next_line(), "Connection initiated by client42");
}

#[test]
fn the_published_steps_of_sum_come_without_a_newline() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0", "--dialect", "steps"]);
    let mut peer = Stream::connect(server.at("sum", "tcp"));
    peer.expect("welcome");
    for (first, second, answer) in
        [("3", "4", "7"), ("1.5", "-2", "-0.5"), ("three", "4", "Invalid inputs"), ("3", "x", "Invalid inputs")]
    {
        peer.send(first.as_bytes());
        peer.expect("num1 received");
        peer.send(second.as_bytes());
        peer.expect(answer);
    }
    peer.send(b"Exit");
    peer.expect_end();
}

#[test]
fn the_steps_of_sum_say_busy_over_the_limit() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0", "--dialect", "steps", "--members", "1"]);
    let mut inside = Stream::connect(server.at("sum", "tcp"));
    inside.expect("welcome");
    let mut outside = Stream::connect(server.at("sum", "tcp"));
    outside.expect("Server Is Busy");
    outside.expect_end();
    inside.send(b"Exit");
    inside.expect_end();
    Stream::connect(server.at("sum", "tcp")).expect("welcome");
}
