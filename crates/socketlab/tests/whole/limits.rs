//! Limits that hold, and are told.

use std::fs::File;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

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

/// Bare newlines are the shortest messages, and calc's answer to each is much longer.
#[test]
fn peers_that_never_read_cost_little_memory() {
    const PEERS: usize = 100;
    const RESIDENT_KIB_MAX: u64 = 64 * 1024;
    /// Longer than the server takes to go on where it can.
    const CALM: Duration = Duration::from_millis(500);
    let server = Server::start(&["calc=127.0.0.1:0", "--quiet"]);
    let stuck: Vec<_> = (0..PEERS).map(|_| Stream::connect(server.at("calc", "tcp"))).collect();
    for peer in &stuck {
        peer.0.set_nonblocking(true).unwrap();
        // So that their own buffers are full soon.
        let socket = socket2::SockRef::from(&peer.0);
        socket.set_recv_buffer_size(4096).unwrap();
        socket.set_send_buffer_size(16 * 1024).unwrap();
    }
    let newlines = [b'\n'; 16 * 1024];
    let end = Instant::now() + PATIENCE;
    let mut taken = Instant::now();
    while taken.elapsed() < CALM {
        assert!(Instant::now() < end, "the server goes on reading from peers that never read");
        for peer in &stuck {
            if std::io::Write::write(&mut &peer.0, &newlines).is_ok() {
                taken = Instant::now();
            }
        }
        let resident = resident_kib(&server);
        assert!(resident < RESIDENT_KIB_MAX, "{resident} KiB for {PEERS} peers that never read");
        std::thread::yield_now();
    }
    let mut peer = Stream::connect(server.at("calc", "tcp"));
    peer.send(b"Ada\n1 + 1\n");
    peer.expect("2\n");
}

/// The server's memory: VmRSS in proc(5).
fn resident_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The limit of open files is worth a word to who serves over TCP, and to nobody else.
#[test]
fn too_few_descriptors_are_told_where_they_count() {
    let folder = tempfile::tempdir().unwrap();
    let program = socketlab(&folder);
    let told = folder.path().join("told");
    for (services, wanted) in [
        (&["clock=127.0.0.1:0"][..], None),
        (&["echo=tcp://127.0.0.1:0"], Some("lets hardly any clients connect, fewer than the 3000 of")),
        (&["echo=127.0.0.1:0", "calc=0", "--members", "7"], Some("fewer than the 14 of")),
    ] {
        let mut limited = Command::new("sh");
        limited.arg("-c").arg("ulimit -n 40; exec \"$0\" serve \"$@\"").arg(program.get_program()).args(services);
        let server = Server::spawn(limited.stderr(File::create(&told).unwrap()));
        server.signal(Signal::TERM);
        server.wait();
        let told = std::fs::read_to_string(&told).unwrap();
        match wanted {
            Some(wanted) => assert!(told.contains(wanted), "{services:?}: {told}"),
            None => assert_eq!(told, "", "{services:?}"),
        }
    }
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
    let pause = Duration::from_secs(1);
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
