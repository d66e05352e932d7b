//! One member of the soak's room.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use rustix::io::{Errno, write};
use rustix::net::{RecvFlags, recv, sockopt};

/// More than comes between most looks.
const PIECE_BYTES: usize = 16 * 1024;

pub(crate) struct Member {
    pub(crate) name: String,
    socket: TcpStream,
    /// Lines said, each with its number.
    pub(crate) said: u64,
    piece: Vec<u8>,
}

impl Member {
    /// Connects and says its name.
    pub(crate) fn join(address: SocketAddr, name: String) -> Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        // Unless it says `quit`, it vanishes by a reset.
        sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        let member = Self { name, socket, said: 0, piece: Vec::new() };
        member.write(format!("{}\n", member.name).as_bytes())?;
        Ok(member)
    }

    pub(crate) fn say(&mut self) -> Result<()> {
        self.said += 1;
        self.write(format!("{} {:.>40}\n", self.said, self.name).as_bytes())
    }

    pub(crate) fn quit(&self) -> Result<()> {
        self.write(b"quit\n")
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
        let size = write(&self.socket, bytes)?;
        ensure!(size == bytes.len(), "what {} said was not taken whole", self.name);
        Ok(())
    }

    /// Takes what has come, unread; says whether the server has closed.
    pub(crate) fn discard(&self) -> Result<bool> {
        let mut piece = [0; PIECE_BYTES];
        loop {
            match recv(&self.socket, &mut piece, RecvFlags::TRUNC) {
                Ok((0, _)) | Err(Errno::CONNRESET) => return Ok(true),
                Ok(_) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(error) => bail!("{}: {error}", self.name),
            }
        }
    }

    /// Takes what has come, line by line.
    pub(crate) fn hear(&mut self, mut line: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut bytes = [0; PIECE_BYTES];
        loop {
            match recv(&self.socket, &mut bytes, RecvFlags::empty()) {
                Ok((0, _)) => bail!("the server closed the connection of {}", self.name),
                Ok((size, _)) => self.piece.extend_from_slice(&bytes[..size]),
                Err(Errno::AGAIN) => break,
                Err(error) => bail!("{}: {error}", self.name),
            }
        }
        let whole = self.piece.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.piece[..whole]
            .split_inclusive(|&byte| byte == b'\n')
            .try_for_each(|said| line(&said[..said.len() - 1]))?;
        self.piece.drain(..whole);
        Ok(())
    }
}
