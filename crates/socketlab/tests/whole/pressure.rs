//! Peers that wish a server ill, disks that fill up, and machines that pause.

use std::io::Read as _;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::peer::{Datagram, Stream};
use crate::server::{Server, skip, socketlab};

/// A message whose second part has arrived is one message, however late the server comes to read it.
#[test]
fn a_server_that_was_paused_does_not_cut_what_had_arrived() {
    const QUIET: Duration = Duration::from_millis(200);
    let server = Server::start(&["echo=tcp://127.0.0.1:0", "--set", "server.quiet_time=200ms"]);
    let mut paused_in_time = 0;
    for _ in 0..100 {
        let mut peer = Stream::connect(server.at("echo", "tcp"));
        let begin = Instant::now();
        peer.send(b"first half,");
        // So that the server waits in the system, where the alarm and the second half find it together.
        peer.pause_after_read(QUIET / 6);
        server.signal(Signal::STOP);
        wait_until_stopped(&server);
        peer.send(b" second half");
        let in_time = begin.elapsed() < QUIET / 2;
        std::thread::sleep(QUIET * 2);
        server.signal(Signal::CONT);
        // On a machine so busy that the first half was a message before the pause, the round says nothing.
        if in_time {
            peer.expect("first half, second half");
            paused_in_time += 1;
        }
        if paused_in_time == 3 {
            return;
        }
    }
    panic!("the server could not be paused in time");
}

/// A stop takes effect thread by thread: proc(5).
fn wait_until_stopped(server: &Server) {
    let tasks = format!("/proc/{}/task", server.pid().as_raw_nonzero());
    let stopped = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, after_name)| after_name.trim_start().starts_with('T'))
    };
    while !std::fs::read_dir(&tasks).unwrap().all(stopped) {
        std::thread::yield_now();
    }
}

#[test]
fn every_newcomer_at_a_full_service_is_told() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0", "--dialect", "steps", "--members", "1", "--quiet"]);
    let mut inside = Stream::connect(server.at("sum", "tcp"));
    inside.expect("welcome");
    let mut outside: Vec<_> = (0..300).map(|_| Stream::connect(server.at("sum", "tcp"))).collect();
    for newcomer in &mut outside {
        newcomer.expect("Server Is Busy");
    }
}

/// Closed connections whose peers stay are counted by no limit of members, so they have one of their own.
#[test]
fn peers_that_stay_after_the_end_do_not_use_up_the_descriptors() {
    let server = Server::start(&["calc=127.0.0.1:0", "--members", "1", "--quiet"]);
    let descriptors = format!("/proc/{}/fd", server.pid().as_raw_nonzero());
    let mut stayed = Vec::new();
    let mut most = 0;
    for round in 0..2000 {
        let mut peer = Stream::connect(server.at("calc", "tcp"));
        peer.send(b"q\n");
        peer.expect_end();
        stayed.push(peer);
        if round % 100 == 0 {
            most = most.max(std::fs::read_dir(&descriptors).unwrap().count());
        }
    }
    assert!(most < 1200, "{most} descriptors are open");
}

/// A reader that takes its answer slowly but steadily is not idle.
#[test]
fn a_slow_reader_gets_everything() {
    const TEXT_BYTES: usize = 1_000_000;
    const TEXTS: usize = 12;
    let limits = ["board.texts_bytes=20000000", "board.message_bytes=1048576", "board.idle_timeout=1s"];
    let sets = limits.iter().flat_map(|limit| ["--set", limit]);
    let args: Vec<_> = ["board=tcp://127.0.0.1:0", "--quiet", "--acknowledge"].into_iter().chain(sets).collect();
    let server = Server::start(&args);
    let mut peer = Stream::connect(server.at("board", "tcp"));
    for _ in 0..TEXTS {
        peer.send(format!("POST {}\n", "x".repeat(TEXT_BYTES)).as_bytes());
        peer.expect("saved\n");
    }
    peer.send(b"GET\n");
    let mut piece = vec![0; 250_000];
    for _ in 0..TEXTS * (TEXT_BYTES + 1) / piece.len() {
        peer.0.read_exact(&mut piece).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    let rest = TEXTS * (TEXT_BYTES + 1) % piece.len();
    peer.0.read_exact(&mut piece[..rest]).unwrap();
    peer.expect("<<--bye-->>\n");
}

/// An answer is not a question: two services that were set on each other by a forged datagram fall silent.
#[test]
fn what_a_service_answers_is_not_answered() {
    let server = Server::start(&["alnum=udp://127.0.0.1:0", "clock=udp://127.0.0.1:0", "--quiet"]);
    for (service, answer, question, reply) in [
        ("alnum", "Not Alphanumeric.", "abc", "Alphanumeric."),
        ("clock", "Error in request format", "now?", "Error in request format"),
    ] {
        let peer = Datagram::connect(server.at(service, "udp"));
        peer.send(answer.as_bytes());
        peer.send(question.as_bytes());
        peer.expect(reply);
        assert!(peer.is_silent());
    }
}

/// The board goes on by itself when there is room on the disk again.
#[test]
fn a_full_disk_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o size=6m none \"$1\" && head -c 2000000 /dev/zero > \"$1/filler\" && exec \"$0\" serve \
                  board=udp://127.0.0.1:0 board=tcp://127.0.0.1:0 --acknowledge --store \"$1/board.redb\" --set board.texts_bytes=100000000";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script]);
    command.arg(socketlab(&folder).get_program()).arg(&disk);
    if !Command::new("unshare")
        .args(["--map-root-user", "--mount", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        return skip("a full disk: needs unshare, and a system that allows mount namespaces");
    }
    let server = Server::spawn(&mut command);
    let peer = Datagram::connect(server.at("board", "udp"));
    let text = "x".repeat(8000);
    let post = |peer: &Datagram| {
        peer.send(format!("POST {text}").as_bytes());
        peer.receive()
    };
    let mut kept = 0;
    loop {
        match post(&peer).as_str() {
            "saved" => kept += 1,
            "Error: the text could not be saved" => break,
            other => panic!("{other} after {kept} texts"),
        }
        assert!(kept < 2000, "the disk does not fill up");
    }
    let pid = server.pid().as_raw_nonzero().to_string();
    let freed = Command::new("nsenter")
        .args(["--user", "--mount", "--preserve-credentials", "--target", &pid, "rm"])
        .arg(disk.join("filler"))
        .status();
    assert!(freed.unwrap().success());
    assert_eq!(post(&peer), "saved");
    let told = crate::board::get_all(&server).len();
    assert!(told > kept, "{told} texts are told, {kept} were acknowledged before and one after");
}
