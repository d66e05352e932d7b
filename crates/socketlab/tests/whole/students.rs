//! The services from `nc` and from ten lines of Python, as the sheets' readers use them.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::server::{Server, skip};

/// Runs a program with this input and gives what it printed; none if it is not installed.
pub(crate) fn run(program: &str, args: &[&str], input: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skip(&format!("students: `{program}` is not installed"));
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

/// The OpenBSD netcat, which is not everywhere what `nc` runs.
pub(crate) fn netcat() -> &'static str {
    let has_its_own_name = Command::new("nc.openbsd").arg("-h").stderr(Stdio::null()).output().is_ok();
    if has_its_own_name { "nc.openbsd" } else { "nc" }
}

fn check_nc(flags: &[&str], server: SocketAddr, input: &str, wanted: &str) {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    if let Some(printed) = run(netcat(), &[flags, &[&ip, &port]].concat(), input) {
        assert_eq!(printed, wanted, "nc {flags:?} to {server}");
    }
}

#[test]
fn netcat_uses_every_service() {
    let services = ["echo=0", "alnum=0", "calc=0", "add=0", "sum=0", "clock=0", "board=0", "numbers=0"];
    let server = Server::start(&[&services[..], &["--date-format", "%Y", "--set", "clock.listen=tcp://0"]].concat());
    let tcp = |service| server.at(service, "tcp");
    let udp = |service| server.at(service, "udp");
    // It ends its own side with its input, and itself with ours.
    check_nc(&["-N"], tcp("echo"), "hello\n", "hello\n");
    check_nc(&["-N"], tcp("alnum"), "a1\na 1\n", "Alphanumeric.\nNot Alphanumeric.\n");
    check_nc(&["-N"], tcp("calc"), "Ada\n12 + 42\n4.5 / -6\nq\n", "54\n-0.75\n");
    check_nc(&["-N"], tcp("add"), "Ada\n3 4\n", "ack\n7\n");
    check_nc(&["-N"], tcp("sum"), "3 4\n", "7\n");
    check_nc(&["-N", "-C"], tcp("sum"), "3 4\n", "7\r\n");
    check_nc(&["-N"], tcp("clock"), "now?\n", "Error in request format\n");
    check_nc(&["-u", "-w1"], udp("echo"), "hello\n", "hello\n");
    check_nc(&["-u", "-w1"], udp("numbers"), "1\n", "");
    check_nc(&["-u", "-w1"], udp("board"), "GET\n", "<<--bye-->>\n");
}

/// Ten lines in a student's manner: bare sends, one `recv` an answer.
const TCP: &str = "
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for message in sys.argv[3:]:
    if message.startswith('!'):
        s.send(message[1:].encode())
        time.sleep(0.5)
    else:
        s.send(message.encode())
        print(s.recv(1024).decode())
s.close()
";

const UDP: &str = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
for message in sys.argv[3:]:
    s.sendto(message.lstrip('!').encode(), (sys.argv[1], int(sys.argv[2])))
    if not message.startswith('!'):
        print(s.recvfrom(1024)[0].decode())
";

/// Sends messages from Python; nothing is expected back for those that begin with `!`.
fn check_python(program: &str, server: SocketAddr, messages: &[&str], wanted: &str) {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    if let Some(printed) = run("python3", &[&["-c", program, &ip, &port], messages].concat(), "") {
        assert_eq!(printed, wanted, "{messages:?}");
    }
}

#[test]
fn python_uses_every_service() {
    let services = ["echo=0", "alnum=0", "calc=0", "add=0", "sum=0", "clock=0", "board=0", "numbers=0"];
    let server = Server::start(&[&services[..], &["--acknowledge"]].concat());
    let tcp = |service| server.at(service, "tcp");
    let udp = |service| server.at(service, "udp");
    check_python(TCP, tcp("echo"), &["hello", "again"], "hello\nagain\n");
    check_python(TCP, tcp("alnum"), &["a1", "a 1"], "Alphanumeric.\nNot Alphanumeric.\n");
    check_python(TCP, tcp("calc"), &["!Ada", "12 + 42", "4.5 / -6", "!q"], "54\n-0.75\n");
    check_python(TCP, tcp("add"), &["Ada", "3 4"], "ack\n7\n");
    check_python(TCP, tcp("sum"), &["3 4", "!1", "2"], "7\n3\n");
    check_python(UDP, udp("echo"), &["hello"], "hello\n");
    check_python(UDP, udp("alnum"), &["a1"], "Alphanumeric.\n");
    check_python(UDP, udp("clock"), &["SEND"], "Error in request format\n");
    check_python(UDP, udp("sum"), &["3 4", "!1", "2"], "7\n3\n");
    check_python(UDP, udp("board"), &["POST one", "GET"], "saved\none\n");
    check_python(UDP, udp("numbers"), &["!1", "0"], "Error: expected a number from 1 to 100\n");
}
