//! The folder that a class's reports are written to.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use check::{Class, Report, Submission};

use crate::check::file;

const INDEX: &str = "index.html";
const TABLE: &str = "class.csv";
/// What our index says of itself.
const OURS: &str = "<meta name=\"generator\" content=\"socketlab check all\">";

/// A folder that is empty, or holds reports of ours.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let place = || path.display();
        fs::create_dir_all(path).with_context(|| format!("the reports cannot be written to {}", place()))?;
        let is_empty = fs::read_dir(path).with_context(|| format!("reading {}", place()))?.next().is_none();
        if !is_empty && !is_ours(path) {
            bail!("{} holds something else than reports: name another folder with --out", place());
        }
        Ok(Self { path: path.to_path_buf() })
    }

    /// The page with the class's table.
    pub(super) fn index(&self) -> PathBuf {
        self.path.join(INDEX)
    }

    pub(super) fn write_class(&self, class: &Class) -> anyhow::Result<()> {
        self.write(INDEX, &class.html()?)?;
        self.write(TABLE, &class.csv())
    }

    pub(super) fn write_report(&self, stem: &str, report: &Report) -> anyhow::Result<()> {
        self.write(&format!("{stem}.html"), &report.html()?)?;
        self.write(&format!("{stem}.json"), &file::json(report)?)
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// Whether reports of a class are there.
pub(super) fn is_ours(path: &Path) -> bool {
    fs::read_to_string(path.join(INDEX)).is_ok_and(|page| page.contains(OURS))
}

/// The submissions of these folders, none of them judged yet, each with a name for its report's files that no other has.
pub(super) fn named(folders: &[PathBuf]) -> Vec<Submission> {
    let reserved = [INDEX, TABLE].map(|name| name.split('.').next().unwrap_or_default().to_owned());
    let mut taken: Vec<String> = reserved.into();
    let submission = |path: &PathBuf| {
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        let stem = stem(&whole);
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let file = std::iter::once(stem.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
        taken.push(file.clone());
        Submission { name: path.display().to_string(), file, report: None }
    };
    folders.iter().map(submission).collect()
}

/// A folder's own name, in characters that every file system and every link takes.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    // Neither hidden, nor an option of some tool.
    let plain = plain.trim_start_matches(['.', '-']);
    if plain.is_empty() { "submission".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_empty_or_ours_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("photos");
        fs::create_dir(&theirs).unwrap();
        assert!(Folder::open(&theirs).is_ok());
        fs::write(theirs.join("index.html"), "<h1>my cat</h1>").unwrap();
        let Err(error) = Folder::open(&theirs) else { panic!("it would be overwritten") };
        assert!(error.to_string().contains("--out"), "{error}");
        let ours = folder.path().join("new/reports");
        Folder::open(&ours).unwrap().write_class(&Class::default()).unwrap();
        assert!(Folder::open(&ours).is_ok() && is_ours(&ours));
    }

    #[test]
    fn each_has_files_of_its_own() {
        let names = ["a/ada", "b/ada", "index", "class", "../-rf", "Ünsal Ö", "...", "ada-2"].map(PathBuf::from);
        let files: Vec<String> = named(&names).into_iter().map(|submission| submission.file).collect();
        assert_eq!(files, ["ada", "ada-2", "index-2", "class-2", "rf", "_nsal__", "submission", "ada-2-2"]);
    }
}
