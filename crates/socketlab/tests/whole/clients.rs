//! Our clients in a pipe, against our server and against programs in a student's manner.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::server::{PATIENCE, Server, socketlab};

/// Runs a client with this input; gives exit code, standard output and standard error.
pub(crate) fn client(args: &[&str], server: SocketAddr, input: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (name, options) = args.split_first().unwrap();
    let mut child = socketlab(&folder)
        .arg(name)
        .arg(server.to_string())
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A client that ends before it has read everything is no error.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[track_caller]
fn check(args: &[&str], server: SocketAddr, input: &str, wanted: (i32, &str, &str)) {
    let got = client(args, server, input);
    assert_eq!((got.0, got.1.as_str(), got.2.as_str()), wanted);
}

#[test]
fn every_client_and_server_understand_each_other() {
    let server = Server::start(&["echo=0", "alnum=0", "calc=0", "add=0", "sum=0", "board=0", "clock=0", "numbers=0"]);
    let at = |service, transport| server.at(service, transport);
    for transport in ["tcp", "udp"] {
        let flag = format!("--{transport}");
        check(&["echo", &flag], at("echo", transport), "one\ntwo\n", (0, "one\ntwo\n", ""));
        check(&["alnum", &flag], at("alnum", transport), "a1\na 1\n", (0, "Alphanumeric.\nNot Alphanumeric.\n", ""));
        check(&["sum", &flag], at("sum", transport), "3 4\n1.5,2\n5\n6\n", (0, "7\n3.5\n11\n", ""));
    }
    for framing in ["bare", "lf", "crlf"] {
        let args = ["calc", "--name", "Ada", "--framing", framing];
        check(&args, at("calc", "tcp"), "12 + 42\n0.1 + 0.2\nq\n", (0, "54\n0.3\n", ""));
        server.expect_line("Ada: 12 + 42");
        server.expect_line("Session ended");
    }
    check(&["board"], at("board", "udp"), "POST one\nPOST two\nGET\n", (0, "one\ntwo\n", ""));
    let (code, dates, _) = client(&["clock", "--count", "3", "--every", "1ms"], at("clock", "udp"), "");
    assert_eq!((code, dates.lines().count()), (0, 3), "{dates}");
    let (code, sent, _) = client(&["numbers", "--count", "3", "--every", "1ms"], at("numbers", "udp"), "");
    assert_eq!((code, sent.as_str()), (0, "sent 1\nsent 2\nsent 3\n"));
}

#[test]
fn add_prints_the_numbers_and_the_answer_in_the_labs_words() {
    let server = Server::start(&["add=0"]);
    let (code, printed, _) = client(&["add", "--name", "team"], server.at("add", "tcp"), "a\nx\nq\n");
    let lines: Vec<_> = printed.lines().collect();
    let [connected, numbers, answer, invalid] = lines[..] else { panic!("{printed}") };
    let sum: u32 = numbers.split(' ').map(|number| number.parse::<u32>().unwrap()).sum();
    assert_eq!(code, 0);
    assert!(connected.starts_with("team") && connected.ends_with(" connected: ack"), "{connected}");
    assert_eq!(answer, format!("answer received from Server = {sum}"));
    assert_eq!(invalid, "Invalid command");
}

#[test]
fn what_is_refused_shows_in_the_exit_code() {
    let server = Server::start(&["calc=0"]);
    let at = server.at("calc", "tcp");
    check(&["calc"], at, "1 / 0\n2 + 2\n", (1, "4\n", "Error: division by zero\n"));
    let not_sent = "not sent: `2+2` is not <number> <operator> <number>, like 12 + 42\n";
    check(&["calc"], at, "2+2\n2 + 2\n", (1, "4\n", not_sent));
}

#[test]
fn what_echo_sends_back_is_no_refusal_whatever_its_words() {
    let server = Server::start(&["echo=127.0.0.1:0"]);
    for (transport, flag) in [("tcp", "--tcp"), ("udp", "--udp")] {
        check(&["echo", flag], server.at("echo", transport), "Error: mine\n", (0, "Error: mine\n", ""));
    }
}

/// A server with other rules for names than ours.
#[test]
fn a_refused_name_ends_the_client_with_a_sentence() {
    const NAME_ERROR: &str = "Error: expected a name of 1 to 64 printable characters";
    for client_name in ["calc", "add"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let student = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut buffer = [0; 1024];
            while let Ok(1..) = stream.read(&mut buffer) {
                if stream.write_all(NAME_ERROR.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let (code, printed, told) = client(&[client_name, "--name", "Ada"], at, "1 + 1\n2 + 2\n");
        student.join().unwrap();
        assert_eq!((code, printed.as_str()), (1, ""), "{client_name}: {told}");
        assert!(told.starts_with("the server does not take `Ada") && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn the_steps_client_and_a_busy_server() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0", "--dialect", "steps", "--members", "1"]);
    let at = server.at("sum", "tcp");
    let printed = "welcome\nnum1 received\n7\nnum1 received\n3\n";
    check(&["sum", "--dialect", "steps"], at, "3\n4\n1\n2\nq\n", (0, printed, ""));
    let mut inside = crate::peer::Stream::connect(at);
    inside.expect("welcome");
    let busy = format!("Server Is Busy: {at} has as many clients as it takes; try again later\n");
    check(&["sum", "--dialect", "steps"], at, "3\n4\n", (1, "", &busy));
}

#[test]
fn nobody_there_is_a_sentence_that_says_what_to_try() {
    // A port that was free a moment ago, and that nobody listens at while the socket is bound but does not listen.
    let reserved = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    reserved.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let at = reserved.local_addr().unwrap().as_socket().unwrap();
    let (code, _, told) = client(&["calc"], at, "");
    assert_eq!(code, 1);
    assert!(
        told.contains("nobody listens at tcp://") && told.contains(&format!("`socketlab serve calc={}`", at.port())),
        "{told}"
    );
    let unbound = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, _, told) = client(&["echo", "--udp"], unbound, "hello?\n");
    assert_eq!(code, 1);
    assert!(told.contains("nobody listens at udp://"), "{told}");
}

#[test]
fn a_datagram_client_says_that_no_answer_came_and_goes_on() {
    let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
    deaf.set_read_timeout(Some(PATIENCE)).unwrap();
    let at = deaf.local_addr().unwrap();
    let answers = std::thread::spawn(move || {
        let mut buffer = [0; 100];
        // The first request is lost, the second answered.
        deaf.recv_from(&mut buffer).unwrap();
        let (_, from) = deaf.recv_from(&mut buffer).unwrap();
        deaf.send_to(b"at last", from).unwrap();
    });
    let (code, printed, told) = client(&["echo", "--udp", "--timeout", "200ms"], at, "one\ntwo\n");
    answers.join().unwrap();
    assert_eq!((code, printed.as_str()), (1, "at last\n"));
    assert!(told.starts_with(&format!("no answer from {at} within 200ms")), "{told}");
}

/// A student's server: one `recv` a message, one `send` an answer, no newline anywhere, texts compared exactly.
#[test]
fn a_students_bare_server_is_understood() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let student = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            let count = stream.read(&mut buffer).unwrap();
            heard.push(String::from_utf8(buffer[..count].to_vec()).unwrap());
            match heard.len() {
                1 => {}
                _ if heard.last().unwrap() == "q" => return heard,
                _ => stream.write_all(b"54").unwrap(),
            }
        }
    });
    check(&["calc", "--name", "Ada"], at, "12 + 42\nq\n", (0, "54\n", ""));
    assert_eq!(student.join().unwrap(), ["Ada", "12 + 42", "q"]);
}

