//! Right programs in the students' style pass, and each rule is the first to condemn a program with that very mistake. It has no harness, since it
//! is also what a stage is: started again, it plays.
#![cfg_attr(
    target_os = "linux",
    allow(
        clippy::unwrap_used,
        clippy::unwrap_in_result,
        clippy::print_stdout,
        reason = "it is a test, and prints like one"
    )
)]

#[cfg(target_os = "linux")]
mod mutants;
#[cfg(target_os = "linux")]
mod programs;
#[cfg(target_os = "linux")]
mod right;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod undecidable;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [stage, phase] = &arguments[..]
        && stage == runner::STAGE
    {
        return check::stage::run(phase);
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    runner::go_where_nothing_is();
    if runner::namespaces_are_allowed() {
        mutants::every_rule_has_one();
        let mut tests = right::tests();
        tests.extend(mutants::tests());
        tests.extend(undecidable::tests());
        tests.retain(|(name, _)| name.contains(filter));
        let passed = runner::run(&tests);
        right::tell_plays();
        if !passed {
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}
