//! `socketlab check` as a student and a course's machinery use it.

use std::io::Write as _;
use std::process::Output;

use check::{Cast, Lab};
use labs::{Service, Transport};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, socketlab};
use crate::watch::networks_are_allowed;

const STUDENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../check/tests/students");

fn check(folder: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    // What is left out is written, and read, where the command is given.
    let command = &mut socketlab(folder);
    let Output { status, stdout, stderr } = command.current_dir(folder).arg("check").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn student(program: &str) -> String {
    format!("exec python3 {STUDENTS}/{program}")
}

/// The ids of those rules that have this verdict.
fn with_verdict(report: &Value, verdict: &str) -> Vec<String> {
    let rules = report["rules"].as_array().unwrap().iter().filter(|rule| rule["verdict"] == verdict);
    rules.map(|rule| rule["id"].as_str().unwrap().to_owned()).collect()
}

/// How our own servers of a lab are started, so that each way of speaking is judged: over each transport, guessing newlines and with them.
fn own_servers(service: Service) -> Vec<String> {
    let special: &[&str] = match service {
        Service::Sum => &[
            "serve sum --members 3 --idle-timeout 5s",
            "serve sum --members 3 --idle-timeout 5s --dialect steps",
            "serve sum=udp://[::1]:9001",
        ],
        Service::Board => &["serve board", "serve board=tcp://9001 --acknowledge"],
        Service::Talk => &["serve talk", "talk --listen 9001 --dialect lab"],
        Service::Numbers
        | Service::Echo
        | Service::Alnum
        | Service::Clock
        | Service::Calc
        | Service::Add
        | Service::Chat => &[],
    };
    if !special.is_empty() {
        return special.iter().map(ToString::to_string).collect();
    }
    let spoken = [Transport::Tcp, Transport::Udp].into_iter().filter(|transport| service.speaks(*transport));
    let ways = spoken.flat_map(|transport| {
        let framings: &[&str] = if transport == Transport::Tcp { &["", " --framing line"] } else { &[""] };
        framings.iter().map(move |framing| format!("serve {service}={transport}://9001{framing}"))
    });
    ways.collect()
}

#[test]
fn our_own_servers_keep_every_rule() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for lab in &check::ALL {
            let folder = &folder;
            scope
                .spawn(move || own_servers(lab.service).iter().for_each(|wish| own_server_is_right(folder, lab, wish)));
        }
    });
}

fn own_server_is_right(folder: &TempDir, lab: &Lab, wish: &str) {
    // Plays at the same time have stores of their own.
    let server = format!("XDG_STATE_HOME=$(mktemp -d) exec {} {wish}", env!("CARGO_BIN_EXE_socketlab"));
    let (code, report) = judged(folder, &[lab.service.name(), "--server", &server]);
    // Where newlines are left to be guessed, pieces that come slowly are messages, as to every server that takes bare ones.
    let guesses = !wish.contains("--framing line");
    for verdict in ["fail", "flaky", "cannot-judge"] {
        let mut ids = with_verdict(&report, verdict);
        ids.retain(|id| !(guesses && id.ends_with(".pieces")));
        assert!(ids.is_empty(), "{wish}: {verdict} {ids:?}: {report:#}");
    }
    assert_eq!((code, &report["verdict"]), (Some(0), &Value::from("pass")), "{wish}");
}

fn judged(folder: &TempDir, args: &[&str]) -> (Option<i32>, Value) {
    let (code, printed, told) = check(folder, &[args, &["--json"]].concat());
    (code, serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{args:?}: {error}: {told}")))
}

/// How our own server and client are started that meet in a pair.
fn own_pair(service: Service) -> [String; 2] {
    let how = if service == Service::Numbers {
        " --bind 127.0.0.1:11000 --every 50ms"
    } else if service == Service::Talk {
        " --dialect lab"
    } else {
        ""
    };
    // At a talk's server sits a person, too.
    let is_talk = service == Service::Talk;
    let server = if is_talk { "talk --listen 12008 --dialect lab".to_owned() } else { format!("serve {service}") };
    [server, format!("{service}{how}")]
        .map(|wish| format!("XDG_STATE_HOME=$(mktemp -d) exec {} {wish}", env!("CARGO_BIN_EXE_socketlab")))
}

#[test]
fn our_own_clients_and_pairs_keep_every_must() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for lab in &check::ALL {
            let folder = &folder;
            scope.spawn(move || {
                let name = lab.service.name();
                let [server, client] = own_pair(lab.service);
                let of_pair = lab.part(Cast::Pair).into_iter().flat_map(|part| part.rules);
                let chosen: Vec<&str> = of_pair.flat_map(|rule| ["--rule", rule.id]).collect();
                let pair = [&[name, "--server", &server, "--client", &client][..], &chosen].concat();
                for args in [&[name, "--client", &client][..], &pair] {
                    let (code, report) = judged(folder, args);
                    assert_eq!((code, &report["verdict"]), (Some(0), &Value::from("pass")), "{name}: {report:#}");
                }
            });
        }
    });
}

