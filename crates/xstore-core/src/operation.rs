//! Operations as values: configured first, then awaited.

use crate::Event;
#[cfg(doc)]
use crate::code::Code;
use crate::delete::Deleted;
use crate::error::Result;
use crate::event::Progress;
use crate::get::To;
use crate::put::Source;
use crate::store::Store;
use crate::sweep::Swept;
use crate::ticket::Ticket;
use crate::verify::{Depth, Report};
use futures_util::future::BoxFuture;
use std::fmt;
use std::ops::Range;
use std::time::Duration;
use tokio::io::AsyncWrite;
use xstore_manifest::Manifest;

pub use change::{Migrate, Repair, Reshare};

/// What all operations have in common.
struct Common {
    store: Store,
    progress: Progress,
    deadline: Option<Duration>,
}

impl Common {
    fn new(store: Store) -> Self {
        Self { store, progress: Progress::none(), deadline: None }
    }

    /// The operation within its time. What it was doing when the time ran out is dropped.
    async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.deadline {
            None => work.await,
            Some(limit) => {
                tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(crate::put::too_late(limit)))
            }
        }
    }
}

macro_rules! operation {
    ($name:ident < $lt:lifetime > -> $output:ty) => {
        impl<$lt> $name<$lt> {
            /// Calls `listener` with every event, on a thread of its own: a slow listener doesn't slow the operation,
            /// and the result may be there before the last event was handled.
            pub fn on_progress(mut self, listener: impl FnMut(Event) + Send + 'static) -> Self {
                self.common.progress = Progress::callback(listener);
                self
            }

            /// Sends every event to a channel, made by [`Progress::channel`].
            pub fn progress(mut self, progress: Progress) -> Self {
                self.common.progress = progress;
                self
            }

            /// Gives up after this time, with [`Code::Cancelled`].
            pub fn deadline(mut self, limit: Duration) -> Self {
                self.common.deadline = Some(limit);
                self
            }
        }

        impl<$lt> IntoFuture for $name<$lt> {
            type Output = Result<$output>;
            type IntoFuture = BoxFuture<$lt, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.run())
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("store", &self.common.store).finish_non_exhaustive()
            }
        }
    };
}

// Behind the macro, which it uses, too.
mod change;

/// Stores an object; see [`Store::put`]. Await it for the manifest.
///
/// # Errors
/// [`Code::ShareUploadFailed`] and [`Code::InsufficientBackends`] with every backend that failed;
/// [`Code::LayoutRefused`], [`Code::ConfigInvalid`], [`Code::KeyUnavailable`], [`Code::SourceFailed`],
/// [`Code::SinkFailed`] from the ticket's journal, [`Code::ReconstructionFailed`] where this machine computes wrongly.
/// What had been written is removed then.
///
/// # Cancel safety
/// Dropped, it may leave shares; its [ticket](Self::ticket) knows them. At its deadline it removes what it wrote, as
/// after any other failure.
#[must_use = "nothing happens before it is awaited"]
pub struct Put<'a> {
    common: Common,
    name: String,
    source: Source<'a>,
    ticket: Option<Ticket>,
    ttl: Option<Option<Duration>>,
}

operation!(Put<'a> -> Manifest);

impl<'a> Put<'a> {
    pub(crate) fn new(store: Store, name: String, source: Source<'a>) -> Self {
        Self { common: Common::new(store), name, source, ticket: None, ttl: None }
    }

    /// Puts under a ticket that [`Store::begin`] made for the same name; it can be used once.
    pub fn ticket(mut self, ticket: &Ticket) -> Self {
        self.ticket = Some(ticket.clone());
        self
    }

    /// Another time to live than the store's; None for ever.
    pub fn ttl(mut self, ttl: Option<Duration>) -> Self {
        self.ttl = Some(ttl);
        self
    }

    async fn run(self) -> Result<Manifest> {
        let store = self.common.store;
        let ttl = match self.ttl {
            Some(ttl) => ttl.map(|ttl| ttl.as_secs().max(1)),
            None => store.inner().ttl,
        };
        let request = crate::put::Request {
            name: self.name,
            source: self.source,
            ticket: self.ticket,
            progress: self.common.progress,
            ttl,
            deadline: self.common.deadline,
        };
        crate::put::put(&store, request).await
    }
}

/// Reads an object into memory; see [`Store::get`]. Await it for the bytes.
///
/// # Errors
/// [`Code::InsufficientShares`] with every backend's own failure; [`Code::ManifestExpired`],
/// [`Code::ManifestInvalid`], [`Code::KeyUnavailable`], [`Code::ReconstructionFailed`], [`Code::PaddingInvalid`],
/// [`Code::PayloadHmacFailed`]; [`Code::SinkFailed`] where memory is short.
#[must_use = "nothing happens before it is awaited"]
pub struct Get<'a> {
    common: Common,
    manifest: &'a Manifest,
    name: Option<&'a str>,
}

operation!(Get<'a> -> Vec<u8>);

impl<'a> Get<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest) -> Self {
        Self { common: Common::new(store), manifest, name: None }
    }

    pub(crate) fn require_name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    async fn run(self) -> Result<Vec<u8>> {
        let request = crate::get::Request {
            manifest: self.manifest,
            name: self.name,
            progress: self.common.progress.clone(),
        };
        let mut all = Vec::new();
        self.common.within(crate::get::get(&self.common.store, request, &mut all)).await?;
        Ok(all)
    }
}

