//! The folder that a program runs in, and the copy of it that a play gets.

use std::fs::{DirBuilder, File, FileTimes, Metadata, Permissions, read_dir, read_link, set_permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::Path;

/// A folder with more is not copied, in bytes.
pub(crate) const BYTES_MAX: u64 = 64 << 20;
/// The same in files, folders and links.
pub(crate) const FILES_MAX: u64 = 5000;

/// Whether it is small enough to be copied. What cannot be read counts for nothing, since it is not copied either.
pub(crate) fn is_small(folder: &Path) -> bool {
    let (mut bytes, mut files) = (BYTES_MAX, FILES_MAX);
    take_from(folder, &mut bytes, &mut files).is_some()
}

/// Takes what a folder holds from what is left; none if it is too much.
fn take_from(folder: &Path, bytes: &mut u64, files: &mut u64) -> Option<()> {
    for entry in read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        *files = files.checked_sub(1)?;
        if metadata.is_dir() {
            take_from(&entry.path(), bytes, files)?;
        } else if metadata.is_file() {
            *bytes = bytes.checked_sub(metadata.len())?;
        }
    }
    Some(())
}

/// Copies what a folder holds into another, with permissions and times of change: files, folders, and links as they are. Sockets, pipes and devices are left out,
/// and so is what may not be read. Nothing of the copy changes user for whoever runs it.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in read_dir(from).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if metadata.is_symlink() {
            symlink(read_link(from)?, to)?;
        } else if metadata.is_dir() {
            DirBuilder::new().mode(0o700).create(&to)?;
            copy(&from, &to)?;
            seem(&to, &metadata)?;
        } else if metadata.is_file()
            && let Ok(mut source) = File::open(&from)
        {
            let mut copied = File::options().write(true).create_new(true).mode(0o600).open(&to)?;
            io::copy(&mut source, &mut copied)?;
            seem(&to, &metadata)?;
        }
    }
    Ok(())
}

/// Gives a copy the permissions and the times of what it is a copy of.
pub(crate) fn seem(copy: &Path, original: &Metadata) -> io::Result<()> {
    const OF_ALL: u32 = 0o777;
    let times = FileTimes::new().set_modified(original.modified()?).set_accessed(original.accessed()?);
    File::open(copy)?.set_times(times)?;
    // The last, since it may forbid to open it.
    set_permissions(copy, Permissions::from_mode(original.permissions().mode() & OF_ALL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, write};
    use std::os::unix::net::UnixListener;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_copy_is_as_the_folder_is() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        create_dir(&from).unwrap();
        create_dir(&to).unwrap();
        create_dir(from.join("inner")).unwrap();
        write(from.join("inner/server.py"), "print()").unwrap();
        set_permissions(from.join("inner/server.py"), Permissions::from_mode(0o4755)).unwrap();
        symlink("inner/server.py", from.join("link")).unwrap();
        symlink("/nowhere", from.join("dangling")).unwrap();
        let _listener = UnixListener::bind(from.join("socket")).unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for path in ["inner/server.py", "inner"] {
            File::open(from.join(path)).unwrap().set_times(FileTimes::new().set_modified(long_ago)).unwrap();
        }
        assert!(is_small(&from));
        copy(&from, &to).unwrap();
        let mut names: Vec<_> = read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["dangling", "inner", "link"]);
        assert_eq!(read_link(to.join("dangling")).unwrap(), Path::new("/nowhere"));
        assert_eq!(std::fs::read(to.join("link")).unwrap(), b"print()");
        let metadata = |path| to.join(path).metadata().unwrap();
        assert_eq!(metadata("inner/server.py").permissions().mode() & 0o7777, 0o755);
        assert_eq!(metadata("inner/server.py").modified().unwrap(), long_ago);
        assert_eq!(metadata("inner").modified().unwrap(), long_ago);
    }

    #[test]
    fn a_large_folder_is_not_small() {
        let folder = tempfile::tempdir().unwrap();
        let sparse = File::create(folder.path().join("large")).unwrap();
        sparse.set_len(BYTES_MAX).unwrap();
        assert!(is_small(folder.path()));
        sparse.set_len(BYTES_MAX + 1).unwrap();
        assert!(!is_small(folder.path()));
        sparse.set_len(0).unwrap();
        // One file is there.
        for number in 1..FILES_MAX {
            symlink("nowhere", folder.path().join(number.to_string())).unwrap();
        }
        assert!(is_small(folder.path()));
        symlink("nowhere", folder.path().join("one-more")).unwrap();
        assert!(!is_small(folder.path()));
    }
}
