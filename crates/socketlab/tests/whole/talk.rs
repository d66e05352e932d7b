//! Talk: with the library that the lab's programs use, between two people, and with somebody who listens on the way.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::person::Person;
use crate::server::{PATIENCE, Server, skip, socketlab};

const BITS: [usize; 3] = [1024, 2048, 3072];
const UTF8: &str = "Grüße, 世界 🎉";

/// What one block to a key of so many bits holds.
fn block_text_bytes_max(bits: usize) -> usize {
    bits / 8 - 42
}

/// A program whose lines are read, of both its outputs.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts it with all that is typed at once, and then the end.
    fn start(command: &mut Command, typed: &[&str]) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let input: String = typed.iter().map(|line| format!("{line}\n")).collect();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let (sender, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            std::thread::spawn(move || lines.all(|line| sender.send(line).is_ok()));
        }
        Self { child, lines }
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line is printed")
    }

    /// Waits for its end; its exit code, and what it printed until then.
    pub(crate) fn finish(mut self) -> (Option<i32>, Vec<String>) {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            lines.push(line);
        }
        // Its outputs are closed, or it hangs.
        let _ = self.child.kill();
        (self.child.wait().unwrap().code(), lines)
    }
}

/// Calls a peer.
pub(crate) fn caller(folder: &TempDir, at: SocketAddr, more: &[&str], typed: &[&str]) -> Running {
    Running::start(socketlab(folder).arg("talk").arg(at.to_string()).args(more), typed)
}

/// Waits for a peer, and tells where.
pub(crate) fn listener(folder: &TempDir, more: &[&str], typed: &[&str]) -> (Running, SocketAddr) {
    let running = Running::start(socketlab(folder).args(["talk", "--listen", "127.0.0.1:0"]).args(more), typed);
    let line = running.next_line();
    let at = line.strip_prefix("waiting at ").unwrap_or_else(|| panic!("{line}")).parse().unwrap();
    (running, at)
}

