//! The kinds of values that settings have, each with its bounds.

use std::time::Duration;

use drive::Family;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::address::Address;

/// A value that can be shown with what is allowed for it.
pub(crate) trait Setting {
    /// As TOML.
    fn show(&self) -> String;
    fn allowed() -> String;
}

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Count<MIN, MAX> {
    pub(crate) fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> Setting for Count<MIN, MAX> {
    fn show(&self) -> String {
        self.0.to_string()
    }
    fn allowed() -> String {
        format!("{MIN} to {MAX}")
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match u64::try_from(number) {
            Ok(count) if (MIN..=MAX).contains(&count) => Ok(Self(count)),
            _ => Err(D::Error::custom(format!("{number} is not from {MIN} to {MAX}"))),
        }
    }
}

/// A length of time within bounds, in milliseconds; written like `"30s"` or `"1m 30s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span<const MIN: u64, const MAX: u64>(pub(crate) Duration);

impl<const MIN: u64, const MAX: u64> Setting for Span<MIN, MAX> {
    fn show(&self) -> String {
        format!("\"{}\"", friendly(self.0))
    }
    fn allowed() -> String {
        format!("\"{}\" to \"{}\"", friendly(Duration::from_millis(MIN)), friendly(Duration::from_millis(MAX)))
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Span<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = parse_duration(&text).map_err(D::Error::custom)?;
        if (Duration::from_millis(MIN)..=Duration::from_millis(MAX)).contains(&span) {
            return Ok(Self(span));
        }
        Err(D::Error::custom(format!("{text} is not from {}", Self::allowed())))
    }
}

fn friendly(span: Duration) -> String {
    let signed = jiff::SignedDuration::try_from(span).unwrap_or(jiff::SignedDuration::MAX);
    format!("{signed:#}")
}

/// Reads `500ms`, `1.5s`, `10m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let signed: jiff::SignedDuration =
        text.parse().map_err(|_error| format!("`{text}` is not a length of time like 500ms, 2s or 10m"))?;
    Duration::try_from(signed).map_err(|_error| format!("`{text}` is negative"))
}

impl Setting for bool {
    fn show(&self) -> String {
        self.to_string()
    }
    fn allowed() -> String {
        "true, false".to_owned()
    }
}

/// One of a few words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($word:literal => $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, clap::ValueEnum)]
        pub(crate) enum $name {
            $(#[serde(rename = $word)] #[value(name = $word)] $variant),+
        }

        impl $name {
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl Setting for $name {
            fn show(&self) -> String {
                format!("\"{}\"", self.word())
            }
            fn allowed() -> String {
                [$(concat!("\"", $word, "\"")),+].join(", ")
            }
        }
    };
}

words! {
    /// How a server finds the ends of messages.
    FramingMode { "guess" => Guess, "line" => Line }
}
words! {
    /// Which form of `sum` is spoken over TCP.
    DialectName { "plain" => Plain, "steps" => Steps }
}
words! {
    /// How `talk` is kept from others.
    TalkDialect { "lab" => Lab, "sound" => Sound }
}
words! {
    /// How a server prints.
    LogFormat { "text" => Text, "json" => Json }
}

words! {
    /// Which version of IP a server uses.
    IpVersion { "any" => Any, "4" => V4, "6" => V6 }
}

impl IpVersion {
    pub(crate) fn family(self) -> Family {
        match self {
            Self::Any => Family::Any,
            Self::V4 => Family::V4,
            Self::V6 => Family::V6,
        }
    }
}

/// Where a service listens: one address, or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses(pub(crate) Vec<Address>);

impl Setting for Addresses {
    fn show(&self) -> String {
        let list: Vec<_> = self.0.iter().map(|address| format!("\"{address}\"")).collect();
        format!("[{}]", list.join(", "))
    }
    fn allowed() -> String {
        "addresses; [] for the usual ones".to_owned()
    }
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Port(u16),
            One(String),
            Several(Vec<String>),
        }
        let written = Written::deserialize(deserializer).map_err(|_error| {
            D::Error::custom("expected an address like \"127.0.0.1:9004\", a port, or a list of addresses")
        })?;
        let texts = match written {
            Written::Port(port) => vec![port.to_string()],
            Written::One(text) => vec![text],
            Written::Several(texts) => texts,
        };
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect::<Result<_, _>>().map(Self)
    }
}

/// A format for dates, in the terms of `strftime`; empty for ISO 8601.
#[derive(Clone, Debug, Default)]
pub(crate) struct DateFormat(pub(crate) String);

impl Setting for DateFormat {
    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
    fn allowed() -> String {
        "a strftime format; \"\" for ISO 8601".to_owned()
    }
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let format = String::deserialize(deserializer)?;
        let tried = if format.is_empty() { Ok(()) } else { labs::clock::DateFormat::new(&format).map(drop) };
        tried.map_err(|why| D::Error::custom(format!("`{format}` is not a format for dates: {why}")))?;
        Ok(Self(format))
    }
}

/// A file; empty for the usual place.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct FileName(pub(crate) String);

impl Setting for FileName {
    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
    fn allowed() -> String {
        "a file; \"\" for the usual place".to_owned()
    }
}
