//! The command line.
#![allow(
    rustdoc::invalid_html_tags,
    rustdoc::broken_intra_doc_links,
    reason = "the comments on arguments are the help that clap prints"
)]

use std::ffi::OsString;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use cipher::CertificateFingerprint;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use drive::{Family, Scheme};
use labs::Service;

use crate::address::{Address, parse_bind};
use crate::settings::{DialectName, FramingMode, IpVersion, LogFormat, TalkDialect, parse_duration};

/// Everything a socket lab needs, in one program.
#[derive(Debug, Parser)]
#[command(name = "socketlab", version, override_help = include_str!("help.txt"), disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the labs: all of them, or those named
    Serve(ServeArgs),
    #[command(flatten)]
    Client(ClientCommand),
    /// Talk with one person, encrypted, in turns: call them, or wait for them with --listen
    Talk(TalkArgs),
    /// Tell what crosses the wire: the handshake, what is said, and whether anybody could read it
    Watch(WatchArgs),
    /// Judge a server by the rules of its lab, and say what to mend
    Check(CheckArgs),
    /// What `check` starts itself as, for each rule it plays
    #[command(name = "check-stage", hide = true)]
    CheckStage { phase: String },
    /// Tell what works on this computer: capture, networks of one's own, descriptors, ports
    Doctor,
    /// Show every setting with its value, its default, its bounds and where it comes from
    Config(ServeArgs),
    /// Print the completions for a shell
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page
    Man,
    /// Show help, of everything or of one command
    Help {
        /// The command to explain
        command: Option<String>,
    },
}

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

/// What `watch` takes.
#[derive(Debug, Args)]
#[command(after_help = WATCH_HELP)]
pub(crate) struct WatchArgs {
    /// Watch this service's port on loopback
    #[arg(value_name = "SERVICE", value_parser = |name: &str| name.parse::<Service>().map_err(|error| error.to_string()))]
    pub(crate) service: Option<Service>,
    /// Watch this port; may be given more than once
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Vec<u16>,
    /// Watch what this host sends and receives; may be given more than once
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,
    /// Watch there; without it, loopback or the interface by which --host is reached
    #[arg(long, value_name = "INTERFACE")]
    pub(crate) interface: Option<String>,
    /// Start this server first, in the command's network, and end it afterwards
    #[arg(long, value_name = "SERVER")]
    pub(crate) with: Option<String>,
    /// Read a capture made before, pcap or pcapng
    #[arg(long, value_name = "FILE")]
    pub(crate) read: Option<PathBuf>,
    /// Write the packets to a pcapng file, with our explanations as comments
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// One JSON object an event, and one for the summary
    #[arg(long, group = "way")]
    pub(crate) json: bool,
    /// Draw the sequence diagram
    #[arg(long, group = "way")]
    pub(crate) ladder: bool,
    /// Show only what was said, and by whom
    #[arg(long, group = "way")]
    pub(crate) follow: bool,
    /// Tell also those acknowledgements that only acknowledge
    #[arg(long)]
    pub(crate) acknowledgements: bool,
    /// A command to watch, in a network of its own
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

const WATCH_HELP: &str = "\
With a command, the terminal is the command's: the story goes to standard error, after the command's end if that is a \
terminal too, else as it happens. `2> story.txt` keeps both apart. In the command's own network every IPv4 address is this \
computer, and nobody else is there.

Ctrl-C ends with the summary, a second one at once.";

/// What `check` takes.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    /// The lab whose rules are to hold
    #[arg(value_name = "LAB", value_parser = |name: &str| name.parse::<Service>().map_err(|error| error.to_string()))]
    pub(crate) lab: Option<Service>,
    /// The server to judge: a command line, started anew for each rule in a network of its own
    #[arg(long, value_name = "COMMAND", conflicts_with = "at")]
    pub(crate) server: Option<String>,
    /// Judge a server that runs already, without a sandbox: udp://127.0.0.1:12003
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) at: Option<Address>,
    /// Where the command listens at several ports: the lab's
    #[arg(long, value_name = "PORT", requires = "server")]
    pub(crate) port: Option<u16>,
    /// Play only this rule; may be given more than once
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Vec<String>,
    /// Show every rule of the lab, or of all labs, with its sentence and level
    #[arg(long, conflicts_with_all = ["server", "at"])]
    pub(crate) list: bool,
    /// Play each rule so often; one that fails only sometimes is told with its rate
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) repeat: u32,
    /// What is cut at random is cut as this number has it
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,
    /// How long an answer may take
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_pause)]
    pub(crate) patience: Duration,
    /// So many rules are played at once; left out, two for each processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
    /// Start the command without a network of its own, where that is forbidden: it may do whatever you may do
    #[arg(long, requires = "server")]
    pub(crate) no_sandbox: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the report as JSON to a file, too
    #[arg(long, value_name = "FILE.json")]
    pub(crate) report: Option<PathBuf>,
}

const CHECK_HELP: &str = "\
Exit codes: 0 every MUST passed, 1 not, 2 wrong arguments, 3 it cannot be judged: it did not start, listens nowhere, or speaks something else.";

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

impl CertificateArgs {
    pub(crate) fn is_given(&self) -> bool {
        self.cert.is_some() || self.key.is_some()
    }
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FamilyArgs {
    /// Use IPv4 only
    #[arg(short = '4', long = "ipv4", conflicts_with = "v6")]
    v4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long = "ipv6")]
    v6: bool,
}

impl FamilyArgs {
    /// The flag given, and what it stands for.
    pub(crate) fn ip(self) -> Option<(&'static str, IpVersion)> {
        match (self.v4, self.v6) {
            (true, _) => Some(("-4", IpVersion::V4)),
            (false, true) => Some(("-6", IpVersion::V6)),
            (false, false) => None,
        }
    }

    pub(crate) fn family(self) -> Family {
        self.ip().map_or(Family::Any, |(_, ip)| ip.family())
    }
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

/// Whether a client speaks TLS, and whom it then trusts.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Use TLS over TCP, as with tls://HOST
    #[arg(long, conflicts_with_all = ["tcp", "udp"])]
    tls: bool,
    /// With TLS, trust whoever is signed with a certificate of this PEM file, and not whom the system trusts
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    pub(crate) ca: Option<PathBuf>,
    /// With TLS, trust the certificate with this SHA-256 fingerprint and no other; the server shows its own as it starts
    #[arg(long, value_name = "HEX")]
    pub(crate) fingerprint: Option<CertificateFingerprint>,
}

impl TrustArgs {
    /// The flag that is of use with TLS only.
    pub(crate) fn needs_tls(&self) -> Option<&'static str> {
        match (&self.ca, self.fingerprint) {
            (Some(_), _) => Some("--ca"),
            (None, Some(_)) => Some("--fingerprint"),
            (None, None) => None,
        }
    }
}

/// What a server shows under TLS.
#[derive(Debug, Args)]
pub(crate) struct CertificateArgs {
    /// For tls:// places: the certificate, with those that vouch for it behind it, in a PEM file; left out, one is made for this computer
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<String>,
    /// Its private key, in a PEM file; left out, it is in the same file
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<String>,
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

fn parse_pause(text: &str) -> Result<Duration, String> {
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
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_overview_names_every_command() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let listed = include_str!("help.txt").contains(&format!("\n  {} ", command.get_name()));
            assert!(listed, "help.txt does not list `{}`", command.get_name());
        }
    }

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
