//! Somebody on the path, with the tool that everybody there has: what was said in the open is read, and what was encrypted is not.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::chat::Member;
use crate::server::{PATIENCE, Server, skip};
use crate::talk;
use crate::tls::{BOTH_DOORS, Secure, trusting};

/// What everybody says here.
const SECRET: &str = "the treasure lies under the oak";
/// How often a sign is given until it is seen.
const SIGN_EVERY: Duration = Duration::from_millis(50);

/// Wireshark's terminal program, at the loopback interface.
struct Eavesdropper {
    child: Child,
    /// The payload of each segment, in hexadecimal digits, behind its two ports.
    segments: Receiver<String>,
    noted: Vec<String>,
}

impl Drop for Eavesdropper {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Eavesdropper {
    /// Listens to these ports; none where nobody may.
    fn start(ports: &[u16]) -> Option<Self> {
        let filter: Vec<_> = ports.iter().map(|port| format!("tcp port {port}")).collect();
        let fields = ["-T", "fields", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "tcp.payload"];
        let mut command = Command::new("tshark");
        command.args(["-i", "lo", "-l", "-n", "-f", &filter.join(" or ")]).args(fields);
        let Ok(mut child) = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            skip("an eavesdropper: `tshark` is not installed");
            return None;
        };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (sender, segments) = channel();
        std::thread::spawn(move || lines.map(|line| sender.send(line)).all(|sent| sent.is_ok()));
        let mut eavesdropper = Self { child, segments, noted: Vec::new() };
        if !eavesdropper.sees_connections_to(ports[0]) {
            skip("an eavesdropper: nobody may capture here without being root");
            return None;
        }
        Some(eavesdropper)
    }

    /// Connects until it is seen: then all that was said before is noted, too. False if it has ended.
    fn sees_connections_to(&mut self, port: u16) -> bool {
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        let mut signs = Vec::new();
        for _ in 0..PATIENCE.as_millis() / SIGN_EVERY.as_millis() {
            signs.push(TcpStream::connect(at).unwrap().local_addr().unwrap().port());
            while let Ok(segment) = self.segments.recv_timeout(SIGN_EVERY) {
                let is_seen = signs.iter().any(|sign| segment.starts_with(&format!("{sign}\t")));
                self.noted.push(segment);
                if is_seen {
                    return true;
                }
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
        }
        panic!("nothing is captured");
    }

    /// Whether somebody said this at a port, in the clear.
    fn read(&self, port: u16, text: &str) -> bool {
        let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let port = port.to_string();
        self.noted.iter().map(|segment| segment.split('\t').collect::<Vec<_>>()).any(|fields| {
            let [from, to, payload] = fields[..] else { return false };
            [from, to].contains(&&*port) && payload.contains(&digits)
        })
    }
}

#[test]
fn what_is_encrypted_is_not_read_and_what_is_not_is() {
    let server = Server::start(&BOTH_DOORS);
    let [plain_at, tls_at] = ["tcp", "tls"].map(|scheme| server.at("chat", scheme));
    let folders = [talk::folder(), talk::folder()];
    let (waiting, talk_at) = talk::listener(&folders[0], &["--dialect", "lab"], &[SECRET]);
    let Some(mut eavesdropper) = Eavesdropper::start(&[plain_at.port(), tls_at.port(), talk_at.port()]) else { return };

    let calling = talk::caller(&folders[1], talk_at, &["--dialect", "lab"], &[SECRET]);
    for person in [calling, waiting] {
        let (code, lines) = person.finish();
        assert!(code == Some(0) && lines.contains(&format!("peer: {SECRET}")), "{lines:?}");
    }
    let config = trusting(&server, "socketlab-chat");
    let [mut ada, mut grace] =
        [("Ada", 1), ("Grace", 2)].map(|(name, count)| Secure::enter(&config, tls_at, name, count));
    ada.hears("Server: Grace has joined. Member count=2");
    ada.say(SECRET);
    grace.hears(&format!("Ada: {SECRET}"));
    assert!(eavesdropper.sees_connections_to(plain_at.port()));
    assert!(eavesdropper.read(talk_at.port(), "-----BEGIN PUBLIC KEY-----"), "the keys are seen");
    assert!(eavesdropper.read(tls_at.port(), "\u{16}\u{3}"), "the handshake is seen");
    for port in [plain_at, tls_at, talk_at].map(|at| at.port()) {
        assert!(!eavesdropper.read(port, SECRET), "it was read at port {port}");
    }

    // With one member in the open, it is.
    let mut alan = Member::enter(&server, "Alan", 3);
    ada.hears("Server: Alan has joined. Member count=3");
    ada.say(SECRET);
    alan.hears(&format!("Ada: {SECRET}"));
    assert!(eavesdropper.sees_connections_to(plain_at.port()));
    assert!(eavesdropper.read(plain_at.port(), SECRET), "what is said in the open is not seen");
    assert!(!eavesdropper.read(tls_at.port(), SECRET));
}
