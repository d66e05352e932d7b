//! `socketlab check` as a student and a course's machinery use it.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, socketlab};
use crate::watch::networks_are_allowed;

const STUDENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../check/tests/students");

fn check(folder: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = socketlab(folder).arg("check").args(args).output().unwrap();
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

/// The rules that nobody keeps to whom messages have no end.
const ONLY_OF_LINES: [&str; 3] = [".pieces", ".glued", ".name-glued"];

#[test]
fn our_own_servers_keep_every_rule() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Where newlines are left to be guessed, pieces that come slowly are messages, as to every server that takes bare ones.
    for (wish, is_bare) in [
        ("serve echo=tcp://9001", true),
        ("serve echo=udp://9001", false),
        ("serve alnum=tcp://9001 --framing line", false),
        ("serve clock", false),
        ("serve calc", true),
        ("serve calc --framing line", false),
        ("serve add --framing line", false),
        ("serve sum --members 3 --idle-timeout 5s", true),
        ("serve sum --members 3 --idle-timeout 5s --dialect steps", true),
        ("serve sum=udp://[::1]:9001", false),
        ("serve board", false),
        ("serve board=tcp://9001 --acknowledge", true),
        ("serve talk", true),
        ("talk --listen 9001 --dialect lab", true),
        ("serve chat", true),
        ("serve chat --framing line", false),
    ] {
        let lab = wish.trim_start_matches("serve ").split(['=', ' ']).next().unwrap();
        // Plays at the same time have stores of their own.
        let server = format!("XDG_STATE_HOME=$(mktemp -d) exec {} {wish}", env!("CARGO_BIN_EXE_socketlab"));
        let (code, printed, told) = check(&folder, &[lab, "--server", &server, "--json"]);
        let report: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{wish}: {error}: {told}"));
        for verdict in ["fail", "flaky", "cannot-judge"] {
            let mut ids = with_verdict(&report, verdict);
            ids.retain(|id| !(is_bare && ONLY_OF_LINES.iter().any(|rule| id.ends_with(rule))));
            assert!(ids.is_empty(), "{wish}: {verdict} {ids:?}: {report:#}");
        }
        assert_eq!((code, &report["verdict"]), (Some(0), &Value::from("pass")), "{wish}");
    }
}

#[test]
fn a_student_is_told_what_to_mend_first() {
    if !networks_are_allowed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let server = student("calc.py zero-kills");
    let rules = ["--rule", "calc.adds", "--rule", "calc.zero", "--rule", "calc.several"];
    let args = [&["calc", "--server", &server, "--report", path.to_str().unwrap()][..], &rules].concat();
    let (code, page, _) = check(&folder, &args);
    assert_eq!(code, Some(1), "{page}");
    let place = |wanted: &str| page.find(wanted).unwrap_or_else(|| panic!("no `{wanted}` in\n{page}"));
    assert!(place("Mend this first: one bad input ends it") < place("pass   MUST    calc.adds"));
    assert!(place("ZeroDivisionError") < place("mend it        Whatever a client sends"));
    assert!(place("FAIL   MUST    calc.zero") < place("Then: “multi-client” that is not"));
    place("FAILED: 1 of 2 MUST passed, 0 of 1 SHOULD\n");
    let report: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(with_verdict(&report, "fail"), ["calc.zero", "calc.several"]);
    assert_eq!(with_verdict(&report, "pass"), ["calc.adds"]);
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
        ("sleep 1000", "listens at no port", "a server binds"),
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
    // Each second start is of the server that dies; the file tells which it is.
    let turn = folder.path().join("turn");
    let (good, bad, turn) = (student("calc.py"), student("calc.py zero-kills"), turn.display());
    let server = format!("if mkdir {turn} 2>/dev/null; then {good}; else rmdir {turn}; {bad}; fi");
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
        (&["calc", "--server", "true", "--report", "page.txt"], "name a file that ends in .json"),
        (&["calc", "--at", "udp://127.0.0.1:1"], "calc is not spoken over UDP"),
        (&["numbers", "--server", "true"], "numbers cannot be checked yet"),
        (&["calc", "--server", "true", "--at", "1"], "cannot be used with"),
    ] {
        let (code, _, told) = check(&folder, args);
        assert_eq!(code, Some(2), "{args:?}: {told}");
        assert!(told.contains(wanted), "{args:?}: {told}");
    }
}

#[test]
fn every_rule_is_listed_with_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (code, page, _) = check(&folder, &["--list", "clock"]);
    assert_eq!(code, Some(0));
    assert!(page.contains("  clock.current            MUST\n") && page.contains("the current DATE"), "{page}");
    assert!(!page.contains("calc."), "{page}");
}
