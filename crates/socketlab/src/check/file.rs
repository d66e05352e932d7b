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
    use std::fs::File;
    use std::io::Write as _;

    use anyhow::Context as _;
    use check::Report;

    use super::{Form, ReportPath};

    /// A file that is open for a report.
    pub(crate) struct ReportFile {
        file: File,
        to: ReportPath,
    }

    impl ReportPath {
        /// Makes the file, or empties it.
        pub(crate) fn create(&self) -> anyhow::Result<ReportFile> {
            let file = File::create(&self.path).with_context(|| self.unwritable())?;
            Ok(ReportFile { file, to: self.clone() })
        }

        fn unwritable(&self) -> String {
            format!("the report cannot be written to {}", self.path.display())
        }
    }

    impl ReportFile {
        pub(crate) fn write(mut self, report: &Report) -> anyhow::Result<()> {
            let text = match self.to.form {
                Form::Html => report.html()?,
                Form::Json => json(report)?,
                Form::Junit => report.junit()?,
            };
            self.file.write_all(text.as_bytes()).with_context(|| self.to.unwritable())
        }
    }

    pub(crate) fn json(report: &Report) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(report)? + "\n")
    }
}
