//! The servers side by side: ours, the floor, and whichever peers are installed, with nothing that slows a talker down.

use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::crowd::{Invitation, Pace};
use super::dialect::Dialect;
use crate::services::OURS;
use crate::target::{Target, ending_with_us, free_address, is_installed};

/// More than any case lets join.
pub(crate) const MEMBERS_MAX: usize = 20_000;

/// A running server and how it is spoken to.
pub(crate) struct Server {
    pub(crate) target: Target,
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Dialect,
    /// How fast it can be joined without anybody being left outside.
    pub(crate) pace: Pace,
}

impl Server {
    pub(crate) fn invite(&self, first: usize, count: usize) -> Invitation {
        let Self { address, dialect, pace, .. } = *self;
        Invitation { address, dialect, first, count, pace, receive_bytes: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Floor,
    Ours,
    Inspircd,
    Ngircd,
    Nats,
    Ncat,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Floor, Self::Ours, Self::Inspircd, Self::Ngircd, Self::Nats, Self::Ncat];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ours => OURS,
            Self::Inspircd => "inspircd",
            Self::Ngircd => "ngircd",
            Self::Nats => "nats",
            Self::Ncat => "ncat",
        }
    }

    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Floor | Self::Ours | Self::Inspircd | Self::Ngircd | Self::Ncat => self.name(),
            Self::Nats => "nats-server",
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Floor | Self::Ncat => Dialect::Raw,
            Self::Ours => Dialect::Ours,
            Self::Inspircd | Self::Ngircd => Dialect::Irc,
            Self::Nats => Dialect::Nats,
        }
    }

    fn pace(self) -> Pace {
        match self {
            // It lets no more than ten wait at its door, as the next does, but answers nobody, so that only time can tell.
            Self::Ncat => Pace::PerSecond(1000),
            Self::Ngircd => Pace::UnderWay(8),
            // It welcomes once a second whoever has come.
            Self::Inspircd => Pace::UnderWay(1000),
            Self::Floor | Self::Ours | Self::Nats => Pace::UnderWay(64),
        }
    }

    pub(crate) fn is_there(self) -> bool {
        matches!(self, Self::Floor | Self::Ours) || is_installed(OsStr::new(self.program()))
    }

    /// Starts a server on the cores this thread may use.
    pub(crate) fn start(self, ours: &Path, folder: &Path) -> Result<Server> {
        let (target, service) = match self {
            Self::Floor => (Target::floor("floor-chat")?, "floor"),
            Self::Ours => (start_ours(ours, &["chat.rate=0"])?, "chat"),
            Self::Inspircd | Self::Ngircd | Self::Nats | Self::Ncat => (self.start_peer(folder)?, self.name()),
        };
        let address = target.address(service, "tcp")?;
        Ok(Server { address, target, dialect: self.dialect(), pace: self.pace() })
    }

    fn start_peer(self, folder: &Path) -> Result<Target> {
        let address = free_address()?;
        let port = address.port();
        let file = folder.join(format!("{}-{port}.conf", self.name()));
        let mut command = ending_with_us(OsStr::new(self.program()))?;
        match self {
            Self::Inspircd => {
                fs::write(&file, inspircd_settings(port, folder))?;
                command.args(["--nofork", "--nolog", "--runasroot", "--config"]).arg(&file);
            }
            Self::Ngircd => {
                fs::write(&file, ngircd_settings(port))?;
                command.args(["--nodaemon", "--config"]).arg(&file);
            }
            Self::Nats => {
                fs::write(&file, nats_settings(port))?;
                command.arg("--config").arg(&file);
            }
            Self::Floor | Self::Ours | Self::Ncat => {
                command.args(["--broker", "--listen", "--max-conns", &MEMBERS_MAX.to_string(), "127.0.0.1"]);
                command.arg(port.to_string());
            }
        }
        Target::silent(self.name(), command.stderr(Stdio::null()), address, |address| {
            Ok(TcpStream::connect(address).map(drop)?)
        })
    }
}

/// Starts our chat for as many members as any case has.
pub(crate) fn start_ours(binary: &Path, settings: &[&str]) -> Result<Target> {
    let mut command: Command = ending_with_us(binary.as_os_str())?;
    command.args(["serve", "--quiet", "chat=tcp://127.0.0.1:0"]);
    for limit in ["connections_per_address", "members"] {
        command.arg("--set").arg(format!("chat.{limit}={MEMBERS_MAX}"));
    }
    for setting in settings {
        command.args(["--set", setting]);
    }
    Target::announced(OURS, &mut command)
}

/// No penalty for many commands, queues that hold any burst, no look-ups, and no sign of life asked for during a run.
fn inspircd_settings(port: u16, folder: &Path) -> String {
    let pid = folder.join(format!("inspircd-{port}.pid"));
    format!(
        "<server name=\"bench.invalid\" description=\"bench\" network=\"bench\">\n\
         <admin name=\"bench\" nick=\"bench\" email=\"bench@bench.invalid\">\n\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\">\n\
         <connect allow=\"*\" timeout=\"60\" pingfreq=\"3600\" fakelag=\"no\" threshold=\"1000000000\"\n\
         commandrate=\"1000000000\" recvq=\"1M\" softsendq=\"100M\" hardsendq=\"100M\" maxconnwarn=\"no\"\n\
         localmax=\"{MEMBERS_MAX}\" globalmax=\"{MEMBERS_MAX}\" limit=\"{MEMBERS_MAX}\" resolvehostnames=\"no\">\n\
         <performance softlimit=\"{MEMBERS_MAX}\" somaxconn=\"4096\" netbuffersize=\"65534\">\n\
         <options defaultmodes=\"\">\n\
         <pid file=\"{}\">\n",
        pid.display()
    )
}

/// No penalty, no limit for one address, no look-ups, and no sign of life asked for during a run.
fn ngircd_settings(port: u16) -> String {
    format!(
        "[Global]\nName = bench.invalid\nInfo = bench\nListen = 127.0.0.1\nPorts = {port}\n\
         MotdPhrase = bench\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\nPingTimeout = 3600\n\
         [Options]\nDNS = no\nIdent = no\nPAM = no\n"
    )
}

/// No log, no sign of life asked for during a run.
fn nats_settings(port: u16) -> String {
    format!(
        "listen: 127.0.0.1:{port}\nmax_connections: {MEMBERS_MAX}\nping_interval: \"1h\"\n\
         logfile: \"/dev/null\"\n"
    )
}
