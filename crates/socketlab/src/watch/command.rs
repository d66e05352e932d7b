//! The programs that are watched in a network of their own: the command, and perhaps a server that has to listen before it.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use lan::sockets::{self, Socket};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use super::signals::Signals;

/// A server that listens at nothing for so long is taken for one that never will.
const LISTEN_MAX: Duration = Duration::from_secs(30);
/// After so long a person is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a server may take to close its connections once the command has ended.
const CLOSE_MAX: Duration = Duration::from_secs(1);
/// How long it may take to end when it is told to.
const END_MAX: Duration = Duration::from_secs(1);
/// How often /proc is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Starts the command; the terminal is its.
pub(super) fn start(words: &[OsString]) -> anyhow::Result<Child> {
    let (program, arguments) = words.split_first().context("there is no command after --")?;
    let started = Command::new(program).args(arguments).spawn();
    started.with_context(|| format!("starting `{}`", program.display()))
}

/// Says how a program failed; none if it did not.
pub(super) fn failure(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("ended with exit code {code}")),
        (None, signal) => Some(format!("was ended by signal {}", signal.unwrap_or_default())),
    }
}

/// The server's side. It ends with this value.
pub(super) struct Server {
    child: Child,
    line: String,
    /// Ends it where we are killed and cannot.
    guard: Child,
}

impl Server {
    /// Starts a shell's command line. It shares the terminal's output, not its input, and a Ctrl-C is not for it: it is to see the command end.
    pub(super) fn start(line: &str) -> anyhow::Result<Self> {
        let child = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).process_group(0).spawn();
        let mut child = child.with_context(|| format!("starting `{line}` with sh"))?;
        let guard = guard(&child).inspect_err(|_error| {
            // Without its guard it is not to be left behind. It may have ended meanwhile.
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            let _ = child.wait();
        });
        Ok(Self { guard: guard?, child, line: line.to_owned() })
    }

    /// Waits until it listens. Whatever listens in this network is the server's, since nobody else is there yet.
    pub(super) fn wait_until_listening(&mut self, signals: &Signals) -> anyhow::Result<()> {
        let start = Instant::now();
        let end = start + LISTEN_MAX;
        let mut told = false;
        let listening = |sockets: &[Socket]| sockets.iter().any(|socket| socket.waits);
        while !settled(end, listening)? {
            // A shell that has put its server in the background has ended well, and left it in its group.
            let ended = self.child.try_wait()?;
            if let Some(status) = ended.filter(|status| !(status.success() && self.has_group())) {
                let how = failure(status).unwrap_or_else(|| "ended".to_owned());
                bail!("the server `{}` {how} before it listened", self.line);
            }
            if Instant::now() > end {
                bail!("the server `{}` listens at no port after {} s", self.line, LISTEN_MAX.as_secs());
            }
            if start.elapsed() > PATIENCE && !std::mem::replace(&mut told, true) {
                eprintln!("socketlab: waiting until the server `{}` listens", self.line);
            }
            if signals.end_is_wanted() {
                bail!("ended before the server `{}` listened", self.line);
            }
        }
        Ok(())
    }

    /// Lets it close the connections that are left, and then tells it to end.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        let closed = |sockets: &[Socket]| sockets.iter().all(|socket| socket.waits || socket.inode == 0);
        let end = Instant::now() + CLOSE_MAX;
        while !settled(end, closed)? && Instant::now() < end {}
        self.signal(Signal::TERM);
        let end = Instant::now() + END_MAX;
        while (self.child.try_wait()?.is_none() || self.has_group()) && Instant::now() < end {
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Whether anybody is left of what it started.
    fn has_group(&self) -> bool {
        test_kill_process_group(Pid::from_child(&self.child)).is_ok()
    }

    fn signal(&self, signal: Signal) {
        // Where nobody is left in its group, nobody has to be told.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
        // Only now, so that it guards to the end.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

/// Starts a shell that ends a server's group once nobody can write to the shell's input any more: when we have ended, however that was.
fn guard(server: &Child) -> anyhow::Result<Child> {
    const WAIT_AND_END: &str = "read -r _; kill -s KILL -- \"-$0\"";
    let mut shell = Command::new("sh");
    // In a group of its own no Ctrl-C ends it.
    shell.args(["-c", WAIT_AND_END, &server.id().to_string()]).process_group(0);
    let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().context("starting what ends the server if this program is killed")
}

/// Passes the wish to end on to the command.
pub(super) fn end(command: &Child) {
    // It may have ended meanwhile.
    let _ = kill_process(Pid::from_child(command), Signal::TERM);
}

/// Looks twice at the sockets of this network: whether both looks show the same, and that is what is wanted. A program that opens several ports
/// is so not taken for ready at its first.
fn settled(end: Instant, wanted: impl Fn(&[Socket]) -> bool) -> anyhow::Result<bool> {
    let first = sockets::all()?;
    std::thread::sleep(LOOK_EVERY.min(end.saturating_duration_since(Instant::now())));
    Ok(wanted(&first) && sockets::all()? == first)
}
