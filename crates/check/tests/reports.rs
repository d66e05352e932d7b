//! Reports as people and machinery get them, kept in files to be read. `REGENERATE_GOLDEN=1 cargo test -p check --test reports` writes them anew.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what is not there fails the test, as it should")]

use std::process::Command;

use check::{Advice, Cast, Class, Failure, Level, Report, RuleReport, Screen, Submission, Verdict};

const ZERO: &str = "one bad input ends it";
const SEVERAL: &str = "“multi-client” that is not";

fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("REGENERATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == kept, "{name} is another now (REGENERATE_GOLDEN=1 keeps it):\n{text}");
}

fn rule(id: &'static str, level: Level, verdict: Verdict, sentence: &'static str) -> RuleReport {
    let played = u32::from(verdict != Verdict::NotPlayed);
    let replay = format!("socketlab check calc --server 'python3 server.py' --rule {id} --seed 1");
    RuleReport {
        id,
        part: Cast::Server,
        level,
        sentence,
        verdict,
        played,
        failed: 0,
        failure: None,
        diagnosis: None,
        mending: None,
        reason: None,
        advice: None,
        replay,
        capture: None,
    }
}

fn failed(mut rule: RuleReport, diagnosis: &'static str, failure: Failure) -> RuleReport {
    rule.failed = 1;
    rule.diagnosis = Some(diagnosis);
    rule.mending = Some(match diagnosis {
        ZERO => {
            "Whatever a client sends, its own handler answers: wrap the handling of one message in try/except (ValueError, ZeroDivisionError), send \
             back an error, and go on with the loop."
        }
        _ => {
            "Between accept() and the next accept() nothing may wait for a client: start a thread for each connection at once."
        }
    });
    rule.failure = Some(failure);
    rule
}

fn failure(expected: &str, got: &str, story: &[&str]) -> Failure {
    let story = story.iter().map(|line| (*line).to_owned()).collect();
    let (expected, got) = (expected.to_owned(), got.to_owned());
    Failure { expected, got, step: 0, program: None, story, ladder: None, terminals: Vec::new(), flaw: None }
}

fn zero() -> RuleReport {
    let sentence = "A division by zero has no answer; whatever the server says to it, it goes on serving.";
    let story = [
        "Ada comes",
        "Ada → “Ada”",
        "Ada → “1 / 0”",
        "Ada sees the server close",
        "everyone is gone; a newcomer comes",
    ];
    let expected = "after all that, a newcomer is served: Robin is let in";
    let mut rule = failed(
        rule("calc.zero", Level::Must, Verdict::Fail, sentence),
        ZERO,
        failure(expected, "connection refused", &story),
    );
    let failure = rule.failure.as_mut().unwrap();
    failure.program = Some("it ended with exit code 1; the last that it printed: return a / b / ~~^~~ / ZeroDivisionError: float division by zero".to_owned());
    failure.ladder = Some(LADDER.to_owned());
    failure.terminals = vec![Screen { who: "the server".to_owned(), text: SCREEN.to_owned() }];
    rule.capture = Some("calc.zero.pcapng".to_owned());
    rule
}

const LADDER: &str = "          Ada:40004                                            server:12004
                │                                                     │
   0.000  ms    │ SYN  seq 0 ───────────────────────────────────────▶ │  asks to open
   0.012  ms    │ ◀──────────────────────────────── SYN ACK seq 0     │  agrees
   0.020  ms    │ ACK ──────────────────────────────────────────────▶ │  open
   0.311  ms    │ PSH  5 bytes “1 / 0” ─────────────────────────────▶ │
   1.902  ms    │ ◀───────────────────────────────────────── FIN      │  has no more to say";

const SCREEN: &str = "\
Server listening on 0.0.0.0:12004
Ada logged in
Traceback (most recent call last):
  File \"server.py\", line 31, in <module>
    answer = calculate(a, operator, b)
ZeroDivisionError: float division by zero";

