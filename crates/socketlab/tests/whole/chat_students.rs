//! Chat from `nc` and from ten lines of Python, as the sheet's readers use it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::chat::{Member, untimed};
use crate::server::{Server, skip};
use crate::students::{netcat, run};

#[test]
fn netcat_is_a_member() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let mut witness = Member::enter(&server, "Witness", 1);
    let port = server.at("chat", "tcp").port().to_string();
    for flags in [&[][..], &["-C"]] {
        let args = [flags, &["127.0.0.1", &port]].concat();
        let Some(printed) = run(netcat(), &args, "Witness\nBatman\nAnyone here?\n/who\nquit\n") else { return };
        let printed: Vec<_> = printed.lines().map(untimed).collect();
        let taken = "Error: the name Witness is taken, choose another";
        let joined = "Server: Batman has joined. Member count=2";
        assert_eq!(printed, [taken, joined, "Server: 2 in lobby: Batman, Witness"]);
        for line in [joined, "Batman: Anyone here?", "Server: Batman has left. Member count=1"] {
            witness.hears(line);
        }
    }
}

/// In a student's manner: bare sends, a thread that prints what comes.
const CLIENT: &str = "
import socket, sys, threading
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def show():
    while data := s.recv(1024):
        sys.stdout.write(data.decode())
        sys.stdout.flush()
reader = threading.Thread(target=show)
reader.start()
for line in sys.stdin:
    s.send(line.rstrip('\\n').encode())
reader.join()
";

#[test]
fn ten_lines_of_python_are_a_member() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let mut witness = Member::enter(&server, "Witness", 1);
    let port = server.at("chat", "tcp").port().to_string();
    let mut command = Command::new("python3");
    command.args(["-c", CLIENT, "127.0.0.1", &port]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        return skip("chat from Python: `python3` is not installed");
    };
    let mut typed = child.stdin.take().unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut shows = |wanted: &str| assert_eq!(untimed(&printed.next().unwrap().unwrap()), wanted);
    typed.write_all(b"Batman\n").unwrap();
    let joined = "Server: Batman has joined. Member count=2";
    witness.hears(joined);
    shows(joined);
    witness.say("Hello");
    shows("Witness: Hello");
    typed.write_all(b"Anyone here?\n").unwrap();
    witness.hears("Batman: Anyone here?");
    typed.write_all(b"quit\n").unwrap();
    witness.hears("Server: Batman has left. Member count=1");
    drop(typed);
    assert!(child.wait().unwrap().success());
}
