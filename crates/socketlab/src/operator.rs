//! The operator: the person at a chat server's terminal, who sees the room, speaks in it, and may remove members.

use std::io::IsTerminal as _;

use drive::{Keyboard, ServicePlan, keyboard};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

use crate::person::Person;

const PROMPT: &str = "> ";

/// Lets a person type, if there is one and a service to type for.
pub(crate) fn sit_down(plans: &[ServicePlan]) -> Option<(Person, Keyboard)> {
    let is_wanted = plans.iter().any(|plan| plan.room.is_some());
    let (person, editor) = (is_wanted && is_person()).then(Person::sit_down).flatten()?;
    let (typist, keyboard) = keyboard();
    std::thread::spawn(move || editor.read(None, std::iter::repeat_with(|| PROMPT.to_owned()), &typist));
    Some((person, keyboard))
}

/// Whether somebody sits there: a server in the background would be stopped by the system for touching the terminal.
fn is_person() -> bool {
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    stdin.is_terminal() && stdout.is_terminal() && tcgetpgrp(stdin).is_ok_and(|foreground| foreground == getpgrp())
}
