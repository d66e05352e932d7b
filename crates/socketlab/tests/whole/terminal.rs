//! A client at a terminal, line by line.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::peer::Stream;
use crate::person::Person;
use crate::server::{PATIENCE, Server};

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