#[test]
fn a_student_is_told_what_to_mend_first() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let files = [path("report.json"), path("report.html"), path("report.xml")];
    let server = student("calc.py zero-kills");
    let rules = ["--rule", "calc.adds", "--rule", "calc.zero", "--rule", "calc.several"];
    let reports = files.iter().flat_map(|file| ["--report", file]).collect::<Vec<_>>();
    let args = [&["calc", "--server", &server][..], &rules, &reports].concat();
    let (code, page, _) = check(&folder, &args);
    assert_eq!(code, Some(1), "{page}");
    let place = |wanted: &str| page.find(wanted).unwrap_or_else(|| panic!("no `{wanted}` in\n{page}"));
    assert!(place("Mend this first: one bad input ends it") < place("pass   MUST    calc.adds"));
    assert!(place("ZeroDivisionError") < place("mend it        Whatever a client sends"));
    assert!(place("FAIL   MUST    calc.zero") < place("Then: “multi-client” that is not"));
    place("FAILED: 1 of 2 MUST passed, 0 of 1 SHOULD\n");
    let [json, html, xml] = files.map(|file| std::fs::read_to_string(file).unwrap());
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(with_verdict(&report, "fail"), ["calc.zero", "calc.several"]);
    assert_eq!(with_verdict(&report, "pass"), ["calc.adds"]);
    assert!(
        html.contains("<h2>Mend this first: one bad input ends it</h2>") && html.contains("ZeroDivisionError"),
        "{html}"
    );
    assert!(xml.contains("tests=\"3\" skipped=\"1\" failures=\"1\" errors=\"0\""), "{xml}");
    // Its command plays that rule alone, and it fails again.
    let replay =
        report["rules"][1]["replay"].as_str().unwrap().replacen("socketlab", env!("CARGO_BIN_EXE_socketlab"), 1);
    let again = std::process::Command::new("sh").args(["-c", &replay]).output().unwrap();
    let page = String::from_utf8(again.stdout).unwrap();
    assert_eq!(again.status.code(), Some(1), "{replay}: {page}");
    assert!(page.contains("FAIL   MUST    calc.zero") && !page.contains("calc.adds"), "{replay}: {page}");
}

#[test]
fn what_cannot_be_judged_is_not_called_wrong() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (server, why, mend) in [
        (
            "python3 -c 'import no_such_module'",
            "No module named 'no_such_module'",
            "install the Python module `no_such_module`",
        ),
        ("python3 -I -S -c 'import Crypto'", "No module named 'Crypto'", "`pip install pycryptodome`"),
        ("python3 no-such-file.py", "before it listened", "check the names of program and file"),
        ("sleep 1000", "listens at no port after ", "a server binds"),
        (
            "python3 -c 'exit(\"usage: server.py PORT\")'",
            "usage: server.py PORT",
            "give its arguments in the command, as",
        ),
    ] {
        let (code, page, _) = check(&folder, &["calc", "--server", server]);
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, Some(3), "{page}");
        assert!(page.contains("Cannot judge the server") && page.contains(why) && page.contains(mend), "{page}");
    }
}

#[test]
fn luck_is_told_with_its_rate() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Nothing is left behind by a play; so its luck comes from outside. The first is asked whether it speaks the lab at all.
    // Outside the folder of the command, of which each play gets a copy.
    let outside = tempfile::tempdir().unwrap();
    let turns = outside.path().join("turns");
    assert!(std::process::Command::new("mkfifo").arg(&turns).status().unwrap().success());
    let mut luck = std::fs::File::options().read(true).write(true).open(&turns).unwrap();
    luck.write_all(b"good\ngood\nbad\ngood\nbad\n").unwrap();
    let (good, bad, turns) = (student("calc.py"), student("calc.py zero-kills"), turns.display());
    let server = format!("read turn <{turns}; if [ $turn = good ]; then {good}; else {bad}; fi");
    let args = ["calc", "--server", &server, "--rule", "calc.zero", "--repeat", "4", "--jobs", "1"];
    let (code, page, _) = check(&folder, &args);
    assert_eq!(code, Some(1), "{page}");
    assert!(page.contains("FLAKY  MUST    calc.zero                failed 2 of 4 times"), "{page}");
}

#[test]
fn a_running_server_is_judged_where_it_is() {
    let server = Server::start(&["clock=udp://0"]);
    let at = server.at("clock", "udp").to_string();
    let folder = tempfile::tempdir().unwrap();
    let (code, page, _) = check(&folder, &["clock", "--at", &at]);
    assert_eq!(code, Some(0), "{page}");
    assert!(page.contains("NO SANDBOX") && page.contains("pass   MUST    clock.current"), "{page}");
}

