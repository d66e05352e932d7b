//! The chat's full screen: the talk, who is here, how the connection is, and a line to type in.
//!
//! [`model`] is the screen as a value, [`draw`] shows it, [`screen`] is the loop between both and the terminal.

mod draw;
mod entry;
mod history;
mod input;
mod layout;
mod model;
mod roster;
mod screen;
mod wrap;

use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context as _, bail};
use drive::{JoinPlan, Typed, Typist, keyboard};
use labs::Outcome;

/// How long a terminal may take to show the last.
const LEAVE_MAX: Duration = Duration::from_millis(500);

/// Whether there is a terminal for it.
pub(crate) fn fits() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb" || name.is_empty());
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !dumb
}

/// Joins the talk at the full screen.
///
/// # Errors
/// If the server cannot be reached at first, or if the terminal cannot be had.
pub(crate) fn join(plan: JoinPlan) -> anyhow::Result<Outcome> {
    let (typist, keyboard) = keyboard();
    let (typed, to_type) = channel();
    let (mut lines, happenings) = screen::way();
    let (done, screen_done) = channel();
    std::thread::spawn(move || type_in(&to_type, &typist));
    std::thread::spawn(move || {
        let shown = screen::run(happenings, &typed);
        let _ = done.send(shown);
    });
    let outcome = drive::join(plan, keyboard, &mut |shown| lines.show(shown));
    lines.end();
    match screen_done.recv_timeout(LEAVE_MAX) {
        Ok(shown) => shown.context("the terminal cannot be taken whole; try --plain")?,
        Err(RecvTimeoutError::Timeout) => screen::give_back_stuck(),
        Err(RecvTimeoutError::Disconnected) => bail!("the screen broke; try --plain"),
    }
    Ok(outcome?)
}

/// Hands over what was typed, in a thread of its own, since the screen never waits.
fn type_in(typed: &Receiver<Typed>, typist: &Typist) {
    for typed in typed {
        if !typist.type_in(typed) {
            return;
        }
    }
}
