//! The list of services: what each is called, where it listens, what it speaks.

use std::fmt;
use std::str::FromStr;

/// A lab service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Numbers,
    Echo,
    Alnum,
    Clock,
    Calc,
    Add,
    Sum,
    Board,
    Talk,
    Chat,
}

/// What carries a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Tcp,
    Udp,
}

use Transport::{Tcp, Udp};

impl Service {
    pub const ALL: [Self; 10] = [
        Self::Numbers,
        Self::Echo,
        Self::Alnum,
        Self::Clock,
        Self::Calc,
        Self::Add,
        Self::Sum,
        Self::Board,
        Self::Talk,
        Self::Chat,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Echo => "echo",
            Self::Alnum => "alnum",
            Self::Clock => "clock",
            Self::Calc => "calc",
            Self::Add => "add",
            Self::Sum => "sum",
            Self::Board => "board",
            Self::Talk => "talk",
            Self::Chat => "chat",
        }
    }

    /// The port it listens at unless told otherwise.
    pub const fn port(self) -> u16 {
        match self {
            Self::Numbers => 12000,
            Self::Echo => 12001,
            Self::Alnum => 12002,
            Self::Clock => 12003,
            Self::Calc => 12004,
            Self::Add => 12005,
            Self::Sum => 12006,
            Self::Board => 12007,
            Self::Talk => 12008,
            Self::Chat => 12009,
        }
    }

    /// The transports it is served over unless an address names one; a client takes the first.
    pub const fn usual_transports(self) -> &'static [Transport] {
        match self {
            Self::Numbers | Self::Clock | Self::Board => &[Udp],
            Self::Echo | Self::Alnum | Self::Sum => &[Tcp, Udp],
            Self::Calc | Self::Add | Self::Talk | Self::Chat => &[Tcp],
        }
    }

    /// Whether it can be served over this transport at all.
    pub const fn speaks(self, transport: Transport) -> bool {
        match self {
            Self::Numbers => matches!(transport, Udp),
            Self::Calc | Self::Add | Self::Talk | Self::Chat => matches!(transport, Tcp),
            Self::Echo | Self::Alnum | Self::Clock | Self::Sum | Self::Board => true,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, UnknownService> {
        Self::ALL.into_iter().find(|service| service.name() == name).ok_or_else(|| UnknownService(name.to_owned()))
    }
}

/// No service has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownService(pub String);

impl fmt::Display for UnknownService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Service::ALL.map(Service::name).join(", ");
        write!(f, "there is no service `{}`; choose from {names}", self.0)
    }
}

impl std::error::Error for UnknownService {}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Tcp => "tcp",
            Udp => "udp",
        })
    }
}
