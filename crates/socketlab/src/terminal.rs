//! The client's terminal: a line editor for a person, plain lines in a pipe.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use drive::{Keyboard, Typed, Typist, keyboard};
use labs::{Shown, Tone};
use rustyline::config::Configurer as _;
use rustyline::{DefaultEditor, ExternalPrinter as _};

/// Shows lines, and lets one be typed when it is asked for.
pub(crate) struct Terminal {
    prompts: Sender<String>,
    screen: Screen,
    complained: bool,
}

enum Screen {
    /// A person types: lines appear above the one being typed.
    Person(Box<dyn FnMut(String) + Send>),
    Pipe,
}

/// Lines kept in the history of what was typed.
const HISTORY_MAX: usize = 1000;

impl Terminal {
    /// Takes the terminal, and what is typed there. The history is kept in `history`, where a person types.
    pub(crate) fn open(history: Option<PathBuf>) -> (Self, Keyboard) {
        let (prompts, asked) = channel();
        let (typist, keyboard) = keyboard();
        let person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let screen = match DefaultEditor::new().ok().filter(|_| person) {
            Some(mut editor) => {
                let screen = person_screen(&mut editor);
                std::thread::spawn(move || read_person(&mut editor, history, &asked, &typist));
                screen
            }
            None => {
                std::thread::spawn(move || read_pipe(&asked, &typist));
                Screen::Pipe
            }
        };
        (Self { prompts, screen, complained: false }, keyboard)
    }

    pub(crate) fn show(&mut self, shown: Shown<'_>) {
        match (&mut self.screen, shown.tone) {
            // A terminal that is gone cannot answer; its end is then what is heard.
            (_, Tone::Ask) => drop(self.prompts.send(shown.text.to_owned())),
            (Screen::Person(print), _) => print(format!("{}\n", shown.text)),
            (Screen::Pipe, Tone::Complain) => {
                self.complained = true;
                eprintln!("{}", shown.text);
            }
            (Screen::Pipe, Tone::Print) => {
                let mut stdout = std::io::stdout().lock();
                let written = writeln!(stdout, "{}", shown.text).and_then(|()| stdout.flush());
                if written.is_err() {
                    // Nobody reads us any more.
                    std::process::exit(i32::from(crate::FAILED));
                }
            }
        }
    }

    /// Whether, in a pipe, anything went wrong or was refused.
    pub(crate) fn complained(&self) -> bool {
        self.complained
    }
}

fn person_screen(editor: &mut DefaultEditor) -> Screen {
    match editor.create_external_printer() {
        Ok(mut printer) => Screen::Person(Box::new(move |line| {
            // A terminal that is gone shows nothing.
            let _ = printer.print(line);
        })),
        Err(_) => Screen::Person(Box::new(|line| print!("{line}"))),
    }
}

fn read_person(editor: &mut DefaultEditor, history: Option<PathBuf>, asked: &Receiver<String>, typist: &Typist) {
    editor.set_auto_add_history(true);
    // The history only helps; a client works without it.
    let _ = editor.set_max_history_size(HISTORY_MAX);
    let _ = history.as_ref().map(|path| editor.load_history(path));
    for prompt in asked {
        let typed = editor.readline(&prompt).map_or(Typed::End, Typed::Line);
        if let Some(path) = &history {
            let _ = path.parent().map(std::fs::create_dir_all);
            let _ = editor.save_history(path);
        }
        let ended = typed == Typed::End;
        if !typist.type_in(typed) || ended {
            return;
        }
    }
}

fn read_pipe(asked: &Receiver<String>, typist: &Typist) {
    let mut stdin = std::io::stdin().lock();
    for _prompt in asked {
        let mut line = Vec::new();
        let typed = match stdin.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Typed::End,
            Ok(_) => Typed::Line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()),
        };
        let ended = typed == Typed::End;
        if !typist.type_in(typed) || ended {
            return;
        }
    }
}
