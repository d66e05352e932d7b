//! `socketlab check`: any server, client, or pair judged by the rules of its lab, or a class of them.

#[cfg(target_os = "linux")]
mod class;
mod file;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod tell;

use std::path::Path;
use std::process::ExitCode;

#[cfg(target_os = "linux")]
use anyhow::Context as _;

pub(crate) use self::file::ReportPath;
use crate::cli::CheckArgs;
#[cfg(target_os = "linux")]
use crate::cli::CheckCommand;

#[cfg(target_os = "linux")]
pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    match &args.class {
        Some(CheckCommand::All(class)) => class::run(class),
        None => run::run(args),
    }
}

/// How this program becomes a stage.
#[cfg(target_os = "linux")]
pub(crate) fn stages() -> anyhow::Result<check::Stages> {
    let program = std::env::current_exe().context("finding this program")?;
    Ok(check::Stages { program, arguments: vec!["check-stage".into()] })
}

/// What this program is when it was started as a stage.
#[cfg(target_os = "linux")]
pub(crate) fn play(folder: Option<&Path>, phase: &str) -> ExitCode {
    match folder.map_or(Ok(()), std::env::set_current_dir) {
        Ok(()) => check::stage::run(phase),
        Err(error) => crate::report(Err(error.into()), crate::USAGE),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_args: &CheckArgs) -> ExitCode {
    crate::report(
        Err(anyhow::anyhow!("only Linux has the namespaces in which socketlab checks programs")),
        crate::USAGE,
    )
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn play(_folder: Option<&Path>, _phase: &str) -> ExitCode {
    ExitCode::from(crate::USAGE)
}
