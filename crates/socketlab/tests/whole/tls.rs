//! TLS: who gets in, how, and what happens to those who do not. Openssl and Python take part beside our own clients.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cipher::{CertificateFingerprint, Trust};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::chat::{Member, untimed};
use crate::peer::Stream;
use crate::server::{PATIENCE, Server, skip, socketlab};

/// What a server tells of its certificate.
fn certificate(line: &str) -> Option<(PathBuf, CertificateFingerprint)> {
    let (file, fingerprint) = line.strip_prefix("certificate ")?.split_once(", fingerprint ")?;
    Some((file.into(), fingerprint.parse().unwrap()))
}

pub(crate) fn shown(server: &Server) -> (PathBuf, CertificateFingerprint) {
    server.head.iter().find_map(|line| certificate(line)).expect("the server shows its certificate")
}

/// What a client knows that trusts this server alone.
pub(crate) fn trusting(server: &Server, protocol: &str) -> Arc<ClientConfig> {
    Trust::Fingerprint(shown(server).1).client_config(protocol).unwrap()
}

/// A member under TLS.
pub(crate) struct Secure(pub(crate) BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Secure {
    pub(crate) fn connect(config: &Arc<ClientConfig>, at: SocketAddr) -> Self {
        Self::over(config, Stream::connect(at).0)
    }

    fn over(config: &Arc<ClientConfig>, stream: TcpStream) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
        Self(BufReader::new(StreamOwned::new(connection, stream)))
    }

    pub(crate) fn enter(config: &Arc<ClientConfig>, at: SocketAddr, name: &str, count: usize) -> Self {
        let mut member = Self::connect(config, at);
        member.say(name);
        member.hears(&format!("Server: {name} has joined. Member count={count}"));
        member
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// The next line, without the time of an announcement.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        untimed(line.trim_end())
    }

    #[track_caller]
    pub(crate) fn hears(&mut self, wanted: &str) {
        assert_eq!(self.line(), wanted);
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.0.get_ref().sock
    }
}

/// Somebody else's program in the chat room.
struct Guest {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Guest {
    fn start(program: &str, args: &[&str]) -> Option<Self> {
        let command = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = command else {
            skip(&format!("tls: `{program}` is not installed"));
            return None;
        };
        let lines = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, lines })
    }

    fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    #[track_caller]
    fn hears(&mut self, wanted: &str) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(untimed(line.trim_end()), wanted);
    }
}

/// Ten lines of Python: what is typed is said, what is heard is printed. One thread alone, since before 3.13 Python lets two of them break a session
/// by reading and writing at once.
const PYTHON: &str = "
import select, socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
plain = socket.create_connection(('localhost', int(sys.argv[1])))
room = context.wrap_socket(plain, server_hostname='localhost')
room.setblocking(False)
while True:
    for ready in select.select([room, sys.stdin], [], [])[0]:
        try:
            if ready is room: print(room.recv(4096).decode() or sys.exit(), end='', flush=True)
            else: room.sendall(sys.stdin.readline().encode())
        except ssl.SSLWantReadError: pass
";

pub(crate) const BOTH_DOORS: [&str; 2] = ["chat=127.0.0.1:0", "chat=tls://127.0.0.1:0"];

#[test]
fn openssl_takes_part_in_both_versions() {
    let server = Server::start(&BOTH_DOORS);
    let (file, _) = shown(&server);
    let at = format!("localhost:{}", server.at("chat", "tls").port());
    let mut plain = Member::enter(&server, "Ada", 1);
    for version in ["-tls1_3", "-tls1_2"] {
        let trusting = ["-CAfile", file.to_str().unwrap(), "-verify_return_error", "-verify_hostname", "localhost"];
        let args = [&["s_client", "-quiet", "-connect", &at, version], &trusting[..]].concat();
        let Some(mut openssl) = Guest::start("openssl", &args) else { return };
        openssl.say("Grace");
        openssl.hears("Server: Grace has joined. Member count=2");
        plain.hears("Server: Grace has joined. Member count=2");
        openssl.say(&format!("over {version}"));
        plain.hears(&format!("Grace: over {version}"));
        plain.say("in the open");
        openssl.hears("Ada: in the open");
        openssl.say("quit");
        plain.hears("Server: Grace has left. Member count=1");
    }
}

