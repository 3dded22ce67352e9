//! The store: what it consists of, and its operations.

use crate::builder::StoreBuilder;
use crate::clock::Clock;
use crate::code::Code;
use crate::error::{Error, Result, random};
use crate::member::Seat;
use crate::operation::{Delete, Get, GetRange, GetTo, Migrate, Put, Repair, Reshare, Sweep, Verify};
use crate::placement::Placement;
use crate::put::Source;
use crate::settings::Settings;
use crate::ticket::{Head, Journal, Ticket};
use std::collections::{HashMap, HashSet};
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
/// Every operation may be dropped at any await. A read leaves nothing. A put, a change or a delete may have been done
/// in part; what a put or a change can have left stands in its [`Ticket`].
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
    /// Objects that are being changed.
    pub(crate) changing: Mutex<HashSet<ObjectId>>,
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

    /// A ticket for a change of this object: a [`repair`](Self::repair), a [`migrate`](Self::migrate) or a
    /// [`reshare`](Self::reshare). It can be used once.
    ///
    /// # Errors
    /// [`Code::KeyUnavailable`] where no key is current, [`Code::SourceFailed`] without random bytes.
    pub fn begin_change(&self, manifest: &Manifest) -> Result<Ticket> {
        self.0.begin_change(manifest, None)
    }

    /// As [`begin_change`](Self::begin_change), kept in a journal line by line, so that it survives this process. Blocks
    /// as the journal does.
    ///
    /// # Errors
    /// As [`begin_change`](Self::begin_change), and [`Code::SinkFailed`].
    pub fn begin_change_with(&self, manifest: &Manifest, journal: impl Journal) -> Result<Ticket> {
        self.0.begin_change(manifest, Some(Box::new(journal)))
    }

    /// What a repair or a migration that was cut short came to: the manifest to keep. `manifest` is the one that is in
    /// use.
    ///
    /// - Where it is the one that the change began with, what was stored and verified counts, and whatever else was
    ///   sent anywhere is remembered in `past`.
    /// - Where it is the one that the change made, it is given back as it is.
    /// - Where it is a newer one, because another change was kept or others went on from this one, it is given back
    ///   with what was sent remembered, as the next revision, or as it is where that is known.
    ///
    /// No backend is asked. Then go on as after a repair: keep the manifest, [commit](Self::commit),
    /// [sweep](Self::sweep). Call it when the change isn't running any more. Blocks as the ticket's journal does.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] where the ticket is of something else, the manifest is older than the one that the
    /// change began with, or it was a reshare whose manifest was lost: sweep that. [`Code::LayoutRefused`] where two
    /// changes at once sent one backend two shares. [`Code::KeyUnavailable`], [`Code::SinkFailed`].
    pub fn finish(&self, manifest: &Manifest, ticket: &Ticket) -> Result<Manifest> {
        crate::change::finish::finish(&self.0, manifest, ticket)
    }

    /// Says that the manifest of the put or the change under this ticket is safe, so that nothing that it names can be
    /// swept any more. Call it when the manifest is kept somewhere, before the ticket is thrown away. Blocks as the
    /// ticket's journal does.
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

    /// As [`ticket`](Self::ticket), and goes on with its journal, for what another process has left. The journal has to
    /// stand behind [`Ticket::to_text`]: what was torn off after the last line break is cut away before. After an
    /// operation that was dropped in this process, go on with its ticket itself: a last line may be on its way still.
    ///
    /// # Errors
    /// As [`Ticket::from_text`].
    pub fn ticket_with(&self, text: &str, journal: impl Journal) -> Result<Ticket> {
        Ticket::read(text, &self.0.ring, Some(Box::new(journal)))
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

    /// Finds the missing and bad shares of an object and makes them again from k good others, on the backends that had
    /// them or on spares that may receive them. Also stores what a degraded object never had. Never computes the
    /// plaintext, overwrites nothing, removes nothing.
    ///
    /// Keep the manifest that it gives; then [commit](Self::commit) and [sweep](Self::sweep) its ticket, which removes
    /// the values that were replaced. A backend that can't be reached is left alone unless the repair is told
    /// [otherwise](Repair::abandon). Of several changes of one object at a time only one may be kept, and two may show
    /// one backend two indexes: whoever keeps the manifests sees to it that there is one.
    ///
    /// ```
    /// # async fn example(store: &xstore_core::Store, manifest: xstore_core::manifest::Manifest) -> xstore_core::Result<()> {
    /// let repaired = store.repair(&manifest).await?;
    /// if repaired.is_changed() {
    ///     // Keep repaired.manifest.to_json() in place of the old one, then:
    ///     store.commit(&repaired.ticket)?;
    ///     store.sweep(&repaired.ticket).keeping(&repaired.manifest).await?;
    /// }
    /// repaired.report.left().for_each(|share| println!("{share:?}"));
    /// # Ok(()) }
    /// ```
    pub fn repair<'a>(&self, manifest: &'a Manifest) -> Repair<'a> {
        Repair::new(self.clone(), manifest)
    }

    /// Moves an object's shares from one backend to another, which has to be allowed to receive them. What is good is
    /// copied as it is; where `from` is gone or its share is bad, the share is made again from k others. Go on as after
    /// a [`repair`](Self::repair).
    pub fn migrate<'a>(
        &self,
        manifest: &'a Manifest,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> Migrate<'a> {
        Migrate::new(self.clone(), manifest, from.into(), to.into())
    }

    /// Reads an object and splits it anew with another threshold, which the store's backends have to suit: new and old
    /// shares don't combine. Object, name, date and time to live stay; generation and revision are one more. Memory is
    /// bounded as for a get and a put together.
    ///
    /// Keep the manifest that it gives, and [commit](Self::commit). The old shares are worth what they were until they
    /// are [deleted](Self::delete) with the old manifest.
    pub fn reshare<'a>(&self, manifest: &'a Manifest, k: u8, n: u8) -> Reshare<'a> {
        Reshare::new(self.clone(), manifest, k, n)
    }

    /// Removes whatever the put under this ticket may have stored. Never call it for a put whose manifest is in use;
    /// a [committed](Self::commit) ticket is refused.
    ///
    /// Of a change that has made no manifest it removes what was stored: no manifest can name it. Once a change has
    /// made one, the manifest that is in use has to be [given](Sweep::keeping): when it is [committed](Self::commit),
    /// or when another change was kept instead, everything that the ticket names and that manifest doesn't is removed,
    /// values that were replaced included.
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
        let head = Head { object, name, created: self.now()?, key: keys.id(), base: None };
        Ticket::begin(head, keys, journal)
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
