//! A terminal with a script in place of a person.

use std::collections::VecDeque;
use std::time::Duration;

use labs::{Outbox, Tone};

/// What a machine showed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Duration,
    pub tone: Tone,
    pub text: String,
}

/// Types the next line of its script each time it is asked, then ends; keeps what it was shown.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    script: VecDeque<Vec<u8>>,
    think_min: Duration,
    think_max: Duration,
    typing_at: Option<Duration>,
    ended: bool,
    pub shown: Vec<Line>,
}

/// What the person does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Line(Vec<u8>),
    End,
}

impl Terminal {
    /// A person who types these lines, each after thinking for at most `think_max`.
    pub fn typing<L: AsRef<[u8]>>(script: impl IntoIterator<Item = L>, think_max: Duration) -> Self {
        let script = script.into_iter().map(|line| line.as_ref().to_vec()).collect();
        Self { script, think_max, ..Self::default() }
    }

    /// The same person, who thinks for at least so long.
    pub fn slowly(self, think_min: Duration) -> Self {
        Self { think_min, ..self }
    }

    /// The printed lines, without questions and complaints.
    pub fn printed(&self) -> Vec<&str> {
        self.toned(Tone::Print)
    }

    pub fn complaints(&self) -> Vec<&str> {
        self.toned(Tone::Complain)
    }

    fn toned(&self, tone: Tone) -> Vec<&str> {
        self.shown.iter().filter(|line| line.tone == tone).map(|line| line.text.as_str()).collect()
    }

    /// Takes in what the outbox shows.
    pub(crate) fn show(&mut self, at: Duration, out: &Outbox, chance: &mut fastrand::Rng) {
        for shown in out.shown() {
            assert_safe(shown.text);
            if shown.tone == Tone::Ask {
                assert!(self.typing_at.is_none(), "asked twice for one line: {}", shown.text);
                let think = self.think_max.mul_f64(chance.f64()).max(self.think_min);
                self.typing_at = Some(at + think);
            }
            self.shown.push(Line { at, tone: shown.tone, text: shown.text.to_owned() });
        }
    }

    /// When the person will have something to say.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.typing_at.filter(|_| !self.ended)
    }

    pub(crate) fn typed(&mut self, now: Duration) -> Option<Typed> {
        self.deadline().filter(|&at| at <= now)?;
        self.typing_at = None;
        let line = self.script.pop_front().map(Typed::Line);
        self.ended = line.is_none();
        Some(line.unwrap_or(Typed::End))
    }
}

/// A line for a terminal must not be able to move its cursor, reorder its text or end early.
///
/// # Panics
/// If it could.
pub fn assert_safe(text: &str) {
    for c in text.chars() {
        let acts = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!acts, "a terminal would act on {c:?} in {text:?}");
    }
}
