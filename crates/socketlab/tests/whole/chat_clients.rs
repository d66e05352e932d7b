//! The chat's clients: line by line as on the lab sheet, and the full screen.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::process::Signal;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::clients::client;
use crate::peer::Stream;
use crate::person::{Person, mask_times};
use crate::server::{PATIENCE, Server};

const ANY: [u8; 4] = [127, 0, 0, 1];

/// The lab sheet's, by both.
#[test]
fn the_sheets_transcripts() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let at = server.at("chat", "tcp");
    let folder = tempfile::tempdir().unwrap();
    let Some(mut batman) = Person::start(&folder, &["chat", "--plain"], at) else { return };
    batman.expect_screen(&["Enter login name:", ">"]);
    batman.press("Batman\r");
    batman.expect_last_row(">");
    let Some(mut voldemort) = Person::start(&folder, &["chat", "--plain"], at) else { return };
    voldemort.expect_screen(&["Enter login name:", ">"]);
    voldemort.press("Voldemort\r");
    batman.expect_row("Server: time=HH.MM Voldemort has joined. Member count=2");
    batman.press("Anyone here?\r");
    voldemort.expect_row("Batman: Anyone here?");
    voldemort.press("Crucio!\r");
    batman.expect_row("Voldemort: Crucio!");
    batman.press("quit\r");
    batman.expect_screen(&[
        "Enter login name:",
        "> Batman",
        "Server: time=HH.MM Batman has joined. Member count=1",
        "Server: time=HH.MM Voldemort has joined. Member count=2",
        "> Anyone here?",
        "Voldemort: Crucio!",
        "> quit",
    ]);
    batman.expect_exit(0);
    voldemort.expect_screen(&[
        "Enter login name:",
        "> Voldemort",
        "Server: time=HH.MM Voldemort has joined. Member count=2",
        "Batman: Anyone here?",
        "> Crucio!",
        "Server: time=HH.MM Batman has left. Member count=1",
        ">",
    ]);
    voldemort.press("\x04");
    voldemort.expect_exit(0);
}

#[test]
fn a_pipe_gets_the_whole_transcript() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let at = server.at("chat", "tcp");
    for framing in [&[][..], &["--framing", "lf"], &["--framing", "bare"], &["--framing", "crlf"]] {
        let args = [&["chat"][..], framing].concat();
        let (code, printed, told) = client(&args, at, "Batman\n/who\nhello\nquit\n");
        let mut lines: Vec<_> = printed.lines().map(mask_times).collect();
        // It comes when it comes.
        let answer = lines.iter().position(|line| line == "Server: 1 in lobby: Batman").map(|at| lines.remove(at));
        assert!(answer.is_some(), "{printed}");
        let joined = "Server: time=HH.MM Batman has joined. Member count=1";
        assert_eq!(lines, ["Enter login name:", "> Batman", joined, "> /who", "> hello", "> quit"]);
        assert_eq!((code, told.as_str()), (0, ""), "{framing:?}");
    }
}

#[test]
fn what_a_server_refuses_or_breaks_shows_in_the_exit_code() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let at = server.at("chat", "tcp");
    let mut batman = Stream::connect(at);
    batman.send(b"Batman\n");
    let (code, _, told) = client(&["chat", "--name", "Batman"], at, "Robin\n");
    assert_eq!((code, told.as_str()), (1, "Error: the name Batman is taken, choose another\n"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let student = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let (code, _, told) = client(&["chat", "--name", "Ada"], at, "hello\n");
    student.join().unwrap();
    assert!(code == 1 && told.lines().count() == 1, "{told}");
    let (code, _, told) = client(&["chat", "--name", "a:b"], at, "");
    assert!(code == 2 && told.contains("`a:b`"), "{told}");
}

/// A student's server: one `recv` a message, no newline anywhere, and nothing said about a name.
#[test]
fn a_students_bare_server_gets_one_message_at_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let student = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = std::io::Read::read(&mut stream, &mut buffer) {
            heard.push(String::from_utf8(buffer[..count].to_vec()).unwrap());
            if heard.len() == 2 {
                stream.write_all(b"Joker: ha").unwrap();
            }
        }
        heard
    });
    let (code, printed, _) = client(&["chat", "--timeout", "300ms"], at, "Ada\none\ntwo\nquit\n");
    assert_eq!(student.join().unwrap(), ["Ada", "one", "two", "quit"]);
    assert_eq!(code, 0);
    assert!(printed.starts_with("Enter login name:\n> Ada\n> one\n") && printed.contains("Joker: ha\n"), "{printed}");
}

