//! Settings from a file, the environment and flags: each later layer wins, and every value knows where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde::Deserialize as _;
use toml::{Table, Value};

use super::Settings;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// One value for one key, over what the layers below say.
#[derive(Clone, Debug)]
pub(crate) struct Overlay {
    pub(crate) key: String,
    pub(crate) value: Value,
    /// How it was written, where only that tells its type.
    pub(crate) text: Option<String>,
    pub(crate) source: Source,
}

impl Overlay {
    /// A value whose type is known, as from a flag.
    pub(crate) fn typed(key: String, value: Value, source: Source) -> Self {
        Self { key, value, text: None, source }
    }

    /// A value as written in the environment or behind `--set`: TOML if it can be read as that and the key takes it, else text.
    pub(crate) fn written(key: &str, text: &str, source: Source) -> Self {
        let read = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
        let value = read.unwrap_or_else(|| Value::String(text.to_owned()));
        Self { key: key.to_owned(), value, text: Some(text.to_owned()), source }
    }
}

/// The settings in force.
pub(crate) struct Layered {
    pub(crate) settings: Settings,
    table: Table,
    sources: BTreeMap<String, Source>,
}

/// What the names of our environment variables begin with.
const PREFIX: &str = "SOCKETLAB_";
/// The variable that names the file is not a key.
pub(crate) const CONFIG_VARIABLE: &str = "SOCKETLAB_CONFIG";

impl Layered {
    /// Reads all layers: the file if one is named, the variables that begin with `SOCKETLAB_`, then the flags.
    pub(crate) fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: Vec<Overlay>,
    ) -> anyhow::Result<Self> {
        let mut layered = match file {
            Some(path) => Self::from_file(path)?,
            None => Self { settings: Settings::default(), table: Table::new(), sources: BTreeMap::new() },
        };
        for overlay in environment_overlays(environment)?.into_iter().chain(flags) {
            layered.lay(overlay)?;
        }
        Ok(layered)
    }

    pub(crate) fn source(&self, key: &str) -> &Source {
        self.sources.get(key).unwrap_or(&Source::Default)
    }

    fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
        let wrong = || format!("the configuration {} is wrong", path.display());
        let settings = toml::from_str(&text).with_context(wrong)?;
        let table: Table = text.parse().with_context(wrong)?;
        let keys = table.iter().filter_map(|(section, value)| Some((section, value.as_table()?)));
        let sources = keys
            .flat_map(|(section, values)| values.keys().map(move |key| format!("{section}.{key}")))
            .map(|key| (key, Source::File(path.to_owned())))
            .collect();
        Ok(Self { settings, table, sources })
    }

    fn lay(&mut self, overlay: Overlay) -> anyhow::Result<()> {
        let Overlay { key, value, text, source } = overlay;
        let Some((section_name, name)) = key.split_once('.') else {
            bail!("{source}: a key is SECTION.NAME, like calc.members; `socketlab config` shows them all");
        };
        let section = self.table.entry(section_name).or_insert_with(|| Value::Table(Table::new()));
        let Some(section) = section.as_table_mut() else { bail!("{source}: `{key}` is no key") };
        // A year is also a number, and a file may be named `true`.
        let as_text = text.filter(|_| !value.is_table() && !value.is_array() && !value.is_str()).map(Value::String);
        section.insert(name.to_owned(), value);
        let read = Settings::deserialize(self.table.clone()).or_else(|error| {
            let Some(as_text) = as_text else { return Err(error) };
            if let Some(section) = self.table.get_mut(section_name).and_then(Value::as_table_mut) {
                section.insert(name.to_owned(), as_text);
            }
            Settings::deserialize(self.table.clone()).map_err(|_second| error)
        });
        self.settings = read.map_err(|error| {
            anyhow!("{source}: {}; `socketlab config` shows every key with its bounds", error.message())
        })?;
        self.sources.insert(key, source);
        Ok(())
    }
}

