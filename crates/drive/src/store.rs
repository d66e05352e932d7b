//! Keeps texts on disk: many that arrive together share one commit.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use labs::{Event, Outbox, Peer, Service, Shelf, Tone};
use redb::{Database, ReadableDatabase, TableDefinition};
use tokio::sync::oneshot;

use crate::log::{Line, Log};

/// What a service keeps on disk.
pub struct StorePlan {
    pub path: PathBuf,
    /// Shows what the file holds.
    pub shelf: Shelf,
    pub keep: Keep,
    /// How the user chooses another file.
    pub flag: &'static str,
}

/// Which texts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All, also on the shelf.
    All,
    /// The last so many; the shelf shows those that an earlier run left.
    Last(u64),
}

/// The texts that share a commit at most.
const GROUP_MAX: usize = 4096;

/// The store's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the store {} cannot be used: {reason}. Choose another file with {flag}", path.display())]
pub struct StoreError {
    pub path: PathBuf,
    pub flag: &'static str,
    pub reason: String,
}

/// One task's texts on their way to the disk, oldest first.
#[derive(Default)]
pub(crate) struct Tickets(VecDeque<oneshot::Receiver<Option<usize>>>);

impl Tickets {
    /// Hands an outbox's texts to the store.
    pub(crate) fn keep(&mut self, store: Option<&Store>, out: &mut Outbox) {
        if let Some(store) = store {
            self.0.extend(out.take_stored().map(|text| store.keep(text)));
        }
    }

    /// Whether a text is on its way to the disk.
    pub(crate) fn are_out(&self) -> bool {
        !self.0.is_empty()
    }

    /// What became of the oldest text; pending as long as there is none.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Stored> {
        let Some(oldest) = self.0.front_mut() else { return Poll::Pending };
        let kept = ready!(Pin::new(oldest).poll(cx));
        self.0.pop_front();
        Poll::Ready(Stored::new(kept))
    }

    /// Waits for what becomes of the oldest text; none if there is none.
    pub(crate) async fn next(&mut self) -> Option<Stored> {
        Some(Stored::new(self.0.pop_front()?.await))
    }
}

/// What became of a text: its place on the shelf, or that it could not be kept.
pub(crate) struct Stored(Option<String>);

impl Stored {
    /// A writer that is gone keeps nothing.
    fn new(kept: Result<Option<usize>, oneshot::error::RecvError>) -> Self {
        Self(kept.ok().flatten().map(|place| place.to_string()))
    }

    /// As the machine hears it.
    pub(crate) fn event(&self) -> Event<'_> {
        match &self.0 {
            Some(place) => Event::Message(Peer::Store, place.as_bytes()),
            None => Event::Gone(Peer::Store),
        }
    }
}

struct Order {
    text: Vec<u8>,
    kept: oneshot::Sender<Option<usize>>,
}

/// Takes texts to keep. How many may be on their way is bounded by the [`Shelf`]'s places.
#[derive(Clone)]
pub(crate) struct Store(Sender<Order>);

impl Store {
    /// Opens or creates the file, fills the shelf with what it holds, and starts the thread that writes.
    pub(crate) fn open(service: Service, plan: StorePlan, log: Arc<dyn Log>) -> Result<(Self, WriterEnd), StoreError> {
        let StorePlan { path, shelf, keep, flag } = plan;
        let failed = |error: &dyn std::fmt::Display| {
            let (path, reason) = (path.clone(), error.to_string());
            StoreError { path, flag, reason }
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let mut writer = Writer { service, path: path.clone(), database: None, shelf, keep, log, next: 0 };
        let database = writer.open_database().map_err(|error| {
            let open = matches!(error, redb::Error::DatabaseAlreadyOpen);
            if open { failed(&"another socketlab has it open") } else { failed(&error) }
        })?;
        writer.database = Some(database);
        let (sender, orders) = channel();
        let (end, ended) = channel();
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            writer.run(&orders);
            drop(end);
        });
        thread.map_err(|error| failed(&error))?;
        Ok((Self(sender), WriterEnd(ended)))
    }

    pub(crate) fn keep(&self, text: Vec<u8>) -> oneshot::Receiver<Option<usize>> {
        let (kept, ticket) = oneshot::channel();
        // A writer that is gone drops the order, and the ticket then says that the text was not kept.
        let _ = self.0.send(Order { text, kept });
        ticket
    }
}

/// The end of a store's thread.
pub(crate) struct WriterEnd(Receiver<()>);

impl WriterEnd {
    /// Waits until everything is on disk, but not for ever. The last hand on the store is to be gone.
    pub(crate) fn wait(&self, bound: Duration) {
        // It says nothing, it only ends.
        let _ = self.0.recv_timeout(bound);
    }
}

struct Writer {
    service: Service,
    path: PathBuf,
    /// None after a failure: a database that failed once refuses everything until it is opened again.
    database: Option<Database>,
    shelf: Shelf,
    keep: Keep,
    log: Arc<dyn Log>,
    next: u64,
}

