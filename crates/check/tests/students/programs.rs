//! The students' programs: in Python as they are, in C and Java once they are compiled.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};

use check::{Cast, Programs};

use crate::runner::{STUDENTS, skip};

/// Where what is compiled is kept.
const COMPILED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/students");

/// The interpreter itself: what is called `python3` may be a script that looks for it, and takes longer than it.
static PYTHON: LazyLock<String> = LazyLock::new(|| {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
});

/// The programs of a cast, files with their arguments: `server.py`, `client.py`, or `server.py with client.py`. None if this computer lacks what they
/// need, which is said.
pub(crate) fn students(cast: Cast, named: &str) -> Option<Programs> {
    let (server, client) = match cast {
        Cast::Server => (Some(command(named)?), None),
        Cast::Client => (None, Some(command(named)?)),
        Cast::Pair => {
            let (server, client) = named.split_once(" with ").unwrap();
            (Some(command(server)?), Some(command(client)?))
        }
    };
    Some(Programs { server, client, port: None, sandboxed: true })
}

/// The command that runs a program.
fn command(program: &str) -> Option<String> {
    let (file, _) = program.split_once(' ').unwrap_or((program, ""));
    let source = Path::new(STUDENTS).join(file);
    let compiled = PathBuf::from(COMPILED);
    let name = source.file_stem().unwrap().to_str().unwrap();
    match source.extension().and_then(|extension| extension.to_str()) {
        Some("py") => Some(format!("exec {} {STUDENTS}/{program}", python(file)?)),
        Some("c") => {
            let output = compiled.join(name);
            compile(
                Command::new("cc")
                    .args(["-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
                    .arg(&output)
                    .arg(&source),
            );
            Some(format!("exec {}", output.display()))
        }
        Some("java") => {
            if Command::new("javac").arg("-version").output().is_err() {
                skip(program, "there is no `javac` here (on Debian: default-jdk-headless)");
                return None;
            }
            compile(Command::new("javac").arg("-d").arg(&compiled).arg(&source));
            // A machine that lives for seconds has no use for its better compiler, nor for many collectors.
            let thrift = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
            Some(format!("exec java {thrift} -cp {COMPILED} {name}"))
        }
        other => panic!("{program}: what is {other:?}?"),
    }
}

/// The Python that has what this program needs: the talk's are written with pycryptodome.
fn python(file: &str) -> Option<String> {
    static TALKING: OnceLock<Option<String>> = OnceLock::new();
    if !file.starts_with("talk") {
        return Some(PYTHON.clone());
    }
    let find = || {
        let python = std::env::var("PYCRYPTODOME_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let imported = Command::new(&python).args(["-c", "import Crypto.Cipher.PKCS1_OAEP"]).output();
        let has_it = imported.is_ok_and(|output| output.status.success());
        if !has_it {
            skip(file, "pycryptodome is not installed, ./test.sh does that");
        }
        has_it.then_some(python)
    };
    TALKING.get_or_init(find).clone()
}

fn compile(command: &mut Command) {
    std::fs::create_dir_all(COMPILED).unwrap();
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
