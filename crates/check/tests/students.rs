//! Right programs in the students' style pass, and each rule condemns a program with that very mistake. It has no harness, since it is also what a
//! stage is: started again, it plays.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a test, and prints like one")]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [stage, phase] = &arguments[..]
        && stage == linux::STAGE
    {
        return check::stage::run(phase);
    }
    linux::test(arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str));
    std::process::ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
mod linux {
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use check::{Lab, Level, Programs, Report, Rule, Stages, Target, Task, Verdict};

    pub(super) const STAGE: &str = "check-stage";

    /// Programs that do what their sheet says, each in its way: lab, and command.
    const RIGHT: [(&str, &str); 24] = [
        ("echo", "echo_tcp.py echo"),
        ("echo", "echo_udp.py echo"),
        ("alnum", "echo_tcp.py alnum"),
        ("alnum", "echo_udp.py alnum"),
        ("clock", "clock_udp.py"),
        ("clock", "clock_tcp.py"),
        ("calc", "calc.py"),
        ("calc", "calc_threads.py"),
        ("calc", "calc_lines.py"),
        ("add", "add.py"),
        ("sum", "sum.py"),
        ("sum", "sum_plain.py space"),
        ("sum", "sum_plain.py comma"),
        ("sum", "sum_plain.py lines"),
        ("sum", "sum_plain.py once"),
        ("sum", "sum_plain.py pool"),
        ("sum", "sum_udp.py space"),
        ("sum", "sum_udp.py each"),
        ("board", "board.py"),
        ("board", "board.py quoted-only"),
        ("board", "board_tcp.py"),
        ("talk", "talk.py"),
        ("chat", "chat.py"),
        ("chat", "chat_lines.py"),
    ];

