//! What is to be watched, as the user has said it.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use labs::Service;
use names::carrier;
use wire::Transport;
use wire::capture::Packet;

use crate::cli::WatchArgs;

/// So many ports and hosts at most: the filter in the kernel is made of them.
const PLACES_MAX: usize = 64;

/// The packets wanted. An empty list asks for nothing in particular; all lists hold at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) service: Option<Service>,
    pub(super) transports: Vec<Transport>,
    pub(super) ports: Vec<u16>,
    pub(super) hosts: Vec<IpAddr>,
}

impl Wanted {
    /// What the arguments say. A service stands for its usual port where none is given.
    pub(super) fn new(args: &WatchArgs) -> anyhow::Result<Self> {
        let mut wanted = Self { service: args.service, ports: args.port.clone(), ..Self::default() };
        if let (Some(service), []) = (args.service, &args.port[..]) {
            wanted.ports = vec![service.port()];
            let speaks = |transport: &Transport| service.speaks(carrier(*transport));
            wanted.transports = [Transport::Tcp, Transport::Udp].into_iter().filter(speaks).collect();
        }
        for host in &args.host {
            let found = (host.as_str(), 0).to_socket_addrs();
            let found = found.with_context(|| format!("the host `{host}` is not known"))?;
            wanted.hosts.extend(found.map(|address| address.ip()));
        }
        let most = wanted.ports.len().max(wanted.hosts.len());
        ensure!(most <= PLACES_MAX, "at most {PLACES_MAX} ports and {PLACES_MAX} addresses can be watched at once");
        Ok(wanted)
    }

    /// Whether nothing in particular is asked for.
    pub(super) fn is_everything(&self) -> bool {
        self.transports.is_empty() && self.ports.is_empty() && self.hosts.is_empty()
    }

    /// Whether a packet of a file is wanted. What does not tell between whom it passes, as a later fragment, may be.
    pub(super) fn takes(&self, packet: &Packet<'_>) -> bool {
        if self.is_everything() {
            return true;
        }
        let Some((transport, from, to)) = wire::dissect::endpoints(packet) else { return true };
        let either = |is: &dyn Fn(&SocketAddr) -> bool| is(&from) || is(&to);
        (self.transports.is_empty() || self.transports.contains(&transport))
            && (self.ports.is_empty() || either(&|end| self.ports.contains(&end.port())))
            && (self.hosts.is_empty() || either(&|end| self.hosts.contains(&end.ip())))
    }

    /// In words, for the line that says what is watched.
    pub(super) fn describe(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.service.map(|service| service.to_string()));
        let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
        match &ports[..] {
            [] => {}
            [port] => words.push(format!("port {port}")),
            ports => words.push(format!("ports {}", ports.join(", "))),
        }
        if !self.hosts.is_empty() {
            let hosts: Vec<String> = self.hosts.iter().map(IpAddr::to_string).collect();
            words.push(format!("with {}", hosts.join(", ")));
        }
        if words.is_empty() { "everything".to_owned() } else { words.join(" ") }
    }
}

/// Which form of `watch` the arguments ask for.
#[derive(Debug)]
pub(super) enum Form<'a> {
    /// Programs that run already, at an interface.
    Interface,
    /// A command in a network of its own.
    Command,
    File(&'a Path),
}

impl<'a> Form<'a> {
    pub(super) fn of(args: &'a WatchArgs) -> anyhow::Result<Self> {
        let names_places = args.service.is_some() || !args.port.is_empty() || !args.host.is_empty();
        if !args.command.is_empty() {
            ensure!(args.read.is_none(), "a command is watched, or a file read: leave out one of both");
            let narrowed = names_places || args.interface.is_some();
            ensure!(!narrowed, "in a command's own network all is the command's: leave out what else is to be watched");
            return Ok(Self::Command);
        }
        ensure!(
            args.with.is_none(),
            "--with starts a server beside a command: add the command, as in -- python3 client.py"
        );
        if let Some(path) = &args.read {
            ensure!(args.interface.is_none(), "a file has its own interfaces: leave out --interface");
            return Ok(Self::File(path));
        }
        if !names_places && args.interface.is_none() {
            bail!("say what to watch: a service, --port P, --host H, --interface I, --read FILE, or -- COMMAND");
        }
        Ok(Self::Interface)
    }
}
