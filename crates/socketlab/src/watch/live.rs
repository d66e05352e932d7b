//! What happens now: at an interface of this computer, or in the network of a command.

use std::io::ErrorKind;
use std::net::{IpAddr, UdpSocket};
use std::process::{Child, ExitStatus};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};
use lan::capture::{Capture, Error, Filter, Frame, LOOPBACK};
use lan::privileges::{self, User};
use rustix::event::{PollFd, PollFlags, poll};
use wire::Summary;
use wire::capture::{Drops, LinkType, Packet};
use wire::story::Role;
use wire::summary::End;

use super::command::{self, Server};
use super::output::Output;
use super::processes::Processes;
use super::session::Session;
use super::signals::Signals;
use super::wanted::Wanted;
use crate::cli::WatchArgs;

/// Watches an interface until it is told to end.
pub(super) fn watch_interface(args: &WatchArgs, wanted: &Wanted) -> anyhow::Result<()> {
    let interface = args.interface.clone().map_or_else(|| interface_to(&wanted.hosts), Ok)?;
    let filter =
        Filter { transports: wanted.transports.clone(), ports: wanted.ports.clone(), hosts: wanted.hosts.clone() };
    let capture = Capture::open(&interface, &filter).map_err(|error| explain(error, &interface))?;
    privileges::give_back(caller()).context("giving privileges back")?;
    let signals = Signals::listen()?;
    let session = Session::new(args, wanted, Output::live(), &interface)?.with_processes(Processes::default());
    eprintln!("socketlab: watching {} on {interface}; Ctrl-C ends with the summary", wanted.describe());
    let mut watch = Watch { capture, session, signals, scratch: Vec::new() };
    watch.run(|signals| Ok(signals.end_is_wanted()))?;
    watch.finish()?;
    Ok(())
}

/// Watches one command, perhaps with its server, in a network of their own. It fails as the command does, unless that was interrupted.
pub(super) fn watch_command(args: &WatchArgs) -> anyhow::Result<()> {
    // Before any thread starts: the kernel refuses it later.
    lan::namespace::enter()?;
    let capture = Capture::open(LOOPBACK, &Filter::default()).map_err(|error| explain(error, LOOPBACK))?;
    privileges::give_back(None).context("giving privileges back")?;
    let signals = Signals::listen()?;
    let output = Output::beside_command();
    let session = Session::new(args, &Wanted::default(), output, LOOPBACK)?.with_processes(Processes::default());
    let mut watch = Watch { capture, session, signals, scratch: Vec::new() };
    let mut server = args.with.as_deref().map(Server::start).transpose()?;
    if let Some(server) = &mut server {
        server.wait_until_listening(&watch.signals)?;
    }
    let mut command = command::start(&args.command)?;
    let status = watch.run_beside(&mut command)?;
    if let Some(server) = server.filter(|_| !watch.signals.end_is_urgent()) {
        server.end()?;
    }
    let interrupted = watch.signals.end_is_wanted();
    let summary = watch.finish()?;
    let found_nobody = |end: End| matches!(end, End::Refused { by: Role::Server, .. });
    if args.with.is_none() && summary.conversations.iter().any(|it| found_nobody(it.end)) {
        eprintln!("socketlab: the command is alone in its network: let its server run there too, by --with 'SERVER'");
    }
    match command::failure(status).filter(|_| !interrupted) {
        Some(how) => bail!("the command {how}"),
        None => Ok(()),
    }
}

/// A capture that is told.
struct Watch {
    capture: Capture,
    session: Session,
    signals: Signals,
    /// A frame whose checksums are filled in.
    scratch: Vec<u8>,
}

impl Watch {
    /// Tells what comes until it is over, or until nobody takes it any more.
    fn run(&mut self, mut is_over: impl FnMut(&Signals) -> anyhow::Result<bool>) -> anyhow::Result<()> {
        while !is_over(&self.signals)? && !self.session.has_failed() {
            let mut sources = [PollFd::new(&self.capture, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
            match poll(&mut sources, None) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            self.signals.clear()?;
            let Self { capture, session, scratch, .. } = self;
            let link = capture.link();
            capture.take(&mut |frame| take(session, frame, link, scratch));
            session.pause();
        }
        Ok(())
    }

    /// Tells what comes until the command has ended. What is wrong with our own output is no reason to end it.
    fn run_beside(&mut self, command: &mut Child) -> anyhow::Result<ExitStatus> {
        let mut told = false;
        let mut status = None;
        self.run(|signals| {
            if signals.is_terminated() && !std::mem::replace(&mut told, true) {
                command::end(command);
            }
            if signals.end_is_urgent() {
                command.kill()?;
            }
            status = command.try_wait()?;
            Ok(status.is_some() || signals.end_is_urgent())
        })?;
        match status {
            Some(status) => Ok(status),
            None => Ok(command.wait()?),
        }
    }

    fn finish(mut self) -> anyhow::Result<Summary> {
        self.signals.let_the_next_end_all();
        let Self { capture, session, scratch, .. } = &mut self;
        let link = capture.link();
        let counts = capture.stop(&mut |frame| take(session, frame, link, scratch))?;
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let received = counts.taken + counts.dropped;
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        self.session.finish(Some(Drops { at, received, dropped: counts.dropped }))
    }
}

fn take(session: &mut Session, frame: Frame<'_>, link: LinkType, scratch: &mut Vec<u8>) {
    let bytes = if frame.lacks_checksum {
        scratch.clear();
        scratch.extend_from_slice(frame.bytes);
        wire::checksum::fill(link, scratch);
        &scratch[..]
    } else {
        frame.bytes
    };
    let original_len = u32::try_from(frame.original_len).unwrap_or(u32::MAX);
    session.take(&Packet { at: frame.at, link, interface: 0, bytes, original_len, comment: None });
}

/// The interface by which these hosts are reached: loopback for this computer, and where no host is named.
fn interface_to(hosts: &[IpAddr]) -> anyhow::Result<String> {
    let Some(host) = hosts.first().filter(|host| !host.is_loopback()) else { return Ok(LOOPBACK.to_owned()) };
    let any: IpAddr = if host.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    // Connecting a datagram socket sends nothing: the system only looks for the way.
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect((*host, 1)).with_context(|| format!("there is no way to {host}"))?;
    let own = socket.local_addr()?.ip();
    if own == *host {
        return Ok(LOOPBACK.to_owned());
    }
    let found = if_addrs::get_if_addrs()?.into_iter().find(|interface| interface.ip() == own);
    found.map(|interface| interface.name).with_context(|| format!("name the interface to {host} with --interface"))
}

/// Who called sudo, and whose the terminal and the files are.
fn caller() -> Option<User> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    Some(User { user: number("SUDO_UID")?, group: number("SUDO_GID")? })
}

/// Says what a person can do where capturing is forbidden.
fn explain(error: Error, interface: &str) -> anyhow::Error {
    match error {
        Error::Forbidden => {
            let program = std::env::current_exe().unwrap_or_else(|_error| "socketlab".into());
            anyhow!(
                "you may not watch {interface}: run it with sudo, or allow it for good with `sudo setcap cap_net_raw+ep {}`; \
                 `socketlab watch -- COMMAND` watches a command without either",
                program.display()
            )
        }
        error @ (Error::NoInterface(_) | Error::Down(_) | Error::System { .. }) => error.into(),
    }
}
