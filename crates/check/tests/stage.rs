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
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use check::{Report, Stages, Target, Task};
    use tempfile::TempDir;

    pub(super) const STAGE: &str = "check-stage";

    pub(super) const TESTS: &[(&str, fn())] = &[
        ("only a copy of the folder and empty places are written to", only_copies_are_written_to),
        ("each play begins with the same files", each_play_begins_with_the_same_files),
        ("a folder that is too large is read-only, and that is told", a_large_folder_is_read_only),
        ("what a command names in /tmp is there", what_is_named_is_there),
        ("a folder in the home folder is copied, and the rest is not written to", home_is_not_written_to),
        ("the computer's own name is loopback", the_own_name_is_loopback),
        ("terminals and devices work", devices_work),
        ("a program has no privileges and sees no other processes", no_privileges),
    ];

    fn judge(line: &str) -> Report {
        let lab = check::of("calc".parse().unwrap()).unwrap();
        let stages = Stages { program: std::env::current_exe().unwrap(), arguments: vec![STAGE.into()] };
        let target = Target::Command { line: line.to_owned(), port: None, sandboxed: true };
        let rules = lab.rules.iter().filter(|rule| rule.id == "calc.adds").collect();
        let patience = Duration::from_secs(5);
        check::judge(&Task { lab, target, rules, seed: 1, repeat: 1, patience, jobs: 1 }, &stages, &mut |_| {})
    }

    pub(super) fn namespaces_are_allowed() -> bool {
        let why = judge("exit 1").advice.map(|advice| advice.why).unwrap_or_default();
        let hindered = why.contains("does not let a user have");
        if hindered {
            assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED stage: {why}");
            println!("SKIPPED stage: {why}");
        }
        !hindered
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
        let why = report.advice.unwrap().why;
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
print(os.ttyname(other), len(os.urandom(4)), len(open('/dev/zero', 'rb').read(5)), os.path.exists('/dev/kmsg'))
",
        );
        assert_eq!(told, "/dev/pts/0 4 5 False");
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
}