/// A student's program, with the real pycryptodome; none where that is not installed.
fn student(args: &[&str]) -> Option<Running> {
    program(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/whole/talk_peer.py"), args)
}

fn program(path: &str, args: &[&str]) -> Option<Running> {
    let python = std::env::var_os("PYCRYPTODOME_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let works = Command::new(&python).args(["-c", "import Crypto.Cipher.PKCS1_OAEP"]).stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        skip("a talk with pycryptodome: it is not installed, ./test.sh does that");
        return None;
    }
    Some(Running::start(Command::new(python).arg(path).args(args), &[]))
}

fn json(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect()
}

/// The student's lines, which escape what is not ASCII, in our way.
fn heard_by_student(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().to_string()).collect()
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_student_s_client_is_answered_at_every_size_of_key() {
    // Our own key has 2048 bits.
    let longest = "y".repeat(block_text_bytes_max(2048));
    let too_long = "z".repeat(longest.len() + 1);
    let server = Server::start(&["talk=127.0.0.1:0"]);
    let port = server.at("talk", "tcp").port().to_string();
    for bits in BITS {
        let texts = ["", "x", UTF8, &longest];
        let size = bits.to_string();
        let args = [&["client", &port, &size][..], &texts, &[&too_long]].concat();
        let Some(student) = student(&args) else { return };
        let (code, lines) = student.finish();
        let room = block_text_bytes_max(bits).min(200);
        let cut = format!("I read: {}…", &longest[..room - "I read: …".len()]);
        let heard = ["I read: ", "I read: x", &format!("I read: {UTF8}"), &cut];
        let expected = [json(&heard), vec!["{\"too long\":\"Plaintext is too long.\"}".to_owned()]].concat();
        assert_eq!((code, heard_by_student(&lines)), (Some(0), expected), "{bits} bits");
        let line = server.next_line();
        let (peer, rest) = line.split_once(": ").unwrap();
        assert!(rest.starts_with(&format!("speaks the lab dialect, with a key of {bits} bits: ")), "{line}");
        for text in texts {
            assert_eq!(server.next_line(), format!("{peer}: {text}"));
        }
        assert_eq!(server.next_line(), format!("{peer}: Good Bye"));
    }
}

#[test]
fn a_person_calls_a_student_s_server_at_every_size_of_key() {
    for bits in BITS {
        let longest = "y".repeat(block_text_bytes_max(bits));
        let too_long = "z".repeat(longest.len() + 1);
        let texts = ["one", "", UTF8, "four"];
        let bits = bits.to_string();
        let Some(student) = student(&[&["server", &bits][..], &texts].concat()) else { return };
        let at = SocketAddr::from(([127, 0, 0, 1], student.next_line().parse().unwrap()));
        let folder = folder();
        let caller = caller(&folder, at, &["--dialect", "lab"], &["", "x", UTF8, &longest, &too_long]);
        let (code, lines) = caller.finish();
        let heard: Vec<_> = lines.iter().filter(|line| line.starts_with("peer: ")).cloned().collect();
        assert_eq!(heard, texts.map(|text| format!("peer: {text}")));
        let limit = longest.len();
        let refused = format!(
            "not sent: the text has {} bytes, and one message holds {limit}; /split sends it as 2 messages, one each turn",
            limit + 1
        );
        assert!(lines.contains(&refused), "{lines:?}");
        let warned = lines.iter().any(|line| line.starts_with("A key of 1024 bits can be broken"));
        assert_eq!(warned, bits == "1024");
        assert_eq!(code, Some(1), "in a pipe, what was refused is a failure");
        let (code, lines) = student.finish();
        assert_eq!((code, heard_by_student(&lines)), (Some(0), json(&["", "x", UTF8, &longest, "Good Bye"])));
    }
}

#[test]
fn a_student_s_client_calls_a_person() {
    for bits in BITS {
        let folder = folder();
        let (person, at) = listener(&folder, &["--dialect", "lab"], &["one", UTF8]);
        let (port, bits) = (at.port().to_string(), bits.to_string());
        let Some(student) = student(&["client", &port, &bits, "hello", UTF8, "Good Bye"]) else { return };
        let (code, lines) = student.finish();
        assert_eq!((code, heard_by_student(&lines)), (Some(0), json(&["one", UTF8])));
        let (code, lines) = person.finish();
        let heard: Vec<_> = lines.iter().filter(|line| line.starts_with("peer: ")).cloned().collect();
        assert_eq!(heard, ["hello", UTF8, "Good Bye"].map(|text| format!("peer: {text}")));
        assert_eq!(code, Some(0));
    }
}

#[test]
fn who_asks_for_more_than_the_lab_s_protection_gets_no_less() {
    let Some(student) = student(&["server", "2048", "never said"]) else { return };
    let at = SocketAddr::from(([127, 0, 0, 1], student.next_line().parse().unwrap()));
    let folder = folder();
    let (code, lines) = caller(&folder, at, &[], &["a secret"]).finish();
    assert_eq!(code, Some(1));
    assert!(lines.iter().any(|line| line.contains("to talk in it, give --dialect lab")), "{lines:?}");
    assert_eq!(student.finish().1, Vec::<String>::new());
}

/// What somebody on the way does to what passes.
type Meddle = fn(&mut [u8]);

/// Passes on what two say to each other, and notes it.
fn overhear(to: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    pass_on(to, |_| {})
}

/// Passes on what two say to each other, what the caller says after somebody has meddled with it, and notes it.
fn pass_on(to: SocketAddr, meddle: Meddle) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, noted) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let notes = Arc::clone(&noted);
    std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(to).unwrap();
        let there = (client.try_clone().unwrap(), server.try_clone().unwrap(), meddle);
        for (mut from, mut to, meddle) in [there, (server, client, |_| {})] {
            let notes = Arc::clone(&notes);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    meddle(&mut buffer[..count]);
                    notes.lock().unwrap().extend_from_slice(&buffer[..count]);
                    // Who has gone already does not hear of it.
                    let _ = to.write_all(&buffer[..count]);
                }
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    (at, noted)
}

