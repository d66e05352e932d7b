//! One machine for all connections of a service: what one says reaches the others, and nobody waits for anybody.
//!
//! Three kinds of tasks share it. A reader a connection cuts what arrives into messages, which the machine hears under a lock that
//! is held for no longer than that. A walker a shard writes what was published, and it alone writes. A keeper calls the machine at its deadlines,
//! and hears the operator.

mod reader;
mod walker;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use labs::framing::Ending;
use labs::room::{Guest, Hall, Notice};
use labs::{Event, Machine, Now, Outbox, Peer, Transport};
use tokio::sync::Notify;

use crate::byte_stream::ByteStream;
use crate::gate::Permit;
use crate::keyboard::{Keyboard, Typed};
use crate::log::pass_lines;
use crate::serve::{RoomPlan, Serving};

pub(crate) struct Room {
    core: Mutex<Core>,
    /// One a shard: there is something to fetch.
    bells: Box<[Notify]>,
    /// A shard has fetched, so whoever waits to be read from may go on.
    fetched: Notify,
    /// The machine's deadline has come nearer.
    sooner: Notify,
    serving: Arc<Serving>,
    log_bytes_max: usize,
    too_slow: &'static str,
}

struct Core {
    machine: Box<dyn Machine + Send>,
    hall: Hall<Arc<ByteStream>, Place>,
    out: Outbox,
    /// What the keeper waits for.
    deadline: Option<Duration>,
}

/// What a member holds while it has a seat.
struct Place {
    /// Our address at which it came in, unless it was gone again at once.
    door: Option<SocketAddr>,
    _permit: Permit,
}

/// How things stand after something happened.
struct Standing {
    /// Whether the peer that it was about has a seat.
    is_seated: bool,
    /// Whether more was said than the walkers can follow.
    is_ahead: bool,
}

/// The share of the log by which those who speak may be ahead of the walkers before they are not read from.
const BACKLOG_SHARE: usize = 4;

impl Room {
    /// Starts a room: its walkers, one a core, and its keeper.
    pub(crate) fn start(plan: RoomPlan, operator: Option<Keyboard>, serving: Arc<Serving>) -> Arc<Self> {
        let RoomPlan { machine, log_bytes_max, too_slow } = plan;
        let machine = machine();
        let shards = std::thread::available_parallelism().map_or(1, usize::from);
        let deadline = machine.deadline();
        let room = Arc::new(Self {
            core: Mutex::new(Core { machine, hall: Hall::new(shards), out: Outbox::default(), deadline }),
            bells: (0..shards).map(|_| Notify::new()).collect(),
            fetched: Notify::new(),
            sooner: Notify::new(),
            serving,
            log_bytes_max,
            too_slow,
        });
        for shard in 0..shards {
            room.serving.tasks.spawn(walker::walk(Arc::clone(&room), shard));
        }
        room.serving.tasks.spawn(Arc::clone(&room).keep(operator));
        room
    }

    /// A newcomer. It is given back if one who came in by another door has the same address and port, as two who share an address may: members
    /// are told apart by them, and nobody may push another out.
    pub(crate) fn open(
        self: &Arc<Self>,
        stream: ByteStream,
        peer: SocketAddr,
        permit: Permit,
    ) -> Result<(), Arc<ByteStream>> {
        let door = stream.local_address();
        let stream = Arc::new(stream);
        let guest = loop {
            let mut core = self.lock();
            let Some(earlier) = core.hall.find(peer) else {
                break core.hall.seat(peer, Arc::clone(&stream), Place { door, _permit: permit });
            };
            if core.hall.place(earlier).is_some_and(|place| place.door != door) {
                return Err(stream);
            }
            drop(core);
            // It came back at once, before its last connection is known to be broken.
            self.lose(earlier, Event::Gone(Peer::Remote(peer)));
        };
        self.pass(Some(guest), Event::Opened(Peer::Remote(peer)));
        self.serving.tasks.spawn(reader::read(Arc::clone(self), stream, guest));
        if self.serving.shutdown.is_cancelled() {
            self.pass(None, Event::Finished(Peer::Terminal));
        }
        Ok(())
    }

    /// One event that the machine is to hear.
    fn pass(&self, about: Option<Guest>, event: Event<'_>) {
        self.happen(about, |core, now| core.machine.handle(now, event, &mut core.out));
    }

    /// A peer is gone, for whatever reason: it loses its seat even if the machine should not say so.
    fn lose(&self, guest: Guest, event: Event<'_>) {
        self.happen(Some(guest), |core, now| {
            core.machine.handle(now, event, &mut core.out);
            core.out.dismiss(guest.peer);
        });
    }

