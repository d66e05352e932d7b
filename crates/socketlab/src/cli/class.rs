//! The arguments of `check all`, which judges a class.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use labs::Service;

use super::clients::parse_pause;

#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// Judge a class: each folder is a submission, and gets a report; one table for all
    All(ClassArgs),
}

/// What `check all` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = CLASS_HELP)]
pub(crate) struct ClassArgs {
    /// The submissions, a folder each
    #[arg(value_name = "DIR", required = true)]
    pub(crate) folders: Vec<PathBuf>,
    /// The lab of all of them
    #[arg(long, value_name = "LAB", value_parser = |name: &str| name.parse::<Service>().map_err(|error| error.to_string()))]
    pub(crate) lab: Option<Service>,
    /// What holds for all of them, as their own check.toml has it: lab, server, client, port
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) class: Option<PathBuf>,
    /// Write the reports there: index.html, class.csv, and two files a submission
    #[arg(long, value_name = "DIR", default_value = "check-reports")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) playing: PlayingArgs,
    /// Start the programs without networks of their own, where those are forbidden: one at a time, and they may do whatever you may do
    #[arg(long)]
    pub(crate) no_sandbox: bool,
}

/// How rules are played.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlayingArgs {
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
    jobs: Option<u16>,
}

impl PlayingArgs {
    /// How many rules are played at once.
    pub(crate) fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(|| 2 * processors(), usize::from)
    }
}

const CLASS_HELP: &str = "\
The server in a folder is server.py, Server.java (a single file), an executable `server`, or the one other Python or Java file with `server` in its name. \
What is called otherwise is said in a check.toml in that folder:

    lab = \"calc\"
    server = \"python3 main.py\"
    port = 5000

Ctrl-C keeps what is done. Exit codes: 0 all passed, 1 some did not, 2 wrong arguments, 3 some cannot be judged, and none failed.";
