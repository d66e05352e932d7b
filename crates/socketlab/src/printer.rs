//! Prints what a server has to print, without ever making it wait.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cipher::Certificate;
use drive::{Endpoint, Line, Log};
use labs::Tone;
use serde_json::{Value, json};

use crate::person::Person;
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
    /// Who types where the lines are shown.
    operator: Option<Person>,
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
    pub(crate) fn new(format: LogFormat, quiet: bool, services: usize, operator: Option<Person>) -> Self {
        let names_services = services > 1 && std::io::stdout().is_terminal();
        let queue = Arc::new(Queue { operator, ..Queue::default() });
        Self { queue, format, quiet, names_services }
    }

    /// Prints where a service listens.
    pub(crate) fn endpoint(&self, Endpoint { service, scheme, address }: &Endpoint) {
        match self.format {
            LogFormat::Text => self.say(&format!("{service:<8} {scheme}  {address}")),
            LogFormat::Json => self.say_json(json!({
                "service": service.name(), "transport": scheme.to_string(), "address": address.to_string(),
                "text": "listening",
            })),
        }
    }

    /// Prints by what clients know the server under TLS.
    pub(crate) fn certificate(&self, certificate: &Certificate) {
        let fingerprint = certificate.fingerprint();
        let file = certificate.file().display().to_string();
        match self.format {
            LogFormat::Text => self.say(&format!("certificate {file}, fingerprint {fingerprint}")),
            LogFormat::Json => {
                self.say_json(json!({ "file": file, "fingerprint": fingerprint.to_string(), "text": "certificate" }));
            }
        }
    }

    /// Prints an address that other computers can use.
    pub(crate) fn lan_address(&self, address: IpAddr) {
        const TEXT: &str = "from other computers";
        match self.format {
            LogFormat::Text => self.say(&format!("{TEXT}: {address}")),
            LogFormat::Json => self.say_json(json!({ "address": address.to_string(), "text": TEXT })),
        }
    }

    /// Prints that everything listens.
    pub(crate) fn ready(&self) {
        const TEXT: &str = "ready";
        match self.format {
            LogFormat::Text => self.say(TEXT),
            LogFormat::Json => self.say_json(json!({ "text": TEXT })),
        }
    }

    fn say(&self, line: &str) {
        self.queue.push(Tone::Print, |lines| {
            lines.push_str(line);
            lines.push('\n');
        });
    }

    fn say_json(&self, object: Value) {
        self.queue.push(Tone::Print, |lines| push_json(lines, "info", object));
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
            (LogFormat::Json, _) => self.queue.push(Tone::Print, |lines| push_line(lines, &line)),
            (LogFormat::Text, Tone::Complain) => self.complain(&format!("{}: {}", line.service, line.text)),
            (LogFormat::Text, Tone::Print | Tone::Ask | Tone::Echo | Tone::State) if self.names_services => {
                self.say(&format!("{:<8} {}", line.service, line.text));
            }
            (LogFormat::Text, Tone::Print | Tone::Ask | Tone::Echo | Tone::State) => self.say(line.text),
        }
    }
}

/// A line in JSON: which service, over what, who, and the text that would be printed.
fn push_line(lines: &mut String, line: &Line<'_>) {
    let level = if line.tone == Tone::Complain { "error" } else { "info" };
    let object = json!({
        "service": line.service.name(), "transport": line.transport.to_string(),
        "peer": line.about.map(|peer| peer.to_string()), "text": line.text,
    });
    push_json(lines, level, object);
}

/// One line with one object, which says when.
fn push_json(lines: &mut String, level: &str, mut object: Value) {
    object["time"] = jiff::Timestamp::now().to_string().into();
    object["level"] = level.into();
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
            let writer = std::thread::Builder::new().spawn(move || queue.write_all());
            // Where the system has no thread to give, the line waits for the next one's try.
            waiting.written = writer.is_ok();
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
            self.write(&lines, &complaints);
            waiting = self.lock();
        }
    }

    fn write(&self, lines: &str, complaints: &str) {
        if let Some(operator) = &self.operator {
            return operator.show_whole(&[lines, complaints].concat());
        }
        let _ = std::io::stdout().write_all(lines.as_bytes()).and_then(|()| std::io::stdout().flush());
        let _ = std::io::stderr().write_all(complaints.as_bytes());
    }
}

impl Drop for Printer {
    /// Waits until all is written, but not for ever.
    fn drop(&mut self) {
        let busy = |waiting: &mut Waiting| waiting.writing || !waiting.is_empty();
        // What a slow terminal has not taken by then is lost.
        let _ = self.queue.changed.wait_timeout_while(self.queue.lock(), FLUSH_MAX, busy);
        if let Some(operator) = &self.queue.operator {
            operator.leave();
        }
    }
}