/// A person at the full screen, in a room of a real server.
fn enter(server: &Server, size: (u16, u16), environment: &[(&str, &str)]) -> Option<(Person, Stream)> {
    let folder = tempfile::tempdir().unwrap();
    let at = server.at("chat", "tcp");
    let mut person = Person::start_with(&folder, &["chat", "--name", "Batman"], at, size, environment)?;
    person.wait_for("to be in", |person| person.rows().iter().any(|row| row.contains("Batman has joined")));
    let mut robin = Stream::connect(at);
    robin.send(b"Robin\n");
    person.wait_for("Robin", |person| person.rows().iter().any(|row| row.contains("Robin has joined")));
    Some((person, robin))
}

#[test]
fn the_full_screen_shows_the_talk_and_who_is_here() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let at = server.at("chat", "tcp");
    let folder = tempfile::tempdir().unwrap();
    let Some(mut batman) = Person::start_with(&folder, &["chat"], at, (9, 80), &[]) else { return };
    batman.expect_row(&format!(" connected to {at}, without a name"));
    batman.press("Batman\r");
    batman.expect_row(&format!(" connected to {at} as Batman"));
    let mut dragon = Stream::connect(at);
    dragon.send("李小龍\n".as_bytes());
    dragon.expect("Server: ");
    dragon.send("你好 🦇 e\u{301}\n".as_bytes());
    batman.press("hi\x1b[D\x1b[Dsay ");
    let in_line = "> say hi";
    batman.expect_last_row(in_line);
    batman.press("\x1b[200~, \x1b[201~\r");
    batman.press("half ty");
    batman.expect_screen(&[
        "Enter login name:                                         │ 2 here",
        "> Batman                                                  │ Batman",
        "Server: time=HH.MM Batman has joined. Member count=1      │ 李小龍",
        "Server: time=HH.MM 李小龍 has joined. Member count=2      │",
        "李小龍: 你好 🦇 e\u{301}                                         │",
        "> say , hi                                                │",
        "                                                          │",
        &format!(" connected to {at} as Batman"),
        "> half ty",
    ]);
    // What comes does not disturb what is typed.
    dragon.send(b"again\n");
    batman.expect_row("李小龍: again                                             │");
    batman.expect_last_row("> half ty");
    batman.press("\x15quit\r");
    batman.expect_exit(0);
}

#[test]
fn a_paste_of_several_lines_is_shown_before_it_is_sent() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let Some((mut batman, mut robin)) = enter(&server, (8, 60), &[]) else { return };
    robin.expect("Server: ");
    batman.press("\x1b[200~one\rtwo\x1b[201~");
    batman.expect_last_row("> one␊two");
    batman.press("\r");
    batman.expect_row("> two");
    let mut lines = BufReader::new(robin.0.try_clone().unwrap()).lines().map(Result::unwrap).skip(1);
    assert_eq!([lines.next().unwrap(), lines.next().unwrap()], ["Batman: one", "Batman: two"]);
    // It is called back as a whole.
    batman.press("\x1b[A");
    batman.expect_last_row("> one␊two");
    // Ctrl-C.
    batman.press("\x03");
    batman.expect_exit(0);
    assert!(lines.next().unwrap().ends_with("Batman has left. Member count=1"));
}

#[test]
fn a_window_of_any_size_shows_what_matters() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    let Some((mut batman, mut robin)) = enter(&server, (5, 20), &[]) else { return };
    robin.send("a 世界 in a small window\n".as_bytes());
    batman.expect_screen(&["  Member count=2", "Robin: a 世界 in a", "  small window", " connected to 127.0.", ">"]);
    batman.resize(4, 90);
    batman.expect_screen(&[
        "Server: time=HH.MM Robin has joined. Member count=2                 │ 2 here",
        "Robin: a 世界 in a small window                                     │ and 2 more: /who",
        &format!(" connected to {} as Batman", server.at("chat", "tcp")),
        ">",
    ]);
    batman.resize(1, 3);
    batman.expect_screen(&[">"]);
    batman.resize(6, 40);
    batman.expect_row("Robin: a 世界 in a small window");
    batman.signal(Signal::TERM);
    batman.expect_exit(0);
}

