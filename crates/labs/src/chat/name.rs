//! What members may be called.

use std::fmt;
use std::sync::Arc;

use crate::chat::SERVER;
use crate::visible::is_printable;

/// A member's name: 1 to 32 printable characters, not [`SERVER`], no `:`. Spaces around it do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Arc<str>);

/// A message is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError;

const CHARS_MAX: usize = 32;

impl Name {
    /// # Errors
    /// If it is none by the rules above.
    pub fn new(message: &[u8]) -> Result<Self, NameError> {
        let name = std::str::from_utf8(message).map_err(|_error| NameError)?.trim();
        let chars = name.chars().count();
        let fits =
            (1..=CHARS_MAX).contains(&chars) && name.chars().all(|c| c != ':' && is_printable(c) && !is_unseen(c));
        if fits && key(name) != key(SERVER) { Ok(Self(name.into())) } else { Err(NameError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names have in common that count as one.
    pub fn key(&self) -> Arc<str> {
        let key = key(&self.0);
        if *key == *self.0 { Arc::clone(&self.0) } else { key.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name, regardless of case.
fn key(name: &str) -> String {
    // By way of capitals, since some small letters share one: σ and ς.
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Characters that show nothing, by which one name could pass for another.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a name has 1 to {CHARS_MAX} printable characters, no ':', and is not {SERVER}; choose another")
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_fit() {
        for name in ["Batman", "x", "Ž", "李小龍", "Count Dracula", "🦇", "a\u{301}", &"n".repeat(32)] {
            assert_eq!(Name::new(name.as_bytes()).unwrap().as_str(), name);
        }
        assert_eq!(Name::new(b" Robin \t").unwrap().as_str(), "Robin");
    }

    #[test]
    fn what_could_mislead_is_no_name() {
        let bad = ["", "  ", "Server", "sERVER", "a:b", "a\x1b[31m", "a\u{202e}b", "Bat\u{200b}man", &"n".repeat(33)];
        for name in bad {
            assert_eq!(Name::new(name.as_bytes()), Err(NameError), "{name:?}");
        }
        assert_eq!(Name::new(b"\xff"), Err(NameError));
    }

    #[test]
    fn case_does_not_tell_names_apart() {
        let key = |name: &str| Name::new(name.as_bytes()).unwrap().key();
        assert_eq!(key("BATMAN"), key("batman"));
        assert_eq!(key("Ärger"), key("ärGER"));
        assert_eq!(key("Νίκος"), key("ΝΊΚΟΣ"));
        assert_ne!(key("Batman"), key("Bat man"));
    }
}
