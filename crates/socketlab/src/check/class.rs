//! `socketlab check all`: a class, some submissions at a time.

mod find;
mod folder;
mod submission;
mod table;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use anyhow::{Context as _, bail};
use check::{Class, Programs, Report, Stages, Target, Task, Verdict};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use self::folder::Folder;
use self::submission::{Description, Submission};
use super::run::{CANNOT_JUDGE, clear_progress, warn_of_no_sandbox};
use crate::cli::ClassArgs;
use crate::{FAILED, USAGE, report};

pub(super) fn run(args: &ClassArgs) -> ExitCode {
    match Course::new(args).and_then(|course| Ok((course, Folder::open(&args.out)?))) {
        Err(error) => report(Err(error), USAGE),
        Ok((course, folder)) => match course.judge(&folder) {
            Ok(class) if class.count(Verdict::Fail) > 0 => ExitCode::from(FAILED),
            Ok(class) if class.count(Verdict::Pass) < class.submissions.len() => ExitCode::from(CANNOT_JUDGE),
            Ok(_) => ExitCode::SUCCESS,
            // Without reports there are no verdicts.
            Err(error) => report(Err(error), CANNOT_JUDGE),
        },
    }
}

/// What is to be done: whom to judge, and how.
#[derive(Clone)]
struct Course {
    args: ClassArgs,
    /// What holds for all of them.
    description: Description,
    folders: Vec<PathBuf>,
    stages: Stages,
}

/// What is waited for.
enum News {
    /// This submission, by its place, was judged.
    Judged(usize, Box<Report>),
    /// The user wants the end.
    Interrupted,
}

impl Course {
    fn new(args: &ClassArgs) -> anyhow::Result<Self> {
        let said = args.lab.map(Description::of_lab).unwrap_or_default();
        let class = args.class.as_deref().map(Description::read).transpose()?.unwrap_or_default();
        let description = said.or(&class);
        description.known_lab()?;
        let mut folders: Vec<PathBuf> = args.folders.iter().map(|path| path.components().collect()).collect();
        // As `*/` has it where an earlier run has written its reports.
        if folder::is_ours(&args.out) {
            let out = args.out.canonicalize().ok();
            folders.retain(|path| path.canonicalize().ok() != out);
        }
        if folders.len() < args.folders.len() {
            let out = table::visible(&args.out.display().to_string());
            eprintln!("socketlab: {out} holds the reports, and is not taken for a submission");
        }
        if let Some(missing) = folders.iter().find(|path: &&PathBuf| !path.exists()) {
            bail!("there is no {}: name the folders of the submissions", missing.display());
        }
        if folders.is_empty() {
            bail!("there is no submission among them: name a folder for each");
        }
        Ok(Self { args: args.clone(), description, folders, stages: super::stages()? })
    }

    /// Judges all, writes what came out, and tells it.
    fn judge(&self, folder: &Folder) -> anyhow::Result<Class> {
        if self.args.no_sandbox {
            warn_of_no_sandbox();
        }
        let mut class = Class { submissions: folder::named(&self.folders) };
        // So that the folder is known as ours from now on.
        folder.write_class(&class)?;
        let (sender, news) = mpsc::channel();
        listen_for_signals(sender.clone())?;
        self.start(&sender);
        drop(sender);
        let show = std::io::stderr().is_terminal();
        let mut is_whole = true;
        for over in 1..=class.submissions.len() {
            let Ok(News::Judged(place, report)) = news.recv() else {
                is_whole = false;
                break;
            };
            let submission = &mut class.submissions[place];
            folder.write_report(&submission.file, &report)?;
            submission.report = Some(*report);
            if show {
                let (all, name, word) = (self.folders.len(), table::visible(&submission.name), submission.word());
                eprint!("\r\x1b[K{over} of {all} judged: {name} {word}");
            }
        }
        clear_progress();
        folder.write_class(&class)?;
        if !is_whole {
            eprintln!("socketlab: interrupted: what was judged until then is kept");
        }
        std::io::stdout().write_all(table::class(&class, &folder.index()).as_bytes())?;
        Ok(class)
    }

