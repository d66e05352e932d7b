//! The command that plays one rule again.

use std::borrow::Cow;
use std::time::Duration;

use labs::Transport;

use crate::judge::{Programs, Target, Task};
use crate::rule::Rule;

/// What `--patience` is when it is left out.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command line that plays this rule to the same program as this task does; to be given where the task's was.
pub(crate) fn replay(task: &Task, rule: &Rule) -> String {
    let mut command = format!("socketlab check {}", task.lab.service);
    match &task.target {
        Target::Programs(Programs { server, client, port, sandboxed }) => {
            for (option, line) in [("server", server), ("client", client)] {
                if let Some(line) = line {
                    command += &format!(" --{option} {}", quoted(line));
                }
            }
            if let Some(port) = port {
                command += &format!(" --port {port}");
            }
            if !sandboxed {
                command += " --no-sandbox";
            }
        }
        Target::At { transport, addresses } => {
            let scheme = if *transport == Transport::Udp { "udp" } else { "tcp" };
            if let Some(address) = addresses.first() {
                command += &format!(" --at {}", quoted(&format!("{scheme}://{address}")));
            }
        }
    }
    command += &format!(" --rule {} --seed {}", rule.id, task.seed);
    if task.repeat > 1 {
        command += &format!(" --repeat {}", task.repeat);
    }
    if task.patience != PATIENCE {
        command += &format!(" --patience {}ms", task.patience.as_millis());
    }
    command
}

/// A word as a POSIX shell takes it for this very text.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use labs::Service;

    use super::*;

    fn task(target: Target) -> Task {
        let lab = crate::of(Service::Calc).unwrap();
        Task { lab, target, rules: Vec::new(), seed: 7, repeat: 1, patience: PATIENCE, jobs: 1, keep: None }
    }

    fn replayed(task: &Task) -> String {
        replay(task, task.lab.rule("calc.zero").unwrap())
    }

    #[test]
    fn a_command_says_all_that_is_not_usual() {
        let line = "python3 'my server.py'".to_owned();
        let server = Some(line);
        let usual = Programs { server, client: None, port: None, sandboxed: true };
        let quoted = r"--server 'python3 '\''my server.py'\'''";
        assert_eq!(
            replayed(&task(Target::Programs(usual.clone()))),
            format!("socketlab check calc {quoted} --rule calc.zero --seed 7")
        );
        let unusual = Programs { client: Some("./client".to_owned()), port: Some(5000), sandboxed: false, ..usual };
        let target = Target::Programs(unusual);
        let unusual = Task { repeat: 20, patience: Duration::from_millis(1500), ..task(target) };
        let wanted = format!(
            "socketlab check calc {quoted} --client ./client --port 5000 --no-sandbox --rule calc.zero --seed 7 --repeat 20 --patience 1500ms"
        );
        assert_eq!(replayed(&unusual), wanted);
        let at = task(Target::At { transport: Transport::Tcp, addresses: vec!["[::1]:5000".parse().unwrap()] });
        assert_eq!(replayed(&at), "socketlab check calc --at 'tcp://[::1]:5000' --rule calc.zero --seed 7");
    }

    #[test]
    fn a_shell_takes_what_is_quoted_for_the_same_text() {
        for word in ["", "plain-1.0/x", "two words", "it's", "''", "$(touch x)`y`;&|<>*?[]{}~#!\\\"", "a\nb\t", "größe"]
        {
            let line = format!("printf %s {}", quoted(word));
            let output = Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{line}");
        }
    }
}
