//! The arguments of `serve` and `config`.

use std::path::PathBuf;

use clap::Args;
use labs::Service;

use super::FamilyArgs;
use super::secure::CertificateArgs;
use crate::address::Address;
use crate::settings::{DialectName, FramingMode, LogFormat};

/// What `serve` and `config` take.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// What to serve, and where: calc, calc=9004, sum=udp://[::1]:9006, chat=tls://9009; nothing: all, at their usual ports
    #[arg(value_name = "SERVICE[=ADDRESS]", value_parser = parse_wish)]
    pub(crate) wishes: Vec<Wish>,
    /// Listen at all addresses, not only loopback, and print those that other computers can use
    #[arg(long)]
    pub(crate) lan: bool,
    /// Print nothing of what clients do
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// How to print what clients do
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// Read settings from a TOML file
    #[arg(long, value_name = "FILE", env = "SOCKETLAB_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Set any key: --set calc.members=20
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_set)]
    pub(crate) sets: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) family: FamilyArgs,
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
    /// Clients at once, for each service named
    #[arg(long, value_name = "N", help_heading = "For the services named")]
    pub(crate) members: Option<u64>,
    /// Connections at once from one address
    #[arg(long, value_name = "N", help_heading = "For the services named")]
    pub(crate) connections_per_address: Option<u64>,
    /// A client silent for so long is told, then closed: 30s, 10m
    #[arg(long, value_name = "TIME", help_heading = "For the services named")]
    pub(crate) idle_timeout: Option<String>,
    /// The largest message, in bytes
    #[arg(long, value_name = "N", help_heading = "For the services named")]
    pub(crate) message_bytes: Option<u64>,
    /// Find out how a peer ends its messages, or take only LF
    #[arg(long, value_enum, help_heading = "For the services named")]
    pub(crate) framing: Option<FramingMode>,
    /// sum: the form spoken over TCP; steps is the published program's
    #[arg(long, value_enum, help_heading = "For one service")]
    pub(crate) dialect: Option<DialectName>,
    /// clock: how SEND_DATE is answered, like %d.%m.%Y
    #[arg(long, value_name = "STRFTIME", help_heading = "For one service")]
    pub(crate) date_format: Option<String>,
    /// board: answer POST with `saved` once the text is safe on disk
    #[arg(long, help_heading = "For one service")]
    pub(crate) acknowledge: bool,
    /// board: where the texts are kept
    #[arg(long, value_name = "FILE", help_heading = "For one service")]
    pub(crate) store: Option<String>,
    /// chat: show a newcomer the last lines said before
    #[arg(long, value_name = "N", help_heading = "For one service")]
    pub(crate) history: Option<u64>,
    /// chat: where those lines outlive the server
    #[arg(long, value_name = "FILE", help_heading = "For one service")]
    pub(crate) history_file: Option<String>,
}

/// A service to serve, perhaps somewhere else than usual.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) service: Service,
    pub(crate) address: Option<Address>,
}

fn parse_wish(text: &str) -> Result<Wish, String> {
    let (name, address) = text.split_once('=').map_or((text, None), |(name, address)| (name, Some(address)));
    let service = name.parse().map_err(|error: labs::UnknownService| error.to_string())?;
    Ok(Wish { service, address: address.map(str::parse).transpose()? })
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, like calc.members=20")?;
    Ok((key.to_owned(), value.to_owned()))
}
