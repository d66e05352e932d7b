//! The sheets' "two different computers": two network namespaces joined by a cable, a veth pair; see ip-netns(8) and veth(4).

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::server::{Server, skip, socketlab};

/// Joins two fresh namespaces, tells their processes' ids, and keeps them as long as its input is open.
const CABLE: &str = r#"
set -e
unshare --net sleep 300 & student=$!
trap 'kill $student' EXIT
while [ "$(readlink /proc/$student/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
ip link add cable type veth peer name cable netns $student
ip address add 10.77.0.1/24 dev cable
ip address add fd77::1/64 dev cable nodad
ip link set lo up
ip link set cable up
nsenter --target $student --net ip address add 10.77.0.2/24 dev cable
nsenter --target $student --net ip address add fd77::2/64 dev cable nodad
nsenter --target $student --net ip link set cable up
echo $$ $student
read end || true
"#;

/// Two computers in one network; gone with the test.
struct Network {
    cable: Child,
    teacher: String,
    student: String,
}

impl Network {
    /// None, and a word why, where the system forbids namespaces or lacks the tools for them.
    fn lay() -> Option<Self> {
        let mut cable = Command::new("unshare")
            .args(["--map-root-user", "--net", "sh", "-c", CABLE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(cable.stdout.take()?).read_line(&mut line).ok()?;
        let Some((teacher, student)) = line.trim().split_once(' ') else {
            // It has said why on standard error.
            cable.wait().ok()?;
            return None;
        };
        let (teacher, student) = (teacher.to_owned(), student.to_owned());
        Some(Self { cable, teacher, student })
    }

    /// The program, run on one of the computers.
    fn socketlab_on(pid: &str, folder: &TempDir) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--net", "--preserve-credentials", "--target", pid])
            .arg(socketlab(folder).get_program())
            .env("XDG_STATE_HOME", folder.path());
        command
    }

    /// Runs a client on the student's computer.
    fn client(&self, args: &[&str], input: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Self::socketlab_on(&self.student, &folder);
        let mut child =
            command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.cable.stdin.take());
        // It ends with its input, and its namespaces with their last process.
        let _ = self.cable.wait();
    }
}

#[test]
fn serve_lan_prints_the_address_that_another_computer_can_use() {
    let Some(network) = Network::lay() else {
        return skip("two computers: needs unshare, nsenter and ip, and a system that allows network namespaces");
    };
    let folder = tempfile::tempdir().unwrap();
    let mut command = Network::socketlab_on(&network.teacher, &folder);
    let server = Server::spawn(command.args(["serve", "--lan"]));
    assert_eq!(server.lan_addresses, ["10.77.0.1", "fd77::1"]);
    for address in &server.lan_addresses {
        let client = |args: &[&str], input| network.client(&[&[args[0], address], &args[1..]].concat(), input);
        for flag in ["--tcp", "--udp"] {
            assert_eq!(client(&["echo", flag], "hello\n"), "hello\n");
            assert_eq!(client(&["alnum", flag], "a1\n"), "Alphanumeric.\n");
            assert_eq!(client(&["sum", flag], "3 4\n"), "7\n");
        }
        assert_eq!(client(&["calc", "--name", "Ada"], "12 + 42\n"), "54\n");
        assert!(client(&["add"], "a\n").contains("answer received from Server = "));
        assert_eq!(client(&["clock", "--count", "2", "--every", "1ms"], "").lines().count(), 2);
        assert_eq!(client(&["numbers", "--count", "2", "--every", "1ms"], ""), "sent 1\nsent 2\n");
        server.expect_line("Ada: 12 + 42");
    }
    // Only what somebody listens at is printed, in JSON too.
    for (args, addresses) in [
        (&["calc=0", "-4"][..], &["10.77.0.1"][..]),
        (&["calc=0", "-6", "--log-format", "json"], &["fd77::1"]),
        (&["calc=10.77.0.1:0"], &["10.77.0.1"]),
        (&["calc=127.0.0.1:0"], &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Network::socketlab_on(&network.teacher, &folder);
        assert_eq!(Server::spawn(command.args(["serve", "--lan"]).args(args)).lan_addresses, addresses, "{args:?}");
    }
    // More than an address is lent before it has shown that it receives: our client shows it by itself.
    let texts: Vec<String> = (0..100).map(|number| format!("{number:0>300}")).collect();
    let posts: String = texts.iter().map(|text| format!("POST {text}\n")).collect();
    assert_eq!(network.client(&["board", "10.77.0.1", "--timeout", "20s"], &posts), "");
    let got = network.client(&["board", "10.77.0.1"], "GET\n");
    assert_eq!(got.lines().collect::<Vec<_>>(), texts);
}
