//! `socketlab watch` beside real programs, in networks that nobody else is in.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{skip, socketlab};

/// Whether this system lets `watch` have networks of its own; where not, it says why.
pub(crate) fn networks_are_allowed() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let output = socketlab(&folder).args(["watch", "--", "true"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    if told.contains("does not let a user have a network") {
        skip(&format!("watch: {told}"));
        return false;
    }
    assert!(output.status.success(), "{told}");
    true
}

/// A run of `watch` beside a command.
pub(crate) struct Watched {
    /// What the command printed.
    pub(crate) printed: String,
    /// What was told of it.
    pub(crate) story: String,
    pub(crate) code: Option<i32>,
}

/// Watches a command with these options.
pub(crate) fn watch(folder: &TempDir, options: &[&str], command: &[&str]) -> Watched {
    let mut watch = socketlab(folder);
    watch.arg("watch").args(options).arg("--").args(command).stdin(Stdio::null());
    let Output { status, stdout, stderr } = watch.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Watched { printed: text(stdout), story: text(stderr), code: status.code() }
}

/// The same, as values: the events, and then the summary.
pub(crate) fn watch_json(folder: &TempDir, options: &[&str], command: &[&str]) -> (Vec<Value>, Value) {
    let watched = watch(folder, &[&["--json"], options].concat(), command);
    assert_eq!(watched.code, Some(0), "{}", watched.story);
    read_json(&watched.story)
}

/// Reads what `--json` wrote.
pub(crate) fn read_json(text: &str) -> (Vec<Value>, Value) {
    let mut values: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let summary = values.pop().map(|last| last["summary"].clone()).filter(Value::is_object);
    (values, summary.unwrap_or_else(|| panic!("no summary in {text}")))
}

/// A student's calculator: one client, an address written into the program, bare messages.
pub(crate) const SERVER: &str = "
import socket
s = socket.socket()
s.bind(('192.168.1.20', 12004))
s.listen()
c, a = s.accept()
print('Hello', c.recv(1024).decode(), flush=True)
c.send(b'welcome')
while True:
    m = c.recv(1024).decode()
    if m == 'q':
        break
    c.send(str(eval(m)).encode())
c.close()
";

pub(crate) const CLIENT: &str = "
import socket
s = socket.socket()
s.connect(('192.168.1.20', 12004))
s.send(b'Ada')
s.recv(1024)
s.send(b'12 + 42')
print(s.recv(1024).decode())
s.send(b'q')
print(s.recv(1024))
s.close()
";

/// Writes the student's programs, and gives the server's command line and the client's words.
pub(crate) fn students(folder: &TempDir) -> (String, [String; 2]) {
    let [server, client] = [("server.py", SERVER), ("client.py", CLIENT)].map(|(name, program)| {
        let path = folder.path().join(name);
        std::fs::write(&path, program).unwrap();
        path.to_str().unwrap().to_owned()
    });
    (format!("python3 {server}"), ["python3".to_owned(), client])
}

#[test]
fn a_students_pair_is_told_from_handshake_to_close() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, client) = students(&folder);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let watched = watch(&folder, &["--with", &server], &client);
    assert_eq!(watched.printed, "Hello Ada\n54\nb''\n");
    assert_eq!(watched.code, Some(0), "{}", watched.story);
    for told in [
        "client 1 → server    SYN     seq 0 · handshake 1 of 3: asks to open · TCP 192.168.1.20:",
        "server   → client 1  SYN+ACK seq 0, ack 1 · handshake 2 of 3: agrees\n",
        "client 1 → server    ACK     seq 1, ack 1 · handshake 3 of 3: open\n",
        "client 1 → server    data    3 bytes \"Ada\" · calc name Ada\n",
        "client 1 → server    data    7 bytes \"12 + 42\" · calc request 12 + 42\n",
        "server   → client 1  data    2 bytes \"54\" · answer 54\n",
        "client 1 → server    data    1 byte \"q\" · calc quit\n",
        "closed on both sides\n",
        "Packet 1 (SYN), packet 2 (SYN+ACK) and packet 3 (ACK).",
        "Yes, by anybody on the path.",
        "server closed first",
    ] {
        assert!(watched.story.contains(told), "no `{told}` in\n{}", watched.story);
    }
}

