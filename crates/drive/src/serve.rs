//! Runs services until a signal, then ends them in order.

use std::sync::Arc;
use std::time::Duration;

use labs::framing::Rules;
use labs::{Datagrams, Machine, Service, Transport, Unanswered};
use rustls::ServerConfig;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept::{Entrance, accept};
use crate::clock::Clock;
use crate::datagram::serve_datagrams;
use crate::gate::{Gate, Limits};
use crate::keyboard::Keyboard;
use crate::listen::{BindError, Endpoint, Listen, Scheme, Socketed, bind_all};
use crate::log::Log;
use crate::room::Room;
use crate::signals::{Hangups, Signals};
use crate::store::{Store, StoreError, StorePlan, WriterEnd};
use crate::tls::{Door, Handshakes, TlsPlan};

/// Makes the machine of one connection or of one datagram socket.
pub type MakeMachine = Box<dyn Fn() -> Box<dyn Machine + Send> + Send + Sync>;

/// One service to serve.
pub struct ServicePlan {
    pub service: Service,
    pub listen: Vec<Listen>,
    pub limits: Limits,
    pub rules: Rules,
    /// What a newcomer at a full service hears, where its lab says.
    pub busy: Option<&'static str>,
    pub stream_machine: Option<MakeMachine>,
    pub datagram_machine: Option<MakeMachine>,
    /// The one machine for all connections, where they share one.
    pub room: Option<RoomPlan>,
    pub store: Option<StorePlan>,
    /// How sessions are made at places for TLS; it must be there if there are any.
    pub tls: Option<Arc<ServerConfig>>,
}

/// One machine for all connections.
pub struct RoomPlan {
    /// Makes it, once the store is open.
    pub machine: Box<dyn FnOnce() -> Box<dyn Machine + Send> + Send>,
    /// How far behind a member may read before it is dropped, in bytes of what is said in a room.
    pub log_bytes_max: usize,
    /// The line that it then hears.
    pub too_slow: &'static str,
}

impl ServicePlan {
    /// Whether it can be served over this transport.
    pub fn has_machine(&self, transport: Transport) -> bool {
        match transport {
            Transport::Tcp => self.stream_machine.is_some() || self.room.is_some(),
            Transport::Udp => self.datagram_machine.is_some(),
        }
    }
}

/// Why serving could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no certificate was given for TLS")]
    NoCertificate,
    #[error("the system gives no runtime: {0}")]
    Runtime(#[from] std::io::Error),
}

/// What all tasks of a service share.
pub(crate) struct Serving {
    pub(crate) service: Service,
    pub(crate) clock: Arc<Clock>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) gate: Arc<Gate>,
    /// Places for closed connections that are still listened to.
    pub(crate) lingering: Arc<Semaphore>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) idle_timeout: Duration,
    pub(crate) busy: Option<&'static str>,
    pub(crate) stream_machine: Option<MakeMachine>,
    pub(crate) store: Option<Store>,
}

/// How long peers have to take what they are told at shutdown.
const SHUTDOWN_MAX: Duration = Duration::from_secs(3);
/// How long the disk has to take the last texts.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// The closed connections that are still listened to, for all services together, since no limit of members counts them.
const LINGERING_MAX: usize = 1024;
/// The descriptors a server needs for itself.
const DESCRIPTORS_OWN: u64 = 64;

/// Raises the soft limit of open descriptors to the hard one and tells how many connections fit.
pub fn descriptor_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // What cannot be raised stays, and is what we tell.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = getrlimit(Resource::Nofile).current.or(current).unwrap_or(u64::MAX);
    limit.saturating_sub(DESCRIPTORS_OWN)
}

/// Binds everything, calls `ready` with what is bound, and serves until SIGINT or SIGTERM; then stops accepting, tells
/// the peers, waits for them within a bound, and flushes the store. A second signal ends the program at once. What an operator types
/// goes to the first service whose connections share a machine. `tls` must be there if any place is for TLS; SIGHUP then reads the
/// certificate anew.
///
/// # Errors
/// If an address cannot be had, a store cannot be opened, or the system gives no runtime.
pub fn serve(
    plans: Vec<ServicePlan>,
    tls: Option<TlsPlan>,
    log: Arc<dyn Log>,
    operator: Option<Keyboard>,
    ready: impl FnOnce(&[Endpoint]),
) -> Result<(), ServeError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = match cores {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build()?;
    let mut writers = Vec::new();
    let served = runtime.block_on(run(plans, tls, log, operator, ready, &mut writers));
    // With the tasks the last hands on the stores are gone, and the writers end behind the last text.
    drop(runtime);
    for writer in writers {
        writer.wait(FLUSH_MAX);
    }
    served
}

