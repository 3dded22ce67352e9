//! The commands, and the connections that they go over.
//!
//! A connection serves one operation at a time and belongs to it until the last answer is read. An operation that is
//! dropped, or fails half-way, takes its connection with it: no answer is ever taken for that to another question.

use crate::Config;
use crate::connection::{Connection, unexpected};
use crate::server::Durability;
use crate::tls;
use crate::wire::{Reply, Request};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_rustls::TlsConnector;
use xstore_backend::{
    Bytes, Cursor, Entry, Error, ErrorKind, Key, Page, Payload, Prefix, PutOptions, Result, Space, Stat,
};

mod scan;
#[cfg(test)]
mod tests;

/// A string of Redis has at most 512 MiB; one byte less is a value in every version.
pub(crate) const MAX_VALUE: u64 = (512 << 20) - 1;

/// A time to live beyond this, some 100 000 years, is none: Redis adds it to the time of day in 64 bits.
const MAX_TTL_MILLIS: u128 = 1 << 51;

/// Asks to be told when all that this connection wrote is on the server's own disk, however long that takes.
const ON_DISK: &[&[u8]] = &[b"WAITAOF", b"1", b"0", b"0"];

/// The same with a limit in milliseconds: a server whose log is never synced would let nobody open it.
const ON_DISK_SOON: &[&[u8]] = &[b"WAITAOF", b"1", b"0", b"3000"];

/// A name that no key has, for writes whose only purpose is to be waited for.
const FENCE: &str = "@fence";

/// A server.
pub(crate) struct Client {
    config: Config,
    tls: Option<TlsConnector>,
    /// What was promised when it was opened.
    promise: Durability,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
}

/// A connection for one operation. It goes back if it owes no answer when it is dropped.
struct Lease<'a> {
    client: &'a Client,
    connection: Option<Connection>,
    _turn: SemaphorePermit<'a>,
}