#[test]
fn programs_are_named_while_they_run() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = students(&folder);
    let client = "import socket; s = socket.create_connection(('192.168.1.20', 12004)); input(); s.send(b'Ada'); s.recv(9); s.send(b'q')";
    let path = folder.path().join("waits.py");
    std::fs::write(&path, client).unwrap();
    let mut watch = socketlab(&folder);
    watch.args(["watch", "--with", &server, "--", "python3", path.to_str().unwrap()]);
    let mut watch = watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Where it is no terminal, the story is told as it happens; the client goes on only when its first line was told.
    let mut story = BufReader::new(watch.stderr.take().unwrap());
    let mut line = String::new();
    story.read_line(&mut line).unwrap();
    watch.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(line.contains("(python3 waits.py, pid ") && line.contains("(python3 server.py, pid "), "{line}");
    assert!(story.lines().map_while(Result::ok).any(|line| line.contains("closed on both sides")));
    assert!(watch.wait().unwrap().success());
}

#[test]
fn what_a_command_does_wrong_is_told() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let failed = watch(&folder, &[], &["sh", "-c", "echo out; exit 3"]);
    assert_eq!((failed.printed.as_str(), failed.code), ("out\n", Some(1)));
    assert!(failed.story.ends_with("socketlab: the command ended with exit code 3\n"), "{}", failed.story);
    let killed = watch(&folder, &[], &["sh", "-c", "kill -9 $$"]);
    assert!(killed.story.ends_with("socketlab: the command was ended by signal 9\n"), "{}", killed.story);
    let missing = watch(&folder, &[], &["no-such-program"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.story.contains("starting `no-such-program`"), "{}", missing.story);
    let hasty = watch(&folder, &["--with", "exit 4"], &["true"]);
    assert!(hasty.story.contains("the server `exit 4` ended with exit code 4 before it listened"), "{}", hasty.story);
    assert_eq!(hasty.code, Some(1));
}

#[test]
fn refusals_are_told_over_tcp_and_udp() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    const KNOCK: &str = "
import socket
try:
    socket.create_connection(('10.9.8.7', 4000))
except ConnectionRefusedError:
    pass
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('10.9.8.7', 4000))
s.send(b'x')
try:
    s.recv(10)
except ConnectionRefusedError:
    pass
";
    let (events, summary) = watch_json(&folder, &[], &["python3", "-c", KNOCK]);
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["syn", "reset", "datagram", "unreachable"]);
    let ends = summary["conversations"].as_array().unwrap().iter().map(|it| it["end"]["how"].as_str().unwrap());
    assert_eq!(ends.collect::<Vec<_>>(), ["refused", "refused"]);
    let told = watch(&folder, &[], &["python3", "-c", KNOCK]).story;
    assert!(told.ends_with("let its server run there too, by --with 'SERVER'\n"), "{told}");
}

