//! The client's terminal: a line editor for a person, plain lines in a pipe.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use drive::{Keyboard, Typed, Typist, keyboard};
use labs::{Shown, Tone};

use crate::person::Person;

/// Shows lines, and lets one be typed when it is asked for.
pub(crate) struct Terminal {
    prompts: Sender<String>,
    screen: Screen,
    complained: bool,
}

enum Screen {
    Person(Person),
    Pipe,
}

impl Terminal {
    /// Takes the terminal, and what is typed there. The history is kept in `history`, where a person types.
    pub(crate) fn open(history: Option<PathBuf>) -> (Self, Keyboard) {
        let (prompts, asked) = channel();
        let (typist, keyboard) = keyboard();
        let is_person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let screen = match is_person.then(Person::sit_down).flatten() {
            Some((person, editor)) => {
                std::thread::spawn(move || editor.read(history, asked, &typist));
                Screen::Person(person)
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
            (Screen::Person(person), _) => person.show(shown.text),
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

    /// Shows what is still to be shown, and gives the terminal back as it was.
    pub(crate) fn close(&self) {
        match &self.screen {
            Screen::Person(person) => person.leave(),
            Screen::Pipe => {}
        }
    }

    /// Whether, in a pipe, anything went wrong or was refused.
    pub(crate) fn complained(&self) -> bool {
        self.complained
    }
}

fn read_pipe(asked: &Receiver<String>, typist: &Typist) {
    let mut stdin = std::io::stdin().lock();
    // Where only the output is piped, a person still types.
    let person = stdin.is_terminal();
    for prompt in asked {
        if person {
            eprint!("{prompt}");
        }
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
