//! The terminal, taken whole: its own thread draws it.

use std::io;
use std::sync::Once;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, sync_channel};

use drive::Typed;
use labs::{Shown, Tone};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};

use crate::chat::draw::{Theme, draw};
use crate::chat::model::{Model, Wish};

/// What the screen's thread is told.
pub(super) enum Happening {
    Shown(Tone, String),
    Heard(Event),
    /// The terminal cannot be read any more.
    Lost,
    Over,
}

/// Lines on their way to the screen. More than this wait only where the terminal is stuck.
const WAITING_MAX: usize = 10_000;
/// So much is taken in between two drawings.
const TAKEN_MAX: usize = 1000;

/// The way for lines to the screen. It never waits: what a stuck terminal does not take is dropped and counted.
pub(super) struct Lines {
    screen: SyncSender<Happening>,
    dropped: u64,
}

impl Lines {
    pub(super) fn show(&mut self, shown: Shown<'_>) {
        if self.dropped > 0 {
            let told = format!("{} lines are not shown, since the terminal did not take them", self.dropped);
            if self.send(Tone::Complain, told) {
                self.dropped = 0;
            }
        }
        if !self.send(shown.tone, shown.text.to_owned()) {
            self.dropped += 1;
        }
    }

    fn send(&self, tone: Tone, text: String) -> bool {
        !matches!(self.screen.try_send(Happening::Shown(tone, text)), Err(TrySendError::Full(_)))
    }

    /// The talk is over.
    pub(super) fn end(&self) {
        // A screen that does not take it is stuck or gone.
        let _ = self.screen.try_send(Happening::Over);
    }
}

/// What the screen's thread is told, and a way for the keys.
pub(super) struct Happenings {
    sender: SyncSender<Happening>,
    receiver: Receiver<Happening>,
}

pub(super) fn way() -> (Lines, Happenings) {
    let (sender, receiver) = sync_channel(WAITING_MAX);
    (Lines { screen: sender.clone(), dropped: 0 }, Happenings { sender, receiver })
}

/// Shows the talk until it is over. Takes the terminal at the first line, so that a server that cannot be reached is told of plainly.
pub(super) fn run(happenings: Happenings, typed: &Sender<Typed>) -> io::Result<()> {
    let Happenings { sender, receiver } = happenings;
    let mut model = Model::default();
    let Ok(Happening::Shown(tone, text)) = receiver.recv() else { return Ok(()) };
    model.show(tone, &text);
    let _taken = Taken::take()?;
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let (columns, rows) = size()?;
    model.resize(columns, rows);
    std::thread::spawn(move || read_keys(&sender));
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    loop {
        terminal.draw(|frame| draw(frame, &model, Theme { colours }))?;
        let Ok(first) = receiver.recv() else { return Ok(()) };
        for happening in [first].into_iter().chain(receiver.try_iter().take(TAKEN_MAX)) {
            let wish = match happening {
                Happening::Shown(tone, text) => {
                    model.show(tone, &text);
                    None
                }
                Happening::Heard(event) => model.hear(event),
                Happening::Lost => Some(Wish::Leave),
                Happening::Over => return Ok(()),
            };
            // Once the talk is over, nobody listens.
            match wish {
                Some(Wish::Say(lines)) => lines.into_iter().for_each(|line| drop(typed.send(Typed::Line(line)))),
                Some(Wish::Leave) => drop(typed.send(Typed::End)),
                None => {}
            }
        }
    }
}

fn read_keys(screen: &SyncSender<Happening>) {
    loop {
        let happening = event::read().map_or(Happening::Lost, Happening::Heard);
        let lost = matches!(happening, Happening::Lost);
        if screen.send(happening).is_err() || lost {
            return;
        }
    }
}

/// The terminal while it is ours.
struct Taken;

impl Taken {
    fn take() -> io::Result<Self> {
        give_back_at_panic();
        enable_raw_mode()?;
        let taken = Self;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Print(WHEEL_IS_NO_KEY))?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Else a terminal turns its wheel into arrow keys, which would call back what was typed: xterm's control sequences, mode 1007.
const WHEEL_IS_NO_KEY: &str = "\x1b[?1007s\x1b[?1007l";
/// As it was, and where a terminal has not noted that, as it usually is.
const WHEEL_AS_BEFORE: &str = "\x1b[?1007h\x1b[?1007r";

/// Gives back a terminal that takes nothing, as far as that goes.
pub(super) fn give_back_stuck() {
    // Nothing more can be done for a terminal that is gone.
    let _ = disable_raw_mode();
}

/// Gives the terminal back as it was.
fn give_back() {
    give_back_stuck();
    let _ = execute!(io::stdout(), Print(WHEEL_AS_BEFORE), DisableBracketedPaste, LeaveAlternateScreen, Show);
}

fn give_back_at_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            tell(panic);
        }));
    });
}
