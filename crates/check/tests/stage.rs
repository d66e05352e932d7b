//! What a program can do on its stage, and what it cannot. It has no harness, since it is also what a stage is: started again, it plays; and each test has
//! a folder of its own to be in.
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
    if arguments == [linux::RECORD] {
        linux::record();
        return std::process::ExitCode::SUCCESS;
    }
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    if linux::namespaces_are_allowed() {
        linux::TESTS.iter().filter(|(name, _)| name.contains(wanted)).for_each(|(name, test)| {
            test();
            println!("{name} ... ok");
        });
    }
    std::process::ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{read_dir, write};
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use check::{Programs, Recorder, Report, Stages, Target, Task};
    use labs::Transport;
    use tempfile::TempDir;

    pub(super) const STAGE: &str = "check-stage";
    /// What this program is when it is started to record in a network of its own.
    pub(super) const RECORD: &str = "record";

    pub(super) const TESTS: &[(&str, fn())] = &[
        ("only a copy of the folder and empty places are written to", only_copies_are_written_to),
        ("each play begins with the same files", each_play_begins_with_the_same_files),
        ("a folder that is too large is read-only, and that is told", a_large_folder_is_read_only),
        ("what a command names in /tmp is there", what_is_named_is_there),
        ("a folder in the home folder is copied, and the rest is not written to", home_is_not_written_to),
        ("the computer's own name is loopback", the_own_name_is_loopback),
        ("terminals and devices work", devices_work),
        ("a program has no privileges and sees no other processes", no_privileges),
        ("what crosses the network is recorded", network_is_recorded),
        ("a rule that fails has a sequence diagram and a capture", a_failure_has_its_capture),
        ("processes are bounded", processes_are_bounded),
        ("a fork bomb is judged, and gone", a_fork_bomb_is_gone),
        ("a fork bomb that never listens is told by its name", a_fork_bomb_has_its_advice),
        ("a program that sleeps before it listens is waited for", a_slow_start_is_waited_for),
        ("what is written is bounded", files_are_bounded),
        ("memory is bounded", memory_is_bounded),
        ("endless output ends with its program", endless_output_is_bounded),
        ("a program hears signals where nobody else does", signals_are_heard),
    ];

    fn judge(line: &str) -> Report {
        judge_rule(line, "calc.adds", None)
    }

    fn stages() -> Stages {
        Stages { program: std::env::current_exe().unwrap(), arguments: vec![STAGE.into()] }
    }

    fn judge_rule(line: &str, rule_id: &str, keep: Option<PathBuf>) -> Report {
        judge_on(&stages(), line, rule_id, keep)
    }

    fn judge_on(stages: &Stages, line: &str, rule_id: &str, keep: Option<PathBuf>) -> Report {
        let lab = check::of("calc".parse().unwrap()).unwrap();
        let programs = Programs { server: Some(line.to_owned()), client: None, port: None, sandboxed: true };
        let target = Target::Programs(programs);
        let rules = lab.rules().filter(|rule| rule.id == rule_id).collect();
        let patience = Duration::from_secs(5);
        check::judge(&Task { lab, target, rules, seed: 1, repeat: 1, patience, jobs: 1, keep }, stages, &mut |_| {})
    }

    pub(super) fn namespaces_are_allowed() -> bool {
        let Err(why) = stages().try_out() else { return true };
        assert!(why.contains("does not let a user have"), "{why}");
        assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED stage: {why}");
        println!("SKIPPED stage: {why}");
        false
    }

    /// A folder in which we are from now on. Everybody may look into it, whoever a program is on its stage.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::env::set_current_dir(folder.path()).unwrap();
        folder
    }

    /// The last line that a Python program prints. It is no server, so that it cannot be judged, and that line is told.
    fn printed(program: &str) -> String {
        write("probe.py", program).unwrap();
        printed_by("python3 probe.py")
    }

    fn printed_by(line: &str) -> String {
        let report = judge(line);
        let why = &report.advice().unwrap().why;
        let (_, printed) = why.split_once("the last that it printed: ").unwrap_or_else(|| panic!("{why}"));
        printed.rsplit(" / ").next().unwrap().to_owned()
    }

    /// Prints which of its arguments' places a file can be made in.
    const TRIES: &str = "
