//! The command line.
#![allow(
    rustdoc::invalid_html_tags,
    rustdoc::broken_intra_doc_links,
    reason = "the comments on arguments are the help that clap prints"
)]

mod class;
mod clients;
mod look;
mod secure;
mod serve;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use drive::Family;

pub(crate) use self::class::{CheckCommand, ClassArgs};
pub(crate) use self::clients::{ClientArgs, ClientCommand, Spoken, TalkArgs};
pub(crate) use self::look::{CheckArgs, WatchArgs};
pub(crate) use self::secure::{CertificateArgs, TrustArgs};
pub(crate) use self::serve::ServeArgs;
use crate::settings::IpVersion;

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
    /// Judge a server, a client, both, or a class by the rules of their lab, and say what to mend
    Check(CheckArgs),
    /// What `check` starts itself as, for each rule it plays
    #[command(name = "check-stage", hide = true)]
    CheckStage {
        /// Where the program is started; else here
        #[arg(long)]
        folder: Option<PathBuf>,
        phase: String,
    },
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
}