    /// Lets something happen, carries out what follows from it, wakes whom it concerns, and tells how things then stand. Nothing happens to
    /// a connection that has lost its seat.
    fn happen(&self, about: Option<Guest>, what: impl FnOnce(&mut Core, Now)) -> Standing {
        let now = self.serving.clock.now();
        let mut core = self.lock();
        let Core { out, .. } = &mut *core;
        out.clear();
        out.mute(!self.serving.log.wants_lines());
        out.begin(Ending::Lf, about.map(|guest| guest.peer));
        if about.is_none_or(|guest| core.hall.holds(guest)) {
            what(&mut core, now);
        }
        let Core { machine, hall, out, deadline } = &mut *core;
        hall.apply(out);
        pass_lines(self.serving.log.as_ref(), self.serving.service, Transport::Tcp, out);
        if let Some(store) = &self.serving.store {
            // The members do not wait for the disk.
            out.take_stored().for_each(|text| drop(store.keep(text)));
        }
        let due = machine.deadline();
        let sooner = due.is_some_and(|due| deadline.is_none_or(|set| due < set));
        if sooner {
            *deadline = due;
        }
        // Whoever waits only to see that all is over must hear of it.
        let is_over = self.serving.shutdown.is_cancelled() && hall.count() == 0;
        for (shard, bell) in self.bells.iter().enumerate() {
            if is_over || hall.has_news(shard) {
                bell.notify_one();
            }
        }
        let is_seated = about.is_some_and(|guest| hall.holds(guest));
        let is_ahead = self.is_ahead(&core);
        drop(core);
        if sooner {
            self.sooner.notify_one();
        }
        Standing { is_seated, is_ahead }
    }

    /// What is new for a shard.
    fn fetch(&self, shard: usize, notices: &mut Vec<Notice<Arc<ByteStream>>>) {
        self.lock().hall.fetch(shard, notices);
        self.fetched.notify_waiters();
    }

    fn has_news(&self, shard: usize) -> bool {
        self.lock().hall.has_news(shard)
    }

    fn backlog_bytes(&self) -> usize {
        self.lock().hall.backlog_bytes()
    }

    /// Waits until the walkers have caught up enough for more to be said.
    async fn wait_for_walkers(&self) {
        loop {
            let fetched = self.fetched.notified();
            if !self.is_ahead(&self.lock()) {
                return;
            }
            fetched.await;
        }
    }

    fn is_ahead(&self, core: &Core) -> bool {
        core.hall.backlog_bytes() > self.log_bytes_max / BACKLOG_SHARE
    }

    /// Whether everybody has gone, and a shard has nothing more to do.
    fn is_over(&self, shard: usize) -> bool {
        let core = self.lock();
        self.serving.shutdown.is_cancelled() && core.hall.count() == 0 && !core.hall.has_news(shard)
    }

    /// Calls the machine at its deadlines, passes on what the operator types, and tells it to end.
    async fn keep(self: Arc<Self>, mut operator: Option<Keyboard>) {
        loop {
            let deadline = self.lock().deadline;
            let timeout = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(self.serving.clock.instant(at)).await,
                    None => std::future::pending().await,
                }
            };
            let typed = async {
                match &mut operator {
                    Some(keyboard) => keyboard.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.serving.shutdown.cancelled() => break,
                () = self.sooner.notified() => {}
                () = timeout => self.call(),
                typed = typed => match typed {
                    Typed::Line(line) => self.obey(&line),
                    // Whoever leaves the server's terminal ends the server.
                    Typed::End => self.serving.shutdown.cancel(),
                },
            }
        }
        self.pass(None, Event::Finished(Peer::Terminal));
        // Nobody may be left to whom this is news.
        self.bells.iter().for_each(Notify::notify_one);
    }

    /// What the operator typed is answered, however quiet the server is.
    fn obey(&self, line: &str) {
        self.happen(None, |core, now| {
            core.out.mute(false);
            core.machine.handle(now, Event::Message(Peer::Terminal, line.as_bytes()), &mut core.out);
        });
    }

    /// The machine's deadline may have come, and the next is noted.
    fn call(&self) {
        self.happen(None, |core, now| {
            if core.machine.deadline().is_some_and(|at| at <= now.uptime) {
                core.machine.handle(now, Event::Timeout, &mut core.out);
            }
            core.deadline = None;
        });
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
