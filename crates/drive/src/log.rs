//! What a server has to print, for whoever prints it.

use std::net::SocketAddr;

use labs::{Outbox, Service, Tone, Transport};

/// One line a lab asks its server to print, or a complaint of the driver.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub service: Service,
    pub transport: Transport,
    /// The peer whose doing led to it.
    pub about: Option<SocketAddr>,
    pub tone: Tone,
    /// Safe for a terminal.
    pub text: &'a str,
}

/// Takes lines. It is called by the tasks that serve clients, so it must never block.
pub trait Log: Send + Sync {
    /// Whether lines that labs print are wanted at all; complaints always are.
    fn wants_lines(&self) -> bool;

    fn line(&self, line: Line<'_>);
}

/// Hands an outbox's lines on.
pub(crate) fn pass_lines(log: &dyn Log, service: Service, transport: Transport, out: &Outbox) {
    for shown in out.shown() {
        log.line(Line { service, transport, about: shown.about, tone: shown.tone, text: shown.text });
    }
}