#[test]
fn python_takes_part() {
    let server = Server::start(&BOTH_DOORS);
    let (file, _) = shown(&server);
    let port = server.at("chat", "tls").port().to_string();
    let Some(mut python) = Guest::start("python3", &["-c", PYTHON, &port, file.to_str().unwrap()]) else { return };
    python.say("Guido");
    python.hears("Server: Guido has joined. Member count=1");
    let mut plain = Member::enter(&server, "Ada", 2);
    python.hears("Server: Ada has joined. Member count=2");
    plain.say("Grüße, 世界");
    python.hears("Ada: Grüße, 世界");
    python.say("and back");
    plain.hears("Guido: and back");
}

/// Runs one of our clients with this input; its exit code, and what it printed and complained of.
fn join(args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = socketlab(&folder);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_client_on_a_stream_speaks_tls_and_trusts_whom_it_is_told_to() {
    let services = ["echo", "alnum", "calc", "add", "sum", "board", "clock"];
    let wishes: Vec<_> = services.iter().map(|service| format!("{service}=tls://127.0.0.1:0")).collect();
    let server = Server::start(&wishes.iter().map(String::as_str).collect::<Vec<_>>());
    let (file, fingerprint) = shown(&server);
    let (file, fingerprint) = (file.to_str().unwrap(), fingerprint.to_string());
    let inputs = [
        ("echo", "a b\n", "a b\n"),
        ("alnum", "a1\n", "Alphanumeric.\n"),
        ("calc", "2 + 3\n", "5\n"),
        ("sum", "3\n4\n", "7\n"),
        ("board", "POST x\nGET\n", "x\n"),
    ];
    for (service, input, wanted) in inputs {
        let at = server.at(service, "tls").to_string();
        let (code, printed, told) = join(&[service, "--tls", &at, "--fingerprint", &fingerprint], input);
        assert_eq!((code, told.as_str()), (Some(0), ""), "{service}: {printed}");
        assert!(printed.ends_with(wanted), "{service}: {printed}");
        let called = format!("tls://localhost:{}", server.at(service, "tls").port());
        let (code, printed, told) = join(&[service, &called, "-4", "--ca", file], input);
        assert_eq!((code, told.as_str()), (Some(0), ""), "{service}: {printed}");
    }
}

#[test]
fn a_client_says_why_it_does_not_trust() {
    let server = Server::start(&["calc=tls://127.0.0.1:0", "chat=tls://127.0.0.1:0"]);
    let other = Server::start(&["calc=tls://127.0.0.1:0"]);
    let (file, fingerprint) = shown(&server);
    let (other_file, other_fingerprint) = shown(&other);
    let at = format!("tls://{}", server.at("calc", "tls"));
    let check = |args: &[&str], wanted: &str| {
        let (code, printed, told) = join(&[&["calc"], args].concat(), "1 + 1\n");
        assert_eq!((code, printed.as_str()), (Some(1), ""), "{args:?}: {told}");
        assert!(told.contains(wanted), "{args:?}: {told}");
    };
    check(&[&at], &format!("fingerprint is {fingerprint}"));
    check(&[&at, "--ca", other_file.to_str().unwrap()], "nobody trusted here has signed its certificate");
    check(&[&at, "--fingerprint", &other_fingerprint.to_string()], "its certificate has another fingerprint");
    let fingerprint = fingerprint.to_string();
    let chat = format!("tls://{}", server.at("chat", "tls"));
    check(&[&chat, "--fingerprint", &fingerprint], "one side means another lab than the other");
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain_at = format!("tls://{}", plain.local_addr().unwrap());
    let greets = std::thread::spawn(move || plain.accept().unwrap().0.write_all(b"welcome\n").unwrap());
    check(&[&plain_at, "--fingerprint", &fingerprint], "what came is no TLS");
    greets.join().unwrap();
    // 127.0.0.2 is this computer, too, but nobody calls it so.
    let server = Server::start(&["calc=tls://127.0.0.2:0"]);
    let at = format!("tls://{}", server.at("calc", "tls"));
    check(&[&at, "--ca", shown(&server).0.to_str().unwrap()], "its certificate is for others, not for `127.0.0.2`");
    for (args, wanted) in [
        (&["calc", "--fingerprint", &fingerprint][..], "add --tls"),
        (&["calc", "tcp://localhost", "--tls"], "leave one out"),
        (&["numbers", "--tls"], "numbers is not spoken over tls"),
        (&["serve", "chat", "--cert", file.to_str().unwrap()], "a certificate is shown under TLS only"),
        (&["talk", "--listen", "0", "--cert", file.to_str().unwrap()], "a certificate is shown under TLS only"),
        (&["serve", "chat=tls://0", "--key", file.to_str().unwrap()], "needs its certificate"),
        (&["calc", "--tls", "--fingerprint", "12:34"], "64 hexadecimal digits"),
        (&["calc", "--tls", "--ca", file.with_file_name("none").to_str().unwrap()], "cannot be read"),
    ] {
        let (code, _, told) = join(args, "");
        assert_eq!(code, Some(2), "{args:?}: {told}");
        assert!(told.contains(wanted), "{args:?}: {told}");
    }
}

#[test]
fn who_speaks_no_tls_is_told_so() {
    let server = Server::start(&["chat=tls://127.0.0.1:0", "--set", "server.handshake_time=300ms"]);
    let told = "Error: only TLS is spoken at this port, join with --tls\n";
    let mut plain = Stream::connect(server.at("chat", "tls"));
    plain.send(b"Ada\n");
    plain.expect(told);
    plain.expect_end();
    let mut silent = Stream::connect(server.at("chat", "tls"));
    silent.expect(told);
    silent.expect_end();
    // The first bytes of a hello, and then nothing.
    let mut stuck = Stream::connect(server.at("chat", "tls"));
    stuck.send(b"\x16\x03\x01\x02");
    stuck.expect_end();
}

#[test]
fn handshakes_beyond_the_limit_wait_for_a_second_and_members_do_not() {
    let limits = ["--set", "server.handshakes=1", "--set", "server.handshake_time=600s", "--set", "chat.rate=0"];
    let server = Server::start(&[&BOTH_DOORS[..], &limits].concat());
    let (config, at) = (trusting(&server, "socketlab-chat"), server.at("chat", "tls"));
    let mut member = Secure::enter(&config, at, "Ada", 1);
    let mut plain = Member::enter(&server, "Alan", 2);
    member.hears("Server: Alan has joined. Member count=2");
    let begin = Instant::now();
    let mut stuck = Stream::connect(at);
    stuck.send(b"\x16\x03\x01\x02");
    stuck.pause_after_read(Duration::ZERO);
    let newcomer = std::thread::spawn(move || Secure::enter(&config, at, "Grace", 3));
    for number in 0..100 {
        member.say(&format!("{number}"));
        plain.hears(&format!("Ada: {number}"));
    }
    plain.hears("Server: Grace has joined. Member count=3");
    assert!(begin.elapsed() >= Duration::from_secs(1));
    drop(newcomer.join().unwrap());
    stuck.expect_end();
}

#[test]
fn not_all_who_are_beyond_the_limits_may_wait() {
    // As many may wait to be told that the service is full.
    const WAITING: usize = 1024;
    let limits = ["--set", "chat.members=1", "--set", "server.handshake_time=600s"];
    let server = Server::start(&[&BOTH_DOORS[..], &limits].concat());
    let (config, at) = (trusting(&server, "socketlab-chat"), server.at("chat", "tls"));
    let _member = Secure::enter(&config, at, "Ada", 1);
    let mut refused = Secure::connect(&config, at);
    refused.hears("Error: the server is full (1 clients), try again later");
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let silent: Vec<_> = (0..=WAITING).map(|_| Stream::connect(at)).collect();
    silent.iter().for_each(|stream| stream.0.set_nonblocking(true).unwrap());
    let end = Instant::now() + PATIENCE;
    while !silent.iter().any(|stream| matches!(stream.0.peek(&mut [0]), Ok(0))) {
        assert!(Instant::now() < end, "all of them wait");
        std::thread::yield_now();
    }
}

#[test]
fn nobody_is_pushed_out_by_who_comes_by_the_other_door_from_the_same_address_and_port() {
    let server = Server::start(&BOTH_DOORS);
    let (config, at) = (trusting(&server, "socketlab-chat"), server.at("chat", "tls"));
    let from_port = |port: u16, to: SocketAddr| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        socket.connect(&to.into()).unwrap();
        TcpStream::from(socket)
    };
    let mut plain = from_port(0, server.at("chat", "tcp"));
    let mut lines = BufReader::new(plain.try_clone().unwrap());
    let mut hears = |wanted: &str| {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert_eq!(untimed(line.trim_end()), wanted);
    };
    plain.write_all(b"Ada\n").unwrap();
    hears("Server: Ada has joined. Member count=1");
    let mut twin = Secure::over(&config, from_port(plain.local_addr().unwrap().port(), at));
    twin.hears("Error: your address and port are here already by another door, connect again");
    assert_eq!(twin.line(), "");
    let mut other = Secure::enter(&config, at, "Grace", 2);
    hears("Server: Grace has joined. Member count=2");
    plain.write_all(b"still here\n").unwrap();
    other.hears("Ada: still here");
}