    /// For each rule, a program with the mistake that it is there for.
    const MUTANTS: &[(&str, &str)] = &[
        ("echo.same", "echo_tcp.py echo upper"),
        ("echo.next", "echo_tcp.py echo one-session"),
        ("echo.text", "echo_tcp.py echo ascii"),
        ("echo.bytes", "echo_tcp.py echo bytes-kill"),
        ("echo.empty", "echo_udp.py echo empty-ends"),
        ("echo.each-its-own", "echo_udp.py echo first-client"),
        ("echo.unheard", "echo_udp.py echo connects"),
        ("echo.end", "echo_tcp.py echo spins"),
        ("echo.reset", "echo_tcp.py echo reset-kills"),
        ("echo.again", "echo_tcp.py echo one-message"),
        ("echo.pieces", "echo_tcp.py echo one-piece"),
        ("echo.several", "echo_tcp.py echo"),
        ("echo.restart", "echo_tcp.py echo no-reuse"),
        ("alnum.yes", "echo_tcp.py alnum never"),
        ("alnum.no", "echo_tcp.py alnum always"),
        ("alnum.next", "echo_tcp.py alnum one-session"),
        ("alnum.bytes", "echo_tcp.py alnum bytes-kill"),
        ("alnum.empty", "echo_udp.py alnum empty-ends"),
        ("alnum.end", "echo_tcp.py alnum spins"),
        ("alnum.reset", "echo_tcp.py alnum reset-kills"),
        ("alnum.again", "echo_tcp.py alnum one-message"),
        ("alnum.several", "echo_tcp.py alnum"),
        ("alnum.restart", "echo_tcp.py alnum no-reuse"),
        ("clock.date", "clock_udp.py yesterday"),
        ("clock.time", "clock_udp.py no-seconds"),
        ("clock.loop", "clock_udp.py answers-once"),
        ("clock.current", "clock_udp.py stale"),
        ("clock.unknown", "clock_udp.py else-time"),
        ("clock.bytes", "clock_udp.py bytes-kill"),
        ("clock.empty", "clock_udp.py empty-ends"),
        ("clock.unheard", "clock_udp.py connects"),
        ("clock.each-its-own", "clock_udp.py first-client"),
        ("clock.reset", "clock_tcp.py reset-kills"),
        ("calc.adds", "calc.py concatenates"),
        ("calc.loop", "calc.py answers-once"),
        ("calc.decimals", "calc.py int"),
        ("calc.negatives", "calc.py no-sign"),
        ("calc.next", "calc.py one-session"),
        ("calc.quit", "calc.py no-quit"),
        ("calc.zero", "calc.py zero-kills"),
        ("calc.format", "calc.py format-kills"),
        ("calc.bytes", "calc.py bytes-kill"),
        ("calc.empty", "calc.py empty-kills"),
        ("calc.operator", "calc.py else-divides"),
        ("calc.end", "calc.py spins"),
        ("calc.reset", "calc.py reset-kills"),
        ("calc.on-after-zero", "calc.py error-ends"),
        ("calc.several", "calc_threads.py lock"),
        ("calc.mute", "calc_threads.py name-in-loop"),
        ("calc.stays", "calc_threads.py loss-kills"),
        ("calc.pieces", "calc_lines.py one-recv"),
        ("calc.glued", "calc_lines.py one-recv"),
        ("calc.name-glued", "calc_lines.py name-with-more"),
        ("calc.restart", "calc.py no-reuse"),
        ("add.ack", "add.py no-ack"),
        ("add.adds", "add.py one-digit"),
        ("add.next", "add.py one-session"),
        ("add.end", "add.py spins"),
        ("add.several", "add.py lock"),
        ("add.mute", "add.py name-in-loop"),
        ("add.stays", "add.py loss-kills"),
        ("add.format", "add.py format-kills"),
        ("add.bytes", "add.py bytes-kill"),
        ("add.pieces", "add.py"),
        ("add.restart", "add.py no-reuse"),
        ("sum.adds", "sum.py concatenates"),
        ("sum.negatives", "sum.py no-sign"),
        ("sum.next", "sum.py one-session"),
        ("sum.invalid", "sum.py invalid-kills"),
        ("sum.bytes", "sum.py bytes-kill"),
        ("sum.empty", "sum_udp.py space empty-ends"),
        ("sum.unheard", "sum_udp.py space connects"),
        ("sum.each-its-own", "sum_udp.py space first-client"),
        ("sum.between", "sum_udp.py each mixes"),
        ("sum.end", "sum.py spins"),
        ("sum.reset", "sum.py reset-kills"),
        ("sum.several", "sum.py lock"),
        ("sum.mute", "sum.py first-in-loop"),
        ("sum.stays", "sum.py closes-another"),
        ("sum.limit-holds", "sum.py unlimited-later"),
        ("sum.limit-frees", "sum.py leaks"),
        ("sum.limit-vanished", "sum.py leaks-lost"),
        ("sum.limit-timeouts", "sum.py leaks-timeouts"),
        ("sum.timeout", "sum.py timeout-once"),
        ("sum.decimals", "sum.py int"),
        ("sum.again", "sum.py answers-once"),
        ("sum.pieces", "sum_plain.py lines one-recv"),
        ("sum.restart", "sum.py no-reuse"),
        ("board.returns", "board.py forgets"),
        ("board.words", "board.py first-word"),
        ("board.all", "board.py last-only"),
        ("board.others", "board.py own-only"),
        ("board.two-posters", "board.py last-poster"),
        ("board.again", "board.py clears"),
        ("board.empty", "board.py empty-kills"),
        ("board.unknown", "board.py unknown-kills"),
        ("board.alone", "board.py alone-kills"),
        ("board.bytes", "board.py bytes-kill"),
        ("board.empty-datagram", "board.py empty-ends"),
        ("board.unheard", "board.py connects"),
        ("board.next", "board_tcp.py one-session"),
        ("board.end", "board_tcp.py spins"),
        ("board.reset", "board_tcp.py reset-kills"),
        ("board.unicode", "board.py ascii"),
        ("board.order", "board.py newest-first"),
        ("board.long", "board.py short"),
        ("board.many", "board.py ten"),
        ("board.several", "board_tcp.py lock"),
        ("board.restart", "board_tcp.py no-reuse"),
        ("talk.keys", "talk.py private-key"),
        ("talk.reads", "talk.py silent"),
        ("talk.answers", "talk.py wrong-key"),
        ("talk.turns", "talk.py one-round"),
        ("talk.hears-bye", "talk.py deaf-to-bye"),
        ("talk.says-bye", "talk.py goes-on"),
        ("talk.unicode", "talk.py ascii"),
        ("talk.closed", "talk.py closed-crashes"),
        ("talk.long", "talk.py long-crashes"),
        ("talk.garbage", "talk.py garbage-crashes"),
        ("talk.pieces", "talk.py one-recv"),
        ("chat.says", "chat.py nameless-lines"),
        ("chat.joins", "chat.py silent-joins"),
        ("chat.leaves", "chat.py count-before"),
        ("chat.everyone", "chat.py not-everyone"),
        ("chat.closes", "chat.py close-not-told"),
        ("chat.end", "chat.py spins"),
        ("chat.vanishes", "chat.py loss-kills"),
        ("chat.unique", "chat.py duplicates"),
        ("chat.free-again", "chat.py keeps-names"),
        ("chat.mute", "chat.py name-in-loop"),
        ("chat.nameless", "chat.py nameless-joins"),
        ("chat.bytes", "chat.py bytes-kill"),
        ("chat.hears-itself-join", "chat.py not-itself"),
        ("chat.pieces", "chat.py"),
        ("chat.name-glued", "chat.py"),
        ("chat.restart", "chat.py no-reuse"),
    ];

