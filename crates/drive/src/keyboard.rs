//! The lines a person types, on their way to a client's machine.

use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Line(String),
    /// The end of input, or an interrupt.
    End,
}

/// The typing end, for the thread that reads the terminal.
#[derive(Clone, Debug)]
pub struct Typist(Sender<Typed>);

/// The client's end.
#[derive(Debug)]
pub struct Keyboard {
    lines: Receiver<Typed>,
    ended: bool,
}

/// A way for lines. It holds one: the next is read when the client asks for it.
pub fn keyboard() -> (Typist, Keyboard) {
    let (sender, receiver) = channel(1);
    (Typist(sender), Keyboard { lines: receiver, ended: false })
}

impl Typist {
    /// Hands over what was typed; `false` if the client has ended.
    pub fn type_in(&self, typed: Typed) -> bool {
        self.0.blocking_send(typed).is_ok()
    }
}

impl Keyboard {
    /// The next line, or once the end; after that nothing comes.
    pub(crate) async fn next(&mut self) -> Typed {
        if self.ended {
            return std::future::pending().await;
        }
        let typed = self.lines.recv().await.unwrap_or(Typed::End);
        self.ended = typed == Typed::End;
        typed
    }
}
