//! How a server wants to be asked, where its sheet leaves that open: it is found out, as the framing is.

use labs::Service;
use serde::{Deserialize, Serialize};

use crate::peer::Framing;

/// How a program is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manner {
    pub(crate) framing: Framing,
    /// Whether our server has to speak first: some clients wait for a greeting, and others take it for an answer.
    pub(crate) greets: bool,
    pub(crate) form: Form,
}

impl Manner {
    /// How to speak to one who understood nothing in this manner, and itself has said lines or not.
    pub(crate) fn shown_by(self, lines: bool) -> Self {
        Self { framing: if lines { Framing::Lines } else { self.framing }, greets: false, ..self }
    }
}

/// How the two numbers of `sum` are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// `3 4`; and whatever a lab asks that has one manner only.
    Space,
    /// One message, and then the other.
    Each,
    /// `3,4`
    Comma,
}

impl Form {
    /// Those of a lab, the most usual first.
    pub(crate) fn of(service: Service) -> &'static [Self] {
        if service == Service::Sum { &[Self::Space, Self::Each, Self::Comma] } else { &[Self::Space] }
    }

    /// As it is called in a report; none where there is no other.
    pub(crate) fn name(self, service: Service) -> Option<&'static str> {
        (service == Service::Sum).then_some(match self {
            Self::Space => "space",
            Self::Each => "each",
            Self::Comma => "comma",
        })
    }

    /// What comes before the second number.
    pub(crate) fn begin(self, first: &str) -> Option<String> {
        (self == Self::Each).then(|| first.to_owned())
    }

    /// What is said when both numbers are known, behind what began it.
    pub(crate) fn complete(self, first: &str, second: &str) -> String {
        match self {
            Self::Space => format!("{first} {second}"),
            Self::Comma => format!("{first},{second}"),
            Self::Each => second.to_owned(),
        }
    }
}

/// What a lab's sheet leaves so open that a program may do right in a way that we do not know: how it is given numbers, or a key.
pub(crate) fn left_open(service: Service) -> Option<&'static str> {
    match service {
        Service::Sum => Some("both numbers in one message with a space or a comma between, or one message each"),
        Service::Talk => Some("our public key, in PEM, whereupon it sends its own in PEM"),
        Service::Numbers
        | Service::Echo
        | Service::Alnum
        | Service::Clock
        | Service::Calc
        | Service::Add
        | Service::Board
        | Service::Chat => None,
    }
}