    /// Starts those who judge. Nobody waits for them: they end with the program, and what they play ends with them.
    fn start(&self, news: &mpsc::Sender<News>) {
        // Programs without networks of their own would meet at their ports.
        let places = if self.args.no_sandbox { 1 } else { self.args.playing.jobs() };
        let course = Arc::new(self.clone());
        let turns = Arc::new(Mutex::new(Turns { next: 0, all: self.folders.len(), free: places }));
        for _ in 0..places.min(self.folders.len()) {
            let (course, turns, news) = (Arc::clone(&course), Arc::clone(&turns), news.clone());
            std::thread::spawn(move || course.take_turns(&turns, &news));
        }
    }

    /// Judges one submission after the other until none is left.
    fn take_turns(&self, turns: &Mutex<Turns>, news: &mpsc::Sender<News>) {
        let mut had = 0;
        while let Some((place, jobs)) = Turns::take(turns, had) {
            let report = self.judge_one(&self.folders[place], jobs);
            // Where nobody listens any more, we are about to end.
            if news.send(News::Judged(place, Box::new(report))).is_err() {
                break;
            }
            had = jobs;
        }
    }

    fn judge_one(&self, path: &Path, jobs: usize) -> Report {
        let playing = &self.args.playing;
        let Submission { lab, folder, server, client, port, lacks } = match Submission::find(path, &self.description) {
            Ok(found) => found,
            Err((lab, advice)) => {
                let report = Report::unplayable(lab, Some(path.display().to_string()), None, advice);
                let sandboxed = !self.args.no_sandbox;
                return Report { sandboxed, seed: playing.seed, repeat: playing.repeat, ..report };
            }
        };
        let task = Task {
            lab,
            target: Target::Programs(Programs { server, client, port, sandboxed: !self.args.no_sandbox }),
            rules: lab.rules().collect(),
            seed: playing.seed,
            repeat: playing.repeat,
            patience: playing.patience,
            jobs,
            keep: None,
        };
        let mut stages = self.stages.clone();
        stages.arguments.extend(["--folder".into(), folder.into()]);
        let report = check::judge(&task, &stages, &mut |_| {});
        match lacks {
            Some((cast, advice)) => report.lacking(cast, advice),
            None => report,
        }
    }
}

/// Which submission comes next, and how many of its rules may be played at once.
struct Turns {
    next: usize,
    all: usize,
    /// Of the plays that may run at once, those that nobody has.
    free: usize,
}

impl Turns {
    /// Gives back the plays that were had, and takes the next submission with its share of those that are free. While there are more submissions than
    /// plays, each has one; the last ones share what is left, and there is always one for whoever asks.
    fn take(turns: &Mutex<Self>, had: usize) -> Option<(usize, usize)> {
        let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.free += had;
        let left = turns.all - turns.next;
        if left == 0 {
            return None;
        }
        let share = (turns.free / left).max(1);
        turns.free -= share;
        turns.next += 1;
        Some((turns.next - 1, share))
    }
}

/// The first SIGINT or SIGTERM is told, the second ends the program where it stands.
fn listen_for_signals(news: mpsc::Sender<News>) -> anyhow::Result<()> {
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
        flag::register(signal, Arc::clone(&again))?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("listening for signals")?;
    std::thread::spawn(move || signals.forever().try_for_each(|_| news.send(News::Interrupted)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many plays each of so many submissions gets if all are begun at once, as far as there are places.
    fn shares(all: usize, places: usize) -> Vec<usize> {
        let turns = Mutex::new(Turns { next: 0, all, free: places });
        (0..places.min(all)).map(|_| Turns::take(&turns, 0).unwrap().1).collect()
    }

    #[test]
    fn plays_at_once_are_bounded_and_shared() {
        assert_eq!(shares(200, 4), [1, 1, 1, 1]);
        assert_eq!(shares(3, 4), [1, 1, 2]);
        assert_eq!(shares(1, 4), [4]);
        let turns = Mutex::new(Turns { next: 0, all: 5, free: 4 });
        (0..4).for_each(|_| assert_eq!(Turns::take(&turns, 0).unwrap().1, 1));
        assert_eq!(Turns::take(&turns, 1), Some((4, 1)));
        assert_eq!(Turns::take(&turns, 1), None);
    }
}
