//! The floor of chat: what one client writes goes to all others, unread, with one write for each.

use std::convert::Infallible;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use rustix::event::epoll::{self, CreateFlags, EventData};
use rustix::net::listen;

use crate::floor::{BUFFER_BYTES, EVENTS_MAX, LISTENER, READABLE_EDGE, announce, wait};

/// Newcomers that may wait until they are taken.
const BACKLOG: i32 = 4096;

/// One thread, one room, no names.
pub(crate) struct Chat {
    listener: TcpListener,
    epoll: OwnedFd,
    /// By the number under which it is watched; closed ones leave a hole, since a floor does not live long.
    streams: Vec<Option<TcpStream>>,
}

impl Chat {
    pub(crate) fn bind() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listen(&listener, BACKLOG)?;
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), READABLE_EDGE)?;
        Ok(Self { listener, epoll, streams: Vec::new() })
    }

    pub(crate) fn serve(mut self) -> Result<Infallible> {
        announce("tcp", self.listener.local_addr()?)?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            wait(&self.epoll, &mut events)?;
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    index => self.pass_on(index as usize, &mut buffer),
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => bail!("accept: {error}"),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            epoll::add(&self.epoll, &stream, EventData::new_u64(self.streams.len() as u64), READABLE_EDGE)?;
            self.streams.push(Some(stream));
        }
    }

    /// Passes on what one read takes; whoever does not take it whole is cut off, and the load will complain.
    fn pass_on(&mut self, from: usize, buffer: &mut [u8]) {
        let Some(stream) = &mut self.streams[from] else { return };
        let said = match stream.read(buffer) {
            Ok(size) if size > 0 => &buffer[..size],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {
                self.streams[from] = None;
                return;
            }
        };
        for (to, other) in self.streams.iter_mut().enumerate() {
            let Some(stream) = other.as_mut().filter(|_| to != from) else { continue };
            if !stream.write(said).is_ok_and(|sent| sent == said.len()) {
                *other = None;
            }
        }
    }
}
