//! The arguments of `watch` and `check`, which look at other programs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use labs::Service;

use super::clients::parse_pause;
use crate::address::Address;

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
    /// The client to judge, at its terminal, with our server behind it; with --server, also both together
    #[arg(long, value_name = "COMMAND", conflicts_with = "at")]
    pub(crate) client: Option<String>,
    /// Judge a server that runs already, without a sandbox: udp://127.0.0.1:12003
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) at: Option<Address>,
    /// Where the server listens at several ports: the lab's; for a client alone, where it looks for its server
    #[arg(long, value_name = "PORT", conflicts_with = "at")]
    pub(crate) port: Option<u16>,
    /// Play only this rule; may be given more than once
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Vec<String>,
    /// Show every rule of the lab, or of all labs, with its sentence and level
    #[arg(long, conflicts_with_all = ["server", "client", "at"])]
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
    #[arg(long, conflicts_with = "at")]
    pub(crate) no_sandbox: bool,
    /// Keep the packets of each rule that fails in this folder, as RULE.pcapng, for Wireshark or `watch --read`
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the report as JSON to a file, too
    #[arg(long, value_name = "FILE.json")]
    pub(crate) report: Option<PathBuf>,
}

const CHECK_HELP: &str = "\
Exit codes: 0 every MUST passed, 1 not, 2 wrong arguments, 3 it cannot be judged: it did not start, listens nowhere, or speaks something else.";
