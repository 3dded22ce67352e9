//! The store: what it consists of, and its operations.

use crate::builder::StoreBuilder;
use crate::clock::Clock;
use crate::code::Code;
use crate::error::{Error, Result, random};
use crate::member::Seat;
use crate::operation::{Delete, Get, GetRange, GetTo, Put, Sweep, Verify};
use crate::placement::Placement;
use crate::put::Source;
use crate::settings::Settings;
use crate::ticket::{Head, Journal, Ticket};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use xorida_core::{Scheme, SplitPlan, Threshold};
use xstore_backend::Bytes;
use xstore_keys::{Entropy, KeyRing, Keys};
use xstore_manifest::{Manifest, Name, ObjectId, Timestamp};
use xstore_share::Plans;

/// Objects split over several backends.
///
/// Cheap to clone; clones are the same store. Its operations are values that can be configured and then awaited:
///
/// ```
/// # async fn example(store: &xstore_core::Store) -> xstore_core::Result<()> {
/// let manifest = store.put("doc-001", "some bytes").await?;
/// assert_eq!(store.get(&manifest).await?, b"some bytes");
/// # Ok(()) }
/// ```
///
/// # Cancel safety
/// Every operation may be dropped at any await. A read leaves nothing. A put or a delete may have been done in part;
/// what a put can have left stands in its [`Ticket`].
#[derive(Clone)]
pub struct Store(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) seats: Vec<Arc<Seat>>,
    pub(crate) scheme: Scheme,
    pub(crate) write_quorum: Option<usize>,
    pub(crate) allow_volatile: bool,
    pub(crate) ttl: Option<u64>,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) placement: Placement,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) split: Arc<SplitPlan>,
    pub(crate) plans: PlanCache,
    pub(crate) buffers: xstore_backend::buffers::Buffers,
    pub(crate) settings: Settings,
    #[cfg(xstore_inject)]
    pub(crate) entropy: Option<EntropySource>,
}

/// Makes random sources for tests.
#[cfg(xstore_inject)]
#[derive(Clone)]
pub(crate) struct EntropySource(pub(crate) Arc<dyn Fn() -> Entropy + Send + Sync>);

#[cfg(xstore_inject)]
impl fmt::Debug for EntropySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntropySource")
    }
}

impl Store {
    /// Begins a store.
    #[must_use]
    pub fn builder() -> StoreBuilder {
        StoreBuilder::default()
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// Writes the mark of every member's namespace, where there is none yet: once, before the first use of members
    /// with a [namespace](crate::Member::namespace) of their own.
    ///
    /// # Errors
    /// [`Code::BackendUnavailable`] with every backend that can't be marked, [`Code::LayoutRefused`] where two
    /// members are the same place.
    pub async fn initialise(&self) -> Result<()> {
        self.0.initialise().await
    }

    /// Splits bytes and stores them as a new object; gives back its manifest, without which it can't be found.
    pub fn put(&self, name: impl Into<String>, data: impl Into<Bytes>) -> Put<'static> {
        Put::new(self.clone(), name.into(), Source::bytes(data.into()))
    }

