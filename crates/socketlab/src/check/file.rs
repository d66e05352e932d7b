//! The files that a report is written to.

use std::path::PathBuf;
use std::str::FromStr;

/// A file that a report is to be written to, in the form that its ending says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportPath {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Html,
    Json,
    Junit,
}

impl FromStr for ReportPath {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let path = PathBuf::from(path);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let form = match ending {
            "html" => Form::Html,
            "json" => Form::Json,
            "xml" => Form::Junit,
            _ => {
                return Err("a report's form is that of its name: end it in .html, .json, or .xml for JUnit".to_owned());
            }
        };
        Ok(Self { path, form })
    }
}

#[cfg(target_os = "linux")]
pub(super) use writing::{ReportFile, json};

#[cfg(target_os = "linux")]
mod writing {
    use std::fs::{File, OpenOptions, remove_file, symlink_metadata};
    use std::io::{self, Write as _};

    use anyhow::Context as _;
    use check::Report;

    use super::{Form, ReportPath};

    /// A file that a report can be written to.
    pub(crate) struct ReportFile {
        /// None if it is still to be made.
        file: Option<File>,
        to: ReportPath,
    }

    impl ReportPath {
        /// Finds out whether the file can be written to. Until there is a report, what is there stays, and what is not there is not made.
        pub(crate) fn open(&self) -> anyhow::Result<ReportFile> {
            let open = || match OpenOptions::new().write(true).open(&self.path) {
                // A link to what is not there yet is kept.
                Err(error) if error.kind() == io::ErrorKind::NotFound && symlink_metadata(&self.path).is_err() => {
                    File::create_new(&self.path)?;
                    remove_file(&self.path).map(|()| None)
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => File::create(&self.path).map(Some),
                opened => opened.map(Some),
            };
            let file = open().with_context(|| self.unwritable())?;
            Ok(ReportFile { file, to: self.clone() })
        }

        fn unwritable(&self) -> String {
            format!("the report cannot be written to {}", self.path.display())
        }
    }

    impl ReportFile {
        pub(crate) fn write(self, report: &Report) -> anyhow::Result<()> {
            let Self { file, to } = self;
            let text = match to.form {
                Form::Html => report.html()?,
                Form::Json => json(report)?,
                Form::Junit => report.junit()?,
            };
            let write = || {
                let mut file = file.map_or_else(|| File::create(&to.path), Ok)?;
                // A pipe has no length.
                if file.metadata()?.is_file() {
                    file.set_len(0)?;
                }
                file.write_all(text.as_bytes())
            };
            write().with_context(|| to.unwritable())
        }
    }

    pub(crate) fn json(report: &Report) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(report)? + "\n")
    }
}
