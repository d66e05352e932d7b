//! Where the story goes, and what becomes of it when nobody takes it.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// Lines wait here for a slow terminal; what does not fit is lost and counted.
const WAITING_LINES_MAX: usize = 16 * 1024;
/// So many bytes wait at most: for a slow terminal, or for a command's end.
const HELD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Takes the story line by line.
pub(super) struct Output {
    stream: Stream,
    way: Way,
    lost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Standard,
    Error,
}

enum Way {
    /// The reader may be slow: then we are.
    Patient(Box<dyn Write>),
    /// Nothing may be slow: a thread writes, and what it has no time for is lost.
    Live { lines: SyncSender<String>, waiting_bytes: Arc<AtomicUsize>, writer: JoinHandle<io::Result<()>> },
    /// Somebody else has the terminal until the end.
    Held { lines: String },
}

impl Stream {
    fn open(self) -> Box<dyn Write + Send> {
        match self {
            Self::Standard => Box::new(BufWriter::new(io::stdout())),
            Self::Error => Box::new(BufWriter::new(io::stderr())),
        }
    }

    fn is_terminal(self) -> bool {
        match self {
            Self::Standard => io::stdout().is_terminal(),
            Self::Error => io::stderr().is_terminal(),
        }
    }
}

impl Output {
    /// For a capture that waits in a file.
    pub(super) fn patient() -> Self {
        Self { stream: Stream::Standard, way: Way::Patient(Stream::Standard.open()), lost: 0 }
    }

    /// For what happens now.
    pub(super) fn live() -> Self {
        Self::written_by_thread(Stream::Standard)
    }

    /// For what happens while a command runs, on standard error. Where that is a terminal it is the command's, and lines in between would tear
    /// what the command and its user write there: so all is told after its end.
    pub(super) fn beside_command() -> Self {
        if Stream::Error.is_terminal() {
            return Self { stream: Stream::Error, way: Way::Held { lines: String::new() }, lost: 0 };
        }
        Self::written_by_thread(Stream::Error)
    }

    fn written_by_thread(stream: Stream) -> Self {
        let (lines, waiting) = sync_channel(WAITING_LINES_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting_bytes);
        let writer = std::thread::spawn(move || {
            let written = write_all(&waiting, &left, stream.open());
            // So that the next line is not counted as lost, but finds that nobody takes it.
            left.store(0, Ordering::Relaxed);
            written
        });
        Self { stream, way: Way::Live { lines, waiting_bytes, writer }, lost: 0 }
    }

    /// The columns there, where somebody looks on.
    pub(super) fn columns(&self) -> Option<usize> {
        let size = match self.stream {
            Stream::Standard => rustix::termios::tcgetwinsize(io::stdout()),
            Stream::Error => rustix::termios::tcgetwinsize(io::stderr()),
        };
        size.ok().filter(|_| self.stream.is_terminal()).map(|size| size.ws_col.into()).filter(|columns| *columns > 0)
    }

    /// Takes a line, or several that belong together, without the last one's end.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        match &mut self.way {
            Way::Patient(to) => writeln!(to, "{line}"),
            Way::Live { waiting_bytes, .. } if waiting_bytes.load(Ordering::Relaxed) + line.len() >= HELD_BYTES_MAX => {
                self.lost += 1;
                Ok(())
            }
            Way::Live { lines, waiting_bytes, .. } => {
                // Before it is sent, so that the count never falls below zero.
                waiting_bytes.fetch_add(line.len(), Ordering::Relaxed);
                match lines.try_send(line.to_owned()) {
                    Ok(()) => Ok(()),
                    Err(TrySendError::Full(line)) => {
                        waiting_bytes.fetch_sub(line.len(), Ordering::Relaxed);
                        self.lost += 1;
                        Ok(())
                    }
                    Err(TrySendError::Disconnected(_)) => Err(io::ErrorKind::BrokenPipe.into()),
                }
            }
            Way::Held { lines } if lines.len() + line.len() >= HELD_BYTES_MAX => {
                self.lost += 1;
                Ok(())
            }
            Way::Held { lines } => {
                lines.push_str(line);
                lines.push('\n');
                Ok(())
            }
        }
    }

    /// Shows all that it took, and gives where the end of the story goes, with the count of lines that were lost. The wire is watched no more,
    /// so from here on a slow reader may take its time.
    pub(super) fn settle(self) -> io::Result<(Box<dyn Write>, u64)> {
        let to = match self.way {
            Way::Patient(to) => to,
            Way::Live { lines, writer, .. } => {
                drop(lines);
                writer.join().map_err(|_panic| io::Error::other("the thread that prints has died"))??;
                self.stream.open()
            }
            Way::Held { lines } => {
                let mut to = self.stream.open();
                // Apart from what the command has written there.
                writeln!(to)?;
                to.write_all(lines.as_bytes())?;
                to
            }
        };
        Ok((to, self.lost))
    }
}

/// Writes what waits, and shows it whenever nothing more does.
fn write_all(waiting: &Receiver<String>, waiting_bytes: &AtomicUsize, mut to: impl Write) -> io::Result<()> {
    while let Ok(first) = waiting.recv() {
        for line in std::iter::once(first).chain(waiting.try_iter()) {
            writeln!(to, "{line}")?;
            waiting_bytes.fetch_sub(line.len(), Ordering::Relaxed);
        }
        to.flush()?;
    }
    Ok(())
}