fn several() -> RuleReport {
    let sentence = "Several clients may calculate at the same time.";
    let story = ["Ada comes", "Ada → “Ada”", "Robin comes", "Robin → “Robin”", "Robin → “2 + 2”"];
    let rule = rule("calc.several", Level::Should, Verdict::Flaky, sentence);
    let mut rule = failed(rule, SEVERAL, failure("Robin hears 4", "nothing", &story));
    (rule.played, rule.failed) = (20, 3);
    rule.replay += " --repeat 20";
    rule
}

fn report() -> Report {
    use Level::{Must, Should};
    let mut unknown =
        rule("calc.restart", Should, Verdict::CannotJudge, "A server that is started again serves at once.");
    let (why, mend) = ("the stage itself failed: out of memory".to_owned(), "try again, with fewer --jobs".to_owned());
    (unknown.played, unknown.advice) = (0, Some(Advice { why, mend }));
    let mut report = Report::unplayable(None, Some("python3 server.py".to_owned()), None, advice());
    (report.lab, report.verdict, report.seed) = ("calc", Verdict::Fail, 1);
    let part = &mut report.parts[0];
    (part.framing, part.transport, part.port, part.advice) = (Some("bare"), Some("tcp"), Some(12004), None);
    let mut datagram = rule("calc.datagram", Must, Verdict::NotPlayed, "An empty datagram does not end the server.");
    datagram.reason = Some("it is about UDP".to_owned());
    report.rules = vec![
        rule("calc.adds", Must, Verdict::Pass, "The server calculates what the client asks: 12 + 42 is 54."),
        rule("calc.loop", Must, Verdict::Pass, "The client may ask again and again until it says q."),
        zero(),
        several(),
        rule("calc.pieces", Should, Verdict::Pass, "A request may come in pieces."),
        unknown,
        datagram,
    ];
    report
}

fn advice() -> Advice {
    let why = "it ended with exit code 1 before it listened; the last that it printed: ModuleNotFoundError: No module named 'flask'";
    let mend = "install the Python module `flask` for the interpreter that the command names, or name one that has it";
    Advice { why: why.to_owned(), mend: mend.to_owned() }
}

/// Everything that a program, its author or a folder's name has a say in, filled with what would do harm.
fn hostile() -> Report {
    const HARM: &str =
        "</pre><script>alert(1)</script>\u{1b}[2J\u{7}\u{202e}\u{0}\u{fffe}\u{ffff}]]>&amp;\" onload='x'\r{{ 7 * 7 }}";
    let mut report = report();
    report.server = Some(HARM.to_owned());
    for rule in &mut report.rules {
        rule.replay = HARM.to_owned();
        rule.capture = Some(HARM.to_owned());
        if let Some(advice) = &mut rule.advice {
            *advice = Advice { why: HARM.to_owned(), mend: HARM.to_owned() };
        }
        let Some(failure) = &mut rule.failure else { continue };
        *failure = self::failure(HARM, HARM, &[HARM, "Ada → <script>", HARM]);
        failure.program = Some(HARM.to_owned());
        failure.ladder = Some(format!("one\n{HARM}"));
        failure.terminals = vec![Screen { who: HARM.to_owned(), text: HARM.to_owned() }];
    }
    report
}

fn class() -> Class {
    let mut right = report();
    right.rules.truncate(2);
    right.verdict = Verdict::Pass;
    let submission =
        |name: &str, report| Submission { name: format!("submissions/{name}"), file: name.to_owned(), report };
    let lab = check::ALL.iter().find(|lab| lab.service.name() == "calc");
    let unjudged = Report::unplayable(lab, Some("python3 server.py".to_owned()), None, advice());
    Class {
        submissions: vec![
            submission("ada", Some(right)),
            submission("ben", Some(report())),
            submission("cem", Some(unjudged)),
            submission("dea", None),
        ],
    }
}

#[test]
fn pages_are_as_they_were_read() {
    golden("report.html", &report().html().unwrap());
    golden("report.xml", &report().junit().unwrap());
    golden("class.html", &class().html().unwrap());
    let unplayable = Report::unplayable(None, Some("submissions/cem".to_owned()), None, advice());
    golden("unplayable.html", &unplayable.html().unwrap());
}

