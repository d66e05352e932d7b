//! Who takes part: `client 1`, `server`, by their sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::event::Party;
use crate::dissect::Transport;

/// More than these are called by their addresses.
const PARTIES_MAX: usize = 65_536;

/// Everybody who took part.
#[derive(Default)]
pub(super) struct Parties {
    known: Vec<Known>,
    by_address: BTreeMap<(Transport, SocketAddr), u32>,
    processes: BTreeMap<(Transport, SocketAddr), String>,
    clients: u32,
    servers: u32,
}

struct Known {
    name: String,
    address: SocketAddr,
    process: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Client,
    Server,
}

impl Parties {
    /// The party at a socket. Whoever is new gets the next name of its role.
    pub(super) fn find(&mut self, transport: Transport, address: SocketAddr, role: Role) -> u32 {
        if let Some(&index) = self.by_address.get(&(transport, address)) {
            return index;
        }
        let name = match role {
            _ if self.known.len() >= PARTIES_MAX => address.to_string(),
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
        let known = Known { name, address, process };
        if self.known.len() > PARTIES_MAX {
            // One seat for all who came too late to be remembered, which the newest has.
            self.known[PARTIES_MAX] = known;
            return PARTIES_MAX as u32;
        }
        self.known.push(known);
        let index = self.known.len() as u32 - 1;
        if self.known.len() <= PARTIES_MAX {
            self.by_address.insert((transport, address), index);
        }
        index
    }

    /// Notes the program behind a socket, also before it takes part.
    pub(super) fn note_process(&mut self, transport: Transport, address: SocketAddr, process: String) {
        match self.by_address.get(&(transport, address)) {
            Some(&index) => self.known[index as usize].process = Some(process),
            None if self.processes.len() < PARTIES_MAX => {
                self.processes.insert((transport, address), process);
            }
            None => {}
        }
    }

    pub(super) fn view(&self, index: u32) -> Party<'_> {
        let known = &self.known[index as usize];
        Party { name: &known.name, address: known.address, process: known.process.as_deref(), index }
    }
}
