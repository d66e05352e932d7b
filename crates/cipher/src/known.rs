//! The peers whose keys were seen before, as OpenSSH's `known_hosts`: a line each, its name and its key's fingerprint.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use labs::talk::{Fingerprint, Meeting};

/// A file of known peers.
#[derive(Clone, Debug)]
pub struct KnownPeers {
    path: PathBuf,
}

const OWNER_ONLY: u32 = 0o600;

impl KnownPeers {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Compares a peer's key with the one that was seen before, and remembers it if none was.
    pub fn meet(&self, name: &str, seen: Fingerprint) -> Meeting {
        let (path, hex) = (self.path.display(), seen.hex().replace(' ', ""));
        let unkept = |error: &io::Error| Meeting::Unkept(format!("{path}: {error}"));
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
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
            None => self.remember(name, &hex).map_or_else(|error| unkept(&error), |()| Meeting::New),
        }
    }

    fn remember(&self, name: &str, hex: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).mode(OWNER_ONLY).open(&self.path)?;
        file.write_all(format!("{name} {hex}\n").as_bytes())
    }
}
