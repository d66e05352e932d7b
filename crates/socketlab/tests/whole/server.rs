//! Starts the real server and watches it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything takes on a loaded machine; only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Where all that tests need is known to be there, 1 makes those fail that would be skipped.
const NO_SKIP: &str = "NO_SKIPPED_TESTS";

/// A running `socketlab serve`, ended with the test.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    endpoints: Vec<(String, String, SocketAddr)>,
    /// Those it says other computers can use.
    pub(crate) lan_addresses: Vec<String>,
    /// All that it printed until it was ready.
    pub(crate) head: Vec<String>,
    _folder: Option<TempDir>,
}

/// The program, keeping nothing outside `folder`.
pub(crate) fn socketlab(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_socketlab"));
    command.env("XDG_STATE_HOME", folder.path()).env("TZ", "UTC");
    command
}

/// Says that a test was not run, past the test harness's capture.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os(NO_SKIP).is_none_or(|set| set != "1"), "SKIPPED {why}");
    let _ = writeln!(std::io::stderr(), "SKIPPED {why}");
}

impl Server {
    /// Serves with these arguments, and waits until it is ready.
    pub(crate) fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = socketlab(&folder);
        command.arg("serve").args(args);
        let mut server = Self::spawn(&mut command);
        server._folder = Some(folder);
        server
    }

    /// Runs a command that becomes a server, and waits until it is ready.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let mut server =
            Self { child, lines, endpoints: Vec::new(), lan_addresses: Vec::new(), head: Vec::new(), _folder: None };
        loop {
            let line = server.next_line();
            let is_ready = server.read_head(&line);
            server.head.push(line);
            if is_ready {
                return server;
            }
        }
    }

    /// Notes what a line tells of where the server listens; tells whether it is the last such line.
    fn read_head(&mut self, line: &str) -> bool {
        if let Ok(object) = serde_json::from_str::<serde_json::Value>(line) {
            let field = |name: &str| object[name].as_str().unwrap().to_owned();
            match object["text"].as_str().unwrap() {
                "listening" => {
                    self.endpoints.push((field("service"), field("transport"), field("address").parse().unwrap()));
                }
                "from other computers" => self.lan_addresses.push(field("address")),
                _ => {}
            }
            return object["text"] == "ready";
        }
        if let Some(address) = line.strip_prefix("from other computers: ") {
            self.lan_addresses.push(address.to_owned());
        }
        let words: Vec<_> = line.split_whitespace().collect();
        if let [service, transport, address] = words[..] {
            self.endpoints.push((service.to_owned(), transport.to_owned(), address.parse().unwrap()));
        }
        line == "ready"
    }

    /// Where a service listens, the first such endpoint.
    pub(crate) fn at(&self, service: &str, transport: &str) -> SocketAddr {
        let found = self.endpoints.iter().find(|(s, t, _)| s == service && t == transport);
        found.unwrap_or_else(|| panic!("no {service} over {transport} in {:?}", self.endpoints)).2
    }

    /// Where a service listens over IPv6.
    pub(crate) fn at_v6(&self, service: &str, transport: &str) -> SocketAddr {
        let found = self.endpoints.iter().find(|(s, t, address)| s == service && t == transport && address.is_ipv6());
        found.unwrap_or_else(|| panic!("no IPv6 {service} over {transport} in {:?}", self.endpoints)).2
    }

    /// The next line printed.
    pub(crate) fn next_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the server prints a line")
    }

    /// Reads what is printed until this line.
    pub(crate) fn expect_line(&self, wanted: &str) {
        let mut seen = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("`{wanted}` was not printed, but {seen:?}"));
            if line == wanted {
                return;
            }
            seen.push(line);
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end, and gives what was printed until then.
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            rest.push(line);
        }
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