impl Client {
    /// Opens the first connection, and finds out what can be promised.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        let tls = if config.is_tls() {
            let config = config.clone();
            let reading = tokio::task::spawn_blocking(move || tls::connector(&config)).await;
            Some(reading.map_err(|error| {
                Error::new(ErrorKind::Other, "reading the certificates was given up").with_source(error)
            })??)
        } else {
            None
        };
        let mut connection = Connection::open(&config, tls.as_ref()).await?;
        connection.server().check()?;
        let promise = match connection.server().durability(config.expiry()) {
            _ if !config.durable() => Durability::Volatile("its settings say so (durable)"),
            Durability::Waits => probe(&mut connection, &config).await?,
            known => known,
        };
        let turns = Semaphore::new(config.connections());
        let idle = Mutex::new(if connection.is_idle() { vec![connection] } else { Vec::new() });
        Ok(Self { config, tls, promise, idle, turns })
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) const fn promise(&self) -> Durability {
        self.promise
    }

    /// Whether it was written: otherwise there is a value already.
    pub(crate) async fn put(&self, key: &Key, data: &Payload, options: &PutOptions) -> Result<bool> {
        let key = self.name(key.as_str());
        let mut after: Vec<&[u8]> = Vec::new();
        if options.create_only {
            after.push(b"NX");
        }
        let millis = options.ttl.filter(|_| self.config.expiry()).and_then(millis);
        if let Some(millis) = &millis {
            after.extend([&b"PX"[..], millis.as_bytes()]);
        }
        let set = Request::new().command_with(&[b"SET", key.as_bytes()], data, &after);
        match self.write(set).await? {
            Reply::Status => Ok(true),
            Reply::Nothing if options.create_only => Ok(false),
            other => Err(unexpected(other)),
        }
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<()> {
        let key = self.name(key.as_str());
        match self.write(Request::new().command(&[b"DEL", key.as_bytes()])).await? {
            Reply::Number(_) => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    pub(crate) async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let key = self.name(key.as_str());
        let mut lease = self.lease().await?;
        let connection = lease.connection();
        connection.send(Request::new().command(&[b"GET", key.as_bytes()])).await?;
        let longest = usize::try_from(MAX_VALUE + 1).unwrap_or(usize::MAX);
        match connection.reply(max.min(longest)).await? {
            Reply::Value(bytes) => Ok(bytes),
            Reply::Nothing => Err(Error::new(ErrorKind::NotFound, "")),
            Reply::TooLong => Err(Error::new(ErrorKind::TooLarge, "")),
            other => Err(unexpected(other)),
        }
    }

    pub(crate) async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        if range.is_empty() {
            // GETRANGE takes -1 for the last byte, and so has no words for this.
            return self.stat(key).await.map(|_| Bytes::new());
        }
        let key = self.name(key.as_str());
        // The first byte and the last one.
        let place = |place: u64| i64::try_from(place).unwrap_or(i64::MAX).to_string();
        let (first, last) = (place(range.start), place(range.end - 1));
        let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let ask: &[&[u8]] = &[b"GETRANGE", key.as_bytes(), first.as_bytes(), last.as_bytes()];
        match self.of_existing(&key, ask, wanted).await? {
            Reply::Value(bytes) => Ok(bytes),
            other => Err(unexpected(other)),
        }
    }

    pub(crate) async fn stat(&self, key: &Key) -> Result<Stat> {
        let key = self.name(key.as_str());
        match self.of_existing(&key, &[b"STRLEN", key.as_bytes()], 0).await? {
            Reply::Number(len) => Ok(Stat::new(length(len)?)),
            other => Err(unexpected(other)),
        }
    }

    pub(crate) async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let mut lease = self.lease().await?;
        let connection = lease.connection();
        let position = match cursor {
            None => scan::Position::first(&connection.server().run_id),
            Some(cursor) => scan::Position::of(cursor, &connection.server().run_id)?,
        };
        let below = match prefix.as_str() {
            "" => self.name(""),
            prefix => self.name(&format!("{prefix}/")),
        };
        connection.send(position.request(&below)).await?;
        let (next, names) = scan::page(connection.reply(scan::MAX_NAME).await?)?;
        let own = self.name("");
        let keys = names.iter().filter_map(|name| Key::new(name.strip_prefix(&own)?).ok());
        let keys: Vec<Key> = keys.filter(|key| key.is_below(prefix)).collect();
        let entries = self.entries(connection, keys).await?;
        Ok(Page::new(entries, position.next(next)))
    }

    pub(crate) async fn space(&self) -> Result<Space> {
        let mut lease = self.lease().await?;
        lease.connection().examine().await?;
        let room = lease.connection().server().room();
        Ok(room
            .map_or_else(Space::default, |(used, max)| Space::new(Some(max.saturating_sub(used)), Some(max))))
    }

    /// The sizes of what is still there.
    async fn entries(&self, connection: &mut Connection, keys: Vec<Key>) -> Result<Vec<Entry>> {
        let mut request = Request::new();
        for key in &keys {
            let name = self.name(key.as_str());
            request = request.command(&[b"STRLEN", name.as_bytes()]).command(&[b"EXISTS", name.as_bytes()]);
        }
        connection.send(request).await?;
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            match (connection.reply(0).await?, connection.reply(0).await?) {
                // Deleted since it was found, or in between.
                (Reply::Number(_), Reply::Number(0)) => {}
                (Reply::Number(len), Reply::Number(_)) => {
                    entries.push(Entry::new(key, Stat::new(length(len)?)));
                }
                (refused @ Reply::Refused(_), _) | (_, refused) => return Err(unexpected(refused)),
            }
        }
        Ok(entries)
    }

    /// The answer of a command that says nothing about what isn't there: asked in one step with whether it is.
    async fn of_existing(&self, key: &str, ask: &[&[u8]], limit: usize) -> Result<Reply> {
        let mut lease = self.lease().await?;
        let connection = lease.connection();
        let both = Request::new().command(&[b"MULTI"]).command(&[b"EXISTS", key.as_bytes()]);
        connection.send(both.command(ask).command(&[b"EXEC"])).await?;
        for _queued in 0..3 {
            if let refused @ Reply::Refused(_) = connection.reply(0).await? {
                return Err(unexpected(refused));
            }
        }
        let answers = match connection.reply(limit).await? {
            Reply::List(answers) => <[Reply; 2]>::try_from(answers),
            other => return Err(unexpected(other)),
        };
        match answers {
            Ok([Reply::Number(0), _]) => Err(Error::new(ErrorKind::NotFound, "")),
            Ok([Reply::Number(_), answer]) => Ok(answer),
            Ok([refused, _]) => Err(unexpected(refused)),
            Err(_) => Err(unexpected(Reply::Nothing)),
        }
    }

    /// Sends a command that writes, and returns its answer when what it says is as durable as was promised.
    async fn write(&self, request: Request) -> Result<Reply> {
        let mut lease = self.lease().await?;
        let waits = lease.may_write()?;
        let connection = lease.connection();
        if !waits {
            connection.send(request).await?;
            return connection.reply(0).await;
        }
        connection.send(request.command(ON_DISK)).await?;
        let reply = connection.reply(0).await?;
        let waited = connection.reply(0).await?;
        match &reply {
            Reply::Refused(_) => {}
            // Not written by us, but maybe a moment ago by somebody who didn't hear that it is on disk.
            Reply::Nothing | Reply::Number(0) => self.fence(connection, ON_DISK).await?,
            _ => on_disk(waited)?,
        }
        Ok(reply)
    }

    /// Returns when all that the server had written before is on disk: by a write behind it that is waited for.
    async fn fence(&self, connection: &mut Connection, wait: &[&[u8]]) -> Result<()> {
        fence(connection, &self.name(FENCE), wait).await
    }

    fn name(&self, key: &str) -> String {
        name(&self.config, key)
    }

    /// A connection of one's own: one that is left over, or a new one.
    async fn lease(&self) -> Result<Lease<'_>> {
        let turn = self.turns.acquire().await;
        let turn = turn.map_err(|error| Error::new(ErrorKind::Other, "closed").with_source(error))?;
        let mut lease = Lease { client: self, connection: None, _turn: turn };
        while lease.connection.is_none() {
            let left_over = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            lease.connection = match left_over {
                None => Some(self.fresh().await?),
                Some(mut connection) => connection.is_silent().await.then_some(connection),
            };
        }
        let connection = lease.connection();
        let examined = async {
            if connection.is_due() {
                connection.examine().await?;
            }
            // Where it is refused, the next operation asks a new connection.
            connection.server().check().inspect_err(|_| connection.give_up())
        };
        examined.await.map_err(|error| error.with_may_have_written(false))?;
        Ok(lease)
    }

    async fn fresh(&self) -> Result<Connection> {
        let opened = Connection::open(&self.config, self.tls.as_ref()).await;
        opened.map_err(|error| error.with_may_have_written(false))
    }
}

