//! A client at a terminal: a pseudoterminal whose screen a terminal emulator reads, pty(7).

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, tcgetattr};
use tempfile::TempDir;

use crate::peer::Stream;
use crate::server::{PATIENCE, Server, skip, socketlab};

/// A person in front of a client.
struct Person {
    client: Child,
    keys: File,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    terminal: File,
    before: Termios,
}

impl Person {
    /// Starts a client at a terminal of its own; none where `setsid` is not installed.
    fn start(folder: &TempDir, args: &[&str], server: SocketAddr) -> Option<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(path).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let own_end = || Stdio::from(terminal.try_clone().unwrap());
        let client = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(socketlab(folder).get_program())
            .args(args)
            .arg(server.to_string())
            .env("XDG_STATE_HOME", folder.path())
            .env("TERM", "xterm")
            .stdin(own_end())
            .stdout(own_end())
            .stderr(own_end())
            .spawn();
        let Ok(client) = client else {
            skip("a client at a terminal: `setsid` is not installed");
            return None;
        };
        let keys = File::from(master);
        let (sender, output) = channel();
        let mut written = keys.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = written.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self { client, keys, output, screen: vt100::Parser::default(), terminal, before })
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen, without empty rows, is this.
    fn expect_screen(&mut self, wanted: &[&str]) {
        loop {
            let screen = self.screen.screen().contents();
            let rows: Vec<_> = screen.lines().map(str::trim_end).filter(|row| !row.is_empty()).collect();
            if rows == wanted {
                return;
            }
            let Ok(more) = self.output.recv_timeout(PATIENCE) else { panic!("expected {wanted:#?}, got {rows:#?}") };
            self.screen.process(&more);
        }
    }

    /// Waits until the last row that is not empty is this.
    fn expect_last_row(&mut self, wanted: &str) {
        loop {
            let screen = self.screen.screen().contents();
            let row = screen.lines().map(str::trim_end).rfind(|row| !row.is_empty()).unwrap_or_default().to_owned();
            if row == wanted {
                return;
            }
            let Ok(more) = self.output.recv_timeout(PATIENCE) else { panic!("expected {wanted:?}, got {row:?}") };
            self.screen.process(&more);
        }
    }

    /// Waits for the client's end, and checks that the terminal is as it was.
    fn expect_exit(mut self, code: i32) {
        assert_eq!(self.client.wait().unwrap().code(), Some(code));
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
    }
}

#[test]
fn a_person_calculates_and_calls_back_what_was_typed() {
    let server = Server::start(&["calc=127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut person) = Person::start(&folder, &["calc"], server.at("calc", "tcp")) else { return };
    person.expect_screen(&["calculate (q quits):"]);
    person.press("12 + 42\r");
    person.expect_screen(&["calculate (q quits): 12 + 42", "54", "calculate (q quits):"]);
    person.press("\x1b[A");
    person.expect_screen(&["calculate (q quits): 12 + 42", "54", "calculate (q quits): 12 + 42"]);
    // Ctrl-U empties the line.
    person.press("\x15q\r");
    person.expect_exit(0);
    // Another run remembers what was typed in the last.
    let Some(mut person) = Person::start(&folder, &["calc"], server.at("calc", "tcp")) else { return };
    person.expect_screen(&["calculate (q quits):"]);
    person.press("\x1b[A\x1b[A");
    person.expect_screen(&["calculate (q quits): 12 + 42"]);
    // Ctrl-C.
    person.press("\x03");
    person.expect_exit(0);
}

#[test]
fn what_the_server_says_last_is_shown_above_the_line_being_typed() {
    let server = Server::start(&["calc=127.0.0.1:0"]);
    let at = server.at("calc", "tcp");
    let folder = tempfile::tempdir().unwrap();
    let Some(mut person) = Person::start(&folder, &["calc"], at) else { return };
    person.expect_screen(&["calculate (q quits):"]);
    person.press("half typed");
    person.expect_screen(&["calculate (q quits): half typed"]);
    server.signal(Signal::TERM);
    let closed = format!("{at} closed the connection");
    person.expect_screen(&["Error: the server is shutting down", &closed, "calculate (q quits): half typed"]);
    person.expect_exit(1);
}

#[test]
fn a_wrong_calculation_is_not_sent() {
    let server = Server::start(&["calc=127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut person) = Person::start(&folder, &["calc"], server.at("calc", "tcp")) else { return };
    person.expect_screen(&["calculate (q quits):"]);
    person.press("12+42\r");
    person.expect_screen(&[
        "calculate (q quits): 12+42",
        "not sent: `12+42` is not <number> <operator> <number>, like 12 + 42",
        "calculate (q quits):",
    ]);
    // Ctrl-D.
    person.press("\x04");
    person.expect_exit(0);
}

#[test]
fn what_is_typed_ahead_waits_for_its_prompt() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut person) = Person::start(&folder, &["echo"], server.at("echo", "tcp")) else { return };
    person.expect_screen(&["message:"]);
    person.press("one\rtwo\rthree\rhalf");
    person.expect_screen(&["message: one", "one", "message: two", "two", "message: three", "three", "message: half"]);
    // Ctrl-C.
    person.press("\x03");
    person.expect_exit(0);
}

#[test]
fn what_is_typed_before_the_answer_is_sent_after_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = listener.local_addr().unwrap();
    let Some(mut person) = Person::start(&folder, &["echo", "--framing", "lf"], at) else { return };
    let mut server = Stream(listener.accept().unwrap().0);
    server.0.set_read_timeout(Some(PATIENCE)).unwrap();
    person.expect_screen(&["message:"]);
    person.press("one\r");
    server.expect("one\n");
    // No prompt stands there, so the terminal itself shows what is typed.
    person.press("two\rthree\r");
    person.expect_screen(&["message: one", "two", "three"]);
    for answer in ["1\n", "2\n"] {
        server.send(answer.as_bytes());
        server.expect(if answer == "1\n" { "two\n" } else { "three\n" });
    }
    person.press("\x03");
    person.expect_exit(0);
}

#[test]
fn a_paste_of_several_lines_is_several_messages() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut person) = Person::start(&folder, &["echo"], server.at("echo", "tcp")) else { return };
    person.expect_screen(&["message:"]);
    // What a terminal sends at a paste, where the editor has asked for brackets around it.
    person.press("\x1b[200~one\rtwo\rthree\x1b[201~\r");
    person.expect_screen(&[
        "message: one",
        "two",
        "three",
        "one",
        "message: two",
        "two",
        "message: three",
        "three",
        "message:",
    ]);
    // Each is called back by itself.
    person.press("\x1b[A\x1b[A");
    person.expect_last_row("message: two");
    person.press("\x03");
    person.expect_exit(0);
}
