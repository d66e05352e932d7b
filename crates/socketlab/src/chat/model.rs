//! The screen as a value: lines, keys and sizes go in, messages to send come out.

use labs::Tone;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::chat::entry::Entry;
use crate::chat::history::History;
use crate::chat::input::Input;
use crate::chat::layout::Layout;
use crate::chat::roster::Roster;

/// All that the screen shows.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) history: History,
    pub(super) roster: Roster,
    pub(super) input: Input,
    /// How the connection is.
    pub(super) state: String,
    pub(super) layout: Layout,
}

/// What the person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Say(Vec<String>),
    Leave,
}

impl Model {
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.layout = Layout::new(columns, rows);
        let talk = self.layout.talk;
        // Scrolled back, a row is taken by the mark of what is below.
        self.history.resize(usize::from(talk.width), usize::from(talk.height.saturating_sub(1)));
    }

    /// Takes a line of the machine's.
    pub(super) fn show(&mut self, tone: Tone, text: &str) {
        match tone {
            Tone::State => text.clone_into(&mut self.state),
            // There is always a place to type.
            Tone::Ask => {}
            Tone::Print | Tone::Complain | Tone::Echo => {
                let entry = Entry::new(tone, text);
                self.roster.note(&entry);
                self.history.push(entry);
            }
        }
    }

    /// Takes what came from the terminal.
    pub(super) fn hear(&mut self, event: Event) -> Option<Wish> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.press(key),
            Event::Paste(text) => {
                self.input.insert(&text);
                None
            }
            Event::Resize(columns, rows) => {
                self.resize(columns, rows);
                None
            }
            Event::Key(_) | Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
        }
    }

    fn press(&mut self, key: KeyEvent) -> Option<Wish> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        // A row of the last page stays in the window.
        let page = usize::from(self.layout.talk.height).saturating_sub(2).max(1);
        // Where there is nothing to move in, these move in the talk.
        let whole = control || self.input.is_empty();
        match (key.code, control) {
            (KeyCode::Char('c'), true) => return Some(Wish::Leave),
            (KeyCode::Char('d'), true) if self.input.is_empty() => return Some(Wish::Leave),
            (KeyCode::Enter, _) => return self.enter(),
            (KeyCode::PageUp, _) => self.history.scroll_back(page),
            (KeyCode::PageDown, _) => self.history.scroll_on(page),
            (KeyCode::Home, _) if whole => self.history.scroll_to_start(),
            (KeyCode::End, _) if whole => self.history.scroll_to_end(),
            _ => self.input.press(key),
        }
        None
    }

    fn enter(&mut self) -> Option<Wish> {
        self.history.scroll_to_end();
        Some(Wish::Say(self.input.take())).filter(|wish| *wish != Wish::Say(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(model: &mut Model, code: KeyCode) -> Option<Wish> {
        model.hear(Event::Key(KeyEvent::from(code)))
    }

    fn control(model: &mut Model, letter: char) -> Option<Wish> {
        model.hear(Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)))
    }

    fn bottom(model: &Model) -> &str {
        model.history.window(100).last().map_or("", |(entry, _)| &entry.text)
    }

    fn talking() -> Model {
        let mut model = Model::default();
        model.resize(40, 12);
        (0..50).for_each(|number| model.show(Tone::Print, &format!("Joker: {number}")));
        model
    }

    #[test]
    fn enter_says_what_was_typed_and_shows_the_end() {
        let mut model = talking();
        assert_eq!(press(&mut model, KeyCode::Enter), None);
        press(&mut model, KeyCode::PageUp);
        assert_eq!(bottom(&model), "Joker: 41");
        assert_eq!(model.hear(Event::Paste("hi\nthere".to_owned())), None);
        assert_eq!(press(&mut model, KeyCode::Enter), Some(Wish::Say(vec!["hi".to_owned(), "there".to_owned()])));
        assert!(model.history.follows() && model.input.is_empty());
    }

    #[test]
    fn home_and_end_move_in_the_line_or_else_in_the_talk() {
        let mut model = talking();
        press(&mut model, KeyCode::Home);
        assert_eq!(bottom(&model), "Joker: 8");
        press(&mut model, KeyCode::End);
        assert!(model.history.follows());
        press(&mut model, KeyCode::Char('x'));
        press(&mut model, KeyCode::Home);
        assert!(model.history.follows());
        assert_eq!(model.input.halves(), ("", "x"));
    }

    #[test]
    fn what_is_typed_stays_while_lines_come() {
        let mut model = talking();
        model.hear(Event::Paste("half typed".to_owned()));
        press(&mut model, KeyCode::Left);
        model.show(Tone::Print, "Joker: ha");
        model.show(Tone::State, "lost, next try in 3 s");
        assert_eq!(model.input.halves(), ("half type", "d"));
        assert_eq!(model.state, "lost, next try in 3 s");
    }

    #[test]
    fn ctrl_d_leaves_only_an_empty_line() {
        let mut model = talking();
        press(&mut model, KeyCode::Char('x'));
        assert_eq!(control(&mut model, 'd'), None);
        assert_eq!(control(&mut model, 'c'), Some(Wish::Leave));
        control(&mut model, 'u');
        assert_eq!(control(&mut model, 'd'), Some(Wish::Leave));
    }
}