#[test]
fn a_file_is_told_as_its_capture_was() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, client) = students(&folder);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let path = folder.path().join("lab.pcapng");
    let path = path.to_str().unwrap();
    let live = watch(&folder, &["--with", &server, "--write", path], &client);
    let read = |options: &[&str]| {
        let output = socketlab(&folder).args(["watch", "--read", path]).args(options).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // Only the programs behind the sockets are known to a live capture alone.
    let without_programs = |story: &str| -> Vec<String> {
        let events = story.lines().take_while(|line| !line.is_empty());
        events.map(|line| line.split(" · TCP ").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(without_programs(&read(&[])), without_programs(&live.story));
    assert!(read(&["--ladder"]).contains("data 7 bytes \"12 + 42\" · calc request 12 + 42"));
    let followed = read(&["--follow"]);
    let words: Vec<&str> = followed.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    let wanted = ["client 1 │ Ada", "server   │ welcome", "client 1 │ 12 + 42", "server   │ 54", "client 1 │ q"];
    assert_eq!(words, wanted);
    // What nobody asked for is passed over, and the numbers stay those of the file.
    assert!(read(&["--port", "1"]).contains("0 packets"));
    assert!(read(&["--port", "12004"]).contains("Packet 1 (SYN)"));
    assert!(read(&["calc"]).contains("Packet 1 (SYN)"));
    assert!(read(&["clock"]).contains("0 packets"));
    let acknowledged = read(&["--acknowledgements"]);
    assert!(acknowledged.lines().count() > read(&[]).lines().count());
}

/// What is told on loopback until Ctrl-C, or why nothing is.
#[test]
fn loopback_is_watched_until_ctrl_c_where_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let mut watch = socketlab(&folder);
    watch.args(["watch", "--port", &server.port().to_string()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watch = watch.spawn().unwrap();
    let (mut story, mut told) =
        (BufReader::new(watch.stdout.take().unwrap()), BufReader::new(watch.stderr.take().unwrap()));
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    if line.contains("you may not watch lo") {
        assert!(line.contains("sudo setcap cap_net_raw+ep "), "{line}");
        assert_eq!(watch.wait().unwrap().code(), Some(1));
        return;
    }
    assert_eq!(line, format!("socketlab: watching port {} on lo; Ctrl-C ends with the summary\n", server.port()));
    // Other traffic is not told.
    drop(TcpListener::bind("127.0.0.1:0").map(|other| TcpStream::connect(other.local_addr().unwrap())).unwrap());
    let mut client = TcpStream::connect(server).unwrap();
    client.write_all(b"good morning\n").unwrap();
    let mut lines = Vec::new();
    while !line.contains("good morning") {
        line.clear();
        assert!(story.read_line(&mut line).unwrap() > 0, "{lines:?}");
        lines.push(line.clone());
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
    let own = format!("pid {})", std::process::id());
    assert!(lines[0].contains("client 1 → server    SYN") && lines[0].contains(&own), "{lines:?}");
    kill_process(Pid::from_child(&watch), Signal::INT).unwrap();
    let rest: Vec<String> = story.lines().map_while(Result::ok).collect();
    assert!(
        rest.iter().any(|line| line.contains("Packet 1 (SYN), packet 2 (SYN+ACK) and packet 3 (ACK).")),
        "{rest:?}"
    );
    assert!(rest.iter().any(|line| line.contains("it was open when the capture ended")), "{rest:?}");
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_ends_the_command_and_lets_the_server_see_it() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = students(&folder);
    let client =
        "import socket; s = socket.create_connection(('192.168.1.20', 12004)); s.send(b'Ada'); s.recv(9); input()";
    let mut watch = socketlab(&folder);
    watch.args(["watch", "--with", &server, "--", "python3", "-c", client]).process_group(0);
    let mut watch = watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut story = BufReader::new(watch.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("welcome") {
        line.clear();
        assert!(story.read_line(&mut line).unwrap() > 0);
    }
    // As a terminal does it: to all that it shares.
    kill_process_group(Pid::from_child(&watch), Signal::INT).unwrap();
    let rest: Vec<String> = story.lines().map_while(Result::ok).collect();
    assert!(rest.iter().any(|line| line.contains("client 1 → server    FIN")), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("client 1 closed first")), "{rest:?}");
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_watched_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("story.txt");
    std::fs::write(&path, "Once upon a time").unwrap();
    let (path, missing) = (path.to_str().unwrap(), folder.path().join("none"));
    for (args, code, wanted) in [
        (&["--read", path][..], 1, "This is no capture"),
        (&["--read", missing.to_str().unwrap()], 1, "No such file"),
        (&[], 2, "say what to watch: a service"),
        (&["--with", "true"], 2, "--with starts a server beside a command"),
        (&["calc", "--", "true"], 2, "in a command's own network all is the command's"),
        (&["--read", path, "--interface", "lo"], 2, "a file has its own interfaces"),
        (&["--host", "no.such.host.invalid"], 2, "the host `no.such.host.invalid` is not known"),
        (&["nonsense"], 2, "there is no service `nonsense`"),
        (&["--interface", "nowhere0"], 1, ""),
    ] {
        let output = socketlab(&folder).arg("watch").args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(told.contains(wanted), "{args:?}: {told}");
    }
}

#[test]
fn a_second_ctrl_c_leaves_nobody_behind() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Neither side minds the signals that end others. Both write into a pipe, which is at its end when both are gone.
    let deaf = "import signal, socket, time; signal.signal(signal.SIGINT, lambda *_: print('deaf', flush=True)); \
                signal.signal(signal.SIGTERM, signal.SIG_IGN); s = socket.socket(); s.bind(('', 4000)); s.listen(); \
                print('ready', flush=True); [time.sleep(1) for _ in range(600)]";
    let client = deaf.replace("4000", "4001");
    let mut watch = socketlab(&folder);
    watch.args(["watch", "--with", &format!("python3 -c \"{deaf}\"; true"), "--", "python3", "-c", &client]);
    let mut watch = watch.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(watch.stdout.take().unwrap());
    let mut expect = |wanted: &str| {
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        assert_eq!(line, wanted);
    };
    expect("ready\n");
    expect("ready\n");
    let group = Pid::from_child(&watch);
    kill_process_group(group, Signal::INT).unwrap();
    // Two that come before it looks are one wish; so it is asked again each time that the client has heard it.
    for line in printed.lines().map_while(Result::ok) {
        assert_eq!(line, "deaf");
        // Nobody may be left.
        let _ = kill_process_group(group, Signal::INT);
    }
    assert!(watch.wait().is_ok());
}

/// A user namespace may forbid others below it, as a system may.
#[test]
fn what_forbids_a_network_is_named_with_what_mends_it() {
    const FORBID: &str =
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all --inh-caps -all \"$@\"";
    let folder = tempfile::tempdir().unwrap();
    let program = socketlab(&folder);
    let inside = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "sh", "-c", FORBID, "sh"]).arg(program.get_program()).args(args).output()
    };
    let Some(output) = inside(&["watch", "--", "true"]).ok().filter(|output| !output.stderr.starts_with(b"unshare: "))
    else {
        return skip("watch where networks are forbidden: needs `unshare`, and a system that allows user namespaces");
    };
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "socketlab: this system does not let a user have a network of their own: user.max_user_namespaces is 0; \
         `sudo sysctl user.max_user_namespaces=10000` allows it\n"
    );
    let told = String::from_utf8(inside(&["doctor"]).unwrap().stdout).unwrap();
    assert!(told.contains("namespaces   no: ") && told.contains("capture      no: run `watch` with sudo"), "{told}");
    assert!(told.contains("check        only with --no-sandbox: this system does not let a user have"), "{told}");
}

#[test]
fn the_doctor_tells_what_works() {
    let folder = tempfile::tempdir().unwrap();
    let output = socketlab(&folder).arg("doctor").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for topic in ["capture ", "descriptors ", "ports ", "check ", "namespaces "] {
        assert!(told.lines().any(|line| line.starts_with(topic)), "no `{topic}` in {told}");
    }
    let networks = Command::new("unshare").args(["--map-root-user", "--net", "true"]).status();
    if networks.is_ok_and(|status| status.success()) {
        assert!(told.contains("namespaces   yes") && told.contains("check        yes"), "{told}");
    }
}
