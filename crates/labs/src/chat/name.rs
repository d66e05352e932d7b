//! What members may be called.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;
use unicode_width::UnicodeWidthStr as _;

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
    /// No name has more.
    pub const BYTES_MAX: usize = 4 * CHARS_MAX;

    /// # Errors
    /// If it is none by the rules above.
    pub fn new(message: &[u8]) -> Result<Self, NameError> {
        let name = std::str::from_utf8(message).map_err(|_error| NameError)?.trim();
        let is_short = name.len() <= Self::BYTES_MAX && (1..=CHARS_MAX).contains(&name.chars().count());
        let is_plain = is_short && name.chars().all(|c| c != ':' && is_printable(c) && !is_blank(c));
        let is_seen = is_plain && name.width() > 0;
        if is_seen && key(name) != key(SERVER) { Ok(Self(name.into())) } else { Err(NameError) }
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

/// The name, regardless of case, of how its characters are put together (Unicode's NFKC), and of what shows nothing.
fn key(name: &str) -> String {
    let seen = name.nfkc().filter(|&c| !is_unseen(c));
    // By way of capitals, since some small letters share one: σ and ς.
    seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// What shows nothing or nothing but a gap, and is no part of a sign.
fn is_blank(c: char) -> bool {
    let fillers = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    // Joiners and selectors make one sign of several; flags are spelled with tags.
    let joins = matches!(c, '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e01ef}');
    fillers || c != ' ' && c.is_whitespace() || is_unseen(c) && !joins
}

/// Characters that only change how others are shown (Unicode's `Default_Ignorable_Code_Point`): a part of an emoji needs them.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
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
        for name in [
            "Batman",
            "x",
            "Ž",
            "李小龍",
            "Count Dracula",
            "🦇",
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "a\u{301}",
            &"n".repeat(32),
        ] {
            assert_eq!(Name::new(name.as_bytes()).unwrap().as_str(), name);
        }
        assert_eq!(Name::new(b" Robin \t").unwrap().as_str(), "Robin");
    }

    #[test]
    fn what_could_mislead_is_no_name() {
        let bad = [
            "",
            "  ",
            "a:b",
            "a\x1b[31m",
            "a\u{202e}b",
            "a\u{2800}",
            "\u{3164}",
            "\u{301}",
            "\u{200d}",
            &"n".repeat(33),
        ];
        let servers =
            ["Server", "sERVER", "Server\u{200d}", "Ser\u{200b}ver", "Server\u{fe0f}", "Ｓerver", "Server\u{e0100}"];
        for name in bad.into_iter().chain(servers) {
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
        assert_eq!(key("\u{c5}ke"), key("A\u{30a}ke"));
        assert_eq!(key("Bat\u{200d}man"), key("Batman"));
        assert_ne!(key("Batman"), key("Bat man"));
    }
}