#[test]
fn without_a_sandbox_it_is_said_loudly_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    // A port that is free now; the server is started again and again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let binary = env!("CARGO_BIN_EXE_socketlab");
    let server = format!("(exec {binary} serve echo=tcp://{port} --quiet) & wait");
    let (code, page, told) = check(&folder, &["echo", "--server", &server, "--no-sandbox"]);
    assert_eq!(code, Some(0), "{page}{told}");
    assert!(told.contains("NO SANDBOX"), "{told}");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "it still listens");
}

#[test]
fn arguments_are_checked_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    for (args, wanted) in [
        (&["calc"][..], "--server 'COMMAND', --client 'COMMAND', both, or --at HOST:PORT"),
        (&["--server", "true"], "say which lab"),
        (&["calc", "--server", "true", "--rule", "calc.none"], "calc has no rule `calc.none`"),
        (&["calc", "--server", "true", "--report", "page.txt"], "end it in .html, .json, or .xml"),
        (
            &["calc", "--server", "true", "--report", "no/such/folder/page.html"],
            "cannot be written to no/such/folder/page.html",
        ),
        (&["all"], "<DIR>"),
        (&["all", "no-such-folder"], "there is no no-such-folder"),
        (&["all", ".", "--lab", "watch"], "invalid value 'watch' for '--lab"),
        (&["all", ".", "--class", "no.toml"], "reading no.toml"),
        (&["calc", "all", "."], "cannot be used with"),
        (&["calc", "--at", "udp://127.0.0.1:1"], "calc is not spoken over UDP"),
        (&["calc", "--server", "true", "--at", "1"], "cannot be used with"),
        (&["calc", "--at", "127.0.0.1:1", "--keep", "captures"], "--keep keeps the packets of a network"),
        (&["calc", "--server", "true", "--no-sandbox", "--keep", "captures"], "--keep keeps the packets of a network"),
    ] {
        let (code, _, told) = check(&folder, args);
        assert_eq!(code, Some(2), "{args:?}: {told}");
        assert!(told.contains(wanted), "{args:?}: {told}");
    }
}

#[test]
fn who_is_in_a_folder_that_was_removed_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" check calc --server true";
    let mut shell = std::process::Command::new("sh");
    let asked = shell.args(["-c", script, env!("CARGO_BIN_EXE_socketlab")]).current_dir(&folder).output().unwrap();
    let told = String::from_utf8(asked.stderr).unwrap();
    assert!(asked.status.code() == Some(2) && told.contains("the folder that you are in is there no more"), "{told}");
}

#[test]
fn a_report_that_fails_to_come_destroys_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.html"), "an old report").unwrap();
    let reports = ["--report", "old.html", "--report", "new.json", "--report", "no/such/folder/page.html"];
    let (code, _, told) = check(&folder, &[&["calc", "--server", "true"], &reports[..]].concat());
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(std::fs::read_to_string(folder.path().join("old.html")).unwrap(), "an old report");
    assert!(!folder.path().join("new.json").exists());
}

/// A class of three: one right, one wrong, and one in which nobody finds a server.
fn class(folder: &TempDir) -> [String; 3] {
    let submission = |name: &str, file: &str, program: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join(file), program).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let right = std::fs::read_to_string(format!("{STUDENTS}/calc.py")).unwrap();
    let wrong = format!("import sys\nsys.argv[1:] = ['zero-kills']\n{right}");
    [
        submission("ada", "server.py", &right),
        submission("ben", "my_Server.py", &wrong),
        submission("cem", "main.py", &right),
    ]
}

