//! Who takes part: `client 1`, `server`, by their sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::event::Party;
use crate::dissect::Transport;
use crate::visible::Visible;

/// So many programs are remembered before their sockets take part.
const PROCESSES_MAX: usize = 65_536;

/// Everybody who takes part in a conversation that is kept.
#[derive(Default)]
pub(super) struct Parties {
    known: BTreeMap<u32, Known>,
    by_address: BTreeMap<(Transport, SocketAddr), u32>,
    processes: BTreeMap<(Transport, SocketAddr), String>,
    next: u32,
    clients: u32,
    servers: u32,
}

struct Known {
    name: String,
    transport: Transport,
    address: SocketAddr,
    process: Option<String>,
    /// In how many conversations it takes part.
    conversations: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Client,
    Server,
}

impl Parties {
    /// Lets the party at a socket take part in a conversation. Whoever is new gets the next name of its role.
    pub(super) fn join(&mut self, transport: Transport, address: SocketAddr, role: Role) -> u32 {
        let index = *self.by_address.entry((transport, address)).or_insert(self.next);
        if let Some(known) = self.known.get_mut(&index) {
            known.conversations += 1;
            return index;
        }
        self.next += 1;
        let name = match role {
            Role::Client => {
                self.clients += 1;
                format!("client {}", self.clients)
            }
            Role::Server => {
                self.servers += 1;
                if self.servers == 1 { "server".to_owned() } else { format!("server {}", self.servers) }
            }
        };
        let process = self.processes.remove(&(transport, address));
        self.known.insert(index, Known { name, transport, address, process, conversations: 1 });
        index
    }

    /// A conversation is no longer kept. Who takes part in no other is forgotten.
    pub(super) fn leave(&mut self, index: u32) {
        let Some(known) = self.known.get_mut(&index) else { return };
        known.conversations -= 1;
        if known.conversations == 0 {
            self.by_address.remove(&(known.transport, known.address));
            self.known.remove(&index);
        }
    }

    /// Notes the program behind a socket, also before it takes part.
    pub(super) fn note_process(&mut self, transport: Transport, address: SocketAddr, process: &str) {
        let process = Visible(process.as_bytes()).to_string();
        let index = self.by_address.get(&(transport, address));
        if let Some(known) = index.and_then(|index| self.known.get_mut(index)) {
            known.process = Some(process);
        } else if self.processes.len() < PROCESSES_MAX {
            self.processes.insert((transport, address), process);
        }
    }

    pub(super) fn view(&self, index: u32) -> Party<'_> {
        let known = &self.known[&index];
        Party { name: &known.name, address: known.address, process: known.process.as_deref(), index }
    }
}
