//! The floor of chat: what clients write goes to all others, unread, with the fewest writes: what lies ready at one time goes to
//! each with one.

use std::convert::Infallible;
use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;

use anyhow::Result;
use rustix::event::epoll::{self, CreateFlags, EventData};
use rustix::net::listen;

use crate::floor::{BUFFER_BYTES, EVENTS_MAX, LISTENER, READABLE_EDGE, accept_all, announce, wait};

/// Newcomers that may wait until they are taken.
const BACKLOG: i32 = 4096;

/// One thread, one room, no names.
pub(crate) struct Chat {
    listener: TcpListener,
    epoll: OwnedFd,
    /// By the number under which it is watched; closed ones leave a hole, since a floor does not live long.
    streams: Vec<Option<TcpStream>>,
    /// What was said and is not passed on yet.
    said: Vec<u8>,
    /// Who said which part of it.
    shares: Vec<(usize, Range<usize>)>,
}

impl Chat {
    pub(crate) fn bind() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listen(&listener, BACKLOG)?;
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), READABLE_EDGE)?;
        Ok(Self { listener, epoll, streams: Vec::new(), said: Vec::new(), shares: Vec::new() })
    }

    pub(crate) fn serve(mut self) -> Result<Infallible> {
        announce("tcp", self.listener.local_addr()?)?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            wait(&self.epoll, &mut events)?;
            for event in &events {
                match event.data.u64() {
                    LISTENER => accept_all(&self.listener, &self.epoll, &mut self.streams)?,
                    index => self.hear(index as usize, &mut buffer),
                }
            }
            self.pass_on();
        }
    }

    /// Takes what one read takes.
    fn hear(&mut self, from: usize, buffer: &mut [u8]) {
        let Some(stream) = &mut self.streams[from] else { return };
        match stream.read(buffer) {
            Ok(size) if size > 0 => {
                let start = self.said.len();
                self.said.extend_from_slice(&buffer[..size]);
                self.shares.push((from, start..start + size));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => self.streams[from] = None,
        }
    }

    /// Passes it on; whoever does not take it whole is cut off, and the load will complain.
    fn pass_on(&mut self) {
        let Self { streams, said, shares, .. } = self;
        if shares.is_empty() {
            return;
        }
        for (to, other) in streams.iter_mut().enumerate() {
            let Some(stream) = other else { continue };
            let is_silent = shares.iter().all(|(from, _)| *from != to);
            let (written, owed) =
                if is_silent { (stream.write(said), said.len()) } else { write_shares(stream, to, said, shares) };
            if !written.is_ok_and(|written| written == owed) {
                *other = None;
            }
        }
        said.clear();
        shares.clear();
    }
}

/// Writes what others said to one that said something itself; tells how much was to be written, too.
fn write_shares(
    stream: &mut TcpStream,
    to: usize,
    said: &[u8],
    shares: &[(usize, Range<usize>)],
) -> (io::Result<usize>, usize) {
    let others = shares.iter().filter(|(from, _)| *from != to);
    let pieces: Vec<_> = others.map(|(_, range)| IoSlice::new(&said[range.clone()])).collect();
    let owed = pieces.iter().map(|piece| piece.len()).sum();
    (if owed == 0 { Ok(0) } else { stream.write_vectored(&pieces) }, owed)
}