    /// Programs of which nothing can be said, with a word of the reason.
    const UNDECIDABLE: [(&str, &str, &str); 5] = [
        ("calc", "python3 -c 'raise SystemExit(\"no\")'", "ended with exit code 1 before it listened"),
        ("calc", "sleep 1000", "listens at no port"),
        ("calc", "python3 -c 'import no_such_module'", "No module named"),
        ("calc", "python3 STUDENTS/clock_udp.py", "listens at UDP port 12003"),
        (
            "chat",
            "python3 -c 'import socket,time; s=socket.create_server((\"\",9)); s.accept(); time.sleep(99)'",
            "says nothing",
        ),
    ];

    /// As the program has it.
    const USUAL: Duration = Duration::from_secs(5);
    /// Where a failure is expected, it need not be waited for long.
    const SHORT: Duration = Duration::from_millis(1500);

    const STUDENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/students");

    pub(super) fn test(filter: &str) {
        if !namespaces_are_allowed() {
            return;
        }
        every_rule_has_a_mutant();
        let repeats = std::env::var("CHECK_REPEAT").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        let mut tests: Vec<Test> = Vec::new();
        for (lab, command) in RIGHT {
            tests.push((format!("right {lab} {command}"), Box::new(move || is_right(lab, command, repeats))));
        }
        for (rule, command) in MUTANTS {
            tests.push((format!("mutant {rule} {command}"), Box::new(move || is_condemned(rule, command))));
        }
        for (lab, command, why) in UNDECIDABLE {
            tests.push((format!("undecidable {lab} {command}"), Box::new(move || is_undecidable(lab, command, why))));
        }
        if !pycryptodome_is_there() {
            tests.retain(|(name, _)| !name.contains(TALK));
        }
        tests.retain(|(name, _)| name.contains(filter));
        run(&tests);
    }

    /// Its name, and what is wrong.
    type Test = (String, Box<dyn Fn() -> Result<(), String> + Sync>);

    /// So many plays are under way at once; most wait.
    const WORKERS: usize = 6;

