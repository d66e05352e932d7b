//! Bytes from the wire as text that is safe for a terminal.

use std::fmt::{self, Write};

/// Bytes as they would be read. Control characters become their pictures (`ESC` is `␛`, a line feed `␊`), marks that reorder text (bidi) and line
/// separators become `<U+202E>`, and what is not UTF-8 becomes `<ff>`. So nothing a peer sent moves a cursor or forges a line.
#[derive(Clone, Copy)]
pub struct Visible<'a>(pub &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) {
            // Nearly all that is said: ASCII is UTF-8, so this never falls back.
            return f.write_str(std::str::from_utf8(self.0).unwrap_or_default());
        }
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                write_visible(c, f)?;
            }
            for byte in chunk.invalid() {
                write!(f, "<{byte:02x}>")?;
            }
        }
        Ok(())
    }
}

fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Writes one character in a form that only shows.
pub(crate) fn write_visible(c: char, to: &mut impl Write) -> fmt::Result {
    match c {
        '\0'..='\x1f' => to.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?')),
        '\x7f' => to.write_char('␡'),
        c if is_printable(c) => to.write_char(c),
        c => write!(to, "<U+{:04X}>", u32::from(c)),
    }
}

/// Whether a terminal shows this character without doing anything else.
pub fn is_printable(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let parts_lines = matches!(c, '\u{2028}' | '\u{2029}');
    !c.is_control() && !reorders && !parts_lines
}

/// Whether these bytes are text for people: UTF-8 of which at least half the characters show themselves, line ends and tabs counted as such. NULs at
/// the end are padding, and a character may be cut at either end, as segments are cut anywhere.
pub fn is_text(bytes: &[u8]) -> bool {
    const CONTINUATIONS_MAX: usize = 3;
    if is_plain(bytes) {
        return !bytes.is_empty();
    }
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    let start = bytes.iter().take(CONTINUATIONS_MAX).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    let text = match std::str::from_utf8(&bytes[start..]) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[start..start + error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let (mut shown, mut all) = (0, 0);
    for c in text.chars() {
        all += 1;
        shown += usize::from(is_printable(c) || matches!(c, '\n' | '\r' | '\t'));
    }
    all > 0 && shown * 2 >= all
}

/// Writes at most `width` columns of bytes: quoted if they are text, in hexadecimal if not; an ellipsis tells that there is more.
pub(crate) fn write_quoted(bytes: &[u8], width: usize, to: &mut impl Write) -> fmt::Result {
    // More would tell nobody anything.
    const HEX_BYTES_MAX: usize = 16;
    if is_text(bytes) {
        to.write_char('"')?;
        write_cut(bytes, width.saturating_sub(2), to)?;
        return to.write_char('"');
    }
    let shown = bytes.len().min(width / 3).min(HEX_BYTES_MAX);
    for (place, byte) in bytes[..shown].iter().enumerate() {
        write!(to, "{}{byte:02x}", if place == 0 { "" } else { " " })?;
    }
    if shown < bytes.len() { to.write_str(" …") } else { Ok(()) }
}

/// Writes at most `width` columns of text.
pub(crate) fn write_cut(bytes: &[u8], width: usize, to: &mut impl Write) -> fmt::Result {
    if bytes.len() <= width && is_plain(bytes) {
        return write!(to, "{}", Visible(bytes));
    }
    // A character has at most four bytes and a column, so more than this is never shown.
    const BYTES_A_COLUMN: usize = 4;
    let head = &bytes[..bytes.len().min(width.saturating_mul(BYTES_A_COLUMN) + BYTES_A_COLUMN)];
    let mut text = String::new();
    write!(text, "{}", Visible(head))?;
    if head.len() == bytes.len() && columns(&text) <= width {
        return to.write_str(&text);
    }
    to.write_str(cut(&text, width.saturating_sub(1)))?;
    to.write_char('…')
}

/// The longest beginning of a text that fits into so many columns.
pub(crate) fn cut(text: &str, width: usize) -> &str {
    use unicode_width::UnicodeWidthChar;
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return &text[..at];
        }
    }
    text
}

/// How many columns a text takes on a terminal, character by character, as [`cut`] counts.
pub(crate) fn columns(text: &str) -> usize {
    use unicode_width::UnicodeWidthChar;
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Spaces that bring what took `used` columns to `width`.
pub(crate) fn pad(used: usize, width: usize, to: &mut String) {
    to.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
}

/// Breaks a text into rows at spaces, and a word that is too long anywhere. `width` is at least 2, which every character fits.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    let mut row = String::new();
    for mut word in text.split(' ') {
        if !row.is_empty() {
            if columns(&row) + 1 + columns(word) > width {
                rows.push(std::mem::take(&mut row));
            } else {
                row.push(' ');
            }
        }
        while columns(&row) + columns(word) > width {
            let (head, tail) = word.split_at(cut(word, width - columns(&row)).len());
            rows.push(std::mem::take(&mut row) + head);
            word = tail;
        }
        row.push_str(word);
    }
    rows.push(row);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(bytes: &[u8], width: usize) -> String {
        let mut text = String::new();
        write_quoted(bytes, width, &mut text).unwrap();
        text
    }

    #[test]
    fn controls_are_shown_and_not_sent() {
        assert_eq!(Visible(b"\x1b[2Jgone\r\n\x7f").to_string(), "␛[2Jgone␍␊␡");
        assert_eq!(Visible("a\u{9b}31m\u{202e}b\u{2028}".as_bytes()).to_string(), "a<U+009B>31m<U+202E>b<U+2028>");
        assert_eq!(Visible(b"caf\xc3\xa9 \xff").to_string(), "café <ff>");
    }

    #[test]
    fn text_is_told_from_bytes() {
        assert!(is_text(b"12 + 42") && is_text("Grüße\r\n".as_bytes()) && is_text(b"field\0\0\0\0"));
        assert!(is_text(&"世界".as_bytes()[..4]) && is_text(&"世界".as_bytes()[2..]));
        assert!(!is_text(b"\x16\x03\x01\x02\x00") && !is_text(b"") && !is_text(b"\0\0") && !is_text(b"a\xffb"));
    }

    #[test]
    fn what_is_too_wide_is_cut_where_characters_end() {
        assert_eq!(quoted(b"hello, world", 9), "\"hello,…\"");
        assert_eq!(quoted("世界世界".as_bytes(), 8), "\"世界…\"");
        assert_eq!(quoted(b"\x16\x03\x01\x02", 9), "16 03 01 …");
    }

    #[test]
    fn a_text_is_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("SYN seq 0 · asks to open", 10), ["SYN seq 0", "· asks to", "open"]);
        assert_eq!(wrap("世界世界世界", 5), ["世界", "世界", "世界"]);
        assert_eq!(wrap("a long_word", 4), ["a", "long", "_wor", "d"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_alive_remains(bytes: Vec<u8>, width in 0usize..60) {
            proptest::prop_assert!(Visible(&bytes).to_string().chars().all(is_printable));
            let text = quoted(&bytes, width);
            proptest::prop_assert!(text.chars().all(is_printable));
            proptest::prop_assert!(columns(&text) <= width.max(3) + 1, "{text:?}");
        }
    }
}
