//! socketlab: every classic lab service as a real server and a real client.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the one crate that prints")]

mod address;
mod chat;
mod check;
mod cli;
mod config;
mod doctor;
mod join;
mod operator;
mod person;
mod printer;
mod serve;
mod services;
mod settings;
mod talk;
mod terminal;
mod tls;
mod watch;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use cli::{Cli, Command};

/// The other side failed or said no.
const FAILED: u8 = 1;
/// The user can mend it: arguments or configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(args) => return serve::run(&args),
        Command::Watch(args) => return watch::run(&args),
        Command::Check(args) => return check::run(&args),
        Command::CheckStage { folder, phase } => return check::play(folder.as_deref(), &phase),
        Command::Doctor => doctor::run(),
        Command::Config(args) => config::run(&args),
        Command::Completions { shell } => write_completions(shell),
        Command::Man => write_manual(),
        Command::Help { command } => help(command.as_deref()),
        Command::Client(client) => return join::run(client),
        Command::Talk(args) => return talk::run(args),
    };
    report(result, USAGE)
}

/// Tells an error in one sentence.
fn report(result: anyhow::Result<()>, code: u8) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has enough of it.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(is_broken_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("socketlab: {}", visible(&format!("{error:#}")));
            ExitCode::from(code)
        }
    }
}

/// An error's lines, of which the names in them, as those of files, can make no others.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    for (place, line) in text.lines().enumerate() {
        if place > 0 {
            shown.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = labs::Visible(&mut shown).write_str(line);
    }
    shown
}

fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

fn write_completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "socketlab", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// One page for all commands, as people look for a program and not for its parts.
fn write_manual() -> anyhow::Result<()> {
    let command = Cli::command();
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(command.clone());
    manual.render_title(&mut page)?;
    manual.render_name_section(&mut page)?;
    manual.render_synopsis_section(&mut page)?;
    manual.render_description_section(&mut page)?;
    let shown = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    let named = shown.flat_map(|subcommand| {
        let name = format!("socketlab {}", subcommand.get_name());
        let parts = subcommand
            .get_subcommands()
            .map(|part| (format!("socketlab {} {}", subcommand.get_name(), part.get_name()), part));
        std::iter::once((name, subcommand)).chain(parts.collect::<Vec<_>>())
    });
    for (name, subcommand) in named {
        let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
        let manual = clap_mangen::Man::new(subcommand.clone().bin_name(name.clone()));
        writeln!(page, ".SH {}\n{about}", name.to_uppercase())?;
        manual.render_synopsis_section(&mut page)?;
        manual.render_options_section(&mut page)?;
    }
    page.write_all(include_bytes!("manual.roff"))?;
    Ok(std::io::stdout().write_all(&page)?)
}

/// Prints the overview, or what `COMMAND --help` prints.
fn help(name: Option<&str>) -> anyhow::Result<()> {
    let mut command = Cli::command();
    if let Some(name) = name.filter(|name| command.find_subcommand(name).is_none()) {
        anyhow::bail!("there is no command `{name}`; `socketlab help` lists them all");
    }
    let words = ["socketlab"].into_iter().chain(name).chain(["--help"]);
    let Err(help) = command.try_get_matches_from_mut(words) else { return Ok(()) };
    Ok(help.print()?)
}
