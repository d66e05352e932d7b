//! What happened in a run, in virtual time.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// Lines stamped with virtual time; clones write into the same log, so that it can be shown when a run has failed.
#[derive(Clone, Debug, Default)]
pub struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub fn note(&self, uptime: Duration, line: fmt::Arguments<'_>) {
        self.0.borrow_mut().push(format!("{:>10.3} ms  {line}", uptime.as_secs_f64() * 1000.0));
    }

    /// Forgets a run that went well.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// All lines so far, which two runs of one seed have in common.
    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINES_MAX: usize = 400;
        let lines = self.0.borrow();
        let first = lines.len().saturating_sub(LINES_MAX);
        if first > 0 {
            writeln!(f, "({first} earlier lines)")?;
        }
        lines[first..].iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