    fn run(tests: &[Test]) {
        let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let take = || tests.get(next.fetch_add(1, Ordering::Relaxed));
        let work = || {
            while let Some((name, test)) = take() {
                let told = test().map_or_else(|why| format!("FAILED\n{why}"), |()| "ok".to_owned());
                failed.fetch_add(usize::from(told != "ok"), Ordering::Relaxed);
                println!("{name} ... {told}");
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(work);
            }
        });
        let failed = failed.into_inner();
        assert_eq!(failed, 0, "{failed} of {} failed", tests.len());
        println!("{} passed", tests.len());
    }

    fn namespaces_are_allowed() -> bool {
        let report = judge("calc", "exit 1", &[lab("calc").rule("calc.adds").unwrap()], 1, SHORT);
        let why = report.parts[0].advice.as_ref().map(|advice| advice.why.clone()).unwrap_or_default();
        let hindered = why.contains("does not let a user have");
        if hindered {
            assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED students: {why}");
            println!("SKIPPED students: {why}");
        }
        !hindered
    }

    /// Those programs that need pycryptodome.
    const TALK: &str = " talk.py";

    /// A Python that has it, if any has.
    fn talking_python() -> String {
        std::env::var("PYCRYPTODOME_PYTHON").unwrap_or_else(|_| "python3".to_owned())
    }

    fn pycryptodome_is_there() -> bool {
        let mut import = Command::new(talking_python());
        let import = import.args(["-c", "import Crypto.Cipher.PKCS1_OAEP"]).stderr(Stdio::null());
        let is_there = import.status().is_ok_and(|status| status.success());
        if !is_there {
            let why = "pycryptodome is not installed, ./test.sh does that";
            assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED talk: {why}");
            println!("SKIPPED talk: {why}");
        }
        is_there
    }

    fn every_rule_has_a_mutant() {
        for rule in check::ALL.iter().flat_map(Lab::rules) {
            assert!(MUTANTS.iter().any(|(id, _)| *id == rule.id), "{} has no mutant", rule.id);
        }
        for (id, _) in MUTANTS {
            assert!(check::ALL.iter().any(|lab| lab.rule(id).is_some()), "{id} is no rule");
        }
    }

    fn lab(name: &str) -> &'static Lab {
        check::of(name.parse().unwrap()).unwrap()
    }

    fn judge(name: &str, line: &str, rules: &[&'static Rule], repeat: u32, patience: Duration) -> Report {
        let stages = Stages { program: std::env::current_exe().unwrap(), arguments: vec![STAGE.into()] };
        let server = Some(line.replace("STUDENTS", STUDENTS));
        let target = Target::Programs(Programs { server, client: None, port: None, sandboxed: true });
        let lab = lab(name);
        let task = Task { lab, target, rules: rules.to_vec(), seed: 1, repeat, patience, jobs: 4 };
        check::judge(&task, &stages, &mut |_| {})
    }

    fn python(command: &str) -> String {
        let python = if command.starts_with(TALK.trim()) { talking_python() } else { "python3".to_owned() };
        format!("exec {python} STUDENTS/{command}")
    }

    fn is_right(name: &str, command: &str, repeat: u32) -> Result<(), String> {
        let rules: Vec<&Rule> = lab(name).rules().collect();
        let report = judge(name, &python(command), &rules, repeat, USUAL);
        let mistaken = report
            .rules
            .iter()
            .filter(|rule| rule.verdict == Verdict::CannotJudge || (rule.level == Level::Must && rule.is_mistaken()));
        let mistaken: Vec<_> = mistaken.collect();
        let is_fine = report.verdict == Verdict::Pass && mistaken.is_empty();
        if is_fine { Ok(()) } else { Err(format!("{:?} {:?}\n{mistaken:#?}", report.verdict, report.parts)) }
    }

    fn is_condemned(id: &str, command: &str) -> Result<(), String> {
        let name = id.split('.').next().unwrap();
        let rule = lab(name).rule(id).unwrap();
        let report = judge(name, &python(command), &[rule], 1, SHORT);
        let verdicts: Vec<Verdict> = report.rules.iter().map(|rule| rule.verdict).collect();
        if verdicts == [Verdict::Fail] { Ok(()) } else { Err(format!("{verdicts:?} {:?}", report.parts)) }
    }

    fn is_undecidable(name: &str, command: &str, why: &str) -> Result<(), String> {
        let report = judge(name, command, &lab(name).rules().collect::<Vec<_>>(), 1, USUAL);
        let told = report.parts[0].advice.as_ref().map_or("", |advice| &advice.why);
        let is_fine = report.verdict == Verdict::CannotJudge && report.rules.is_empty() && told.contains(why);
        if is_fine { Ok(()) } else { Err(format!("{:?} {told}", report.verdict)) }
    }
}
