//! What can be configured: every key with its default, its bounds and what it is for, in one place.

mod layers;
mod values;

use std::time::Duration;

use labs::Service;

pub(crate) use layers::{Layered, Overlay, Source};
pub(crate) use values::{
    Addresses, DialectName, FramingMode, IpVersion, LogFormat, Setting, TalkDialect, parse_duration,
};
use values::{Count, DateFormat, FileName, Span};

/// A key as `socketlab config` shows it.
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) default: String,
    pub(crate) allowed: String,
    pub(crate) about: &'static str,
}

/// A table of settings: the struct, its defaults, and its rows.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $kind:ty = $default:expr, $about:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name { $(pub(crate) $key: $kind),+ }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default),+ }
            }
        }

        impl $name {
            fn rows(&self, prefix: &str, rows: &mut Vec<Row>) {
                let default = Self::default();
                $(rows.push(Row {
                    key: format!("{prefix}{}", stringify!($key)),
                    value: self.$key.show(),
                    default: default.$key.show(),
                    allowed: <$kind as Setting>::allowed(),
                    about: $about,
                });)+
            }
        }
    };
}

/// The table of one service: what all services have, and what it has of its own.
macro_rules! service_table {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        service_table! { $(#[$doc])* $name idle Duration::from_secs(600), { $($own)* } }
    };
    ($(#[$doc:meta])* $name:ident idle $idle:expr, { $($own:tt)* }) => {
        table! {
            $(#[$doc])*
            $name {
                listen: Addresses = Addresses::default(), "where it listens";
                framing: FramingMode = FramingMode::Guess, "find out how a peer ends its messages, or only LF counts";
                members: Count<1, 1_000_000> = Count(3_000), "clients at once";
                connections_per_address: Count<1, 1_000_000> = Count(1_000), "connections at once from one address";
                idle_timeout: Span<100, 604_800_000> = Span($idle), "a client silent for so long is closed";
                message_bytes: Count<16, 1_048_576> = Count(8_192), "the largest message, in bytes";
                $($own)*
            }
        }

        impl $name {
            fn common(&self) -> Common<'_> {
                Common {
                    listen: &self.listen,
                    framing: self.framing,
                    limits: drive::Limits {
                        members: self.members.get(),
                        connections_per_address: self.connections_per_address.get(),
                        idle_timeout: self.idle_timeout.0,
                        message_bytes: self.message_bytes.get(),
                    },
                }
            }
        }
    };
}

/// What every service has.
pub(crate) struct Common<'a> {
    pub(crate) listen: &'a Addresses,
    pub(crate) framing: FramingMode,
    pub(crate) limits: drive::Limits,
}

service_table! {
    /// A service with no settings of its own.
    Plain {}
}
service_table! {
    Clock {
        date_format: DateFormat = DateFormat::default(), "how SEND_DATE is answered";
    }
}
service_table! {
    Sum {
        dialect: DialectName = DialectName::Plain, "the form spoken over TCP; steps is the published program's";
    }
}
service_table! {
    Board {
        acknowledge: bool = false, "answer POST with `saved` once the text is safe on disk";
        texts: Count<1, 1_000_000> = Count(10_000), "the texts kept at most";
        texts_bytes: Count<1, 1_073_741_824> = Count(4_194_304), "the bytes of all texts kept at most";
        store: FileName = FileName::default(), "where the texts are kept";
    }
}
service_table! {
    Chat idle Duration::from_secs(24 * 60 * 60), {
        login_time: Span<100, 3_600_000> = Span(Duration::from_secs(60)), "how long a client may take to give its name";
        rate: Count<0, 1_000_000> = Count(10), "messages a second for each member, five seconds' worth at once; 0 for no limit";
        announce_members_max: Count<0, 1_000_000> = Count(100), "members up to whom each coming and going is a line of its own";
        rooms: Count<1, 100_000> = Count(100), "rooms at once, the lobby included";
        history: Count<0, 1_000> = Count(0), "lines said before that a newcomer is shown";
        history_file: FileName = FileName::default(), "where those lines outlive the server; nowhere if empty";
        log_bytes: Count<65_536, 1_073_741_824> = Count(4_194_304), "how far behind a member may read before it is dropped, in bytes";
    }
}

table! {
    /// What concerns all services.
    General {
        lan: bool = false, "listen at all addresses, not only loopback";
        ip: IpVersion = IpVersion::Any, "the versions of IP to use";
        quiet: bool = false, "print nothing of what clients do";
        log_format: LogFormat = LogFormat::Text, "how a server prints";
        cert: FileName = FileName::default(), "the certificate for TLS (PEM); if empty, one is made for this computer";
        key: FileName = FileName::default(), "its private key (PEM); if empty, it is in the same file";
        handshake_time: Span<100, 600_000> = Span(Duration::from_secs(10)), "how long a client may take for the handshake of TLS";
        handshakes: Count<1, 100_000> = Count(256), "handshakes of TLS under way at once; further ones wait";
        quiet_time: Span<1, 10_000> = Span(labs::framing::QUIET_DEFAULT), "the pause that ends a message without a newline";
    }
}

/// Every setting.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) server: General,
    numbers: Plain,
    echo: Plain,
    alnum: Plain,
    pub(crate) clock: Clock,
    calc: Plain,
    add: Plain,
    pub(crate) sum: Sum,
    pub(crate) board: Board,
    talk: Plain,
    pub(crate) chat: Chat,
}

impl Settings {
    pub(crate) fn common(&self, service: Service) -> Common<'_> {
        match service {
            Service::Numbers => self.numbers.common(),
            Service::Echo => self.echo.common(),
            Service::Alnum => self.alnum.common(),
            Service::Clock => self.clock.common(),
            Service::Calc => self.calc.common(),
            Service::Add => self.add.common(),
            Service::Sum => self.sum.common(),
            Service::Board => self.board.common(),
            Service::Talk => self.talk.common(),
            Service::Chat => self.chat.common(),
        }
    }

    /// Every key, in the order in which it is shown.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.server.rows("server.", &mut rows);
        for service in Service::ALL {
            let prefix = format!("{service}.");
            match service {
                Service::Numbers => self.numbers.rows(&prefix, &mut rows),
                Service::Echo => self.echo.rows(&prefix, &mut rows),
                Service::Alnum => self.alnum.rows(&prefix, &mut rows),
                Service::Clock => self.clock.rows(&prefix, &mut rows),
                Service::Calc => self.calc.rows(&prefix, &mut rows),
                Service::Add => self.add.rows(&prefix, &mut rows),
                Service::Sum => self.sum.rows(&prefix, &mut rows),
                Service::Board => self.board.rows(&prefix, &mut rows),
                Service::Talk => self.talk.rows(&prefix, &mut rows),
                Service::Chat => self.chat.rows(&prefix, &mut rows),
            }
        }
        rows
    }
}
