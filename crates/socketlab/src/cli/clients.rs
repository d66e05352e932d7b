//! The clients' arguments.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use drive::Scheme;

use super::FamilyArgs;
use super::secure::{CertificateArgs, TrustArgs};
use crate::address::{Address, parse_bind};
use crate::settings::{DialectName, TalkDialect, parse_duration};

/// The labs' clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Count from 1 to 100, again and again, over UDP
    Numbers {
        #[command(flatten)]
        client: ClientArgs,
        #[command(flatten)]
        repeat: RepeatArgs,
    },
    /// Send lines and print what comes back
    Echo {
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Ask whether lines are alphanumeric
    Alnum {
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Ask for the date and the time, at random
    Clock {
        #[command(flatten)]
        client: ClientArgs,
        #[command(flatten)]
        repeat: RepeatArgs,
    },
    /// Calculate: 12 + 42
    Calc {
        #[command(flatten)]
        client: ClientArgs,
        #[command(flatten)]
        name: NameArgs,
    },
    /// Add two random numbers at each `a`
    Add {
        #[command(flatten)]
        client: ClientArgs,
        #[command(flatten)]
        name: NameArgs,
    },
    /// Add two numbers
    Sum {
        #[command(flatten)]
        client: ClientArgs,
        /// The form spoken over TCP: steps is the published program's
        #[arg(long, value_enum, default_value = "plain")]
        dialect: DialectName,
    },
    /// Keep texts and get them all: POST <text>, GET
    Board {
        #[command(flatten)]
        client: ClientArgs,
        /// Wait after each POST until the server says that the text is safe
        #[arg(long)]
        acknowledged: bool,
    },
    /// Talk in a room: full screen at a terminal, line by line in a pipe
    Chat {
        #[command(flatten)]
        client: ClientArgs,
        /// The login name; without it you are asked
        #[arg(long)]
        name: Option<String>,
        /// Line by line at a terminal too, as on the lab sheet
        #[arg(long)]
        plain: bool,
    },
}

/// What `talk` takes.
#[derive(Debug, Args)]
pub(crate) struct TalkArgs {
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    /// Wait there for the peer: a port, or an address to be reached from other computers, like 0.0.0.0
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["server", "bind"])]
    pub(crate) listen: Option<Address>,
    /// How the talk is kept from others: lab is the published program's, sound needs a socketlab at both ends
    #[arg(long, value_enum, default_value = "sound")]
    pub(crate) dialect: TalkDialect,
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
}

/// What every client takes.
#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// The server, localhost when left out; IPv6 with a port as [ADDRESS]:PORT
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) server: Option<Address>,
    /// Use TCP
    #[arg(long, conflicts_with = "udp")]
    tcp: bool,
    /// Use UDP
    #[arg(long)]
    udp: bool,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) family: FamilyArgs,
    /// Our own address or port: 11000, 127.0.0.1, [::1]:11000
    #[arg(long, value_name = "ADDRESS", value_parser = parse_bind)]
    pub(crate) bind: Option<SocketAddr>,
    /// How long a connection or an answer may take
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_pause)]
    pub(crate) timeout: Duration,
    /// How our messages end over TCP: bare, as most lab programs send them, or with a newline. Left out: bare, and in chat
    /// as the server ends its own
    #[arg(long, value_enum)]
    pub(crate) framing: Option<Spoken>,
}

impl ClientArgs {
    /// How the server is spoken to, by flag or by the address.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        match (self.tcp, self.udp, self.trust.tls) {
            (_, _, true) => Some(Scheme::Tls),
            (true, ..) => Some(Scheme::Tcp),
            (_, true, _) => Some(Scheme::Udp),
            _ => self.server.as_ref()?.scheme,
        }
    }

    /// Whether the flag and the address name different schemes.
    pub(crate) fn contradicts_itself(&self) -> bool {
        let named = self.server.as_ref().and_then(|server| server.scheme);
        named.is_some_and(|named| self.scheme() != Some(named))
    }
}

/// How a client's messages end over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spoken {
    Bare,
    Lf,
    Crlf,
}

#[derive(Debug, Args)]
pub(crate) struct RepeatArgs {
    /// End after so many; without it there is no end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// The pause in between, or its range; without it, numbers takes 500ms and clock 1s..2s
    #[arg(long, value_name = "TIME[..TIME]", value_parser = parse_range)]
    pub(crate) every: Option<RangeInclusive<Duration>>,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The name to tell the server, else yours on this computer
    #[arg(long, env = "USER", default_value = "client", hide_env_values = true, action = ArgAction::Set)]
    pub(crate) name: String,
}

/// No client waits shorter for anything: with no time at all everything would be late.
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// Nor longer.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn parse_pause(text: &str) -> Result<Duration, String> {
    let pause = parse_duration(text)?;
    match pause {
        _ if pause < PAUSE_MIN => Err(format!("`{text}` is less than 1ms")),
        _ if pause > PAUSE_MAX => Err(format!("`{text}` is more than 24h")),
        _ => Ok(pause),
    }
}

fn parse_range(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (parse_pause(from)?, parse_pause(to)?);
    if from > to { Err(format!("in `{text}` the end is before the start")) } else { Ok(from..=to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_time_or_a_range() {
        assert_eq!(parse_range("1s..2s"), Ok(Duration::from_secs(1)..=Duration::from_secs(2)));
        assert_eq!(parse_range("20ms"), Ok(Duration::from_millis(20)..=Duration::from_millis(20)));
        assert!(parse_range("2s..1s").is_err());
        assert!(parse_range("fast").is_err());
        assert!(parse_range("1s..25h").is_err());
        assert!(parse_pause("0s").is_err() && parse_pause("1ms").is_ok());
    }
}