import os, sys
def can(place):
    try:
        path = os.path.join(place, 'made')
        open(path, 'w').close()
        os.remove(path)
        return True
    except OSError:
        return False
print(*(place for place in sys.argv[1:] if can(place)))
";

    fn writable(places: &[&str]) -> String {
        write("tries.py", TRIES).unwrap();
        printed_by(&format!("python3 tries.py {} nowhere/at/all .", places.join(" ")))
    }

    fn only_copies_are_written_to() {
        let folder = folder();
        std::fs::create_dir("inner").unwrap();
        let places =
            ["inner", "/tmp", "/var/tmp", "/dev/shm", "/", "/etc", "/usr", "/var", "/dev", "/proc", "/sys", "$HOME"];
        assert_eq!(writable(&places), "inner /tmp /var/tmp /dev/shm .");
        let mut names: Vec<_> = read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["inner", "tries.py"]);
    }

    fn each_play_begins_with_the_same_files() {
        let _folder = folder();
        write("notes.db", "empty").unwrap();
        for _ in 0..2 {
            let told = printed(
                "
import compileall, os
found = sorted(os.listdir('.')), open('notes.db').read(), os.path.exists('/tmp/notes.db')
open('notes.db', 'w').write('full')
open('new', 'w').write('x')
open('/tmp/notes.db', 'w').write('x')
compileall.compile_dir('.', quiet=2)
assert os.path.isdir('__pycache__')
print(*found)
",
            );
            assert_eq!(told, "['notes.db', 'probe.py'] empty False");
        }
        assert_eq!(std::fs::read_to_string("notes.db").unwrap(), "empty");
        assert!(!Path::new("new").exists() && !Path::new("__pycache__").exists());
    }

    fn a_large_folder_is_read_only() {
        let _folder = folder();
        std::fs::File::create("large").unwrap().set_len(1 << 30).unwrap();
        assert_eq!(writable(&["/tmp", "/etc"]), "/tmp");
        let report = judge("exit 1");
        assert!(report.notes[0].contains("more than 64 MiB or 5000 files"), "{:?}", report.notes);
        std::fs::remove_file("large").unwrap();
        assert_eq!(judge("exit 1").notes, [""; 0]);
    }

    fn what_is_named_is_there() {
        let elsewhere = folder();
        write("tries.py", TRIES).unwrap();
        let program = elsewhere.path().join("tries.py");
        let _folder = folder();
        let line = format!("python3 {} {} .", program.display(), elsewhere.path().display());
        assert_eq!(printed_by(&line), ".");
    }

    /// The home folder, if there is one that we may write to.
    fn home() -> Option<PathBuf> {
        let home = PathBuf::from(std::env::var_os("HOME")?);
        tempfile::tempdir_in(&home).is_ok().then_some(home)
    }

    fn home_is_not_written_to() {
        let Some(home) = home() else { return println!("SKIPPED: there is no home folder to write to") };
        let folder = tempfile::tempdir_in(&home).unwrap();
        std::env::set_current_dir(folder.path()).unwrap();
        assert_eq!(writable(&["$HOME", ".."]), ".");
    }

    fn the_own_name_is_loopback() {
        let _folder = folder();
        let told = printed(
            "import socket; print(socket.gethostbyname(socket.gethostname()), socket.gethostbyname('localhost'))",
        );
        assert_eq!(told, "127.0.0.1 127.0.0.1");
        let told = printed("import socket; s = socket.socket(); s.bind(('192.168.1.77', 13)); print(s.getsockname())");
        assert_eq!(told, "('192.168.1.77', 13)");
    }

    fn devices_work() {
        let _folder = folder();
        let told = printed(
            "
import os, pty
one, other = pty.openpty()
open('/dev/null', 'w').write('x')
print(os.ttyname(0), os.ttyname(other), len(os.urandom(4)), len(open('/dev/zero', 'rb').read(5)), os.path.exists('/dev/kmsg'))
",
        );
        assert_eq!(told, "/dev/pts/0 /dev/pts/1 4 5 False");
    }

    fn no_privileges() {
        let _folder = folder();
        let told = printed(
            "
import os
status = dict(line.split(':', 1) for line in open('/proc/self/status'))
outside = [pid for pid in os.listdir('/proc') if pid.isdigit() and int(pid) > 100]
looked = [os.access(f'/proc/1/{name}', os.R_OK) and open(f'/proc/1/{name}', 'rb').read() for name in ['environ', 'mem']]
print(os.getuid() == 0, status['CapEff'].strip(), outside, looked)
",
        );
        // Root on its stage may read what root may read, and nothing else.
        let capabilities = if is_root() { 4 } else { 0 };
        assert_eq!(told, format!("False {capabilities:016x} [] [False, False]"));
    }

    fn is_root() -> bool {
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
    }

    fn network_is_recorded() {
        let status = std::process::Command::new(std::env::current_exe().unwrap()).arg(RECORD).status().unwrap();
        assert!(status.success());
    }

    pub(super) fn record() {
        lan::namespace::enter().unwrap();
        let recorder = Recorder::start().unwrap();
        assert_eq!(recorder.tried(), []);
        // Nobody is there.
        assert!(TcpStream::connect("10.1.2.3:5050").is_err());
        UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"SEND_TIME", "192.168.7.7:12003").unwrap();
        let listener = TcpListener::bind("127.0.0.1:6000").unwrap();
        let mut client = TcpStream::connect("127.0.0.1:6000").unwrap();
        client.write_all(b"12 + 42").unwrap();
        listener.accept().unwrap().0.read_exact(&mut [0; 7]).unwrap();
        let places = [
            (Transport::Tcp, "10.1.2.3:5050"),
            (Transport::Udp, "192.168.7.7:12003"),
            (Transport::Tcp, "127.0.0.1:6000"),
        ];
        assert_eq!(recorder.tried(), places.map(|(transport, address)| (transport, address.parse().unwrap())));
        let ladder = recorder.ladder();
        for told in ["SYN", "RST", "SEND_TIME", "calc request 12 + 42"] {
            assert!(ladder.contains(told), "{ladder}");
        }
        assert!(ladder.lines().all(|line| line.chars().count() <= 100), "{ladder}");
        assert!(recorder.of(labs::Service::Echo).ladder().contains("echo request 12 + 42"));
    }

    fn a_failure_has_its_capture() {
        let folder = folder();
        let line = format!("exec python3 {}/tests/students/calc.py zero-kills", env!("CARGO_MANIFEST_DIR"));
        let report = judge_rule(&line, "calc.zero", Some(folder.path().to_owned()));
        let rule = &report.rules[0];
        let ladder = rule.failure.as_ref().unwrap().ladder.as_ref().unwrap();
        assert!(ladder.contains("calc request 1 / 0"), "{ladder}");
        assert_eq!(rule.capture.as_deref(), Some("calc.zero.pcapng"));
        let path = folder.path().join("calc.zero.pcapng");
        let mut said = Vec::new();
        let mut reader = wire::capture::Reader::new();
        reader
            .feed(&std::fs::read(&path).unwrap(), &mut |packet| said.extend(packet.comment.map(str::to_owned)))
            .unwrap();
        reader.finish().unwrap();
        assert!(said.iter().any(|comment| comment.contains("calc request 1 / 0")), "{said:?}");
        let arguments = ["-T", "fields", "-e", "frame.comment", "-Y", "tcp.len == 5", "-r"];
        let Ok(output) = std::process::Command::new("tshark").args(arguments).arg(&path).output() else {
            return println!("SKIPPED in part: there is no tshark");
        };
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && told.contains("calc request 1 / 0"), "{told}");
        // Nothing is kept of what passes.
        let line = line.replace(" zero-kills", "");
        assert_eq!(judge_rule(&line, "calc.zero", Some(folder.path().to_owned())).rules[0].capture, None);
    }

    fn processes_are_bounded() {
        let _folder = folder();
        // It answers how many it could start; of this many at most, whatever the bound does.
        let program = "
import os, socket, time
server = socket.create_server(('', 12004))
connection, _ = server.accept()
name, request = connection.recv(100), connection.recv(100)
for number in range(1500):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except BlockingIOError:
        break
connection.sendall(b'%d.' % number)
time.sleep(60)
";
        write("forks.py", program).unwrap();
        let report = judge("python3 forks.py");
        let got = &report.rules[0].failure.as_ref().unwrap().got;
        let started = got.trim_start_matches('“').split('.').next().unwrap();
        assert!((100..=512).contains(&started.parse::<u32>().unwrap()), "{got}");
    }

    /// Answers once, and then each of its processes starts others, of which there may be so many that it ends even where nothing else ends it.
    const BOMB: &str = "