impl Lease<'_> {
    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it has one until it is dropped")
    }

    /// Whether a write has to be waited for. Refused where the server keeps less than was promised.
    fn may_write(&mut self) -> Result<bool> {
        let expires = self.client.config.expiry();
        match (self.client.promise, self.connection().server().durability(expires)) {
            (Durability::Volatile(_), _) | (_, Durability::Synced) => Ok(false),
            (_, Durability::Waits) => Ok(true),
            (_, Durability::Volatile(reason)) => {
                self.connection().give_up();
                let message = format!("the server isn't durable any more: {reason}");
                let error = Error::new(ErrorKind::Unavailable, message);
                Err(error.with_retryable(false).with_may_have_written(false))
            }
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(Connection::is_idle) {
            self.client.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// Whether the server really tells when a write is on disk: the user may not be allowed to ask, and where nobody may
/// ask how the log is synced, it may be never.
async fn probe(connection: &mut Connection, config: &Config) -> Result<Durability> {
    match fence(connection, &name(config, FENCE), ON_DISK_SOON).await {
        Ok(()) => Ok(Durability::Waits),
        Err(error) if error.kind() == ErrorKind::AuthFailed => Ok(Durability::Volatile(
            "the user may not ask when writes are on disk: allow waitaof and pexpire, or set appendfsync always",
        )),
        Err(error) if error.kind() == ErrorKind::Timeout => {
            Ok(Durability::Volatile("its log is not on disk within 3 seconds: set appendfsync always"))
        }
        Err(error) => Err(error),
    }
}

/// A write and the wait for it. Where the fence stands, giving it a new time to live is a write that a server whose
/// memory is full takes, too.
async fn fence(connection: &mut Connection, name: &str, wait: &[&[u8]]) -> Result<()> {
    const A_YEAR: &[u8] = b"31536000000";
    for write in [&[b"PEXPIRE", name.as_bytes(), A_YEAR][..], &[b"SET", name.as_bytes(), b"", b"PX", A_YEAR]]
    {
        connection.send(Request::new().command(write).command(wait)).await?;
        let reply = connection.reply(0).await?;
        let waited = connection.reply(0).await?;
        match reply {
            Reply::Number(0) => continue,
            Reply::Number(_) | Reply::Status => return on_disk(waited),
            other => return Err(unexpected(other)),
        }
    }
    Err(unexpected(Reply::Nothing))
}

/// The answer of `WAITAOF`: how many disks of its own the server has synced, 0 or 1, and how many replicas have.
fn on_disk(waited: Reply) -> Result<()> {
    match waited {
        Reply::List(counts) if counts.first() == Some(&Reply::Number(1)) => Ok(()),
        Reply::List(_) => Err(Error::new(ErrorKind::Timeout, "the server's log isn't on disk")),
        // The write itself was done.
        other => Err(unexpected(other).with_may_have_written(true)),
    }
}

fn name(config: &Config, key: &str) -> String {
    match config.prefix().as_str() {
        "" => key.to_owned(),
        prefix => format!("{prefix}:{key}"),
    }
}

/// In whole milliseconds, at least one; None for what never comes.
fn millis(ttl: Duration) -> Option<String> {
    let millis = ttl.as_nanos().div_ceil(1_000_000).max(1);
    (millis <= MAX_TTL_MILLIS).then(|| millis.to_string())
}

fn length(len: i64) -> Result<u64> {
    u64::try_from(len).map_err(|_| unexpected(Reply::Nothing))
}