#[test]
fn the_server_closing_ends_the_client_with_a_sentence() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let student = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let (code, _, told) = client(&["echo"], at, "hello\n");
    student.join().unwrap();
    assert_eq!(code, 1);
    assert!(told.contains("closed the connection") || told.contains("broke"), "{told}");
}

/// A text in the words in which the server asks for a proof is still a text.
#[test]
fn a_prank_on_the_board_breaks_nobodys_get() {
    let server = Server::start(&["board=udp://127.0.0.1:0"]);
    let at = server.at("board", "udp");
    let prank = "Error: 3 more texts held back; to receive them, send PROVE 0123456789abcdef 2";
    let posts = format!("POST {prank}\nPOST between\nPOST {prank}\n");
    check(&["board"], at, &posts, (0, "", ""));
    check(&["board"], at, "GET\n", (0, &format!("{prank}\nbetween\n{prank}\n"), ""));
}

#[test]
fn what_is_missing_is_doubted_for_the_right_reason() {
    let server = Server::start(&["sum=tcp://127.0.0.1:0", "board=udp://127.0.0.1:0"]);
    let (sum, board) = (server.at("sum", "tcp"), server.at("board", "udp"));
    let (code, _, told) = client(&["sum", "--dialect", "steps", "--timeout", "300ms"], sum, "q\n");
    assert!(code == 1 && told.contains("leave out --dialect steps"), "{told}");
    let (code, _, told) = client(&["board", "--acknowledged", "--timeout", "300ms"], board, "POST kept\n");
    assert!(code == 1 && told.contains("not told to --acknowledge"), "{told}");
    let (code, _, told) = client(&["echo", "--udp"], board, &"x".repeat(70_000));
    assert!(code == 1 && told.contains("70000 bytes are more than a datagram holds"), "{told}");
}

/// As with Ctrl-C twice, while the client cannot get rid of what it has to send.
#[test]
fn a_client_whose_server_never_reads_can_be_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut child = socketlab(&folder)
        .args(["echo", &listener.local_addr().unwrap().to_string(), "--timeout", "1h"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    // More than both ends' buffers hold.
    let mut stdin = child.stdin.take().unwrap();
    let typing = std::thread::spawn(move || stdin.write_all(&[&[b'x'; 32 * 1024 * 1024][..], b"\n"].concat()));
    // Once something has come, the client is writing.
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.peek(&mut [0]).unwrap();
    let pid = Pid::from_child(&child);
    let end = Instant::now() + PATIENCE;
    let mut signals = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        if signals < 2 {
            kill_process(pid, Signal::INT).unwrap();
            signals += 1;
        }
        // Two signals at once would count as one.
        std::thread::sleep(Duration::from_millis(200));
    };
    // The client may have ended before it took all.
    let _ = typing.join().unwrap();
    assert!(status.is_some(), "the client did not end at two signals");
}

/// Both from the lab sheet: two clients with ports of their own.
#[test]
fn a_client_takes_the_port_it_is_told() {
    let server = Server::start(&["numbers=udp://127.0.0.1:0"]);
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bind = free.port().to_string();
    let (code, ..) = client(&["numbers", "--count", "1", "--bind", &bind], server.at("numbers", "udp"), "");
    assert_eq!(code, 0);
    assert_eq!(server.next_line(), format!("{free}: 1"));
}
