use labs::Tone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};

use super::*;

const JOINED: &str = "Server: time=10.01 Batman has joined. Member count=3";

fn talk() -> Model {
    let mut model = Model::default();
    model.show(Tone::State, "connected as Batman");
    for (tone, line) in [
        (Tone::Print, JOINED),
        (Tone::Echo, "> Anyone here?"),
        (Tone::Print, "Voldemort: Crucio!"),
        (Tone::Print, "李小龍: 你好，世界 👩‍🚀"),
        (Tone::Complain, "kept until we are back: hm"),
    ] {
        model.show(tone, line);
    }
    model
}

fn screen(model: &mut Model, columns: u16, rows: u16) -> TestBackend {
    model.resize(columns, rows);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(frame, model, Theme { colours: false })).unwrap();
    terminal.backend().clone()
}

#[track_caller]
fn check(model: &mut Model, columns: u16, rows: u16, wanted: &[&str]) {
    let screen = screen(model, columns, rows);
    let buffer = screen.buffer();
    let got: Vec<_> = (0..rows)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < columns {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += symbol.width().max(1) as u16;
            }
            row.trim_end().to_owned()
        })
        .collect();
    assert_eq!(got, wanted);
}

#[test]
fn a_wide_window_shows_who_is_here() {
    let mut model = talk();
    model.input.insert("hi");
    check(
        &mut model,
        80,
        9,
        &[
            "Server: time=10.01 Batman has joined. Member count=3      │ 3 here",
            "> Anyone here?                                            │ Batman",
            "Voldemort: Crucio!                                        │ Voldemort",
            "李小龍: 你好，世界 👩‍🚀                                     │ 李小龍",
            "! kept until we are back: hm                              │",
            "                                                          │",
            "                                                          │",
            " connected as Batman",
            "> hi",
        ],
    );
    model.show(Tone::Print, "Server: time=10.02 Robin has joined. Member count=42");
    let rows = screen(&mut model, 80, 6);
    let row = |y| (58..80).map(|x| rows.buffer()[(x, y)].symbol()).collect::<String>();
    assert_eq!(
        [row(0), row(1), row(3)].map(|row| row.trim_end().to_owned()),
        ["│ 42 here", "│ Batman", "│ and 40 more: /who"]
    );
}

#[test]
fn a_narrow_and_short_window_still_shows_the_end() {
    check(&mut talk(), 20, 5, &["  👩‍🚀", "! kept until we are", "  back: hm", " connected as Batman", ">"]);
}

/// The server's lines stand at the edge, and what others say does not, however it is filled up to the next row.
#[test]
fn nobody_paints_a_line_of_the_servers() {
    for columns in 3..=20 {
        for filled in 0..30 {
            let mut model = Model::default();
            let fill = " ".repeat(filled);
            model.show(Tone::Print, &format!("Eve: {fill}Server: the exam is cancelled, 世界世界{fill}"));
            let screen = screen(&mut model, columns, 60);
            let edge: Vec<_> = (1..58).map(|y| screen.buffer()[(0, y)].symbol().to_owned()).collect();
            assert!(edge.iter().all(|symbol| symbol == " "), "{columns} {filled} {edge:?}");
        }
    }
}

#[test]
fn no_window_is_too_small() {
    for columns in 0..30 {
        for rows in 0..8 {
            let mut model = talk();
            model.input.insert("世界 typed");
            screen(&mut model, columns, rows);
            model.hear(Event::Key(KeyEvent::from(KeyCode::PageUp)));
            screen(&mut model, columns, rows);
        }
    }
}

#[test]
fn what_came_below_is_counted() {
    let mut model = talk();
    model.resize(30, 6);
    model.hear(Event::Key(KeyEvent::from(KeyCode::PageUp)));
    model.show(Tone::Print, "Joker: ha");
    let rows = screen(&mut model, 30, 6);
    let row: String = (0..30).map(|x| rows.buffer()[(x, 3)].symbol()).collect();
    assert_eq!(row.trim_end(), "↓ 1 new below");
}

#[test]
fn the_cursor_stays_in_sight() {
    let fit = |before, behind, columns| fit_input((before, behind), columns);
    assert_eq!(fit("", "", 10), (String::new(), 0));
    assert_eq!(fit("hello", "", 10), ("hello".to_owned(), 5));
    assert_eq!(fit("hello world", "", 8), ("o world".to_owned(), 7));
    assert_eq!(fit("hello world", "again", 9), (" worldagain".to_owned(), 6));
    assert_eq!(fit("世界世界", "", 6), ("界世界"[3..].to_owned(), 4));
    assert_eq!(fit("a\nb\x1b", "", 10), ("a␊b␛".to_owned(), 4));
    assert_eq!(fit("x", "", 0), (String::new(), 0));
}

#[test]
fn names_keep_their_colours_and_colours_can_be_off() {
    let (colourful, plain) = (Theme { colours: true }, Theme { colours: false });
    assert_eq!(colourful.name("Batman"), colourful.name("BATMAN"));
    let names = ["Batman", "Robin", "Joker", "Voldemort", "Ada"];
    assert!(names.iter().any(|name| colourful.name(name) != colourful.name("Alfred")));
    assert!(names.iter().all(|name| plain.name(name).fg.is_none()));
    assert_eq!(plain.text(Kind::Note).fg, None);
}
