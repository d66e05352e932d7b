//! What the system tells this process, as descriptors to wait for beside the capture.

use std::io::{self, ErrorKind, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

/// The exit code of a program that SIGINT has ended, as shells tell it.
const INTERRUPTED: i32 = 128 + SIGINT;

/// SIGINT and SIGTERM: the first asks for an orderly end, the second ends at once. SIGCHLD: a program that we started has ended.
pub(super) struct Signals {
    woken: UnixStream,
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        let (woken, waker) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        let (interrupted, terminated) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for (signal, wanted) in [(SIGINT, &interrupted), (SIGTERM, &terminated)] {
            // In this order: what the first has set ends the program at the second.
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(wanted))?;
            flag::register(signal, Arc::clone(wanted))?;
            pipe::register(signal, waker.try_clone()?)?;
        }
        pipe::register(SIGCHLD, waker)?;
        Ok(Self { woken, interrupted, terminated })
    }

    /// Whether the user has asked for the end.
    pub(super) fn end_is_wanted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed) || self.is_terminated()
    }

    /// Whether it was asked for by SIGTERM, which a terminal does not also send to the command.
    pub(super) fn is_terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }

    /// Takes note of what woke us.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let mut bytes = [0; 64];
        loop {
            match self.woken.read(&mut bytes) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for Signals {
    /// Readable after any of the signals.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}