    /// As [`put`](Self::put), of all that `reader` gives. Memory is bounded by a few parts, whatever its length.
    pub fn put_reader<'a>(
        &self,
        name: impl Into<String>,
        reader: impl AsyncRead + Send + Unpin + 'a,
    ) -> Put<'a> {
        Put::new(self.clone(), name.into(), Source::reader(reader, self.0.settings.part))
    }

    /// A ticket for a put: what it may leave behind, known before it leaves. Put under it with
    /// [`Put::ticket`]; [`sweep`](Self::sweep) it if the put didn't succeed.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] for a name that is none, [`Code::KeyUnavailable`] where no key is current.
    pub fn begin(&self, name: &str) -> Result<Ticket> {
        self.0.begin(name, None)
    }

    /// As [`begin`](Self::begin), kept in a journal line by line, so that it survives this process. Blocks as the
    /// journal does.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), and [`Code::SinkFailed`].
    pub fn begin_with(&self, name: &str, journal: impl Journal) -> Result<Ticket> {
        self.0.begin(name, Some(Box::new(journal)))
    }

    /// Says that the manifest of the put under this ticket is safe, so that the ticket can't be swept any more. Call
    /// it when the manifest is kept somewhere, before the ticket is thrown away. Blocks as the ticket's journal does.
    ///
    /// # Errors
    /// [`Code::KeyUnavailable`], and [`Code::SinkFailed`] from the journal.
    pub fn commit(&self, ticket: &Ticket) -> Result<()> {
        let keys = self.0.ring.verifying(&ticket.key()).map_err(|error| {
            Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error)
        })?;
        ticket.commit(keys)
    }

    /// Reads a manifest's text and authenticates it with the store's keys.
    ///
    /// # Errors
    /// [`Code::ManifestInvalid`], [`Code::KeyUnavailable`].
    pub fn manifest(&self, json: &[u8]) -> Result<Manifest> {
        Manifest::from_json(json, &self.0.ring).map_err(Error::from)
    }

    /// Reads a ticket's text and authenticates it with the store's keys.
    ///
    /// # Errors
    /// As [`Ticket::from_text`].
    pub fn ticket(&self, text: &str) -> Result<Ticket> {
        Ticket::from_text(text, &self.0.ring)
    }

    /// Reads an object, whole, into memory; every byte is verified.
    pub fn get<'a>(&self, manifest: &'a Manifest) -> Get<'a> {
        Get::new(self.clone(), manifest)
    }

    /// As [`get`](Self::get), and refuses the manifest unless it is of the object called `name`: one authentic
    /// manifest could have been put in another's place.
    pub fn get_as<'a>(&self, name: &'a str, manifest: &'a Manifest) -> Get<'a> {
        Get::new(self.clone(), manifest).require_name(name)
    }

    /// Reads the bytes `range` of an object, as far as there are any, fetching the segments that hold them and no
    /// more.
    pub fn get_range<'a>(&self, manifest: &'a Manifest, range: Range<u64>) -> GetRange<'a> {
        GetRange::new(self.clone(), manifest, range)
    }

    /// Reads an object into a writer, part by part; every byte was verified when it is written, the whole object
    /// before its last part is.
    pub fn get_to_writer<'a>(
        &self,
        manifest: &'a Manifest,
        writer: impl AsyncWrite + Send + Unpin + 'a,
    ) -> GetTo<'a> {
        GetTo::new(self.clone(), manifest, Box::new(writer))
    }

    /// Removes an object's shares.
    pub fn delete<'a>(&self, manifest: &'a Manifest) -> Delete<'a> {
        Delete::new(self.clone(), manifest)
    }

    /// Reads every share of an object and says which are good. Never computes the plaintext.
    pub fn verify<'a>(&self, manifest: &'a Manifest) -> Verify<'a> {
        Verify::new(self.clone(), manifest)
    }

    /// Removes whatever the put under this ticket may have stored. Never call it for a put whose manifest is in use;
    /// a [committed](Self::commit) ticket is refused.
    pub fn sweep<'a>(&self, ticket: &'a Ticket) -> Sweep<'a> {
        Sweep::new(self.clone(), ticket)
    }

    /// Asks every backend whether it is there and can be written to.
    pub async fn status(&self) -> Vec<crate::status::BackendStatus> {
        crate::status::status(&self.0).await
    }

    /// How many shares there are and how many it takes.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.0.scheme.threshold()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("threshold", &self.0.scheme.threshold())
            .field("backends", &self.0.seats.iter().map(|seat| &seat.id).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn entropy(&self) -> Entropy {
        #[cfg(xstore_inject)]
        if let Some(source) = &self.entropy {
            return (source.0)();
        }
        Entropy::os()
    }

    pub(crate) fn now(&self) -> Result<Timestamp> {
        self.clock
            .now()
            .ok_or_else(|| Error::new(Code::ConfigInvalid, "the clock can't be read or is out of range"))
    }

    pub(crate) fn keys(&self) -> Result<&Keys> {
        self.ring.current().map_err(|error| {
            Error::new(Code::KeyUnavailable, "no key is current: nothing can be signed").with_source(error)
        })
    }

    pub(crate) fn begin(&self, name: &str, journal: Option<Box<dyn Journal>>) -> Result<Ticket> {
        let name = Name::new(name).map_err(|error| {
            Error::new(Code::ConfigInvalid, "the object's name is refused").with_source(error)
        })?;
        let keys = self.keys()?;
        let object = ObjectId::from_bytes(self.entropy().array().map_err(random)?);
        Ticket::begin(Head { object, name, created: self.now()?, key: keys.id() }, keys, journal)
    }

    pub(crate) fn seat(&self, name: &xstore_manifest::BackendId) -> Option<&Arc<Seat>> {
        self.seats.iter().find(|seat| seat.name == *name)
    }
}

/// The combine plans of the schemes that were met: the store's own, and those of older manifests.
pub(crate) struct PlanCache {
    own: Arc<Plans>,
    others: Mutex<HashMap<(u8, u8, u8), Arc<Plans>>>,
}

/// Schemes kept besides the store's own.
const OTHER_SCHEMES: usize = 16;

impl PlanCache {
    pub(crate) fn new(own: Arc<Plans>) -> Self {
        Self { own, others: Mutex::default() }
    }

    pub(crate) fn own(&self) -> &Arc<Plans> {
        &self.own
    }

    pub(crate) fn of(&self, scheme: Scheme) -> Arc<Plans> {
        if self.own.scheme() == scheme {
            return Arc::clone(&self.own);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (scheme.k(), scheme.n(), scheme.p());
        if others.len() >= OTHER_SCHEMES && !others.contains_key(&key) {
            others.clear();
        }
        Arc::clone(others.entry(key).or_insert_with(|| Arc::new(Plans::new(scheme))))
    }
}