fn contains(noted: &Mutex<Vec<u8>>, text: &str) -> bool {
    noted.lock().unwrap().windows(text.len()).any(|window| window == text.as_bytes())
}

/// Two people talk through somebody who listens.
fn talk_overheard(dialect: &str) -> ([Vec<String>; 2], Arc<Mutex<Vec<u8>>>) {
    let folders = [folder(), folder()];
    let (waiting, at) = listener(&folders[0], &["--dialect", dialect], &["a secret answer"]);
    let (between, noted) = overhear(at);
    let calling = caller(&folders[1], between, &["--dialect", dialect], &["a secret question"]);
    let ((code, calling), (other, waiting)) = (calling.finish(), waiting.finish());
    assert_eq!((code, other), (Some(0), Some(0)), "{calling:#?} {waiting:#?}");
    ([calling, waiting], noted)
}

#[test]
fn nobody_on_the_way_reads_what_is_said() {
    for dialect in ["sound", "lab"] {
        let ([calling, waiting], noted) = talk_overheard(dialect);
        assert!(calling.contains(&"peer: a secret answer".to_owned()), "{calling:?}");
        assert!(waiting.contains(&"peer: a secret question".to_owned()), "{waiting:?}");
        assert!(contains(&noted, "-----BEGIN "), "the keys are seen");
        for secret in ["secret", "question", "answer", "Good Bye"] {
            assert!(!contains(&noted, secret), "{secret} was read in the {dialect} dialect");
        }
    }
}

#[test]
fn a_program_written_from_the_protocol_s_page_has_a_session() {
    let server = Server::start(&["talk=127.0.0.1:0"]);
    let port = server.at("talk", "tcp").port().to_string();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/whole/talk_sound_peer.py");
    let Some(peer) = program(path, &[&port, "hello", UTF8]) else { return };
    let (code, lines) = peer.finish();
    let answers = ["hello", UTF8].map(|text| serde_json::json!([2, format!("I read: {text}")]).to_string());
    assert_eq!(heard_by_student(&lines), [&answers[..], &json(&[""])].concat());
    assert_eq!(code, Some(0));
    assert!(server.next_line().contains(": speaks the sound dialect, with a key of 3072 bits"));
    for text in ["hello", UTF8, "Good Bye"] {
        assert!(server.next_line().ends_with(&format!(": {text}")));
    }
}

#[test]
fn what_was_overheard_in_the_lab_s_dialect_is_read_to_nobody_else() {
    const KEY_END: &[u8] = b"-----END PUBLIC KEY-----";
    let server = Server::start(&["talk=127.0.0.1:0"]);
    let at = server.at("talk", "tcp");
    let (between, noted) = overhear(at);
    caller(&folder(), between, &["--dialect", "lab"], &["a secret"]).finish();
    while !server.next_line().ends_with(": Good Bye") {}
    let noted = noted.lock().unwrap().clone();
    let keys_end = noted.windows(KEY_END.len()).rposition(|window| window == KEY_END).unwrap() + KEY_END.len();
    let secret = &noted[keys_end..keys_end + 2048 / 8];

    let mut thief = TcpStream::connect(at).unwrap();
    thief.write_all(include_str!("../../../cipher/tests/small-spki.pem").trim_end().as_bytes()).unwrap();
    thief.write_all(secret).unwrap();
    let mut heard = Vec::new();
    thief.read_to_end(&mut heard).unwrap();
    assert!(heard.ends_with(KEY_END), "more than a key was heard: {} bytes", heard.len());
    assert!(server.next_line().contains(": speaks the lab dialect, with a key of 1024 bits"));
    let told = server.next_line();
    assert!(
        told.ends_with(": a block does not decrypt: it was altered, repeated, or encrypted to another key"),
        "{told}"
    );
}

