//! The line being typed.

use std::collections::VecDeque;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation as _;

/// A line with a cursor, and the lines typed before it. The cursor stands between what is seen as characters, never inside of one.
#[derive(Debug, Default)]
pub(super) struct Input {
    text: String,
    /// The cursor's place in bytes.
    cursor: usize,
    cut: String,
    typed: VecDeque<String>,
    /// Which of `typed` is called back; none: what is typed now.
    called: Option<usize>,
    /// What was typed before an older line was called back.
    draft: String,
}

/// Lines that can be called back.
const TYPED_MAX: usize = 1000;
/// No paste makes the line longer.
const BYTES_MAX: usize = 64 * 1024;

impl Input {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What stands before and behind the cursor.
    pub(super) fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Adds at the cursor. Line ends in what is pasted part messages, so they are kept.
    pub(super) fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let room = BYTES_MAX.saturating_sub(self.text.len());
        let text = &text[..text.floor_char_boundary(room)];
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        // What was added may have become one character with what follows.
        self.cursor = self.boundary_at_or_after(self.cursor);
    }

    /// Takes what was typed: one message for each line of it.
    pub(super) fn take(&mut self) -> Vec<String> {
        let text = std::mem::take(&mut self.text);
        (self.cursor, self.called) = (0, None);
        if !text.is_empty() && self.typed.back() != Some(&text) {
            self.typed.push_back(text.clone());
            if self.typed.len() > TYPED_MAX {
                self.typed.pop_front();
            }
        }
        text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Edits, if the key says so.
    pub(super) fn press(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match (key.code, control || alt) {
            (KeyCode::Char(letter), _) if control => self.press_control(letter),
            (KeyCode::Char('b'), true) | (KeyCode::Left, true) => self.cursor = self.word_before(),
            (KeyCode::Char('f'), true) | (KeyCode::Right, true) => self.cursor = self.word_after(),
            (KeyCode::Char('d'), true) => self.cut_to(self.word_after()),
            (KeyCode::Backspace, true) => self.cut_to(self.word_before()),
            (KeyCode::Char(letter), false) => self.insert(letter.encode_utf8(&mut [0; 4])),
            (KeyCode::Backspace, false) => self.delete_to(self.before()),
            (KeyCode::Left, false) => self.cursor = self.before(),
            (KeyCode::Right, false) => self.cursor = self.after(),
            (KeyCode::Delete, _) => self.delete_to(self.after()),
            (KeyCode::Home, _) => self.cursor = 0,
            (KeyCode::End, _) => self.cursor = self.text.len(),
            (KeyCode::Up, _) => self.call(true),
            (KeyCode::Down, _) => self.call(false),
            _ => {}
        }
    }

    fn press_control(&mut self, letter: char) {
        match letter {
            'a' => self.cursor = 0,
            'e' => self.cursor = self.text.len(),
            'b' => self.cursor = self.before(),
            'f' => self.cursor = self.after(),
            'd' => self.delete_to(self.after()),
            'h' => self.delete_to(self.before()),
            'k' => self.cut_to(self.text.len()),
            'u' => self.cut_to(0),
            'w' => self.cut_to(self.word_before()),
            'y' => self.insert(&self.cut.clone()),
            'p' => self.call(true),
            'n' => self.call(false),
            _ => {}
        }
    }

    fn delete_to(&mut self, other: usize) {
        self.remove_to(other);
    }

    fn remove_to(&mut self, other: usize) -> String {
        let range = self.cursor.min(other)..self.cursor.max(other);
        self.cursor = range.start;
        let deleted = self.text.drain(range).collect();
        self.cursor = self.boundary_at_or_after(self.cursor);
        deleted
    }

    /// Deletes what Ctrl-Y brings back.
    fn cut_to(&mut self, other: usize) {
        let cut = self.remove_to(other);
        if !cut.is_empty() {
            self.cut = cut;
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn boundary_at_or_after(&self, place: usize) -> usize {
        let boundaries = self.text.grapheme_indices(true).map(|(at, _)| at);
        boundaries.chain([self.text.len()]).find(|&at| at >= place).unwrap_or(self.text.len())
    }

    /// Where the word before the cursor begins.
    fn word_before(&self) -> usize {
        let words = self.text[..self.cursor].trim_end();
        words.rfind(char::is_whitespace).map_or(0, |at| at + words[at..].chars().next().map_or(0, char::len_utf8))
    }

    /// Where the word behind the cursor ends.
    fn word_after(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let word = rest.trim_start();
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        self.cursor + rest.len() - word.len() + end
    }

    /// Calls back an older or a newer line.
    fn call(&mut self, older: bool) {
        let next = match (self.called, older) {
            (None, true) => self.typed.len().checked_sub(1),
            (None, false) => return,
            (Some(index), true) => Some(index.saturating_sub(1)),
            (Some(index), false) => Some(index + 1).filter(|index| *index < self.typed.len()),
        };
        if self.called.is_none() {
            if next.is_none() {
                return;
            }
            self.draft = std::mem::take(&mut self.text);
        }
        self.called = next;
        let called = next.and_then(|index| self.typed.get(index)).cloned();
        self.text = called.unwrap_or_else(|| std::mem::take(&mut self.draft));
        self.cursor = self.text.len();
    }
}

#[cfg(test)]
mod tests;
