//! The memory that the kernel fills with frames: `TPACKET_V3`, Documentation/networking/packet_mmap.rst of Linux.
#![allow(unsafe_code, reason = "the ring is shared with the kernel")]

use std::io;
use std::mem::offset_of;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{c_int, c_uint, tpacket_hdr_v1, tpacket_req3, tpacket_stats_v3};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// A block holds at least the largest frame of loopback, 64 KiB and its headers.
const BLOCK_BYTES: usize = 128 * 1024;
/// Frames are packed; this only has to divide the block.
const FRAME_BYTES: usize = 2048;

/// Where a block's own header, `tpacket_hdr_v1`, begins: after `version` and `offset_to_priv` of `tpacket_block_desc`.
pub(super) const BLOCK_HEADER: usize = 8;

/// How much room a ring has, in memory and in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) blocks: usize,
    /// A block that is not full is handed over after so many milliseconds.
    pub(super) retire: c_uint,
}

/// The blocks, in the order in which the kernel fills them.
#[derive(Debug)]
pub(super) struct Ring {
    memory: NonNull<u8>,
    blocks: usize,
    next: usize,
}

// SAFETY: the memory is this value's alone, and is not bound to a thread.
unsafe impl Send for Ring {}

/// What the kernel has counted since the ring was made, or since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Frames that passed the filter, with those dropped.
    pub(super) passed: u64,
    /// Frames for which the ring had no room.
    pub(super) dropped: u64,
}

impl Ring {
    /// Gives a packet socket its ring.
    pub(super) fn new(socket: &impl AsFd, room: Room) -> io::Result<Self> {
        let blocks = room.blocks;
        set(socket, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))?;
        let request = tpacket_req3 {
            tp_block_size: BLOCK_BYTES as c_uint,
            tp_block_nr: blocks as c_uint,
            tp_frame_size: FRAME_BYTES as c_uint,
            tp_frame_nr: (blocks * BLOCK_BYTES / FRAME_BYTES) as c_uint,
            tp_retire_blk_tov: room.retire,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(socket, libc::PACKET_RX_RING, &request)?;
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping at a place of the kernel's choice, which no other memory overlaps.
        let memory = unsafe { mmap(std::ptr::null_mut(), blocks * BLOCK_BYTES, protection, flags, socket, 0) }?;
        let memory = NonNull::new(memory.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { memory, blocks, next: 0 })
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// Shows the next block, if the kernel has handed it over, and gives it back; tells whether there was one.
    pub(super) fn take(&mut self, show: impl FnOnce(&[u8])) -> bool {
        let start = self.next * BLOCK_BYTES;
        // SAFETY: `next` is below `blocks`, so the block lies inside the mapping; it is aligned to its size.
        let block = unsafe { self.memory.add(start) };
        let status = BLOCK_HEADER + offset_of!(tpacket_hdr_v1, block_status);
        // SAFETY: the status is a u32 inside the block, aligned to 4 bytes; kernel and program both use it as an atomic.
        let status = unsafe { AtomicU32::from_ptr(block.add(status).as_ptr().cast()) };
        if status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return false;
        }
        // SAFETY: between the status TP_STATUS_USER and TP_STATUS_KERNEL the block is ours, and the kernel leaves it alone.
        show(unsafe { std::slice::from_raw_parts(block.as_ptr(), BLOCK_BYTES) });
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.blocks;
        true
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, whose bytes nobody else has: `take` lends them only while it runs.
        // It cannot fail for a mapping that is there.
        let _ = unsafe { munmap(self.memory.as_ptr().cast(), self.blocks * BLOCK_BYTES) };
    }
}

/// Hands over only what comes in, not also what goes out: on loopback all that goes out comes in. Linux 4.20.
pub(super) fn ignore_outgoing(socket: &impl AsFd) -> io::Result<()> {
    set(socket, libc::PACKET_IGNORE_OUTGOING, &1)
}

/// Asks the kernel for its counts, which begin anew with it.
pub(super) fn counted(socket: &impl AsFd) -> io::Result<Counted> {
    let mut counts = tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
    let mut length = size_of_val(&counts) as libc::socklen_t;
    let descriptor = socket.as_fd().as_raw_fd();
    let to = (&raw mut counts).cast();
    // SAFETY: the kernel writes at most `length` bytes to `counts`, which is plain integers and lives longer than the call.
    let result =
        unsafe { libc::getsockopt(descriptor, libc::SOL_PACKET, libc::PACKET_STATISTICS, to, &raw mut length) };
    if result == 0 {
        Ok(Counted { passed: counts.tp_packets.into(), dropped: counts.tp_drops.into() })
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Binds a packet socket to an interface, from where on it receives; tells the kind of hardware (`ARPHRD_…`).
pub(super) fn bind(socket: &socket2::Socket, interface: u32) -> io::Result<u16> {
    // SAFETY: the kernel reads and writes the whole `sockaddr_ll`, which the storage holds and which is plain integers.
    let own = |index: c_int| unsafe {
        socket2::SockAddr::try_init(|storage, length| {
            let address: *mut libc::sockaddr_ll = storage.cast();
            (*address).sll_family = libc::AF_PACKET as u16;
            (*address).sll_protocol = (libc::ETH_P_ALL as u16).to_be();
            (*address).sll_ifindex = index;
            *length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            Ok(())
        })
    };
    let index = c_int::try_from(interface).map_err(|_error| io::ErrorKind::InvalidInput)?;
    socket.bind(&own(index)?.1)?;
    let bound = socket.local_addr()?;
    // SAFETY: the address of a packet socket is a `sockaddr_ll`, and the storage is large enough for any address.
    Ok(unsafe { (*bound.as_ptr().cast::<libc::sockaddr_ll>()).sll_hatype })
}

fn set<T>(socket: &impl AsFd, option: c_int, value: &T) -> io::Result<()> {
    let descriptor = socket.as_fd().as_raw_fd();
    let from = std::ptr::from_ref(value).cast();
    // SAFETY: the kernel reads `value`, of exactly the length told, and keeps no pointer to it.
    let result =
        unsafe { libc::setsockopt(descriptor, libc::SOL_PACKET, option, from, size_of::<T>() as libc::socklen_t) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
