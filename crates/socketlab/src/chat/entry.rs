//! One line of the talk, and what kind of line it is.

use labs::Tone;

/// A line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Someone's words, behind a name of so many bytes and a colon.
    Said {
        name_bytes: usize,
    },
    /// Our own words, behind the prompt.
    Own,
    /// The server's words to all.
    Server,
    /// What was said before we came, which the server repeats.
    Earlier,
    /// A member's words to us alone, which the server passes on.
    Private,
    /// What this program has to say, behind an exclamation mark.
    Note,
    Plain,
}

/// How the server's own lines begin.
pub(super) const SERVER: &str = "Server: ";
/// And those that repeat what was said before.
const EARLIER: &str = "earlier, ";
const PRIVATELY: &str = " says to you alone: ";
/// No name is longer, so what has its first colon further on has no name before it.
const NAME_CHARS_MAX: usize = 64;

impl Entry {
    pub(super) fn new(tone: Tone, text: &str) -> Self {
        let kind = match tone {
            Tone::Echo => Kind::Own,
            Tone::Complain | Tone::State => Kind::Note,
            Tone::Print | Tone::Ask => Kind::of(text),
        };
        let text = if kind == Kind::Note { format!("! {text}") } else { text.to_owned() };
        Self { text, kind }
    }

    /// Who said it, if anyone did.
    pub(super) fn speaker(&self) -> Option<&str> {
        match self.kind {
            Kind::Said { name_bytes } => Some(&self.text[..name_bytes]),
            Kind::Own | Kind::Server | Kind::Earlier | Kind::Private | Kind::Note | Kind::Plain => None,
        }
    }
}

impl Kind {
    fn of(text: &str) -> Self {
        if let Some(words) = text.strip_prefix(SERVER) {
            return match words {
                _ if words.starts_with(EARLIER) => Self::Earlier,
                _ if words.contains(PRIVATELY) => Self::Private,
                _ => Self::Server,
            };
        }
        match text.split_once(": ") {
            Some((name, _)) if !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX => {
                Self::Said { name_bytes: name.len() }
            }
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_how_they_begin() {
        let kind = |text| Entry::new(Tone::Print, text).kind;
        assert_eq!(kind("Voldemort: Crucio!"), Kind::Said { name_bytes: 9 });
        assert_eq!(kind("Count Dracula: "), Kind::Said { name_bytes: 13 });
        assert_eq!(kind("Server: time=10.01 Batman has joined. Member count=1"), Kind::Server);
        assert_eq!(kind("Server: earlier, 10.00 Joker: he says to you alone: ha"), Kind::Earlier);
        assert_eq!(kind("Server: Batman says to you alone: psst"), Kind::Private);
        assert_eq!(kind("Enter login name:"), Kind::Plain);
        assert_eq!(kind("* Batman waves"), Kind::Plain);
        assert_eq!(kind(": nobody"), Kind::Plain);
        assert_eq!(Entry::new(Tone::Echo, "> hi: there").speaker(), None);
        assert_eq!(Entry::new(Tone::Print, "Žofie: hi").speaker(), Some("Žofie"));
        assert_eq!(Entry::new(Tone::Complain, "lost").text, "! lost");
    }
}
