//! What a program sees of the computer's files: all of them, and nothing of it to be changed. It may write into a copy of the folder it runs in, and
//! into some empty memory; nothing of either is left behind.

use std::env::{current_dir, set_current_dir};
use std::fs::{File, canonicalize, create_dir, metadata, read_to_string, remove_file, write};
use std::io;
use std::path::{Path, PathBuf};

use lan::files::{self, Held, Memory};
use lan::namespace::{self, Hindrance};

use crate::folder;

/// What may be written into the copy of the folder, besides what is in it, in bytes.
const WRITTEN_BYTES_MAX: u64 = 64 << 20;
/// The same for each of the places that are empty.
const EMPTY_BYTES_MAX: u64 = 64 << 20;
/// So many files can be made in each.
const MADE_FILES_MAX: u64 = 5000;
/// Where anybody may write.
const COMMON: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];
/// Where services of the computer listen that would do things for a program outside.
const HIDDEN: [&str; 2] = ["/run/user", "/run/dbus"];

/// Whether a play has a copy of the folder that it runs in, or why not, as a whole sentence.
pub(crate) fn survey() -> Result<(), String> {
    let folder = current_dir().map_err(|error| format!("The folder it runs in cannot be found: {error}."))?;
    let why = if folder == Path::new("/") {
        "the root of all files".to_owned()
    } else if folder::is_small(&folder) {
        return Ok(());
    } else {
        format!("more than {} MiB or {} files", folder::BYTES_MAX >> 20, folder::FILES_MAX)
    };
    let folder = folder.display();
    Err(format!(
        "The program may write nothing into its folder {folder}, of which there is no copy, since it is {why}: start it in a folder of its own."
    ))
}

/// Sets the scene for this process and all that it starts: to be called in a mount namespace of its own. `commands` are what is going to be started.
pub(crate) fn set(commands: &[&str], copies: bool) -> Result<(), Hindrance> {
    let set = || -> io::Result<()> {
        let folder = current_dir()?;
        let copy = copies.then(|| copied(&folder)).transpose()?;
        files::seal()?;
        let common: Vec<PathBuf> = COMMON.iter().filter_map(|place| canonicalize(place).ok()).collect();
        // A folder of which there is no copy stays where it is.
        let common = common.into_iter().filter(|place| copies || *place != folder);
        let path = std::env::var("PATH").unwrap_or_default();
        let text = format!("{}\n{}\n{path}", folder.display(), commands.join("\n"));
        let emptied = common.map(|place| Emptied::prepare(place, &text)).collect::<io::Result<Vec<_>>>()?;
        files::put_devices()?;
        emptied.into_iter().try_for_each(Emptied::put)?;
        if let Some(copy) = copy {
            copy.put(&folder)?;
        }
        put_names()?;
        hide(&folder)?;
        // Where it cannot be had, the other processes' names are seen, and they themselves are not reached.
        let _ = files::put_processes();
        set_current_dir(folder)
    };
    set().map_err(namespace::explain_files)
}

fn copied(folder: &Path) -> io::Result<Memory> {
    let copy = Memory::new(folder::BYTES_MAX + WRITTEN_BYTES_MAX, folder::FILES_MAX + MADE_FILES_MAX, false)?;
    folder::copy(folder, &copy.path())?;
    folder::seem(&copy.path(), &folder.metadata()?)?;
    Ok(copy)
}

/// A place where anybody may write, before it is emptied, with what stays to be seen there.
struct Emptied {
    place: PathBuf,
    kept: Vec<(PathBuf, Held)>,
}

impl Emptied {
    /// `text` names what stays.
    fn prepare(place: PathBuf, text: &str) -> io::Result<Self> {
        let kept = named(&place, text).into_iter().filter(|path| path.exists());
        let kept = kept.map(|path| Held::new(&path).map(|held| (path, held))).collect::<io::Result<_>>()?;
        Ok(Self { place, kept })
    }

    fn put(self) -> io::Result<()> {
        let Self { place, kept } = self;
        // Links between these places may have made them one.
        Memory::new(EMPTY_BYTES_MAX, MADE_FILES_MAX, true)?.put(&place)?;
        for (path, held) in kept {
            if held.is_folder()? {
                create_dir(&path)?
            } else {
                drop(File::create(&path)?)
            }
            held.put(&path)?;
        }
        Ok(())
    }
}

/// What a text names in a folder: with `/tmp/a/b.py` in the text, `/tmp/a` in `/tmp`.
fn named(place: &Path, text: &str) -> Vec<PathBuf> {
    let ends_name = |c: char| c.is_whitespace() || "/:;'\"`|&<>()".contains(c);
    let start = format!("{}/", place.display());
    let names = text.split(&start).skip(1).filter_map(|rest| rest.split(ends_name).next());
    let names = names.filter(|name| !["", ".", ".."].contains(name));
    let mut paths: Vec<PathBuf> = names.map(|name| place.join(name)).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Lets this computer's own name be loopback, and no name server be asked: nobody would answer, and a program that asks for its own address would wait.
fn put_names() -> io::Result<()> {
    let name = rustix::system::uname();
    let hosts = read_to_string("/etc/hosts").unwrap_or_default();
    put_file("/etc/hosts", &own_hosts(&hosts, &name.nodename().to_string_lossy()))?;
    put_file("/etc/resolv.conf", "# On this stage there is no name server.\n")
}

/// The computer's own table, in which this one's name is loopback alone.
fn own_hosts(hosts: &str, name: &str) -> String {
    let mut own = format!("127.0.0.1 {name}\n");
    for line in hosts.lines() {
        let words: Vec<&str> = line.split_whitespace().filter(|word| *word != name).collect();
        if words.len() > 1 {
            own += &format!("{}\n", words.join(" "));
        }
    }
    own + "127.0.0.1 localhost\n"
}

fn put_file(path: &str, text: &str) -> io::Result<()> {
    const MADE_AT: &str = "/dev/shm/made";
    if metadata(path).is_err() {
        return Ok(());
    }
    write(MADE_AT, text)?;
    Held::new(Path::new(MADE_AT))?.put(Path::new(path))?;
    remove_file(MADE_AT)
}

fn hide(folder: &Path) -> io::Result<()> {
    let hidden = HIDDEN.iter().map(Path::new).filter(|place| place.is_dir() && !folder.starts_with(place));
    for place in hidden {
        Memory::new(0x1000, 2, false)?.put(place)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_names_stays_to_be_seen() {
        let text =
            "/tmp/class/ada\npython3 '/tmp/lab 1/server.py' >/tmp/log;/tmp/x\n/tmp/venv/bin:/usr/bin:/tmp/../etc";
        let paths: Vec<String> = named(Path::new("/tmp"), text).iter().map(|path| path.display().to_string()).collect();
        assert_eq!(paths, ["/tmp/class", "/tmp/lab", "/tmp/log", "/tmp/venv", "/tmp/x"]);
    }

    #[test]
    fn this_computers_name_is_loopback_alone() {
        let hosts = "127.0.0.1\tlocalhost\n127.0.1.1 ada ada.home\n192.168.1.5 lab\n10.0.0.9 ada\n# ada\n";
        let own = "127.0.0.1 ada\n127.0.0.1 localhost\n127.0.1.1 ada.home\n192.168.1.5 lab\n127.0.0.1 localhost\n";
        assert_eq!(own_hosts(hosts, "ada"), own);
    }
}
