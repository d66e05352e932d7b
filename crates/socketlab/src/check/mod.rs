//! `socketlab check`: any server judged by the rules of its lab.

#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod tell;

use std::process::ExitCode;

use crate::cli::CheckArgs;

#[cfg(target_os = "linux")]
pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    run::run(args)
}

/// What this program is when it was started as a stage.
#[cfg(target_os = "linux")]
pub(crate) fn play(phase: &str) -> ExitCode {
    check::stage::run(phase)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_args: &CheckArgs) -> ExitCode {
    crate::report(
        Err(anyhow::anyhow!("only Linux has the namespaces in which socketlab checks programs")),
        crate::USAGE,
    )
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn play(_phase: &str) -> ExitCode {
    ExitCode::from(crate::USAGE)
}
