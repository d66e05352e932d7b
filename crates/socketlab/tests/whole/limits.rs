//! Limits that hold, and are told.

use std::net::TcpStream;
use std::process::Command;

use crate::peer::Stream;
use crate::server::{PATIENCE, Server, socketlab};

#[test]
fn the_limit_is_exact_after_any_mix_of_leavings() {
    const MEMBERS: usize = 5;
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--members", "5", "--idle-timeout", "60s", "--quiet"]);
    let chance = &mut fastrand::Rng::with_seed(3);
    let enter = || {
        let mut peer = Stream::connect(server.at("echo", "tcp"));
        peer.send(b"hi\n");
        peer.expect("hi\n");
        peer
    };
    for _round in 0..30 {
        let mut inside: Vec<_> = (0..MEMBERS).map(|_| enter()).collect();
        let mut outside = Stream::connect(server.at("echo", "tcp"));
        outside.expect("Error: the server is full (5 clients), try again later\n");
        outside.expect_end();
        while let Some(mut peer) = inside.pop() {
            match chance.u8(0..4) {
                0 => drop(peer),
                1 => peer.reset(),
                2 => {
                    peer.half_close();
                    peer.expect_end();
                }
                _ => {
                    peer.send(&[b'x'; 10_000]);
                    peer.expect("Error: message longer than 8192 bytes, closing the connection\n");
                }
            }
        }
    }
}

#[test]
fn one_address_has_its_own_limit() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--connections-per-address", "1"]);
    let mut inside = Stream::connect(server.at("echo", "tcp"));
    inside.send(b"hi\n");
    inside.expect("hi\n");
    let mut outside = Stream::connect(server.at("echo", "tcp"));
    outside.expect("Error: your address has 1 connections already, close some\n");
}

#[test]
fn a_silent_client_is_told_then_closed() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0", "--idle-timeout", "200ms", "--members", "1"]);
    for _ in 0..2 {
        let mut peer = Stream::connect(server.at("sum", "tcp"));
        peer.send(b"3\n");
        peer.expect("Error: nothing heard for 200ms, closing the connection\n");
        peer.expect_end();
    }
}

#[test]
fn a_peer_that_never_reads_costs_nothing_but_itself() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--quiet"]);
    let stuck = Stream::connect(server.at("echo", "tcp"));
    stuck.0.set_nonblocking(true).unwrap();
    // Until neither side's buffers take any more: the server has stopped reading from who does not read.
    let line = [&[b'x'; 8000][..], b"\n"].concat();
    let mut refused = 0;
    while refused < 100 {
        match std::io::Write::write(&mut &stuck.0, &line) {
            Ok(_) => refused = 0,
            Err(_) => {
                refused += 1;
                std::thread::yield_now();
            }
        }
    }
    let mut peer = Stream::connect(server.at("echo", "tcp"));
    peer.send(b"hi\n");
    peer.expect("hi\n");
}

/// With no descriptors left the server waits without spinning, and goes on when there are some.
#[test]
fn running_out_of_descriptors_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let program = socketlab(&folder);
    let mut limited = Command::new("sh");
    limited.arg("-c").arg("ulimit -n 40; exec \"$0\" serve echo=tcp://127.0.0.1:0 --quiet").arg(program.get_program());
    let server = Server::spawn(&mut limited);
    let peers: Vec<_> = (0..100).map(|_| TcpStream::connect(server.at("echo", "tcp")).unwrap()).collect();
    let before = cpu_ticks(&server);
    let pause = std::time::Duration::from_secs(1);
    std::thread::sleep(pause);
    let used = cpu_ticks(&server) - before;
    assert!(used < 30, "{used} hundredths of a second of CPU in one second of waiting");
    drop(peers);
    let mut peer = Stream::connect(server.at("echo", "tcp"));
    peer.0.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.send(b"hi\n");
    peer.expect("hi\n");
}

/// User and system time of the server, in ticks of a hundredth of a second: proc(5).
fn cpu_ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid().as_raw_nonzero())).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}
