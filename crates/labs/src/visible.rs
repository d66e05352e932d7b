//! Text that is safe for a terminal.

use std::fmt::{self, Write as _};

/// Writes into a string, with every character that could act on a terminal in a form that only shows.
///
/// Control characters become their pictures (`ESC` is `␛`, a line feed inside a message `␊`); C1 controls, marks that
/// reorder text (bidi) and line separators become `<U+202E>`. So nothing a peer says moves a cursor or forges a line.
pub struct Visible<'a>(pub &'a mut String);

impl fmt::Write for Visible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_visible(text, self.0)
    }
}

/// Text that shows in the same form.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_visible(self.0, f)
    }
}

fn write_visible(text: &str, to: &mut impl fmt::Write) -> fmt::Result {
    // Nearly all that is said is of these, which are told from others without decoding them.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return to.write_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.find(|c| !is_printable(c)) {
        to.write_str(&rest[..at])?;
        let Some(control) = rest[at..].chars().next() else { break };
        match control {
            '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(control)).map_or(Ok(()), |c| to.write_char(c))?,
            '\x7f' => to.write_char('␡')?,
            other => write!(to, "<U+{:04X}>", u32::from(other))?,
        }
        rest = &rest[at + control.len_utf8()..];
    }
    to.write_str(rest)
}

/// Bytes that are probably UTF-8, for showing; what is not becomes `\u{fffd}`. Unlike `String::from_utf8_lossy` it does nothing until it is shown.
pub(crate) struct Text<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// Whether a terminal shows this character without doing anything else.
pub(crate) fn is_printable(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let parts_lines = matches!(c, '\u{2028}' | '\u{2029}');
    !c.is_control() && !reorders && !parts_lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(text: &str) -> String {
        let mut shown = String::new();
        Visible(&mut shown).write_str(text).unwrap();
        shown
    }

    #[test]
    fn plain_text_of_any_script_is_untouched() {
        assert_eq!(visible("Grüße, 世界 🎉"), "Grüße, 世界 🎉");
    }

    #[test]
    fn controls_are_shown_and_not_sent() {
        assert_eq!(visible("\x1b[2Jgone\r\n\x7f"), "␛[2Jgone␍␊␡");
        assert_eq!(visible("a\u{9b}31m\u{202e}b\u{2028}"), "a<U+009B>31m<U+202E>b<U+2028>");
    }

    proptest::proptest! {
        #[test]
        fn nothing_alive_remains(text in "\\PC*|(?s).*") {
            proptest::prop_assert!(visible(&text).chars().all(is_printable));
        }
    }
}