#[test]
fn a_certificate_is_read_anew_and_nobody_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.pem");
    let name = file.to_str().unwrap();
    let make = |days: &str| {
        let args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", days];
        let to = ["-subj", "/CN=lab", "-addext", "subjectAltName=DNS:localhost", "-keyout", name, "-out"];
        let cert = folder.path().join("cert.pem");
        let made = Command::new("openssl").args(args).args(to).arg(&cert).stderr(Stdio::null()).status().ok()?;
        assert!(made.success());
        // Both in one file, as many keep them.
        let both = std::fs::read_to_string(&file).unwrap() + &std::fs::read_to_string(&cert).unwrap();
        std::fs::write(&file, both).unwrap();
        Some(())
    };
    let Some(()) = make("2") else { return skip("tls: `openssl` is not installed") };
    let complaints = folder.path().join("complaints");
    let mut command = socketlab(&folder);
    let serve = command.args(["serve", "chat=tls://127.0.0.1:0", "--cert", name]);
    let server = Server::spawn(serve.stderr(File::create(&complaints).unwrap()));
    let (at, first) = (server.at("chat", "tls"), shown(&server).1);
    let old = trusting(&server, "socketlab-chat");
    let mut stays = Secure::enter(&old, at, "Ada", 1);
    make("3");
    server.signal(Signal::HUP);
    let (_, second) = std::iter::repeat_with(|| server.next_line()).find_map(|line| certificate(&line)).unwrap();
    assert_ne!(first, second);
    // One that OpenSSL makes says that it may sign others, too.
    let new = Trust::Authority(folder.path().join("cert.pem")).client_config("socketlab-chat").unwrap();
    let mut comes = Secure::enter(&new, at, "Grace", 2);
    stays.hears("Server: Grace has joined. Member count=2");
    comes.say("under the new one");
    stays.hears("Grace: under the new one");
    // One that is damaged changes nothing.
    std::fs::write(&file, "no certificate").unwrap();
    server.signal(Signal::HUP);
    let end = Instant::now() + PATIENCE;
    while !std::fs::read_to_string(&complaints).unwrap().contains("the earlier stays in use") {
        assert!(Instant::now() < end, "nothing is said of the damaged file");
        std::thread::yield_now();
    }
    let mut later = Secure::enter(&new, at, "Alan", 3);
    later.say("still");
    comes.hears("Server: Alan has joined. Member count=3");
    comes.hears("Alan: still");
}
