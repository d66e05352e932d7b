//! Prints what a server has to print, without ever making it wait.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drive::{Line, Log};
use labs::Tone;
use serde_json::json;

use crate::settings::LogFormat;

/// Lines wait here for a slow terminal; what does not fit is dropped and counted.
const WAITING_BYTES_MAX: usize = 1024 * 1024;
/// How long the end of the program waits for a slow terminal.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// How long the thread that writes waits for more before it ends: one that has nothing to write would only make every system call of the
/// program dearer, since descriptors shared by threads are counted at each use.
const WRITER_IDLE: Duration = Duration::from_secs(1);

/// A server's terminal.
pub(crate) struct Printer {
    queue: Arc<Queue>,
    format: LogFormat,
    quiet: bool,
    /// Whether a person reads lines of several services, and so needs to be told whose they are.
    names_services: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: String,
    complaints: String,
    dropped: u64,
    /// Whether a thread is there that writes.
    written: bool,
    /// Whether it is writing at this moment.
    writing: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.complaints.is_empty()
    }
}

impl Printer {
    pub(crate) fn new(format: LogFormat, quiet: bool, services: usize) -> Self {
        let names_services = services > 1 && std::io::stdout().is_terminal();
        Self { queue: Arc::default(), format, quiet, names_services }
    }

    /// Prints a line of the program's own, such as an endpoint.
    pub(crate) fn say(&self, line: &str) {
        self.queue.push(Tone::Print, |lines| {
            lines.push_str(line);
            lines.push('\n');
        });
    }

    /// Tells something that went wrong, on standard error.
    pub(crate) fn complain(&self, line: &str) {
        self.queue.push(Tone::Complain, |lines| {
            lines.push_str("socketlab: ");
            lines.push_str(line);
            lines.push('\n');
        });
    }
}

impl Log for Printer {
    fn wants_lines(&self) -> bool {
        !self.quiet
    }

    fn line(&self, line: Line<'_>) {
        match (self.format, line.tone) {
            (LogFormat::Json, _) => self.queue.push(Tone::Print, |lines| push_json(lines, &line)),
            (LogFormat::Text, Tone::Complain) => self.complain(&format!("{}: {}", line.service, line.text)),
            (LogFormat::Text, Tone::Print | Tone::Ask) if self.names_services => {
                self.say(&format!("{:<8} {}", line.service, line.text));
            }
            (LogFormat::Text, Tone::Print | Tone::Ask) => self.say(line.text),
        }
    }
}

/// One line of JSON: when, which service, over what, who, and the text that would be printed.
fn push_json(lines: &mut String, line: &Line<'_>) {
    let time = jiff::Timestamp::now().to_string();
    let level = if line.tone == Tone::Complain { "error" } else { "info" };
    let peer = line.about.map(|peer| peer.to_string());
    let service = line.service.name();
    let transport = line.transport.to_string();
    let object = json!({
        "time": time, "level": level, "service": service, "transport": transport, "peer": peer, "text": line.text,
    });
    // Writing to a String cannot fail.
    let _ = writeln!(lines, "{object}");
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, tone: Tone, write: impl FnOnce(&mut String)) {
        let mut waiting = self.lock();
        if waiting.lines.len() + waiting.complaints.len() > WAITING_BYTES_MAX {
            waiting.dropped += 1;
            return;
        }
        write(if tone == Tone::Complain { &mut waiting.complaints } else { &mut waiting.lines });
        if !std::mem::replace(&mut waiting.written, true) {
            let queue = Arc::clone(self);
            std::thread::spawn(move || queue.write_all());
        } else if !waiting.writing {
            drop(waiting);
            self.changed.notify_all();
        }
    }

    /// Writes what waits, until nothing has for a while. A terminal that is gone takes everything in silence.
    fn write_all(&self) {
        let (mut lines, mut complaints) = (String::new(), String::new());
        let mut waiting = self.lock();
        loop {
            waiting.writing = false;
            self.changed.notify_all();
            let woken = self.changed.wait_timeout_while(waiting, WRITER_IDLE, |waiting| waiting.is_empty());
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
            if waiting.is_empty() {
                waiting.written = false;
                return;
            }
            lines.clear();
            complaints.clear();
            std::mem::swap(&mut lines, &mut waiting.lines);
            std::mem::swap(&mut complaints, &mut waiting.complaints);
            let dropped = std::mem::take(&mut waiting.dropped);
            waiting.writing = true;
            drop(waiting);
            if dropped > 0 {
                // Writing to a String cannot fail.
                let _ = writeln!(complaints, "socketlab: {dropped} lines were not printed, the terminal is too slow");
            }
            let _ = std::io::stdout().write_all(lines.as_bytes()).and_then(|()| std::io::stdout().flush());
            let _ = std::io::stderr().write_all(complaints.as_bytes());
            waiting = self.lock();
        }
    }
}

impl Drop for Printer {
    /// Waits until all is written, but not for ever.
    fn drop(&mut self) {
        let busy = |waiting: &mut Waiting| waiting.writing || !waiting.is_empty();
        // What a slow terminal has not taken by then is lost.
        let _ = self.queue.changed.wait_timeout_while(self.queue.lock(), FLUSH_MAX, busy);
    }
}