/// Reads a range of an object; see [`Store::get_range`]. Await it for the bytes.
///
/// # Errors
/// As for [`Get`].
#[must_use = "nothing happens before it is awaited"]
pub struct GetRange<'a> {
    common: Common,
    manifest: &'a Manifest,
    range: Range<u64>,
    name: Option<&'a str>,
}

operation!(GetRange<'a> -> Vec<u8>);

impl<'a> GetRange<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest, range: Range<u64>) -> Self {
        Self { common: Common::new(store), manifest, range, name: None }
    }

    /// Refuses the manifest unless it is of the object called `name`.
    pub fn require_name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    async fn run(self) -> Result<Vec<u8>> {
        let request = crate::get::Request {
            manifest: self.manifest,
            name: self.name,
            progress: self.common.progress.clone(),
        };
        self.common.within(crate::get::get_range(&self.common.store, request, self.range)).await
    }
}

/// Reads an object into a writer; see [`Store::get_to_writer`]. Await it for the number of bytes.
///
/// # Errors
/// As for [`Get`], and [`Code::SinkFailed`] from the writer. Whatever the error, what was written before it is
/// verified, but it isn't the whole object.
#[must_use = "nothing happens before it is awaited"]
pub struct GetTo<'a> {
    common: Common,
    manifest: &'a Manifest,
    writer: Box<dyn AsyncWrite + Send + Unpin + 'a>,
    name: Option<&'a str>,
}

operation!(GetTo<'a> -> u64);

impl<'a> GetTo<'a> {
    pub(crate) fn new(
        store: Store,
        manifest: &'a Manifest,
        writer: Box<dyn AsyncWrite + Send + Unpin + 'a>,
    ) -> Self {
        Self { common: Common::new(store), manifest, writer, name: None }
    }

    /// Refuses the manifest unless it is of the object called `name`.
    pub fn require_name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    async fn run(self) -> Result<u64> {
        let request = crate::get::Request {
            manifest: self.manifest,
            name: self.name,
            progress: self.common.progress.clone(),
        };
        let mut sink = To(self.writer);
        self.common.within(crate::get::get(&self.common.store, request, &mut sink)).await
    }
}

/// Removes an object; see [`Store::delete`]. Await it for what came of it.
///
/// # Errors
/// [`Code::InsufficientBackends`] where the object can still be read, with every backend that failed.
///
/// # Cancel safety
/// Dropped, it may have removed some shares; delete again.
#[must_use = "nothing happens before it is awaited"]
pub struct Delete<'a> {
    common: Common,
    manifest: &'a Manifest,
}

operation!(Delete<'a> -> Deleted);

impl<'a> Delete<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest) -> Self {
        Self { common: Common::new(store), manifest }
    }

    async fn run(self) -> Result<Deleted> {
        let progress = self.common.progress.clone();
        self.common.within(crate::delete::delete(&self.common.store, self.manifest, progress)).await
    }
}

/// Checks an object's shares; see [`Store::verify`]. Await it for the report.
///
/// # Errors
/// [`Code::ManifestInvalid`]. What is wrong with shares stands in the report.
#[must_use = "nothing happens before it is awaited"]
pub struct Verify<'a> {
    common: Common,
    manifest: &'a Manifest,
    depth: Depth,
}

operation!(Verify<'a> -> Report);

impl<'a> Verify<'a> {
    pub(crate) fn new(store: Store, manifest: &'a Manifest) -> Self {
        Self { common: Common::new(store), manifest, depth: Depth::Full }
    }

    /// How thorough: [`Depth::Full`] unless said.
    pub fn depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }

    async fn run(self) -> Result<Report> {
        let progress = self.common.progress.clone();
        self.common
            .within(crate::verify::verify(&self.common.store, self.manifest, self.depth, progress))
            .await
    }
}

/// Removes what a put or a change left behind; see [`Store::sweep`]. Await it for what came of it.
///
/// # Errors
/// [`Code::KeyUnavailable`], [`Code::SinkFailed`] from the ticket's journal; [`Code::ConfigInvalid`] where what the
/// ticket names may be in use. Places that couldn't be asked stand in the result.
///
/// # Cancel safety
/// Dropped, it may have removed some; sweep again.
#[must_use = "nothing happens before it is awaited"]
pub struct Sweep<'a> {
    common: Common,
    ticket: &'a Ticket,
    kept: Option<&'a Manifest>,
}

operation!(Sweep<'a> -> Swept);

impl<'a> Sweep<'a> {
    pub(crate) fn new(store: Store, ticket: &'a Ticket) -> Self {
        Self { common: Common::new(store), ticket, kept: None }
    }

    /// The object's manifest that is in use: whatever it names stays. The ticket of a change that has made a manifest
    /// can't be swept without.
    pub fn keeping(mut self, manifest: &'a Manifest) -> Self {
        self.kept = Some(manifest);
        self
    }

    async fn run(self) -> Result<Swept> {
        let progress = self.common.progress.clone();
        let sweep = crate::sweep::sweep(&self.common.store, self.ticket, self.kept, progress);
        self.common.within(sweep).await
    }
}