#[test]
fn what_the_others_say_in_plain_text_is_read_on_the_way() {
    let server = Server::start(&["echo=tcp://127.0.0.1:0"]);
    let (between, noted) = overhear(server.at("echo", "tcp"));
    let folder = folder();
    Running::start(socketlab(&folder).arg("echo").arg(between.to_string()), &["a secret question"]).finish();
    assert!(contains(&noted, "a secret question"));
}

#[test]
fn both_are_shown_the_same_two_fingerprints() {
    let ([calling, waiting], _) = talk_overheard("sound");
    let after = |lines: &[String], begin: &str| {
        let place =
            lines.iter().position(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{begin}: {lines:?}"));
        (lines[place].rsplit(' ').next().unwrap().to_owned(), lines[place + 1].clone())
    };
    assert_eq!(after(&calling, "Yours: "), after(&waiting, "The peer's key has 3072 bits: "));
    assert_eq!(after(&waiting, "Yours: "), after(&calling, "The peer's key has 3072 bits: "));
    assert_ne!(after(&calling, "Yours: "), after(&waiting, "Yours: "));
}

#[test]
fn a_peer_is_known_again_and_another_s_key_is_refused() {
    let (server, other) = (folder(), folder());
    let person = folder();
    // One place for two servers, one after the other.
    let at = {
        let first = spawn_server(&server, "127.0.0.1:0");
        let at = first.at("talk", "tcp");
        let met = || caller(&person, at, &[], &["hello"]).finish();
        let (code, lines) = met();
        assert!(code == Some(0) && lines.iter().any(|line| line.starts_with("This key is new here")), "{lines:?}");
        let (code, lines) = met();
        assert!(
            code == Some(0) && lines.iter().any(|line| line == "This is the key that was here before."),
            "{lines:?}"
        );
        at
    };
    let second = spawn_server(&other, &at.to_string());
    let (code, lines) = caller(&person, at, &[], &["a secret"]).finish();
    let told = lines.iter().find(|line| line.starts_with("THE PEER'S KEY HAS CHANGED"));
    let told = told.unwrap_or_else(|| panic!("{lines:?}"));
    assert_eq!(code, Some(1));
    assert!(told.contains(&format!("remove the line `{at} …` from ")), "{told}");
    drop(second);
    let kept = person.path().join("socketlab").read_dir().unwrap().map(|file| file.unwrap().path());
    for file in kept {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read {}", file.display());
    }
}

fn spawn_server(folder: &TempDir, at: &str) -> Server {
    Server::spawn(socketlab(folder).arg("serve").arg(format!("talk={at}")))
}

/// What a caller says last whose peer answers with these bytes and closes.
fn told_after(answer: &[u8]) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (folder, answer) = (folder(), answer.to_vec());
    let caller = caller(&folder, listener.local_addr().unwrap(), &[], &["a secret"]);
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(&answer).unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    let (code, lines) = caller.finish();
    assert_eq!(code, Some(1), "{lines:?}");
    lines
}

#[test]
fn what_goes_wrong_before_the_keys_are_there_is_told_with_what_to_do() {
    let closed = "the peer closed the connection before the keys were exchanged; if it is a program written for the lab, try --dialect lab";
    assert_eq!(told_after(b""), [closed]);
    let garbage = "what came is no RSA public key in PEM; it begins: Error: the server is full␊";
    assert_eq!(told_after(b"Error: the server is full\n"), [garbage]);
    let armour = "-----BEGIN SOCKETLAB TALK KEY-----\nAAAA\n-----END SOCKETLAB TALK KEY-----";
    assert!(told_after(armour.as_bytes())[0].starts_with("what came is no RSA public key in PEM"));
}

#[test]
fn one_who_waits_has_one_peer() {
    let folder = folder();
    let (waiting, at) = listener(&folder, &[], &[]);
    let _peer = TcpStream::connect(at).unwrap();
    assert!(waiting.next_line().ends_with(" is here"));
    assert!(TcpStream::connect(at).is_err(), "a second peer is refused");
}

