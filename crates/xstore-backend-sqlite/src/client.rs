//! Who uses which connection when: one writes, a few read, all on the blocking pool.

use crate::connection::{Role, empty_log, open};
use crate::error::{Failure, full};
use crate::place::{Place, Watch, folder_of, space};
use crate::{Config, schema};
use rusqlite::Connection;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;
use xstore_backend::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// Reads that run at once.
const READERS: u32 = 4;
/// Bytes of the log from which on the next write empties it, for which the reads of this process pause: 64 MiB. It
/// only gets there by a large value, or where reads overlap without end.
const LONG_LOG: u64 = 64 << 20;

/// A database that is open. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    config: Config,
    watch: Watch,
    writer: Lane,
    readers: Lane,
    /// Bytes of the log after the last operation.
    log: AtomicU64,
    /// See [`LONG_LOG`].
    long_log: u64,
    /// The last write failed, and the log may hold the beginning of it.
    is_log_littered: AtomicBool,
    /// Never used: while it is open, nobody removes the log. Else the last connection to close would do so, and the
    /// log that the next one makes would be another file. Dropped last.
    _anchor: Mutex<Connection>,
}

/// Connections of one kind, at most so many as there are permits. They are opened when needed.
struct Lane {
    role: Role,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Client {
    /// Opens a database that exists and is ours. Blocks.
    pub(crate) fn open(config: Config) -> Result<Self, Error> {
        let (watch, anchor) = open_watched(&config).map_err(|failure| explain(failure, config.path()))?;
        Ok(Self(Arc::new(Inner {
            config,
            watch,
            writer: Lane::new(Role::Write, 1),
            readers: Lane::new(Role::Read, READERS),
            log: AtomicU64::new(0),
            long_log: LONG_LOG,
            is_log_littered: AtomicBool::new(false),
            _anchor: Mutex::new(anchor),
        })))
    }

    /// The same, made before where there is none. Blocks.
    pub(crate) fn create(config: Config) -> Result<Self, Error> {
        schema::create(config.path()).map_err(|failure| explain(failure, folder_of(config.path())))?;
        Self::open(config)
    }

    /// Runs a transaction that only reads.
    ///
    /// A future that is dropped before its turn does nothing; later, the work goes on without it.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Watch) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.0);
        let permit = permit(&inner.readers, 1).await?;
        blocking(move || {
            let result = inner.run(&inner.readers, work);
            drop(permit);
            result
        })
        .await
    }

    /// Runs a transaction that writes. Dropping works as with [`read`](Self::read).
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Watch) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.0);
        let turn = permit(&inner.writer, 1).await?;
        // Readers never wait for the writer, so this ends.
        let quiet = if inner.is_log_long() { Some(permit(&inner.readers, READERS).await?) } else { None };
        blocking(move || {
            if quiet.is_some() {
                inner.tidy()?;
            }
            drop(quiet);
            let result = inner.run(&inner.writer, work);
            inner.is_log_littered.store(result.is_err(), Ordering::Relaxed);
            if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::QuotaExceeded) {
                // Others need the room more than the beginning of a value. What came of the write is known already.
                let _ = inner.tidy();
            }
            drop(turn);
            result
        })
        .await
    }

    /// How it is used.
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Inner {
    /// One transaction on one connection, on files that are the right ones before and after.
    ///
    /// After, too: what is read from a file that somebody took away says nothing about what isn't there, and what
    /// is written to it is lost.
    fn run<T>(
        &self,
        lane: &Lane,
        work: impl FnOnce(&mut Connection, &Watch) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.watch.check().map_err(|error| error.with_may_have_written(false))?;
        let mut connection = lane
            .take(self.watch.file(), &self.config)
            .map_err(|failure| explain(failure, self.watch.file()))?;
        let result = work(&mut connection, &self.watch);
        self.log.store(self.watch.check()?, Ordering::Relaxed);
        lane.give_back(connection);
        result.map_err(|failure| explain(failure, self.watch.file()))
    }

    fn is_log_long(&self) -> bool {
        let log = self.log.load(Ordering::Relaxed);
        log > self.long_log || (log > 0 && self.is_log_littered.load(Ordering::Relaxed))
    }

    /// Empties the log. Nobody of this process reads now.
    fn tidy(&self) -> Result<(), Error> {
        self.run(&self.writer, |connection, _| {
            // A log that stays is no reason to refuse the write.
            if let Err(failure) = empty_log(connection, &self.config) {
                let error = failure.into_error();
                tracing::warn!(error = %error, "the write-ahead log can't be emptied now");
            }
            Ok(())
        })
    }
}

impl Lane {
    fn new(role: Role, connections: u32) -> Self {
        let permits = Arc::new(Semaphore::new(connections as usize));
        Self { role, permits, idle: Mutex::default() }
    }

    fn take(&self, file: &Path, config: &Config) -> Result<Connection, Failure> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open(file, config, self.role), Ok)
    }

    /// One with a transaction that couldn't be ended isn't used again: closing it ends that.
    fn give_back(&self, connection: Connection) {
        if connection.is_autocommit() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// Opens the first connection, and makes sure that it is to the file that was looked at.
fn open_watched(config: &Config) -> Result<(Watch, Connection), Failure> {
    // Some layered file systems copy a file when it is first opened for writing, and then it is another one.
    let mut attempts = 3;
    loop {
        let place = Place::find(config.path())?;
        schema::peek(place.file())?;
        let connection = open(place.file(), config, Role::Write)?;
        // Reading opens the log.
        schema::verify(&connection)?;
        attempts -= 1;
        match place.watch() {
            Ok(watch) => return Ok((watch, connection)),
            Err(error) if attempts == 0 => return Err(error.into()),
            Err(_) => {}
        }
    }
}

/// The error for the caller. Where there is no room, not every failure says so.
fn explain(failure: Failure, path: &Path) -> Error {
    const NOTHING: u64 = 64 << 10;
    let is_full = || space(path).is_ok_and(|space| space.free.is_some_and(|free| free < NOTHING));
    if failure.is_io() && is_full() {
        let error = failure.into_error();
        return full("the disk is full").with_may_have_written(error.may_have_written()).with_source(error);
    }
    failure.into_error()
}

async fn permit(lane: &Lane, count: u32) -> Result<OwnedSemaphorePermit, Error> {
    let closed = |_| Error::new(ErrorKind::Other, "the database is being closed");
    Arc::clone(&lane.permits).acquire_many_owned(count).await.map_err(closed)
}

/// Runs it on the blocking pool.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let lost = |error: JoinError| {
        let message =
            if error.is_cancelled() { "the runtime is shutting down" } else { "an operation panicked" };
        Error::new(ErrorKind::Other, message)
    };
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}
