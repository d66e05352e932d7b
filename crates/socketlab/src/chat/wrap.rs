//! Breaks a line into rows.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The rows of a line in a window of so many columns, as places in the line: broken at spaces where there are any, never inside of what
/// is seen as one character.
pub(super) fn rows(line: &str, columns: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    // Where the row can be broken, and how many columns stand before that.
    let mut gap: Option<(usize, usize)> = None;
    for (at, character) in line.grapheme_indices(true) {
        let width = character.width();
        if used + width > columns && at > start {
            if character == " " {
                rows.push(start..at);
                (start, used, gap) = (at + 1, 0, None);
                continue;
            }
            let (end, before) = gap.take().unwrap_or((at, used));
            rows.push(start..end);
            (start, used) = (end, used - before);
        }
        used += width;
        if character == " " {
            gap = Some((at + 1, used));
        }
    }
    rows.push(start..line.len());
    rows
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
        check("one two", 3, &["one", "two"]);
        check("abcdefgh ij", 3, &["abc", "def", "gh ", "ij"]);
        check("a  b", 1, &["a", " ", "b"]);
    }

    #[test]
    fn what_is_seen_as_one_character_is_not_broken() {
        check("世界世界", 5, &["世界", "世界"]);
        check("👩‍🚀👩‍🚀", 3, &["👩‍🚀", "👩‍🚀"]);
        check("e\u{301}e\u{301}e\u{301}", 2, &["e\u{301}e\u{301}", "e\u{301}"]);
        // Too wide for any row, it still gets one.
        check("世界", 1, &["世", "界"]);
    }
}