async fn run(
    plans: Vec<ServicePlan>,
    tls: Option<TlsPlan>,
    log: Arc<dyn Log>,
    mut operator: Option<Keyboard>,
    ready: impl FnOnce(&[Endpoint]),
    writers: &mut Vec<WriterEnd>,
) -> Result<(), ServeError> {
    let mut signals = Signals::listen()?;
    let lingering = Arc::new(Semaphore::new(LINGERING_MAX));
    let (clock, shutdown, tasks) = (Arc::new(Clock::start()), CancellationToken::new(), TaskTracker::new());
    let bound: Vec<_> = plans.iter().map(|plan| bind_all(plan.service, &plan.listen)).collect::<Result<_, _>>()?;
    let endpoints: Vec<Endpoint> = bound.iter().flatten().map(|(endpoint, _)| *endpoint).collect();
    let is_for_tls = |endpoint: &Endpoint| endpoint.scheme == Scheme::Tls;
    let handshakes = tls.as_ref().map(|tls| Arc::new(Handshakes::new(tls.handshake_max, tls.handshakes_max)));
    let unanswered = Unanswered::with_own(endpoints.iter().map(|endpoint| endpoint.address.port()));
    for (plan, sockets) in plans.into_iter().zip(bound) {
        let store = match plan.store {
            Some(store) => {
                let (store, writer) = Store::open(plan.service, store, Arc::clone(&log))?;
                writers.push(writer);
                Some(store)
            }
            None => None,
        };
        let serving = Arc::new(Serving {
            service: plan.service,
            clock: Arc::clone(&clock),
            log: Arc::clone(&log),
            shutdown: shutdown.clone(),
            tasks: tasks.clone(),
            gate: Gate::new(&plan.limits),
            lingering: Arc::clone(&lingering),
            rules: Arc::new(plan.rules),
            idle_timeout: plan.limits.idle_timeout,
            busy: plan.busy,
            stream_machine: plan.stream_machine,
            store,
        });
        let room = plan.room.map(|room| Room::start(room, operator.take(), Arc::clone(&serving)));
        let door = plan.tls.zip(handshakes.clone()).map(|(config, handshakes)| Door { config, handshakes });
        if door.is_none() && sockets.iter().any(|(endpoint, _)| is_for_tls(endpoint)) {
            return Err(ServeError::NoCertificate);
        }
        for (endpoint, socket) in sockets {
            match socket {
                Socketed::Stream(listener) => {
                    let door = door.clone().filter(|_| is_for_tls(&endpoint));
                    let entrance = Entrance::new(Arc::clone(&serving), room.clone(), door);
                    serving.tasks.spawn(accept(listener, entrance));
                }
                Socketed::Datagram(socket) => {
                    let Some(machine) = &plan.datagram_machine else { continue };
                    let bytes_max = serving.rules.message_bytes_max;
                    let datagrams = Datagrams::new(serving.service, machine(), unanswered.clone(), bytes_max);
                    serving.tasks.spawn(serve_datagrams(socket, datagrams, Arc::clone(&serving)));
                }
            }
        }
    }
    if let Some(TlsPlan { reread, .. }) = tls {
        tasks.spawn(reread_at_hangups(Hangups::listen()?, reread, shutdown.clone()));
    }
    ready(&endpoints);
    tokio::select! {
        () = signals.next() => {}
        () = shutdown.cancelled() => {}
    }
    shutdown.cancel();
    tasks.close();
    tokio::select! {
        _ = tokio::time::timeout(SHUTDOWN_MAX, tasks.wait()) => {}
        () = signals.next() => {}
    }
    Ok(())
}

/// As servers do that have no terminal to hang up: SIGHUP means that files have changed.
async fn reread_at_hangups(mut hangups: Hangups, reread: Arc<dyn Fn() + Send + Sync>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = hangups.next() => {
                let reread = Arc::clone(&reread);
                // One that panics has read nothing, and what was read before stays.
                let _ = tokio::task::spawn_blocking(move || reread()).await;
            }
        }
    }
}
