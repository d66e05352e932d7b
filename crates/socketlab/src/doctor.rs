//! `socketlab doctor`: what works on this computer, and what mends the rest.

use std::io::Write as _;

#[cfg(not(target_os = "linux"))]
pub(crate) fn run() -> anyhow::Result<()> {
    Ok(writeln!(
        std::io::stdout(),
        "capture      no: only Linux lets socketlab capture; `socketlab watch --read FILE` works"
    )?)
}

#[cfg(target_os = "linux")]
pub(crate) fn run() -> anyhow::Result<()> {
    let mut page = String::new();
    for (what, told) in [
        ("capture", linux::capture()),
        ("descriptors", linux::descriptors()),
        ("ports", linux::ports()?),
        ("check", linux::check()?),
        // The last: it leaves the system's network.
        ("namespaces", linux::namespaces()),
    ] {
        for (place, line) in told.lines().enumerate() {
            page += &format!("{:<12} {line}\n", if place == 0 { what } else { "" });
        }
    }
    Ok(std::io::stdout().write_all(page.as_bytes())?)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt::Write as _;

    use anyhow::Context as _;
    use labs::{Service, Visible};
    use lan::capture::{Capture, Error, Filter, LOOPBACK};
    use lan::owners::Owners;
    use lan::sockets::{self, Socket};
    use names::carrier;
    use rustix::process::{Resource, getrlimit};

    pub(super) fn capture() -> String {
        match Capture::open(LOOPBACK, &Filter::default()) {
            Ok(_) => "yes: `socketlab watch SERVICE` shows what runs already".to_owned(),
            Err(Error::Forbidden) => {
                let program = std::env::current_exe().unwrap_or_else(|_error| "socketlab".into());
                format!(
                    "no: run `watch` with sudo, or allow it for good with `sudo setcap cap_net_raw+ep {}`",
                    program.display()
                )
            }
            Err(error @ (Error::NoInterface(_) | Error::Down(_) | Error::System { .. })) => format!("no: {error}"),
        }
    }

    /// Enters a network of its own, as the only sure test.
    pub(super) fn namespaces() -> String {
        match lan::namespace::enter() {
            Ok(()) => match Capture::open(LOOPBACK, &Filter::default()) {
                Ok(_) => "yes: `socketlab watch -- COMMAND` needs no rights".to_owned(),
                Err(error) => format!("no: a network of one's own can be had, but there {error}"),
            },
            Err(hindrance) => format!("no: {hindrance}"),
        }
    }

    /// Starts a program on a stage, as the only sure test.
    pub(super) fn check() -> anyhow::Result<String> {
        Ok(match crate::check::stages()?.try_out() {
            Ok(()) => {
                "yes: `socketlab check LAB --server COMMAND` plays to programs that can change nothing here".to_owned()
            }
            Err(why) => format!("only with --no-sandbox: {why}"),
        })
    }

    pub(super) fn descriptors() -> String {
        /// A server needs a few besides its clients'.
        const OWN: u64 = 64;
        let limit = getrlimit(Resource::Nofile);
        match limit.maximum {
            None => "without limit".to_owned(),
            Some(most) => {
                let now = limit.current.unwrap_or(most);
                let clients = most.saturating_sub(OWN);
                format!("{most} at most ({now} unless raised, which serve does): about {clients} clients at once")
            }
        }
    }

    /// Who has the labs' ports.
    pub(super) fn ports() -> anyhow::Result<String> {
        let sockets = sockets::all().context("reading /proc/net")?;
        let mut owners = Owners::default();
        let mut told = String::new();
        for service in Service::ALL {
            let is_there = |socket: &&Socket| {
                socket.waits && socket.local.port() == service.port() && service.speaks(carrier(socket.transport))
            };
            for socket in sockets.iter().filter(is_there) {
                let owner = owners.of(socket.inode).map_or_else(
                    || "a process that you may not see".to_owned(),
                    |owner| format!("{}, pid {}", owner.name, owner.pid),
                );
                let mut shown = String::new();
                // Writing to a String cannot fail.
                let _ = write!(Visible(&mut shown), "{owner}");
                let (name, transport) = (service.name(), carrier(socket.transport));
                let _ = writeln!(told, "{name} {transport} {} is in use by {shown}", socket.local);
            }
        }
        if told.is_empty() {
            told.push_str("free: those of all services");
        }
        Ok(told)
    }
}
