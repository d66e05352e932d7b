//! The servers under measurement: processes of their own, ended with whoever started them.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

/// How long a server may take to be ready.
const START_MAX: Duration = Duration::from_secs(10);
/// How long a server may take to end when asked to; then it is made to.
const END_MAX: Duration = Duration::from_secs(5);
/// Between two looks at something that does not tell when it happens.
const PAUSE: Duration = Duration::from_millis(5);

/// A running server.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    child: Child,
    endpoints: Vec<Endpoint>,
    /// The lines that it announced itself with.
    said: Vec<String>,
    /// Kept open, so that a server which prints something more does not fail at it.
    _stdout: Option<ChildStdout>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    service: String,
    /// That of its address: tcp, tls or udp.
    scheme: String,
    address: SocketAddr,
}

impl Target {
    /// Starts a server that prints where it listens, then `ready`.
    pub(crate) fn announced(name: &'static str, command: &mut Command) -> Result<Self> {
        let mut target = Self::start(name, command.stdout(Stdio::piped()))?;
        let mut stdout = target.child.stdout.take().context("the server has no standard output")?;
        target.said = read_announcement(&mut stdout).with_context(|| format!("starting {name}"))?;
        target.endpoints = target.said.iter().filter_map(|line| parse_endpoint(line)).collect();
        target._stdout = Some(stdout);
        Ok(target)
    }

    /// Starts the floor that one of this program's hidden subcommands is.
    pub(crate) fn floor(subcommand: &str) -> Result<Self> {
        let own = std::env::current_exe()?;
        Self::announced("floor", ending_with_us(own.as_os_str())?.arg(subcommand))
    }

    /// Starts Redis without anything that writes to disk, if it is installed.
    pub(crate) fn redis(folder: &Path) -> Result<Option<Self>> {
        let (name, program) = ("redis", OsStr::new("redis-server"));
        if !is_installed(program) {
            return Ok(None);
        }
        let address = free_address()?;
        let mut command = ending_with_us(program)?;
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.args(["--maxclients", "19000", "--port", &address.port().to_string(), "--dir"]).arg(folder);
        Self::silent(name, &mut command, address, ping).map(Some)
    }

    /// Starts a server that does not tell when it is ready: it is as soon as `ask` succeeds.
    pub(crate) fn silent(
        name: &'static str,
        command: &mut Command,
        address: SocketAddr,
        ask: impl Fn(SocketAddr) -> Result<()>,
    ) -> Result<Self> {
        let mut target = Self::start(name, command.stdout(Stdio::null()))?;
        target.await_answer(address, ask).with_context(|| format!("starting {name}"))?;
        target.endpoints.push(Endpoint { service: name.to_owned(), scheme: "tcp".to_owned(), address });
        Ok(target)
    }

    fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { name, child, endpoints: Vec::new(), said: Vec::new(), _stdout: None })
    }

    fn await_answer(&mut self, address: SocketAddr, ask: impl Fn(SocketAddr) -> Result<()>) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once: {status}");
            }
            if ask(address).is_ok() {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "it is not ready after {START_MAX:?}");
            std::thread::sleep(PAUSE);
        }
    }

    pub(crate) fn process(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The lines that it announced itself with.
    pub(crate) fn said(&self) -> impl Iterator<Item = &str> {
        self.said.iter().map(String::as_str)
    }

    pub(crate) fn address(&self, service: &str, scheme: &str) -> Result<SocketAddr> {
        let mut endpoints = self.endpoints.iter();
        let found = endpoints.find(|endpoint| endpoint.service == service && endpoint.scheme == scheme);
        found.map(|endpoint| endpoint.address).with_context(|| format!("{} does not serve {service}", self.name))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // One that has ended already cannot be asked to, and is only waited for.
        let _ = kill_process(self.process(), Signal::TERM);
        let deadline = Instant::now() + END_MAX;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() >= deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// A command for a program that ends when this one does, even if this one is killed and can end nothing any more.
pub(crate) fn ending_with_us(program: &OsStr) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["become", "--"]).arg(program);
    Ok(command)
}

/// The other half of [`ending_with_us`]: the wish outlives the change of program.
pub(crate) fn become_program(command: &[OsString]) -> Result<Infallible> {
    let (program, arguments) = command.split_first().context("no program is named")?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

/// An address for a server that cannot be asked for any port; somebody may take it in between.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

pub(crate) fn is_installed(program: &OsStr) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn ping(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, START_MAX)?;
    stream.set_read_timeout(Some(START_MAX))?;
    std::io::Write::write_all(&mut stream, b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    ensure!(&answer == b"+PONG\r\n", "it answers {}", answer.escape_ascii());
    Ok(())
}

/// Reads lines up to `ready`, but no longer than a server may take.
fn read_announcement(stdout: &mut ChildStdout) -> Result<Vec<String>> {
    let deadline = Instant::now() + START_MAX;
    let mut said = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left)?;
        if poll(&mut [PollFd::new(stdout, PollFlags::IN)], Some(&timeout))? == 0 {
            bail!("it is not ready after {START_MAX:?}");
        }
        let mut piece = [0; 4096];
        let size = stdout.read(&mut piece)?;
        ensure!(size > 0, "it ended before it was ready");
        said.extend_from_slice(&piece[..size]);
        let lines: Vec<String> = said.lines().map_while(Result::ok).collect();
        if said.ends_with(b"\n") && lines.iter().any(|line| line.trim() == "ready") {
            return Ok(lines);
        }
    }
}

/// Reads `SERVICE SCHEME ADDRESS`.
fn parse_endpoint(line: &str) -> Option<Endpoint> {
    let mut words = line.split_ascii_whitespace();
    let (service, scheme, address) = (words.next()?, words.next()?, words.next()?);
    if !["tcp", "tls", "udp"].contains(&scheme) {
        return None;
    }
    Some(Endpoint { service: service.to_owned(), scheme: scheme.to_owned(), address: address.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read() {
        let endpoint = parse_endpoint("calc   tcp  127.0.0.1:41234").unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 41234));
        assert_eq!(endpoint, Endpoint { service: "calc".to_owned(), scheme: "tcp".to_owned(), address });
        for other in ["ready", "", "calc sctp 127.0.0.1:1", "calc tcp nowhere"] {
            assert_eq!(parse_endpoint(other), None, "{other}");
        }
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error() {
        let error = Target::announced("true", &mut Command::new("true")).err().unwrap();
        assert!(format!("{error:#}").contains("ended before it was ready"), "{error:#}");
        assert!(Target::announced("none", &mut Command::new("no-such-server")).is_err());
    }
}
