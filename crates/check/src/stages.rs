//! From an order to the process that carries it out, and back with what came of it.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use labs::Service;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::judge::Stages;
use crate::manner::{Form, Manner};
use crate::peer::Framing;
use crate::processes;
use crate::report::Advice;
use crate::rule::Cast;
use crate::stage::{ENTER, Order, Outcome, Theatre};

/// A play that takes longer is ended. Every wait within it has a bound of its own; together they stay far below.
const PLAY_MAX: Duration = Duration::from_secs(600);
/// A stage that says more is not listened to, in bytes: an outcome, and a capture.
const SAID_BYTES_MAX: usize = 64 << 20;

/// What came of a play.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) outcome: Outcome,
    /// The packets, as a capture file; empty if there are none, or nobody asked for them.
    pub(crate) capture: Vec<u8>,
}

impl Performance {
    /// An outcome in JSON, a line's end, and the capture.
    pub(crate) fn write(&self, to: &mut impl io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *to, &self.outcome)?;
        to.write_all(b"\n")?;
        to.write_all(&self.capture)?;
        to.flush()
    }

    fn read(said: &[u8]) -> io::Result<Self> {
        let end = said.iter().position(|byte| *byte == b'\n').ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Self { outcome: serde_json::from_slice(&said[..end])?, capture: said[end + 1..].to_vec() })
    }
}

impl From<Outcome> for Performance {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, capture: Vec::new() }
    }
}

impl Stages {
    /// Whether a program can be played to here in namespaces and with files of its own: one is started in them, and ends.
    ///
    /// # Errors
    /// What forbids it, and what would allow it.
    pub fn try_out(&self) -> Result<(), String> {
        let order = Order {
            lab: Service::Echo.name().to_owned(),
            cast: Cast::Server,
            rule: None,
            manner: Manner { framing: Framing::Bare, greets: false, form: Form::Space },
            theatre: Theatre::Programs { server: Some("exit 42".to_owned()), client: None, port: None, alone: true },
            seed: 1,
            patience: Duration::from_secs(1),
            copies: false,
            keeps: false,
        };
        match self.play(&order, ENTER).outcome {
            Outcome::CannotJudge(advice) if advice.why.contains("exit code 42") => Ok(()),
            Outcome::CannotJudge(advice) => Err(advice.why),
            Outcome::Hindered(why) | Outcome::Unseen(why) => Err(why),
            Outcome::Played { .. } => Err("what was started is not what runs there".to_owned()),
        }
    }

    pub(crate) fn play(&self, order: &Order, phase: &str) -> Performance {
        self.play_within(order, phase, PLAY_MAX)
    }

    fn play_within(&self, order: &Order, phase: &str, most: Duration) -> Performance {
        let end = Instant::now() + most;
        let played = || -> io::Result<Performance> {
            let mut stage = Command::new(&self.program);
            stage.args(&self.arguments).arg(phase).stdin(Stdio::piped()).stdout(Stdio::piped());
            // Ctrl-C at our terminal is ours to hear: a stage ends when we do.
            stage.process_group(0);
            let mut stage = stage.spawn()?;
            let mut input = stage.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
            // One that was hindered answers without having read its order.
            let _ = input.write_all(&serde_json::to_vec(order)?);
            drop(input);
            let said = stage.stdout.take().ok_or(io::ErrorKind::BrokenPipe).and_then(|output| hear(output, end));
            if said.is_err() {
                kill(&mut stage);
            }
            stage.wait()?;
            Performance::read(&said?)
        };
        played().unwrap_or_else(|error| Outcome::CannotJudge(explain(&error, most)).into())
    }
}

fn explain(error: &io::Error, most: Duration) -> Advice {
    if error.kind() == io::ErrorKind::TimedOut {
        return Advice {
            why: format!("the play was not over after {} s, and was ended", most.as_secs()),
            mend: "look whether the program, run by hand, starts more and more processes or takes more and more memory"
                .to_owned(),
        };
    }
    Advice {
        why: format!("the stage itself failed: {error}"),
        mend: "try again, with fewer --jobs if this computer is short of memory or processes".to_owned(),
    }
}

/// Hears a stage out, until a time.
fn hear(mut output: ChildStdout, end: Instant) -> Result<Vec<u8>, io::ErrorKind> {
    let mut said = Vec::new();
    let mut page = vec![0; 1 << 16];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_error| io::ErrorKind::InvalidInput)?;
        match poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut),
            Err(error) if error != rustix::io::Errno::INTR => return Err(error.kind()),
            Err(_) => continue,
            Ok(_) => {}
        }
        match output.read(&mut page) {
            Ok(0) => return Ok(said),
            Ok(count) => said.extend_from_slice(&page[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.kind()),
        }
        if said.len() > SAID_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge);
        }
    }
}

/// Ends a stage. In namespaces of its own all that is on it ends with it; elsewhere it is looked for.
fn kill(stage: &mut Child) {
    let left = processes::descendants_of(stage.id());
    // It may have ended meanwhile.
    let _ = stage.kill();
    for pid in left.into_iter().filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(script: &str, most: Duration) -> Performance {
        let stages = Stages { program: "sh".into(), arguments: vec!["-c".into(), script.into()] };
        let order = Order {
            lab: "calc".to_owned(),
            rule: None,
            manner: Manner { framing: Framing::Bare, greets: false, form: Form::Space },
            cast: Cast::Server,
            theatre: Theatre::Programs { server: None, client: None, port: None, alone: false },
            seed: 1,
            patience: Duration::from_secs(1),
            copies: false,
            keeps: true,
        };
        stages.play_within(&order, "play", most)
    }

    fn why(performance: Performance) -> String {
        match performance.outcome {
            Outcome::CannotJudge(advice) => advice.why,
            other @ (Outcome::Played { .. } | Outcome::Hindered(_) | Outcome::Unseen(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stage_that_runs_on_is_ended_with_all_that_it_started() {
        let told = why(play("sleep 1000 & wait", Duration::from_millis(300)));
        assert_eq!(told, "the play was not over after 0 s, and was ended");
    }

    #[test]
    fn a_stage_that_says_too_much_is_ended() {
        let told = why(play("exec cat /dev/zero", Duration::from_secs(60)));
        assert!(told.starts_with("the stage itself failed: "), "{told}");
    }

    #[test]
    fn an_outcome_comes_with_its_capture() {
        let performance = play("printf '{\"Hindered\":\"x\"}\\n\\n\\0a'", Duration::from_secs(60));
        assert!(matches!(performance.outcome, Outcome::Hindered(why) if why == "x"));
        assert_eq!(performance.capture, b"\n\0a");
    }
}
