//! `socketlab watch`: what crosses the wire, told as a story.

#[cfg(target_os = "linux")]
mod command;
mod file;
#[cfg(target_os = "linux")]
mod live;
mod output;
#[cfg(target_os = "linux")]
mod processes;
mod save;
mod session;
mod show;
#[cfg(target_os = "linux")]
mod signals;
mod wanted;

use std::process::ExitCode;

use crate::cli::WatchArgs;
use crate::{FAILED, USAGE, report};
use wanted::{Form, Wanted};

pub(crate) fn run(args: &WatchArgs) -> ExitCode {
    match Form::of(args).and_then(|form| Ok((form, Wanted::new(args)?))) {
        Ok((form, wanted)) => report(watch(form, args, &wanted), FAILED),
        Err(error) => report(Err(error), USAGE),
    }
}

fn watch(form: Form<'_>, args: &WatchArgs, wanted: &Wanted) -> anyhow::Result<()> {
    match form {
        Form::File(path) => file::watch(path, args, wanted),
        #[cfg(target_os = "linux")]
        Form::Interface => live::watch_interface(args, wanted),
        #[cfg(target_os = "linux")]
        Form::Command => live::watch_command(args),
        #[cfg(not(target_os = "linux"))]
        Form::Interface | Form::Command => {
            anyhow::bail!(
                "only Linux lets socketlab capture; elsewhere capture with Wireshark, and use watch --read FILE"
            )
        }
    }
}
