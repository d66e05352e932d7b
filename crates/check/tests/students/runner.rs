//! How the tests are run: some at a time, each a program that is judged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use check::{Cast, Lab, Part, Programs, Report, Rule, Stages, Target, Task};

/// The argument of a process that is to be a stage.
pub(crate) const STAGE: &str = "check-stage";

/// As the program has it.
pub(crate) const USUAL: Duration = Duration::from_secs(5);
/// Where a failure is expected, it need not be waited for long.
pub(crate) const SHORT: Duration = Duration::from_millis(1500);

/// Where the programs are.
pub(crate) const STUDENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/students");

/// Its name, and what is wrong.
pub(crate) type Test = (String, Box<dyn Fn() -> Result<(), String> + Sync>);

/// So many programs are judged at once; most of their plays wait.
const WORKERS: usize = 9;
/// So many plays of one program are under way at once.
const JOBS: usize = 4;

/// Whether all of them passed. What failed is told last, where nobody has to look for it.
pub(crate) fn run(tests: &[Test]) -> bool {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let take = || tests.get(next.fetch_add(1, Ordering::Relaxed));
    let work = || {
        while let Some((name, test)) = take() {
            let result = test();
            println!("{name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
            failed.lock().unwrap().extend(result.err().map(|why| (name, why)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap();
    println!("{} of {} failed", failed.len(), tests.len());
    for (name, why) in &failed {
        println!("{name} FAILED\n{why}");
    }
    failed.is_empty()
}

/// Each play gets a copy of the folder that we are in.
pub(crate) fn go_where_nothing_is() {
    let nowhere = concat!(env!("CARGO_TARGET_TMPDIR"), "/nowhere");
    std::fs::create_dir_all(nowhere).unwrap();
    std::env::set_current_dir(nowhere).unwrap();
}

/// Says what is skipped, and why, unless nothing may be.
pub(crate) fn skip(what: &str, why: &str) {
    assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED {what}: {why}");
    println!("SKIPPED {what}: {why}");
}

pub(crate) fn namespaces_are_allowed() -> bool {
    let Err(why) = stages().try_out() else { return true };
    assert!(why.contains("does not let a user have"), "{why}");
    skip("students", &why);
    false
}

fn stages() -> Stages {
    Stages { program: std::env::current_exe().unwrap(), arguments: vec![STAGE.into()] }
}

pub(crate) fn lab(name: &str) -> &'static Lab {
    check::of(name.parse().unwrap()).unwrap()
}

pub(crate) fn part(name: &str, cast: Cast) -> &'static Part {
    lab(name).part(cast).unwrap()
}

/// Why a report says that nothing can be said.
pub(crate) fn advice(report: &Report) -> &str {
    report.advice().map_or("", |advice| &advice.why)
}

pub(crate) fn server(line: &str) -> Programs {
    Programs { server: Some(line.replace("STUDENTS", STUDENTS)), client: None, port: None, sandboxed: true }
}

pub(crate) fn judge(
    name: &str,
    programs: Programs,
    rules: &[&'static Rule],
    repeat: u32,
    patience: Duration,
) -> Report {
    let target = Target::Programs(programs);
    let task =
        Task { lab: lab(name), target, rules: rules.to_vec(), seed: 1, repeat, patience, jobs: JOBS, keep: None };
    check::judge(&task, &stages(), &mut |_| {})
}
