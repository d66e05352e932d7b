//! A person at the terminal: lines appear above the one being typed, which they never disturb.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use drive::{Typed, Typist};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::config::Configurer as _;
use rustyline::{DefaultEditor, ExternalPrinter};

/// Lines kept in the history of what was typed.
const HISTORY_MAX: usize = 1000;
/// How long the end of the program waits for its last lines to be shown.
const LEAVE_MAX: Duration = Duration::from_millis(500);
/// How long a prompt waits for the lines before it, which the editor may show only at the prompt.
const SHOW_MAX: Duration = Duration::from_millis(50);
/// One row up and one down: a line that changes nothing.
const NO_LINE: &str = "\x1b[A\n";

/// What shows lines to a person.
pub(crate) struct Person {
    lines: Sender<Shown>,
    /// What the terminal was like before the line editor took it.
    before: Termios,
    prompting: Arc<AtomicBool>,
    /// Ends with the reader.
    reading: Mutex<Receiver<()>>,
}

enum Shown {
    Line(String),
    /// What came before was given to the terminal or to the editor when this is answered.
    Passed(Sender<()>),
    /// Everything before is to be on the screen when this is answered.
    Flush(Sender<()>),
}

/// What reads the person's lines.
pub(crate) struct Reader {
    /// It keeps what was typed ahead from one prompt to the next: rustyline's feature `buffer-redux`.
    editor: DefaultEditor,
    /// The lines of a paste that still wait for their prompts.
    pasted: VecDeque<String>,
    lines: Sender<Shown>,
    _reading: Sender<()>,
    /// Whether a prompt stands there at which nothing was entered yet.
    prompting: Arc<AtomicBool>,
}

impl Person {
    /// Takes the terminal; none if there is no line editor for it.
    pub(crate) fn sit_down() -> Option<(Self, Reader)> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut editor = DefaultEditor::new().ok()?;
        let printer = editor.create_external_printer().ok()?;
        let (lines, to_show) = channel();
        // The editor's printer may block until the next prompt, so whoever prompts must not call it.
        std::thread::spawn(move || show_all(printer, &to_show));
        let prompting = Arc::new(AtomicBool::new(false));
        let (_reading, reading) = channel();
        let reading = Mutex::new(reading);
        let pasted = VecDeque::new();
        let reader = Reader { editor, pasted, lines: lines.clone(), _reading, prompting: Arc::clone(&prompting) };
        Some((Self { lines, before, prompting, reading }, reader))
    }

    pub(crate) fn show(&self, line: &str) {
        // The thread that shows ends only after us.
        let _ = self.lines.send(Shown::Line(format!("{line}\n")));
    }

    /// Shows lines, each with its end, and returns when the terminal or the editor has them.
    pub(crate) fn show_whole(&self, lines: &str) {
        let (answer, passed) = channel();
        let _ = self.lines.send(Shown::Line(lines.to_owned()));
        let _ = self.lines.send(Shown::Passed(answer));
        // If the thread that shows is gone, so is the terminal.
        let _ = passed.recv();
    }

    pub(crate) fn leave(&self) {
        let (answer, shown) = channel();
        let _ = self.lines.send(Shown::Flush(answer));
        // A terminal that does not take the last lines cannot keep the program.
        let _ = shown.recv_timeout(LEAVE_MAX);
        if self.prompting.load(Ordering::Relaxed) {
            // An interrupt makes the editor leave its prompt; what we did there ourselves would mix with what it does.
            let _ = kill_process(getpid(), Signal::INT);
            let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
            if reading.recv_timeout(LEAVE_MAX) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
            println!();
        }
    }
}

fn show_all(mut printer: impl ExternalPrinter, lines: &Receiver<Shown>) {
    for shown in lines {
        // A terminal that is gone shows nothing.
        match shown {
            Shown::Line(line) => drop(printer.print(line)),
            // Whoever asked may no longer wait for it.
            Shown::Passed(answer) => drop(answer.send(())),
            Shown::Flush(answer) => {
                // The editor takes one line at a time: it has shown all others when it takes the second of these.
                let _ = printer.print(NO_LINE.to_owned());
                let _ = printer.print(NO_LINE.to_owned());
                let _ = answer.send(());
            }
        }
    }
}

impl Reader {
    /// Reads one line for each prompt, until the end of input or an interrupt.
    pub(crate) fn read(mut self, history: Option<PathBuf>, asked: impl IntoIterator<Item = String>, typist: &Typist) {
        // The history only helps; a client works without it.
        let _ = self.editor.set_max_history_size(HISTORY_MAX);
        let _ = history.as_ref().map(|path| self.editor.load_history(path));
        for prompt in asked {
            let typed = self.next_line(&prompt);
            if let Typed::Line(line) = &typed {
                let _ = self.editor.add_history_entry(line);
            }
            if let (Typed::Line(_), Some(path)) = (&typed, &history) {
                let _ = path.parent().map(std::fs::create_dir_all);
                let _ = self.editor.save_history(path);
            }
            let ended = typed == Typed::End;
            if !typist.type_in(typed) || ended {
                return;
            }
        }
    }

    /// The next line of a paste, shown as if typed, or else what is typed now.
    fn next_line(&mut self, prompt: &str) -> Typed {
        if let Some(line) = self.pasted.pop_front() {
            // Behind what is still to be shown, as a prompt would be.
            let _ = self.lines.send(Shown::Line(format!("{prompt}{line}\n")));
            return Typed::Line(line);
        }
        // What is typed ahead would overtake the answer that it follows.
        let (answer, passed) = channel();
        let _ = self.lines.send(Shown::Passed(answer));
        let _ = passed.recv_timeout(SHOW_MAX);
        self.prompting.store(true, Ordering::Relaxed);
        let typed = self.editor.readline(prompt);
        self.prompting.store(false, Ordering::Relaxed);
        let Ok(typed) = typed else { return Typed::End };
        // The editor takes a paste of several lines as one.
        self.pasted.extend(typed.lines().map(str::to_owned));
        Typed::Line(self.pasted.pop_front().unwrap_or_default())
    }
}
