//! How a program wants to be asked, or told, where its sheet leaves that open: it is found out, as the framing is.

use labs::Service;
use serde::{Deserialize, Serialize};

use crate::peer::Framing;
use crate::rule::Cast;

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
        Self { greets: false, ..self.spoken(lines) }
    }

    /// The same to one who has said lines, or not.
    pub(crate) fn spoken(self, lines: bool) -> Self {
        Self { framing: if lines { Framing::Lines } else { self.framing }, ..self }
    }

    /// How to tell the same client what to do where its server is the student's own.
    pub(crate) fn of_pair(self) -> Self {
        let form = if self.form == Form::Acknowledged { Form::Each } else { self.form };
        Self { greets: false, form, ..self }
    }
}

/// How the two numbers of `sum` are given: to a server in messages, to a client in lines. To clients of `board`, whether our server answers a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// `3 4`; and whatever a lab asks that has one manner only.
    Space,
    /// One message, and then the other.
    Each,
    /// `3,4`
    Comma,
    /// One and then the other, and our server acknowledges the first; in `board`, each POST.
    Acknowledged,
}

impl Form {
    /// Those of a lab's part, the most usual first. A client that takes a number and then the other may take what belongs to both for the one: it is
    /// asked for each before.
    pub(crate) fn of(service: Service, cast: Cast) -> &'static [Self] {
        if service == Service::Board && cast == Cast::Client {
            return &[Self::Space, Self::Acknowledged];
        }
        if service != Service::Sum {
            return &[Self::Space];
        }
        match cast {
            Cast::Server => &[Self::Space, Self::Each, Self::Comma],
            Cast::Client => &[Self::Each, Self::Acknowledged, Self::Space, Self::Comma],
            Cast::Pair => &[Self::Each, Self::Space, Self::Comma],
        }
    }

    /// As it is called in a report; none where there is no other.
    pub(crate) fn name(self, service: Service) -> Option<&'static str> {
        (service == Service::Sum).then_some(match self {
            Self::Space => "space",
            Self::Each => "each",
            Self::Comma => "comma",
            Self::Acknowledged => "acknowledged",
        })
    }

    /// What comes before the second number.
    pub(crate) fn begin(self, first: &str) -> Option<String> {
        matches!(self, Self::Each | Self::Acknowledged).then(|| first.to_owned())
    }

    /// What is said when both numbers are known, behind what began it.
    pub(crate) fn complete(self, first: &str, second: &str) -> String {
        match self {
            Self::Space => format!("{first} {second}"),
            Self::Comma => format!("{first},{second}"),
            Self::Each | Self::Acknowledged => second.to_owned(),
        }
    }
}

/// What a lab's sheet leaves so open that a program may do right in a way that we do not know: how it is given numbers, or a key.
pub(crate) fn left_open(service: Service, cast: Cast) -> Option<&'static str> {
    match (service, cast) {
        (Service::Sum, Cast::Server) => {
            Some("both numbers in one message with a space or a comma between, or one message each")
        }
        (Service::Sum, Cast::Client | Cast::Pair) => {
            Some("two numbers, typed in a line each, or in one line with a space or a comma between")
        }
        (Service::Board, Cast::Client | Cast::Pair) => Some("POST \"milk\", and GET, typed in a line each"),
        (Service::Talk, Cast::Server) => Some("our public key, in PEM, whereupon it sends its own in PEM"),
        (Service::Talk, Cast::Client) => Some("its public key, in PEM, whereupon ours is sent; or ours first"),
        _ => None,
    }
}