/// `SOCKETLAB_CALC_MEMBERS` is `calc.members`.
fn environment_overlays(variables: impl Iterator<Item = (String, String)>) -> anyhow::Result<Vec<Overlay>> {
    let keys: BTreeMap<String, String> = Settings::default()
        .rows()
        .into_iter()
        .map(|row| (format!("{PREFIX}{}", row.key.replace('.', "_").to_uppercase()), row.key))
        .collect();
    let mut ours: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG_VARIABLE).collect();
    ours.sort();
    ours.into_iter()
        .map(|(name, text)| {
            let key = keys.get(&name);
            let key = key.with_context(|| format!("${name} is no setting; `socketlab config` shows them all"))?;
            Ok(Overlay::written(key, &text, Source::Environment(name.clone())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)], flags: Vec<Overlay>) -> anyhow::Result<Layered> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("lab.toml");
        std::fs::write(&path, file)?;
        let environment = environment.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        Layered::read(Some(&path), environment, flags)
    }

    fn value(layered: &Layered, key: &str) -> String {
        layered.settings.rows().into_iter().find(|row| row.key == key).unwrap().value
    }

    #[test]
    fn flags_win_over_environment_over_file_over_default() {
        let file = "[calc]\nmembers = 2\nidle_timeout = \"2s\"\nmessage_bytes = 200\n";
        let environment = [("SOCKETLAB_CALC_MEMBERS", "3"), ("SOCKETLAB_CALC_IDLE_TIMEOUT", "3s"), ("OTHER", "x")];
        let flag = Overlay::written("calc.members", "4", Source::Flag("--members".to_owned()));
        let layered = read(file, &environment, vec![flag]).unwrap();
        assert_eq!(value(&layered, "calc.members"), "4");
        assert_eq!(value(&layered, "calc.idle_timeout"), "\"3s\"");
        assert_eq!(value(&layered, "calc.message_bytes"), "200");
        assert_eq!(value(&layered, "calc.framing"), "\"guess\"");
        assert_eq!(layered.source("calc.idle_timeout").to_string(), "$SOCKETLAB_CALC_IDLE_TIMEOUT");
        assert_eq!(layered.source("calc.framing"), &Source::Default);
    }

    #[test]
    fn what_is_text_may_look_like_something_else() {
        let flags = ["clock.date_format=2024", "board.store=true", "server.ip=4", "sum.members=5"].map(|written| {
            let (key, text) = written.split_once('=').unwrap();
            Overlay::written(key, text, Source::Flag(written.to_owned()))
        });
        let layered = read("", &[("SOCKETLAB_BOARD_STORE", "2024")], flags.to_vec()).unwrap();
        assert_eq!(value(&layered, "clock.date_format"), "\"2024\"");
        assert_eq!(value(&layered, "board.store"), "\"true\"");
        assert_eq!(value(&layered, "server.ip"), "\"4\"");
        assert_eq!(value(&layered, "sum.members"), "5");
    }

    #[test]
    fn an_unknown_key_is_shown_with_line_and_caret() {
        let error = read("[calc]\nmembers = 2\nmembrs = 3\n", &[], Vec::new()).err().unwrap();
        let told = format!("{error:#}");
        assert!(told.contains("line 3") && told.contains('^') && told.contains("membrs"), "{told}");
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_the_bounds() {
        let error = read("[sum]\nmembers = 0\n", &[], Vec::new()).err().unwrap();
        assert!(format!("{error:#}").contains("0 is not from 1 to 1000000"), "{error:#}");
        for (key, text) in
            [("calc.idle_timeout", "1ms"), ("calc.framing", "maybe"), ("clock.date_format", "%Q%"), ("x.y", "1")]
        {
            let flag = Overlay::written(key, text, Source::Flag(format!("--set {key}={text}")));
            let error = read("", &[], vec![flag]).err().unwrap().to_string();
            assert!(error.starts_with(&format!("--set {key}={text}: ")), "{error}");
        }
        assert!(read("", &[("SOCKETLAB_CALC_MEMBRS", "1")], Vec::new()).is_err());
    }
}
