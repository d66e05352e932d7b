//! Peers that end their messages with a newline, and streams that end in all the ways they can.

use std::net::TcpStream;

use crate::peer::Stream;
use crate::server::Server;

fn calc() -> (Server, Stream) {
    let server = Server::start(&["calc=0"]);
    let peer = Stream::connect(server.at("calc", "tcp"));
    (server, peer)
}

#[test]
fn calc_answers_lines_with_lines_and_prints_the_name() {
    let (server, mut peer) = calc();
    peer.send(b"Ada\n");
    peer.send(b"12 + 42\n");
    peer.expect("54\n");
    peer.send(b"4.5 / -6\n");
    peer.expect("-0.75\n");
    peer.send(b"nonsense\n");
    peer.expect("Error: expected <number> <operator> <number>\n");
    peer.send(b"1 / 0\n");
    peer.expect("Error: division by zero\n");
    peer.send(b"0.1 + 0.2\n");
    peer.expect("0.3\n");
    peer.send(b"q\n");
    peer.expect_end();
    for line in ["Ada: 12 + 42", "Ada: 4.5 / -6", "Ada: nonsense", "Ada: 1 / 0", "Ada: 0.1 + 0.2", "Session ended"] {
        assert_eq!(server.next_line(), line);
    }
}

#[test]
fn carriage_returns_come_back() {
    let (_server, mut peer) = calc();
    peer.send(b"Ada\r\n12 + 42\r\n");
    peer.expect("54\r\n");
}

#[test]
fn glued_messages_are_answered_one_by_one() {
    let (_server, mut peer) = calc();
    peer.send(b"Ada\n1 + 1\n2 + 2\n3 + 3\n");
    peer.expect("2\n4\n6\n");
}

#[test]
fn one_byte_at_a_time_is_one_message() {
    let (_server, mut peer) = calc();
    for byte in b"Ada\n12 + 42\n" {
        peer.send(&[*byte]);
    }
    peer.expect("54\n");
}

#[test]
fn a_half_close_before_the_answer_is_answered() {
    let (server, mut peer) = calc();
    peer.send(b"Ada\n1 + 1\n12 + 42");
    peer.half_close();
    peer.expect("2\n54\n");
    peer.expect_end();
    server.expect_line("Session ended");
}

#[test]
fn a_reset_ends_the_session_and_nobody_elses() {
    let (server, mut bystander) = calc();
    bystander.send(b"Bob\n1 + 1\n");
    bystander.expect("2\n");
    let mut peer = Stream::connect(server.at("calc", "tcp"));
    peer.send(b"Ada\n12 + 42\n");
    peer.expect("54\n");
    peer.reset();
    server.expect_line("Session ended");
    bystander.send(b"2 + 2\n");
    bystander.expect("4\n");
}

#[test]
fn what_is_not_text_gets_an_error_and_the_session_goes_on() {
    let (_server, mut peer) = calc();
    peer.send(b"Ada\n\xff\xfe\n12 + 42\n");
    peer.expect("Error: expected text in UTF-8\n54\n");
}

#[test]
fn a_name_that_is_none_may_be_tried_again() {
    let (_server, mut peer) = calc();
    peer.send(b"\n\x1b[31m\nAda\n1 + 1\n");
    let refused = "Error: expected a name of 1 to 64 printable characters\n";
    peer.expect(&[refused, refused, "2\n"].concat());
}

#[test]
fn a_mebibyte_without_a_newline_is_refused_and_the_service_goes_on() {
    for service in ["echo", "calc", "add", "sum", "alnum", "clock", "board"] {
        let server = Server::start(&[&format!("{service}=tcp://127.0.0.1:0")]);
        let mut peer = Stream::connect(server.at(service, "tcp"));
        peer.send(&vec![b'x'; 1024 * 1024]);
        peer.expect("Error: message longer than 8192 bytes, closing the connection\n");
        peer.expect_end();
        assert!(TcpStream::connect(server.at(service, "tcp")).is_ok());
    }
}

#[test]
fn five_hundred_clients_at_once() {
    let server = Server::start(&["calc=127.0.0.1:0", "--quiet"]);
    let mut peers: Vec<_> = (0..500).map(|_| Stream::connect(server.at("calc", "tcp"))).collect();
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.send(format!("client{number}\n{number} + 1\n").as_bytes());
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.expect(&format!("{}\n", number + 1));
    }
}

#[test]
fn every_stream_service_speaks_ipv6() {
    let server = Server::start(&["echo=tcp://[::1]:0", "calc=[::1]:0", "add=0", "sum=tcp://[::1]:0"]);
    let talks = [
        ("echo", "hi\n", "hi\n"),
        ("calc", "Ada\n1 + 1\n", "2\n"),
        ("add", "Ada\n3,4\n", "ack\n7\n"),
        ("sum", "3 4\n", "7\n"),
    ];
    for (service, said, answer) in talks {
        let mut peer = Stream::connect(server.at_v6(service, "tcp"));
        peer.send(said.as_bytes());
        peer.expect(answer);
    }
}

#[test]
fn add_acknowledges_the_name_and_adds() {
    let server = Server::start(&["add=0"]);
    let mut peer = Stream::connect(server.at("add", "tcp"));
    peer.send(b"client42\n");
    peer.expect("ack\n");
    assert_eq!(server.next_line(), "Connection initiated by client42");
    peer.send(b"3 4\n10, 5\nthree\n");
    peer.expect("7\n15\nError: expected two numbers, like 3 4\n");
}

#[test]
fn sum_waits_for_the_second_number() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0"]);
    let mut peer = Stream::connect(server.at("sum", "tcp"));
    peer.send(b"3\n4\n1.5 2\nx\n");
    peer.expect("7\n3.5\nError: expected one or two numbers, like 3 4\n");
}

#[test]
fn clock_and_board_over_tcp_when_asked() {
    let server = Server::start(&["clock=tcp://127.0.0.1:0", "board=tcp://127.0.0.1:0", "--date-format", "%Y"]);
    let mut clock = Stream::connect(server.at("clock", "tcp"));
    clock.send(b"SEND_DATE\nnow?\n");
    clock.expect(&format!(
        "{}\nError in request format\n",
        jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year()
    ));
    let mut board = Stream::connect(server.at("board", "tcp"));
    board.send(b"POST one\nPOST two\nGET\n");
    board.expect("one\ntwo\n<<--bye-->>\n");
}

#[test]
fn a_line_only_service_waits_through_any_pause() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--framing", "line", "--set", "server.quiet_time=1ms"]);
    let mut peer = Stream::connect(server.at("echo", "tcp"));
    peer.send(b"no end");
    peer.pause_after_read(std::time::Duration::from_millis(50));
    peer.send(b" yet\n");
    peer.expect("no end yet\n");
}
