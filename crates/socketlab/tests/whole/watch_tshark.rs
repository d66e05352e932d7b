//! What `watch` writes and counts, beside tshark.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::server::{skip, socketlab};
use crate::watch::{networks_are_allowed, read_json, students, watch_json};

/// What tshark counts in a capture.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    packets: u64,
    handshakes: u64,
    retransmissions: u64,
    tcp_bytes: u64,
    udp_bytes: u64,
}

/// Reads fields of all packets that a filter passes, with all checksums checked; none where tshark is not installed.
fn tshark(file: &Path, filter: &str, fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    // In two passes: only then every packet knows how far its connection came.
    command.args(["-2", "-r"]).arg(file).args(["-Y", filter, "-T", "fields"]);
    for protocol in ["ip", "tcp", "udp"] {
        command.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    for field in fields {
        command.args(["-e", field]);
    }
    let Ok(output) = command.output() else {
        skip("tshark beside watch: `tshark` is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

fn sum(rows: &[Vec<String>]) -> u64 {
    rows.iter().map(|row| row[0].parse::<u64>().unwrap_or(0)).sum()
}

fn count(file: &Path) -> Option<Counts> {
    let number = |filter: &str| Some(tshark(file, filter, &["frame.number"])?.len() as u64);
    // The lowest bits of a connection's completeness say that SYN, SYN+ACK and ACK were seen.
    let mut complete = tshark(file, "tcp", &["tcp.completeness", "tcp.stream"])?;
    complete.retain(|row| row[0].parse::<u8>().is_ok_and(|bits| bits & 0b111 == 0b111));
    complete.sort_by(|one, other| one[1].cmp(&other[1]));
    complete.dedup_by(|one, other| one[1] == other[1]);
    Some(Counts {
        packets: number("frame")?,
        handshakes: complete.len() as u64,
        retransmissions: number("tcp.analysis.retransmission")?,
        tcp_bytes: sum(&tshark(file, "tcp", &["tcp.len"])?),
        // A datagram's length counts its header of eight bytes.
        udp_bytes: sum(&tshark(file, "udp && !icmp", &["udp.length"])?) - 8 * number("udp && !icmp")?,
    })
}

fn counted(summary: &Value) -> Counts {
    let number = |name: &str| summary["totals"][name].as_u64().unwrap();
    Counts {
        packets: number("packets"),
        handshakes: number("handshakes"),
        retransmissions: number("retransmissions"),
        tcp_bytes: number("tcp_bytes"),
        udp_bytes: number("udp_bytes"),
    }
}

/// A session with something of everything: handshakes, a SYN that is sent again since nobody has room for it, segments of all sizes, datagrams,
/// a reset.
const SESSION: &str = "
import socket, struct, threading
quiet = socket.socket()
quiet.bind(('10.0.0.1', 5000))
quiet.listen(0)
first = socket.create_connection(('10.0.0.1', 5000))
def knock():
    try:
        socket.create_connection(('10.0.0.1', 5000), timeout=1.5)
    except TimeoutError:
        pass
knocker = threading.Thread(target=knock)
knocker.start()
listener = socket.socket()
listener.bind(('10.0.0.2', 5001))
listener.listen()
def serve():
    server, _ = listener.accept()
    while data := server.recv(65536):
        server.sendall(data)
    server.close()
thread = threading.Thread(target=serve)
thread.start()
client = socket.create_connection(('10.0.0.2', 5001))
for size in (1, 100, 1460, 70000, 300000):
    sent = bytes(i % 251 for i in range(size))
    sender = threading.Thread(target=client.sendall, args=(sent,))
    sender.start()
    heard = b''
    while len(heard) < size:
        heard += client.recv(65536)
    assert heard == sent
    sender.join()
client.close()
thread.join()
for family, address in ((socket.AF_INET, '10.0.0.3'), (socket.AF_INET6, '::1')):
    receiver = socket.socket(family, socket.SOCK_DGRAM)
    receiver.bind((address, 5002))
    sender = socket.socket(family, socket.SOCK_DGRAM)
    for size in (0, 1, 1000, 9000, 65000):
        sender.sendto(b'x' * size, (address, 5002))
        receiver.recv(70000)
knocker.join()
first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
first.close()
";

#[test]
fn tshark_finds_nothing_wrong_in_what_we_write_and_counts_the_same() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.pcapng");
    let (server, client) = students(&folder);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    for (options, command) in [(&[][..], &["python3", "-c", SESSION][..]), (&["--with", &server], &client)] {
        let options = [options, &["--write", file.to_str().unwrap()]].concat();
        let (_, summary) = watch_json(&folder, &options, command);
        let Some(counts) = count(&file) else { return };
        assert_eq!(counted(&summary), counts);
        assert_eq!(counts.retransmissions > 0, command.len() == 3, "{counts:?}");
        let wrong = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0";
        assert_eq!(tshark(&file, wrong, &["frame.number"]).unwrap(), Vec::<Vec<String>>::new());
        let judged = tshark(&file, "tcp.checksum.status == 1 || udp.checksum.status == 1", &["frame.number"]).unwrap();
        assert_eq!(judged.len() as u64, counts.packets, "every checksum is there and right");
        // Our explanations are beside the packets, and the times are nanoseconds.
        let comments = tshark(&file, "frame.comment contains \"handshake 1 of 3\"", &["frame.number"]).unwrap();
        assert!(!comments.is_empty());
        let times = tshark(&file, "frame", &["frame.time_epoch", "frame.interface_name"]).unwrap();
        assert!(
            times.iter().any(|row| !row[0].ends_with("000")) && times.iter().all(|row| row[1] == "lo"),
            "{times:?}"
        );
    }
}

/// Captures with tshark in a network of its own, in which the root of a user namespace may do so, while a script runs.
const CAPTURED: &str = r#"
set -e
ip link set lo up
ip route add local 0.0.0.0/0 dev lo table local
tshark -q -i lo -w "$1" 2>&1 & tshark=$!
echo $tshark
read started
eval "$2"
read end
kill -INT $tshark
wait $tshark || true
"#;

/// A download by curl, or by Python where there is no curl.
const DOWNLOAD: &str = r#"
cd "$(dirname "$1")"
head -c 3000000 /dev/urandom > body
python3 -m http.server 8000 >/dev/null 2>&1 & server=$!
python3 -c "
import socket, time
while socket.socket().connect_ex(('127.0.0.1', 8000)):
    time.sleep(0.01)
"
if command -v curl >/dev/null; then
    for round in 1 2 3; do curl -s -o again http://127.0.0.1:8000/body; done
else
    python3 -c "import urllib.request as r; [r.urlopen('http://127.0.0.1:8000/body').read() for _ in range(3)]"
fi
kill $server
"#;

#[test]
fn tsharks_own_captures_are_counted_as_tshark_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tshark.pcapng");
    for script in [DOWNLOAD, "python3 -c \"$3\""] {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net", "sh", "-c", CAPTURED, "sh"]).arg(&file).args([script, SESSION]);
        let Ok(mut capture) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
            return skip("tshark's captures: `unshare` is not installed");
        };
        let mut lines = BufReader::new(capture.stdout.take().unwrap()).lines().map_while(Result::ok);
        if !lines.any(|line| line.contains("Capture started")) {
            let _ = capture.wait();
            return skip("tshark's captures: tshark may not capture, or is not installed, or networks are forbidden");
        }
        // The first line starts the script, the second ends the capture after it.
        capture.stdin.take().unwrap().write_all(b"start\nend\n").unwrap();
        drop(lines);
        assert!(capture.wait().unwrap().success());
        let output = socketlab(&folder).args(["watch", "--json", "--read"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (_, summary) = read_json(&String::from_utf8(output.stdout).unwrap());
        let Some(counts) = count(&file) else { return };
        assert!(counts.handshakes >= 1 && counts.tcp_bytes > 100_000, "{counts:?}");
        assert_eq!(counted(&summary), counts);
    }
}
