//! Two numbers, given in the manner in which the program wants them.

use super::{Played, Player};
use crate::rule::Who;

impl Player<'_> {
    pub(super) fn begin(&mut self, who: Who, first: &str) -> Played {
        self.manner.form.begin(first).map_or(Ok(()), |text| self.say_text(who, &text))
    }

    pub(super) fn complete(&mut self, who: Who, first: &str, second: &str) -> Played {
        let text = self.manner.form.complete(first, second);
        self.say_text(who, &text)
    }

    pub(super) fn ask(&mut self, who: Who, first: &str, second: &str) -> Played {
        self.begin(who, first)?;
        self.complete(who, first, second)
    }

    pub(super) fn ask_in_pieces(&mut self, who: Who, first: &str, second: &str) -> Played {
        if let Some(text) = self.manner.form.begin(first) {
            self.say_in_pieces(who, &(text + "\n"))?;
        }
        let text = self.manner.form.complete(first, second);
        self.say_in_pieces(who, &(text + "\n"))
    }
}
