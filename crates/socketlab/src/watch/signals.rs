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

/// SIGINT and SIGTERM: the first asks for an orderly end, the second for one at once. SIGCHLD: a program that we started has ended.
pub(super) struct Signals {
    woken: UnixStream,
    /// Set by each wish to end, until it is counted.
    wanted: Arc<AtomicBool>,
    wishes: u32,
    terminated: Arc<AtomicBool>,
    /// Once it is set, the next wish ends the program where it stands.
    last: Arc<AtomicBool>,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        let (woken, waker) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        let [wanted, terminated, last] = std::array::from_fn(|_| Arc::new(AtomicBool::new(false)));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&last))?;
            flag::register(signal, Arc::clone(&wanted))?;
            pipe::register(signal, waker.try_clone()?)?;
        }
        flag::register(SIGTERM, Arc::clone(&terminated))?;
        pipe::register(SIGCHLD, waker)?;
        Ok(Self { woken, wanted, wishes: 0, terminated, last })
    }

    /// Whether the user has asked for the end.
    pub(super) fn end_is_wanted(&self) -> bool {
        self.wishes > 0 || self.wanted.load(Ordering::Relaxed)
    }

    /// Whether it was asked for again: nobody wants to wait for anything.
    pub(super) fn end_is_urgent(&self) -> bool {
        self.wishes > 1
    }

    /// Whether it was asked for by SIGTERM, which a terminal does not also send to the command.
    pub(super) fn is_terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }

    /// From here on the next wish ends the program where it stands: nothing is left that would have to be ended too.
    pub(super) fn let_the_next_end_all(&self) {
        self.last.store(true, Ordering::Relaxed);
    }

    /// Takes note of what woke us.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let mut bytes = [0; 64];
        loop {
            match self.woken.read(&mut bytes) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.wishes += u32::from(self.wanted.swap(false, Ordering::Relaxed));
        Ok(())
    }
}

impl AsFd for Signals {
    /// Readable after any of the signals.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}