/// Only a page's own elements are in it, and nothing acts on a terminal or a reader.
fn assert_harmless(page: &str) {
    assert!(!page.contains("<script") && !page.contains("onload='") && !page.contains("</pre><"), "{page}");
    assert!(
        page.contains("&lt;script&gt;") && page.contains("␛[2J␇<U+202E>␀") || page.contains("␛[2J␇&lt;U+202E&gt;␀"),
        "{page}"
    );
    assert!(page.chars().all(|c| c == '\n' || wire::is_printable(c)), "{page}");
}

#[test]
fn what_a_program_says_is_shown_and_never_obeyed() {
    let mut page = hostile().html().unwrap();
    assert_harmless(&page);
    assert!(page.contains("{{ 7 * 7 }}"), "a template in a text is text");
    // The only elements that may follow a text.
    page = page.replace("</pre>\n", "");
    assert!(!page.contains("</pre><"), "{page}");
    let submission = |name: &str| Submission { name: name.to_owned(), file: "a".to_owned(), report: Some(hostile()) };
    let class = Class { submissions: vec![submission("<script>\u{1b}[2J\u{7}\u{202e}\u{0}")] };
    assert_harmless(&class.html().unwrap());
}

/// What Python's parser of XML makes of it: for each case its name, and the tag and message of what became of it.
fn parsed(xml: &str) -> Vec<(String, String, String)> {
    const PARSE: &str = "\
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == 'testsuites' and [suite.get('name') for suite in root] == ['calc.server'], root.attrib
for case in root.iter('testcase'):
    assert case.get('classname') == 'calc'
    told = [(child.tag, child.get('message')) for child in case] or [('', '')]
    assert len(told) == 1, told
    print(case.get('name'), *told[0], sep='\\t')
";
    let mut python = Command::new("python3")
        .args(["-c", PARSE])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .env("PYTHONIOENCODING", "utf-8")
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), xml.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{xml}");
    let cases = String::from_utf8(output.stdout).unwrap();
    let fields = |line: &str| {
        let mut fields = line.splitn(3, '\t').map(str::to_owned);
        let mut next = || fields.next().unwrap();
        (next(), next(), next())
    };
    cases.lines().map(fields).collect()
}

#[test]
fn machinery_fails_for_a_must_alone() {
    let cases = parsed(&report().junit().unwrap());
    let wanted = [
        ("calc.adds", "", ""),
        ("calc.loop", "", ""),
        ("calc.zero", "failure", ZERO),
        ("calc.several", "skipped", "SHOULD, not kept: failed 3 of 20 times: “multi-client” that is not"),
        ("calc.pieces", "", ""),
        ("calc.restart", "error", "cannot judge: the stage itself failed: out of memory"),
        ("calc.datagram", "skipped", "not played: it is about UDP"),
    ];
    let cases: Vec<_> =
        cases.iter().map(|(name, tag, message)| (name.as_str(), tag.as_str(), message.as_str())).collect();
    assert_eq!(cases, wanted);
}

#[test]
fn machinery_takes_nothing_for_success_that_was_not_played() {
    let mut idle = report();
    idle.rules.retain(|rule| rule.verdict == Verdict::NotPlayed);
    let cases = parsed(&idle.junit().unwrap());
    assert_eq!((cases[1].0.as_str(), cases[1].1.as_str()), ("calc", "failure"), "{cases:?}");
    let mut unjudged = report();
    (unjudged.rules, unjudged.parts[0].advice) = (Vec::new(), Some(advice()));
    let cases = parsed(&unjudged.junit().unwrap());
    assert_eq!((cases[0].1.as_str(), cases.len()), ("error", 1), "{cases:?}");
}

#[test]
fn no_output_breaks_the_xml() {
    let xml = hostile().junit().unwrap();
    assert!(xml.contains("␛[2J␇") && xml.contains("&lt;script&gt;"), "{xml}");
    assert_eq!(parsed(&xml).len(), 7);
}
