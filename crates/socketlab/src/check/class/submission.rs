//! From a folder to what is to be judged: by its `check.toml`, by the class's, and by the names of its files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use check::{Advice, Cast, Lab};
use labs::Service;
use serde::Deserialize;

use super::find::{self, Found, Role};

/// The file in which a submission says what it is.
const FILE: &str = "check.toml";
/// A longer one is no such file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// What `check.toml` may say, of one submission or of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    lab: Option<String>,
    /// A command line, given in the submission's folder.
    server: Option<String>,
    client: Option<String>,
    /// Where the server listens at several ports: the lab's.
    port: Option<u16>,
}

/// What is to be judged.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) lab: &'static Lab,
    /// Where its commands are given.
    pub(super) folder: PathBuf,
    /// One of these at least.
    pub(super) server: Option<String>,
    pub(super) client: Option<String>,
    pub(super) port: Option<u16>,
    /// The program that was looked for and is not there, and what to do about it.
    pub(super) lacks: Option<(Cast, Advice)>,
}

/// Why nothing can be judged, with the lab if it is known.
pub(super) type Unplayable = (Option<&'static Lab>, Advice);

impl Description {
    /// Reads a file; the error names it, the line, and what is allowed.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let whose = || format!("reading {}", path.display());
        let file = fs::metadata(path).with_context(whose)?;
        // A pipe would be waited for, and a device has no end.
        if !file.is_file() || file.len() > FILE_BYTES_MAX {
            bail!("{} is no file of at most {} KiB", path.display(), FILE_BYTES_MAX / 1024);
        }
        let text = fs::read_to_string(path).with_context(whose)?;
        let description: Self = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|place| text.get(..place.start)).unwrap_or_default();
            let line = 1 + before.matches('\n').count();
            anyhow!("{}, line {line}: {}", path.display(), error.message())
        })?;
        description.known_lab().with_context(|| path.display().to_string())?;
        Ok(description)
    }

    /// What is said here, and else there.
    pub(super) fn or(self, other: &Self) -> Self {
        let (lab, server) = (self.lab.or_else(|| other.lab.clone()), self.server.or_else(|| other.server.clone()));
        let client = self.client.or_else(|| other.client.clone());
        Self { lab, server, client, port: self.port.or(other.port) }
    }

    pub(super) fn of_lab(service: Service) -> Self {
        Self { lab: Some(service.name().to_owned()), ..Self::default() }
    }

    pub(super) fn known_lab(&self) -> anyhow::Result<Option<&'static Lab>> {
        let Some(name) = &self.lab else { return Ok(None) };
        let known = check::ALL.iter().map(|lab| lab.service.name()).collect::<Vec<_>>().join(", ");
        let lab = name.parse().ok().and_then(check::of);
        Ok(Some(lab.with_context(|| format!("`{name}` is no lab that can be checked: {known}"))?))
    }
}

impl Submission {
    /// Finds out what a folder holds; the class's description stands for what its own does not say, except the lab, which is the teacher's to say.
    pub(super) fn find(folder: &Path, class: &Description) -> Result<Self, Unplayable> {
        let lab = class.known_lab().ok().flatten();
        if !folder.is_dir() {
            return Err((
                lab,
                advice("it is no folder".to_owned(), "give each submission a folder of its own".to_owned()),
            ));
        }
        let root = find::root(folder);
        let own = Self::own(&root).map_err(|error| {
            let mend = format!(
                "a {FILE} may say lab, server, client and port, each on a line: server = \"python3 server.py\""
            );
            (lab, advice(format!("{error:#}"), mend))
        })?;
        let lab = Self::lab(&own, lab)?;
        let folder = root.canonicalize().unwrap_or(root);
        let said = own.or(class);
        let port = said.port;
        // A class may be about servers only.
        let client = sought(Role::Client, said.client, &folder);
        let (server, client, lacks) = match (program(Role::Server, said.server, &folder), client) {
            (Ok(server), Some(Ok(client))) => (Some(server), Some(client), None),
            (Ok(server), Some(Err(advice))) => (Some(server), None, Some((Cast::Client, advice))),
            (Ok(server), None) => (Some(server), None, None),
            (Err(advice), Some(Ok(client))) => (None, Some(client), Some((Cast::Server, advice))),
            (Err(advice), Some(Err(_)) | None) => return Err((Some(lab), advice)),
        };
        Ok(Self { lab, folder, server, client, port, lacks })
    }

    fn own(root: &Path) -> anyhow::Result<Description> {
        let path = root.join(FILE);
        if fs::symlink_metadata(&path).is_err() { Ok(Description::default()) } else { Description::read(&path) }
    }