import multiprocessing, os, socket, time
left = multiprocessing.Value('i', 3000)
server = socket.create_server(('', 12004))
connection, _ = server.accept()
while connection.recv(100):
    connection.sendall(b'54')
    while left.value > 0:
        try:
            os.fork()
            left.value -= 1
        except OSError:
            time.sleep(1000)
";

    fn a_fork_bomb_is_gone() {
        let _folder = folder();
        write("bomb.py", BOMB).unwrap();
        let report = judge("exec python3 bomb.py");
        assert_ne!(report.verdict, check::Verdict::Pass, "{report:?}");
        // Each play ends with its stage, and a stage with all that is on it.
        let name = format!("{}", std::env::current_dir().unwrap().display());
        let left = read_dir("/proc").unwrap().flatten().filter(|entry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.to_string_lossy() == name)
                && entry.file_name().to_string_lossy() != std::process::id().to_string()
        });
        assert_eq!(left.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok()).count(), 0);
    }

    fn a_fork_bomb_has_its_advice() {
        let _folder = folder();
        // So many at most, even where nothing else ends it.
        let bomb = "import multiprocessing, os
left = multiprocessing.Value('i', 3000)
while left.value > 0:
    try:
        os.fork()
        left.value -= 1
    except OSError:
        pass
";
        write("bomb.py", bomb).unwrap();
        let report = judge("exec python3 bomb.py");
        let why = report.advice().map(|advice| advice.why.clone()).unwrap_or_default();
        assert!(why.contains("more and more processes"), "{report:?}");
    }

    fn a_slow_start_is_waited_for() {
        let _folder = folder();
        let report = judge(&format!("sleep 6; exec python3 {}/tests/students/calc.py", env!("CARGO_MANIFEST_DIR")));
        assert_eq!(report.verdict, check::Verdict::Pass, "{report:?}");
    }

    fn files_are_bounded() {
        let _folder = folder();
        let told = printed(
            "
def fill(place):
    written = 0
    # A gibibyte at most, whatever the bound does.
    for number in range(64):
        try:
            with open(f'{place}/{number}', 'wb') as file:
                written += file.write(bytes(16 << 20))
        except OSError:
            break
    return written >> 20
print(*(fill(place) for place in ['.', '/tmp', '/var/tmp', '/dev/shm']))
",
        );
        let written: Vec<u32> = told.split(' ').map(|number| number.parse().unwrap()).collect();
        assert!(
            (64..=128).contains(&written[0]) && written[1..].iter().all(|number| (32..=64).contains(number)),
            "{told}"
        );
    }

    fn memory_is_bounded() {
        let _folder = folder();
        // It is only asked for, and never used.
        let told = printed(
            "
import mmap
kept = []
try:
    for number in range(1 << 12):
        kept.append(mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000))
except (OSError, MemoryError):
    pass
print(len(kept))
",
        );
        let most = std::fs::read_to_string("/proc/meminfo").unwrap();
        let gibibytes = most.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 20;
        assert!(told.parse::<u64>().unwrap() <= (gibibytes / 4).max(4), "{told} of {gibibytes}");
    }

    fn signals_are_heard() {
        let _folder = folder();
        let Stages { program, arguments } = stages();
        let deaf = ["-c".into(), "trap '' INT; exec \"$0\" \"$@\"".into(), program.into()];
        let deaf = Stages { program: "sh".into(), arguments: deaf.into_iter().chain(arguments).collect() };
        write("probe.py", "import signal; print(signal.getsignal(signal.SIGINT) != signal.SIG_IGN); exit(1)").unwrap();
        let report = judge_on(&deaf, "python3 probe.py", "calc.adds", None);
        assert!(report.advice().unwrap().why.ends_with("True"), "{:?}", report.advice());
    }

    fn endless_output_is_bounded() {
        let _folder = folder();
        let report = judge("head -c 1000000 /dev/zero | tr '\\0' '\\n'; echo it ends; exit 1");
        assert!(report.advice().unwrap().why.ends_with("it ends"), "{:?}", report.advice());
    }
}