impl Writer {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let mut group = vec![first];
            group.extend(orders.try_iter().take(GROUP_MAX - 1));
            let committed = self.commit(&group);
            let kept = committed.is_ok();
            if let Err(error) = committed {
                self.complain(&format!("{} texts could not be saved: {error}", group.len()));
            }
            for Order { text, kept: answer } in group {
                let place = self.show(&text, kept);
                // Who no longer waits does not need to know.
                let _ = answer.send(place);
            }
        }
    }

    /// Puts a text that is safe on the shelf, and tells its place there.
    fn show(&self, text: &[u8], kept: bool) -> Option<usize> {
        if self.keep != Keep::All {
            return None;
        }
        let place = kept.then(|| self.shelf.push(text));
        if place.is_none() {
            self.shelf.release(text.len());
        }
        place
    }

    fn table(&self) -> TableDefinition<'static, u64, &'static [u8]> {
        TableDefinition::new(self.service.name())
    }

    /// Opens the file, and puts on the shelf what it holds beyond what is there: a commit that failed may have been made all the same.
    fn open_database(&mut self) -> Result<Database, redb::Error> {
        let database = Database::create(&self.path)?;
        let write = database.begin_write()?;
        write.open_table(self.table())?;
        write.commit()?;
        for entry in database.begin_read()?.open_table(self.table())?.range(self.next..)? {
            let (place, text) = entry?;
            self.shelf.load(text.value());
            self.next = place.value() + 1;
        }
        Ok(database)
    }

    fn commit(&mut self, group: &[Order]) -> Result<(), redb::Error> {
        let database = match self.database.take() {
            Some(database) => database,
            None => self.open_database()?,
        };
        let write = database.begin_write()?;
        let mut next = self.next;
        {
            let mut table = write.open_table(self.table())?;
            for order in group {
                table.insert(next, order.text.as_slice())?;
                next += 1;
            }
            if let Keep::Last(count) = self.keep {
                table.retain_in(..next.saturating_sub(count), |_, _| false)?;
            }
        }
        write.commit()?;
        self.next = next;
        self.database = Some(database);
        Ok(())
    }

    fn complain(&self, text: &str) {
        let (service, tone) = (self.service, Tone::Complain);
        let transport = service.usual_transports()[0];
        self.log.line(Line { service, transport, about: None, tone, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use labs::ShelfLimits;
    use std::path::Path;

    struct Silent;

    impl Log for Silent {
        fn wants_lines(&self) -> bool {
            false
        }

        fn line(&self, line: Line<'_>) {
            panic!("nothing is to be told, but: {}", line.text);
        }
    }

    fn silent() -> Arc<dyn Log> {
        Arc::new(Silent)
    }

    fn shelf() -> Shelf {
        Shelf::new(ShelfLimits { texts_max: 100, bytes_max: 1000 })
    }

    fn plan(path: &Path, shelf: &Shelf) -> StorePlan {
        StorePlan { path: path.to_owned(), shelf: shelf.clone(), keep: Keep::All, flag: "--store FILE" }
    }

    #[test]
    fn only_the_last_are_kept_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.redb");
        let last = |shelf: &Shelf| StorePlan { keep: Keep::Last(3), ..plan(&path, shelf) };
        let (store, end) = Store::open(Service::Chat, last(&shelf()), silent()).unwrap();
        (0..10).for_each(|text| drop(store.keep(vec![b'0' + text])));
        drop(store);
        end.wait(Duration::from_secs(60));
        let shelf = shelf();
        let _store = Store::open(Service::Chat, last(&shelf), silent()).unwrap();
        let texts: Vec<_> = (0..shelf.count()).map(|place| shelf.get(place).unwrap()[0]).collect();
        assert_eq!(texts, b"789");
    }

    #[test]
    fn texts_are_there_after_a_restart_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/board.redb");
        for run in 0..3u8 {
            let shelf = shelf();
            let (store, end) = Store::open(Service::Board, plan(&path, &shelf), silent()).unwrap();
            assert_eq!(shelf.count(), usize::from(run) * 2);
            let tickets: Vec<_> = (0..2).map(|text| store.keep(vec![b'0' + run * 2 + text])).collect();
            assert!(tickets.into_iter().all(|ticket| ticket.blocking_recv().unwrap().is_some()));
            drop(store);
            end.wait(Duration::from_secs(60));
        }
        let shelf = shelf();
        let _store = Store::open(Service::Board, plan(&path, &shelf), silent()).unwrap();
        let texts: Vec<_> = (0..shelf.count()).map(|place| shelf.get(place).unwrap()[0]).collect();
        assert_eq!(texts, b"012345");
    }

    #[test]
    fn a_file_in_use_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.redb");
        let _open = Store::open(Service::Board, plan(&path, &shelf()), silent()).unwrap();
        let error = Store::open(Service::Board, plan(&path, &shelf()), silent()).err().unwrap().to_string();
        assert!(error.contains("--store"), "{error}");
    }
}
