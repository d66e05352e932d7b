//! From arguments to a verdict and an exit code.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use check::{Lab, Programs, Progress, Rule, Target, Task, Verdict};
use drive::Scheme;

use super::file::{self, ReportFile, ReportPath};
use super::tell;
use crate::cli::CheckArgs;
use crate::{FAILED, USAGE, report};

/// Nothing can be said of the program.
pub(super) const CANNOT_JUDGE: u8 = 3;

pub(super) fn run(args: &CheckArgs) -> ExitCode {
    if args.list {
        let labs = select_labs(args).and_then(|labs| Ok(std::io::stdout().write_all(tell::list(&labs).as_bytes())?));
        return report(labs, USAGE);
    }
    // That a file cannot be written to is said before it takes its time, and not after.
    let files = || args.report.iter().map(ReportPath::open).collect::<Result<Vec<_>, _>>();
    let (task, files) = match task(args).and_then(|task| Ok((task, files()?))) {
        Ok(prepared) => prepared,
        Err(error) => return report(Err(error), USAGE),
    };
    match judge(args, &task, files) {
        Ok(Verdict::Pass) => ExitCode::SUCCESS,
        Ok(Verdict::CannotJudge) => ExitCode::from(CANNOT_JUDGE),
        Ok(Verdict::Fail | Verdict::Flaky | Verdict::NotPlayed) => ExitCode::from(FAILED),
        // Without a report there is no verdict, whoever is to blame for it.
        Err(error) => report(Err(error), CANNOT_JUDGE),
    }
}

fn select_labs(args: &CheckArgs) -> anyhow::Result<Vec<&'static Lab>> {
    Ok(match args.lab {
        Some(_) => vec![lab(args)?],
        None => check::ALL.iter().collect(),
    })
}

fn lab(args: &CheckArgs) -> anyhow::Result<&'static Lab> {
    let known = check::ALL.iter().map(|lab| lab.service.name()).collect::<Vec<_>>().join(", ");
    let service = args.lab.with_context(|| format!("say which lab: {known}"))?;
    check::of(service).with_context(|| format!("{service} cannot be checked yet; those that can are {known}"))
}

fn task(args: &CheckArgs) -> anyhow::Result<Task> {
    let lab = lab(args)?;
    let rule =
        |id: &String| lab.rule(id).ok_or_else(|| anyhow!("{} has no rule `{id}`; --list shows all", lab.service));
    let chosen: Vec<&Rule> = args.rule.iter().map(rule).collect::<Result<_, _>>()?;
    let is_wanted = |rule: &&Rule| chosen.is_empty() || chosen.iter().any(|chosen| chosen.id == rule.id);
    let target = target(args, lab)?;
    Ok(Task {
        lab,
        target,
        rules: lab.rules().filter(is_wanted).collect(),
        seed: args.playing.seed,
        repeat: args.playing.repeat,
        patience: args.playing.patience,
        jobs: args.playing.jobs(),
        keep: keep(args)?,
    })
}

/// The folder for captures, which is made before anything is played.
fn keep(args: &CheckArgs) -> anyhow::Result<Option<PathBuf>> {
    let Some(folder) = &args.keep else { return Ok(None) };
    if args.at.is_some() || args.no_sandbox {
        bail!(
            "--keep keeps the packets of a network of the program's own, which there is only with --server and without --no-sandbox; \
             `socketlab watch --write FILE` captures what runs already"
        );
    }
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    Ok(Some(folder.clone()))
}

fn target(args: &CheckArgs, lab: &Lab) -> anyhow::Result<Target> {
    if args.server.is_some() || args.client.is_some() {
        std::env::current_dir()
            .context("the folder that you are in is there no more: go to your program's, with cd")?;
        return Ok(Target::Programs(Programs {
            server: args.server.clone(),
            client: args.client.clone(),
            port: args.port,
            sandboxed: !args.no_sandbox,
        }));
    }
    let Some(at) = &args.at else {
        bail!("say whom to judge: --server 'COMMAND', --client 'COMMAND', both, or --at HOST:PORT")
    };
    let usual = lab.service.usual_transports().first().copied();
    if at.scheme == Some(Scheme::Tls) {
        bail!("a server is judged in the open: give it a plain port, tcp://HOST:PORT");
    }
    let transport = at.scheme.map(Scheme::transport).or(usual).context("the lab has no transport")?;
    if !lab.service.speaks(transport) {
        bail!("{} is not spoken over {}", lab.service, transport.to_string().to_uppercase());
    }
    let addresses = at.local(lab.service.port(), false).map_err(anyhow::Error::msg)?;
    Ok(Target::At { transport, addresses })
}

fn judge(args: &CheckArgs, task: &Task, files: Vec<ReportFile>) -> anyhow::Result<Verdict> {
    if args.no_sandbox {
        warn_of_no_sandbox();
    }
    let stages = super::stages()?;
    let mut show = shown_progress();
    let report = check::judge(task, &stages, &mut show);
    clear_progress();
    files.into_iter().try_for_each(|file| file.write(&report))?;
    let mut output = std::io::stdout().lock();
    if args.json {
        output.write_all(file::json(&report)?.as_bytes())?;
    } else {
        output.write_all(tell::report(&report).as_bytes())?;
    }
    Ok(report.verdict)
}

pub(super) fn warn_of_no_sandbox() {
    eprintln!(
        "socketlab: NO SANDBOX: the program runs as you and in your network. It may read and change whatever you may, other programs can reach it, and \
         what uses its port disturbs it."
    );
}

/// A line that is written again and again, at a terminal only.
fn shown_progress() -> impl FnMut(Progress) {
    let is_shown = std::io::stderr().is_terminal();
    let mut failed = 0;
    move |progress: Progress| {
        failed += usize::from(!progress.passed);
        if is_shown {
            let Progress { over, plays, rule, .. } = progress;
            eprint!("\r\x1b[K{over} of {plays} played, {failed} not passed: {rule}");
        }
    }
}

pub(super) fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
