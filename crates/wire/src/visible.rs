//! Bytes from the wire as text that is safe for a terminal.

use std::fmt::{self, Write};

/// Bytes as they would be read. Control characters become their pictures (`ESC` is `␛`, a line feed `␊`), marks that reorder text (bidi) and line
/// separators become `<U+202E>`, and what is not UTF-8 becomes `<ff>`. So nothing a peer sent moves a cursor or forges a line.
#[derive(Clone, Copy)]
pub struct Visible<'a>(pub &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write_text(chunk.valid(), f)?;
            for byte in chunk.invalid() {
                write!(f, "<{byte:02x}>")?;
            }
        }
        Ok(())
    }
}

/// Writes a text in a form that only shows: plain characters together, others one by one.
pub(crate) fn write_text(mut text: &str, to: &mut impl Write) -> fmt::Result {
    loop {
        let plain = text.bytes().position(|byte| !is_plain(byte)).unwrap_or(text.len());
        let (run, rest) = text.split_at(plain);
        to.write_str(run)?;
        let Some(c) = rest.chars().next() else { return Ok(()) };
        write_visible(c, to)?;
        text = &rest[c.len_utf8()..];
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
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

/// Whether these bytes are text for people, judged by the first thousand: UTF-8 of which at least half the characters show themselves, line ends and
/// tabs counted as such. NULs at the end are padding, and a character may be cut at either end, as segments are cut anywhere.
pub fn is_text(bytes: &[u8]) -> bool {
    const JUDGED_BYTES: usize = 1024;
    let mut head = &bytes[..bytes.len().min(JUDGED_BYTES)];
    while let [before @ .., 0] = head {
        head = before;
    }
    let (shown, all) = if head.is_ascii() {
        // Nearly all that is said, and quickly counted.
        let shown = head.iter().filter(|&&byte| is_plain(byte) || matches!(byte, b'\n' | b'\r' | b'\t')).count();
        (shown, head.len())
    } else {
        let Some(text) = uncut(head) else { return false };
        let shown = text.chars().filter(|&c| is_printable(c) || matches!(c, '\n' | '\r' | '\t')).count();
        (shown, text.chars().count())
    };
    all > 0 && shown * 2 >= all
}

/// The UTF-8 in bytes, without a character that is cut at the beginning or at the end.
fn uncut(bytes: &[u8]) -> Option<&str> {
    const CONTINUATIONS_MAX: usize = 3;
    let start = bytes.iter().take(CONTINUATIONS_MAX).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    match std::str::from_utf8(&bytes[start..]) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[start..start + error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
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
    if bytes.len() <= width && bytes.is_ascii() {
        // Each takes a column, pictures of control characters too.
        return write!(to, "{}", Visible(bytes));
    }
    // A character has at most four bytes and a column, so more than this is never shown.
    const BYTES_A_COLUMN: usize = 4;
    let head = &bytes[..bytes.len().min(width.saturating_mul(BYTES_A_COLUMN) + BYTES_A_COLUMN)];
    if head.is_ascii() {
        write!(to, "{}", Visible(&head[..width.saturating_sub(1).min(head.len())]))?;
        return to.write_char('…');
    }
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
    if text.is_ascii() {
        return &text[..text.len().min(width)];
    }
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
    if text.is_ascii() {
        return text.len();
    }
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
