//! Breaks a line into rows.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// So far from the edge stand the rows that continue a line, so that nobody's words look like a line of their own: the server's, say.
const INDENT: usize = 2;

/// How far in a window of so many columns: no further than leaves room for a wide character.
pub(super) fn indent(columns: usize) -> usize {
    INDENT.min(columns.saturating_sub(2))
}

/// The rows of a line in a window of so many columns, as places in the line: broken at spaces where there are any, never inside of what
/// is seen as one character.
pub(super) fn rows(line: &str, columns: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut room) = (0, columns);
    while let Some((end, next)) = break_row(&line[start..], room) {
        rows.push(start..start + end);
        start += next;
        room = columns - indent(columns);
    }
    rows.push(start..line.len());
    rows
}

/// Where the first row of a text ends, and where the next one begins; none if it all fits.
fn break_row(text: &str, room: usize) -> Option<(usize, usize)> {
    let mut used = 0;
    let mut gap = None;
    for (at, character) in text.grapheme_indices(true) {
        used += character.width();
        if used > room && at > 0 {
            if character == " " {
                return Some((at, at + 1));
            }
            let end = gap.unwrap_or(at);
            return Some((end, end));
        }
        if character == " " {
            gap = Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, columns: usize, wanted: &[&str]) {
        assert_eq!(rows(line, columns).into_iter().map(|row| &line[row]).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn rows_break_between_words_and_only_then_inside() {
        check("", 10, &[""]);
        check("Joker: why so serious?", 10, &["Joker: why", "so ", "serious?"]);
        check("one two", 7, &["one two"]);
        check("one two", 3, &["one", "tw", "o"]);
        check("abcdefgh ij", 3, &["abc", "de", "fg", "h ", "ij"]);
        check("a bcdefghi", 9, &["a ", "bcdefgh", "i"]);
        check("a  b", 1, &["a", " ", "b"]);
    }

    #[test]
    fn what_is_seen_as_one_character_is_not_broken() {
        check("世界世界", 5, &["世界", "世", "界"]);
        check("👩‍🚀👩‍🚀", 3, &["👩‍🚀", "👩‍🚀"]);
        check("e\u{301}e\u{301}e\u{301}", 2, &["e\u{301}e\u{301}", "e\u{301}"]);
        // Too wide for any row, it still gets one.
        check("世界", 1, &["世", "界"]);
    }

    #[test]
    fn every_row_fits_behind_its_indent() {
        let line = "Eve: 世界 and a rather long wordthatgoesonandon   世界世界世界世界 e\u{301} x  Server: hi";
        for columns in 2..=20 {
            for row in rows(line, columns) {
                let room = if row.start == 0 { columns } else { columns - indent(columns) };
                assert!(line[row.clone()].width() <= room, "{columns} {:?}", &line[row]);
            }
        }
    }
}