#[test]
fn who_cannot_wait_at_a_port_is_told_what_to_do() {
    let (folder, taken) = (folder(), TcpListener::bind("127.0.0.1:0").unwrap());
    let at = taken.local_addr().unwrap().to_string();
    let (code, lines) = Running::start(socketlab(&folder).args(["talk", "--listen", &at]), &[]).finish();
    let told = format!(
        "socketlab: our end cannot be bound to {at}: another program has this port. Choose another, or 0 for any"
    );
    assert_eq!((code, lines), (Some(1), vec![told]));
}

#[test]
fn a_person_talks_at_a_terminal_and_nothing_typed_is_kept() {
    let server = Server::start(&["talk=127.0.0.1:0"]);
    let folder = folder();
    let Some(mut person) = Person::start(&folder, &["talk"], server.at("talk", "tcp")) else { return };
    person.expect_last_row(">");
    person.press("a secret\r");
    person.press("Good Bye\r");
    person.expect_exit(0);
    assert!(server.next_line().contains(": speaks the sound dialect, with a key of 3072 bits: "));
    assert!(server.next_line().ends_with(": a secret"));
    assert!(server.next_line().ends_with(": Good Bye"));
    let mut kept: Vec<_> =
        folder.path().join("socketlab").read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    kept.sort();
    assert_eq!(kept, ["talk-known", "talk-lab.pem", "talk.pem"]);
}

#[test]
fn what_is_altered_on_the_way_ends_the_talk_with_the_reason() {
    /// A key and a share are longer, and a confirmation shorter, than the record of the text.
    fn flip_a_bit_of_the_text(piece: &mut [u8]) {
        if (22..200).contains(&piece.len()) {
            piece[piece.len() - 1] ^= 1;
        }
    }
    let folders = [folder(), folder()];
    let (waiting, at) = listener(&folders[0], &[], &["never said"]);
    let (between, _) = pass_on(at, flip_a_bit_of_the_text);
    let (code, lines) = caller(&folders[1], between, &[], &["a question"]).finish();
    let closed = "the peer closed the connection without Good Bye".to_owned();
    assert!(code == Some(1) && lines.contains(&closed), "{lines:?}");
    let (code, lines) = waiting.finish();
    let why = "a record does not decrypt: it was altered, repeated, reordered, or left out on the way".to_owned();
    assert!(code == Some(1) && lines.contains(&why), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("peer: ")), "{lines:?}");
}

#[test]
fn two_people_talk_under_tls_as_well() {
    let folders = [folder(), folder()];
    let command = &mut socketlab(&folders[0]);
    let waiting = Running::start(command.args(["talk", "--listen", "tls://127.0.0.1:0"]), &["an answer"]);
    let next = |begin: &str| {
        let mut lines = std::iter::repeat_with(|| waiting.next_line());
        lines.find_map(|line| line.strip_prefix(begin).map(str::to_owned)).unwrap()
    };
    let fingerprint = next("socketlab: the fingerprint of this end's certificate is ");
    let at: SocketAddr = next("waiting at ").parse().unwrap();
    // One that speaks no TLS is turned out, and the wait goes on.
    let mut stranger = TcpStream::connect(at).unwrap();
    stranger.write_all(b"hello\n").unwrap();
    let mut told = String::new();
    stranger.read_to_string(&mut told).unwrap();
    assert_eq!(told, "Error: only TLS is spoken at this port, join with --tls\n");
    let (code, lines) = caller(&folders[1], at, &["--tls", "--fingerprint", &fingerprint], &["a question"]).finish();
    assert!(code == Some(0) && lines.contains(&"peer: an answer".to_owned()), "{lines:?}");
    let (code, lines) = waiting.finish();
    assert!(code == Some(0) && lines.contains(&"peer: a question".to_owned()), "{lines:?}");
}
