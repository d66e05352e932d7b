//! The peers whose keys were seen before, as OpenSSH's `known_hosts`: a line each, its name and its key's fingerprint.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use labs::talk::{Fingerprint, Meeting};

/// A file of known peers.
#[derive(Clone, Debug)]
pub struct KnownPeers {
    path: PathBuf,
}

const OWNER_ONLY: u32 = 0o600;
const OTHERS_WRITE: u32 = 0o022;

impl KnownPeers {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Compares a peer's key with the one that was seen before, and remembers it if none was.
    pub fn meet(&self, name: &str, seen: Fingerprint) -> Meeting {
        let (path, hex) = (self.path.display(), seen.hex().replace(' ', ""));
        let unkept = |error: &io::Error| Meeting::Unkept(format!("{path}: {error}"));
        let text = match self.read() {
            Ok(text) => text,
            Err(error) => return unkept(&error),
        };
        let known = text.lines().find_map(|line| line.split_once(' ').filter(|(known, _)| *known == name));
        match known {
            Some((_, known)) if known.trim() == hex => Meeting::Known,
            Some((_, known)) => Meeting::Changed {
                known: known.trim().to_owned(),
                advice: format!(
                    "Ask whoever you want to talk to, by another way, whether the key is theirs. If it is, remove the line `{name} …` from {path} and connect again."
                ),
            },
            None => {
                // Some editors leave the last line unended.
                let before = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                let remembered = self.add(&format!("{before}{name} {hex}\n"));
                remembered.map_or_else(|error| unkept(&error), |()| Meeting::New)
            }
        }
    }

    fn read(&self) -> io::Result<String> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.permissions().mode() & OTHERS_WRITE != 0 {
            return Err(io::Error::other(
                "others can write it: if what it says is right, make it yours alone (chmod 600)",
            ));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    }

    fn add(&self, line: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).mode(OWNER_ONLY).open(&self.path)?;
        // It may have been made anew by an editor.
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.write_all(line.as_bytes())
    }
}
