//! Where our private keys are kept: one file each, for their owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use pem::{EncodeConfig, LineEnding, Pem};
use zeroize::{Zeroize as _, Zeroizing};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key {} cannot be read or made: {error}. Check its folder", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("others can read the key {path}: if nobody has, run `chmod 600 {path}`; else remove it, and a new one is made", path = .0.display())]
    Exposed(PathBuf),
    #[error("the key {path} is damaged or too small: remove it, and a new one is made", path = .0.display())]
    Damaged(PathBuf),
    #[error("the system gives no randomness to make a key")]
    NoChance,
}

const LABEL: &str = "PRIVATE KEY";
const OTHERS: u32 = 0o077;
const OWNER_ONLY: u32 = 0o600;
const OWNER_FOLDER: u32 = 0o700;

/// Reads a private key of at least so many bits, or makes it of so many at its first use.
pub(crate) fn open(path: &Path, size: KeySize, bits_min: usize) -> Result<PrivateDecryptingKey, KeyError> {
    let der = open_der(path, || {
        let key = PrivateDecryptingKey::generate(size).ok()?;
        Some(Zeroizing::new(key.as_der().ok()?.as_ref().to_vec()))
    })?;
    let damaged = || KeyError::Damaged(path.to_owned());
    let key = PrivateDecryptingKey::from_pkcs8(&der).map_err(|_| damaged())?;
    if key.key_size_bits() < bits_min { Err(damaged()) } else { Ok(key) }
}

/// Reads a private key (PKCS#8), or makes it at its first use.
pub(crate) fn open_der(
    path: &Path,
    make: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |error| KeyError::Io { path: path.to_owned(), error };
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let der = make().ok_or(KeyError::NoChance)?;
            if keep(path, LABEL, &der).map_err(failed)? {
                return Ok(der);
            }
            // Another run of the program was first.
            read(path, File::open(path).map_err(failed)?)
        }
        Err(error) => Err(failed(error)),
    }
}

fn read(path: &Path, mut file: File) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |error| KeyError::Io { path: path.to_owned(), error };
    let about = file.metadata().map_err(failed)?;
    if about.permissions().mode() & OTHERS != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    // Large enough from the start, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1));
    file.read_to_end(&mut text).map_err(failed)?;
    let contents = pem::parse(&*text).map(|pem| Zeroizing::new(pem.into_contents()));
    contents.map_err(|_| KeyError::Damaged(path.to_owned()))
}

/// Keeps what nobody else can read, at no time; false if there is such a file already.
pub(crate) fn keep(path: &Path, label: &str, der: &[u8]) -> io::Result<bool> {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let mut text = pem::encode_config(&Pem::new(label, der), config);
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(OWNER_FOLDER).create(folder)?;
    }
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let written = write_new(&draft, text.as_bytes()).and_then(|()| std::fs::hard_link(&draft, path));
    text.zeroize();
    // Whether it is there by its name or not, the draft has served.
    let removed = std::fs::remove_file(&draft);
    match written {
        Ok(()) => removed.map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.exists() => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