    fn lab(own: &Description, class: Option<&'static Lab>) -> Result<&'static Lab, Unplayable> {
        match (own.known_lab().ok().flatten(), class) {
            (Some(own), Some(class)) if own.service != class.service => {
                let why = format!(
                    "its {FILE} says that it is of {}, and it was to be judged as {}",
                    own.service, class.service
                );
                Err((Some(class), advice(why, format!("mend `lab` in its {FILE}, or judge it alone"))))
            }
            (Some(lab), _) | (None, Some(lab)) => Ok(lab),
            (None, None) => {
                let mend = format!("say --lab calc for all of them, or lab = \"calc\" in its {FILE}");
                Err((None, advice("it is not said of which lab it is".to_owned(), mend)))
            }
        }
    }
}

/// The command of one side: as it was said, or as it is found.
fn program(role: Role, said: Option<String>, folder: &Path) -> Result<String, Advice> {
    let name = role.name();
    if let Some(command) = said {
        return Ok(command);
    }
    let say = format!("say which in a {FILE} in its folder: {name} = \"python3 FILE.py\"");
    match role.find(folder) {
        Found::Command(command) => Ok(command),
        Found::Several(commands) => {
            let count = commands.len();
            Err(advice(format!("{count} files may be its {name}: {}", commands.join(", ")), say))
        }
        Found::Nothing { uncompiled: Some(source) } => {
            let mend = format!("compile it: cc -o {name} {source}");
            Err(advice(format!("its {name} is not compiled: there is {source}, and no executable `{name}`"), mend))
        }
        Found::Nothing { uncompiled: None } => {
            Err(advice(format!("it has no {name}: neither {}", role.looked_for().replace(", or", ", nor")), say))
        }
    }
}

/// The same; none if there is nothing that could be meant.
fn sought(role: Role, said: Option<String>, folder: &Path) -> Option<Result<String, Advice>> {
    let is_there = said.is_some() || role.find(folder) != Found::Nothing { uncompiled: None };
    is_there.then(|| program(role, said, folder))
}

fn advice(why: String, mend: String) -> Advice {
    Advice { why, mend }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with an empty server.py, a client.py, and this `check.toml`.
    fn folder(toml: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let files = [("server.py", ""), ("client.py", "")].into_iter().chain(toml.map(|toml| (FILE, toml)));
        files.for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        folder
    }

    fn found(toml: Option<&str>, class: &Description) -> Result<Submission, Unplayable> {
        Submission::find(folder(toml).path(), class)
    }

    #[test]
    fn a_submission_is_what_its_folder_says_and_then_the_class() {
        let calc = Description::of_lab(Service::Calc);
        let usual = found(None, &calc).unwrap();
        assert_eq!((usual.lab.service, usual.server.as_deref()), (Service::Calc, Some("python3 server.py")));
        assert_eq!((usual.client.as_deref(), usual.port), (Some("python3 client.py"), None));
        let own = found(Some("lab = \"chat\"\nserver = \"java Main\"\nport = 5000"), &Description::default()).unwrap();
        assert_eq!((own.lab.service, own.server.as_deref(), own.port), (Service::Chat, Some("java Main"), Some(5000)));
        let class = Description { port: Some(7), server: Some("python3 main.py".to_owned()), ..calc };
        let of_class = found(Some("port = 8"), &class).unwrap();
        assert_eq!((of_class.server.as_deref(), of_class.port), (Some("python3 main.py"), Some(8)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_what_is_allowed() {
        let calc = Description::of_lab(Service::Calc);
        for (toml, class, parts) in [
            (
                Some("lab = \"calc\"\nservr = \"x\""),
                &calc,
                &["check.toml", "line 2", "unknown field `servr`", "`server`"][..],
            ),
            (Some("lab = \"clac\""), &calc, &["check.toml", "`clac` is no lab", "echo, alnum"]),
            (Some("port = 70000"), &calc, &["line 1", "u16"]),
            (Some("lab = \"echo\""), &calc, &["of echo", "judged as calc"]),
            (None, &Description::default(), &["not said of which lab"]),
        ] {
            let (_, advice) = found(toml, class).unwrap_err();
            for part in parts {
                assert!(advice.why.contains(part), "no `{part}` in {}", advice.why);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("client.py"), "").unwrap();
        let alone = Submission::find(folder.path(), &calc).unwrap();
        let (cast, advice) = alone.lacks.unwrap();
        assert_eq!((alone.server, alone.client.as_deref(), cast), (None, Some("python3 client.py"), Cast::Server));
        assert!(advice.why.contains("no server: neither server.py"), "{advice:?}");
        let (lab, advice) = Submission::find(Path::new("no such folder"), &calc).unwrap_err();
        assert_eq!((lab.map(|lab| lab.service), advice.why.as_str()), (Some(Service::Calc), "it is no folder"));
    }
}