#[test]
fn scrolled_back_the_window_stays_and_counts_what_is_new() {
    let server = Server::start(&["chat=127.0.0.1:0", "--set", "chat.rate=0"]);
    let Some((mut batman, mut robin)) = enter(&server, (7, 60), &[]) else { return };
    let lines: String = (0..50).map(|number| format!("line {number}\n")).collect();
    robin.send(lines.as_bytes());
    batman.expect_row("Robin: line 49");
    // Page up.
    batman.press("\x1b[5~");
    let state = format!(" connected to {} as Batman", server.at("chat", "tcp"));
    let state = format!("{state:<51}  2 here");
    let back = ["Robin: line 43", "Robin: line 44", "Robin: line 45", "Robin: line 46"];
    let screen = |mark| [&back[..], &[mark, &state, ">"]].concat();
    batman.expect_screen(&screen("↓ more below"));
    robin.send(b"new\nnewer\n");
    batman.expect_screen(&screen("↓ 2 new below"));
    // To the start, and to the end.
    batman.press("\x1b[H");
    batman.expect_row("Server: time=HH.MM Robin has joined. Member count=2");
    batman.press("\x1b[F");
    batman.expect_row("Robin: newer");
    assert!(batman.rows().iter().all(|row| !row.contains("below")));
    batman.press("\x04");
    batman.expect_exit(0);
}

#[test]
fn colours_can_be_off_and_nothing_hangs_on_them() {
    let server = Server::start(&["chat=127.0.0.1:0"]);
    for (environment, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let Some((mut batman, mut robin)) = enter(&server, (10, 90), environment) else { return };
        robin.send(b"hi\n");
        batman.wait_for("hi", |person| person.rows().iter().any(|row| row.starts_with("Robin: hi ")));
        let screen = batman.screen();
        let cells = (0..10).flat_map(|row| (0..90).filter_map(move |column| screen.cell(row, column)));
        let colours = cells.filter(|cell| (cell.fgcolor(), cell.bgcolor()) != Default::default()).count();
        assert_eq!(colours > 0, coloured, "{environment:?}");
        batman.press("/quit\r");
        batman.expect_exit(0);
    }
}

/// Two sockets at one port: while one listens the other can be set up, so that nobody else gets the port in between.
fn reserve(at: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&SockAddr::from(at)).unwrap();
    socket
}

/// A server of ours that is about to go away: it says only what the test says.
fn accept(listener: &Socket, wanted: &[&str]) -> (TcpStream, BufReader<TcpStream>) {
    let stream = TcpStream::from(listener.accept().unwrap().0);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // The name comes bare, and by itself.
    let mut name = [0; "Batman".len()];
    std::io::Read::read_exact(&mut reader, &mut name).unwrap();
    assert_eq!(&name, b"Batman");
    (&stream).write_all(b"Server: time=10.01 Batman has joined. Member count=1\n").unwrap();
    for wanted in wanted {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), *wanted);
    }
    (stream, reader)
}

#[test]
fn a_server_that_comes_back_gets_what_was_typed_meanwhile() {
    let first = reserve((ANY, 0).into());
    let at = first.local_addr().unwrap().as_socket().unwrap();
    first.listen(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let args = ["chat", "--name", "Batman"];
    let Some(mut batman) = Person::start_with(&folder, &args, at, (12, 70), &[]) else { return };
    let (stream, reader) = accept(&first, &[]);
    let second = reserve(at);
    batman.expect_row("Server: time=HH.MM Batman has joined. Member count=1");
    batman.press("just before\r");
    let mut line = String::new();
    let mut reader = reader;
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "just before\n");
    // It goes away in order, and nobody listens for a while.
    drop((first, stream, reader));
    batman.expect_row("! may not have arrived: just before");
    batman.wait_for("a wait", |person| {
        person.rows().iter().any(|row| row.starts_with(&format!(" lost {at}, next try in ")))
    });
    batman.press("are you\rthere?\r");
    batman.expect_row("! kept until we are back: there?");
    second.listen(1).unwrap();
    let (_stream, mut reader) = accept(&second, &["are you", "there?"]);
    batman.expect_row("we are back, sending 2 kept messages");
    batman.expect_row("> there?");
    batman.press("and on\r");
    line.clear();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "and on\n");
    batman.signal(Signal::TERM);
    batman.expect_exit(0);
}

#[test]
fn a_hostile_servers_controls_are_shown_and_not_obeyed() {
    let listener = reserve((ANY, 0).into());
    listener.listen(1).unwrap();
    let at = listener.local_addr().unwrap().as_socket().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let Some(mut batman) = Person::start_with(&folder, &["chat", "--name", "Batman"], at, (8, 70), &[]) else { return };
    let (mut stream, _reader) = accept(&listener, &[]);
    stream.write_all("\x1b[2JJo\x07ker: \u{202e}ha\x1b]0;title\x07\n".as_bytes()).unwrap();
    batman.expect_row("␛[2JJo␇ker: <U+202E>ha␛]0;title␇");
    batman.press("\x04");
    batman.expect_exit(0);
}