#[test]
fn a_class_gets_a_table_and_a_report_each() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folders = class(&folder);
    let out = folder.path().join("reports");
    let written = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let args =
        ["all", &folders[0], &folders[1], &folders[2], "--lab", "calc", "--seed", "7", "--out", out.to_str().unwrap()];
    let (code, page, told) = check(&folder, &args);
    assert_eq!(code, Some(1), "{page}{told}");
    assert!(
        page.contains("1 of 3 passed, 1 failed, 1 cannot be judged")
            && page.contains("1 of 3  MUST    one bad input ends it"),
        "{page}"
    );
    let place = |wanted: &str| page.find(wanted).unwrap_or_else(|| panic!("no `{wanted}` in\n{page}"));
    assert!(
        place("/ada") < place("/ben")
            && place("/ben") < place("/cem")
            && place("/cem") < place("Mistakes, the most common first"),
        "{page}"
    );
    let table = written("class.csv");
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[1].contains("/ada,calc,passed,16,16,") && rows[2].contains("/ben,calc,failed,15,16,"), "{table}");
    assert!(rows[3].contains("/cem,calc,cannot judge,,,,,") && rows[3].ends_with(",cem.html"), "{table}");
    assert!(written("index.html").contains("href=\"ben.html\""));
    assert!(written("ben.html").contains("Mend this first: one bad input ends it"));
    assert!(written("cem.html").contains("it has no server: neither server.py"));
    let unplayed: Value = serde_json::from_str(&written("cem.json")).unwrap();
    assert_eq!(unplayed["seed"], 7);
    let report: Value = serde_json::from_str(&written("ben.json")).unwrap();
    assert_eq!(with_verdict(&report, "fail")[0], "calc.zero");

    // What it has written is no submission, and is written anew; what others have written is not.
    let mut again = args.to_vec();
    again[1..4].copy_from_slice(&[out.to_str().unwrap(), &folders[2], out.to_str().unwrap()]);
    let (code, page, told) = check(&folder, &again);
    assert_eq!(code, Some(3), "{page}{told}");
    assert!(
        told.contains("holds the reports, and is not taken for a submission") && page.contains("0 of 1 passed"),
        "{page}{told}"
    );
    let (code, _, told) = check(&folder, &["all", &folders[2], "--lab", "calc", "--out", &folders[0]]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("holds something else than reports: name another folder with --out"), "{told}");
}

/// The rows of a class's table: each submission's name, verdict and first mistake, and the whole line.
fn rows<'a>(table: &'a str, names: &[&str]) -> Vec<(Vec<&'a str>, &'a str)> {
    let lines = table.lines().filter(|line| names.iter().any(|name| line.starts_with(&format!("{name} "))));
    let columns = |line: &'a str| -> Vec<&str> {
        let columns: Vec<&str> = line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
        columns.iter().enumerate().filter(|(place, _)| !matches!(place, 2 | 3)).map(|(_, column)| *column).collect()
    };
    lines.map(|line| (columns(line), line)).collect()
}

#[test]
fn the_sample_class_is_judged_as_its_documentation_says() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/class/.");
    assert!(std::process::Command::new("cp").arg("-r").arg(samples).arg(folder.path()).status().unwrap().success());
    // Verdicts and first mistakes are the servers' alone; so for one row only the client is judged, too.
    for name in ["ada", "chen", "dora", "farah"] {
        std::fs::remove_file(folder.path().join(name).join("client.py")).unwrap();
    }
    let names = ["ada", "bruno", "chen", "dora", "emil", "farah"];
    let told = include_str!("../../../../docs/check.md").split("$ cd examples/class\n").nth(1).unwrap();
    let told = rows(told.split("```").next().unwrap(), &names);
    let (code, page, _) = check(&folder, &[&["all"], &names[..], &["--lab", "calc"]].concat());
    let shown = rows(&page, &names);
    assert_eq!((code, shown.len()), (Some(1), names.len()), "{page}");
    for ((wanted, _), (got, _)) in told.iter().zip(&shown) {
        assert_eq!(wanted, got, "{page}");
    }
    assert_eq!((told.len(), told[1].1), (names.len(), shown[1].1), "{page}");
    assert!(page.contains("2 of 6 passed, 3 failed, 1 cannot be judged"), "{page}");
}

#[test]
fn what_is_judged_of_a_class_is_kept_when_it_is_interrupted() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folders = class(&folder);
    // One that never listens, and never rests, is waited for much longer than it takes to see that the one before it was judged.
    std::fs::write(folder.path().join("cem/server.py"), "while True: pass").unwrap();
    let out = folder.path().join("reports");
    let mut class = socketlab(&folder)
        .args([
            "check",
            "all",
            &folders[0],
            &folders[2],
            "--lab",
            "calc",
            "--jobs",
            "1",
            "--out",
            out.to_str().unwrap(),
        ])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while !out.join("ada.json").exists() {
        assert!(class.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_child(&class);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let Output { status, stdout, stderr } = class.wait_with_output().unwrap();
    let [page, told] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(status.code(), Some(3), "{page}{told}");
    assert!(told.contains("interrupted: what was judged until then is kept"), "{told}");
    assert!(page.contains("1 of 2 passed, 0 failed, 0 cannot be judged, 1 not judged"), "{page}");
    let table = std::fs::read_to_string(out.join("class.csv")).unwrap();
    assert!(table.contains("/ada,calc,passed,") && table.contains("/cem,,not judged,,,,,interrupted,\r\n"), "{table}");
}

#[test]
fn every_rule_is_listed_with_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (code, page, _) = check(&folder, &["--list", "clock"]);
    assert_eq!(code, Some(0));
    assert!(page.contains("  clock.current            MUST\n") && page.contains("the current DATE"), "{page}");
    assert!(!page.contains("calc."), "{page}");
}
