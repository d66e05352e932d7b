//! What a submission's folder holds: which file is the server, which the client, and how they are started.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use check::quoted_for_shell;

/// The side of a lab that a program plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

/// How a program is started, in its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Command(String),
    /// More than one file would do.
    Several(Vec<String>),
    /// There is none; with the source that nobody has compiled, if there is one.
    Nothing {
        uncompiled: Option<String>,
    },
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// The file whose name is the role's, `server.py`, `Server.java` or the executable `server`; without one, the Python or Java file in whose name
    /// the role stands.
    pub(super) fn find(self, folder: &Path) -> Found {
        let files = files(folder);
        let exact: Vec<String> =
            files.iter().filter(|path| self.is_named(path)).filter_map(|path| command(path)).collect();
        let alike = || files.iter().filter(|path| self.is_within(path)).filter_map(|path| command(path)).collect();
        let mut commands: Vec<String> = if exact.is_empty() { alike() } else { exact };
        match commands.pop() {
            Some(command) if commands.is_empty() => Found::Command(command),
            Some(command) => {
                commands.push(command);
                Found::Several(commands)
            }
            None => {
                let is_source =
                    |path: &&PathBuf| self.is_named(path) && path.extension().is_some_and(|ending| ending == "c");
                Found::Nothing { uncompiled: files.iter().find(is_source).map(|path| name(path)) }
            }
        }
    }

    /// What is looked for, for people.
    pub(super) fn looked_for(self) -> String {
        let (name, title) = (self.name(), title(self.name()));
        format!(
            "{name}.py, {title}.java, an executable `{name}`, or one other Python or Java file with `{name}` in its name"
        )
    }

    fn is_named(self, path: &Path) -> bool {
        path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case(self.name()))
    }

    fn is_within(self, path: &Path) -> bool {
        path.extension().is_some() && name(path).to_lowercase().contains(self.name())
    }
}

/// Where the programs of a submission are: in its folder, or in the only folder that it holds, as archives are unpacked.
pub(super) fn root(folder: &Path) -> PathBuf {
    let entries: Vec<PathBuf> = entries(folder);
    match &entries[..] {
        [only] if only.is_dir() => only.clone(),
        _ => folder.to_path_buf(),
    }
}

/// Those entries that are neither hidden nor left behind by tools, by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_theirs = |path: &PathBuf| !name(path).starts_with('.') && !name(path).starts_with("__");
    let mut entries: Vec<PathBuf> = entries.filter(is_theirs).collect();
    entries.sort();
    entries
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_file()).collect()
}

/// How a file is started, if it is a program.
fn command(path: &Path) -> Option<String> {
    // A name that begins with a dash would be taken for an option.
    let local = format!("./{}", name(path));
    let plain = if name(path).starts_with('-') { local.clone() } else { name(path) };
    match path.extension().and_then(OsStr::to_str) {
        Some("py") => Some(format!("python3 {}", quoted_for_shell(&plain))),
        Some("java") => Some(format!("java {}", quoted_for_shell(&plain))),
        None if is_executable(path) => Some(quoted_for_shell(&local).into_owned()),
        _ => None,
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}

/// A file's name as text; one that is no text is found by none of its letters.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn title(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files; those that end in a star are executable.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file.trim_end_matches('*'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            let mode = if file.ends_with('*') { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        folder
    }

    #[test]
    fn a_server_is_found_by_its_name() {
        for (files, command) in [
            (&["server.py", "client.py"][..], "python3 server.py"),
            (&["calc_server.py", "calc_client.py", "notes.txt"], "python3 calc_server.py"),
            (&["MyServer.java", "MyClient.java"], "java MyServer.java"),
            (&["Server.java", "ServerThread.java"], "java Server.java"),
            (&["server.py", "test_server.py", "old_server.py"], "python3 server.py"),
            (&["server.c", "server*"], "./server"),
            (&["my server.py"], "python3 'my server.py'"),
            (&["-server.py"], "python3 ./-server.py"),
            (&["it's;a server.py"], r"python3 'it'\''s;a server.py'"),
        ] {
            let folder = folder(files);
            assert_eq!(Role::Server.find(folder.path()), Found::Command(command.to_owned()), "{files:?}");
        }
        let both = folder(&["server.py", "client.py"]);
        assert_eq!(Role::Client.find(both.path()), Found::Command("python3 client.py".to_owned()));
    }

    #[test]
    fn what_is_not_clear_is_not_guessed() {
        let several =
            |commands: &[&str]| Found::Several(commands.iter().map(|command| (*command).to_owned()).collect());
        let nothing = |source: Option<&str>| Found::Nothing { uncompiled: source.map(str::to_owned) };
        for (files, found) in [
            (&["server.py", "Server.java"][..], several(&["java Server.java", "python3 server.py"])),
            (&["server1.py", "server2.py"], several(&["python3 server1.py", "python3 server2.py"])),
            (&["main.py", "server.txt", "server", ".server.py", "__server.py"], nothing(None)),
            (&["server.c", "client.py"], nothing(Some("server.c"))),
            (&["server.py/nothing"], nothing(None)),
        ] {
            let folder = folder(files);
            assert_eq!(Role::Server.find(folder.path()), found, "{files:?}");
        }
    }

    #[test]
    fn the_only_folder_in_a_folder_is_the_submission() {
        let wrapped = folder(&["lab4/server.py", "__MACOSX/x", ".DS_Store"]);
        assert_eq!(root(wrapped.path()), wrapped.path().join("lab4"));
        let two = folder(&["lab4/server.py", "lab5/server.py"]);
        assert_eq!(root(two.path()), two.path());
    }
}
