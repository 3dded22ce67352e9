//! Components in, a checked store out.

use crate::clock::{Clock, SystemClock};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::health::Health;
use crate::member::{DEFAULT_NAMESPACE, Member, Seat};
use crate::placement::{Candidate, Labels, Placement};
use crate::settings::Settings;
use crate::store::{Inner, Store};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xorida_core::{Scheme, SplitPlan, Threshold};
use xstore_backend::StorageBackend;
use xstore_backend::buffers::Buffers;
use xstore_backend::layer::{Limited, TimingOut};
use xstore_keys::KeyRing;
use xstore_manifest::Lane;
use xstore_share::{MAX_PART, Plans};

/// The longest metadata that this version writes: two integers and a tag.
pub(crate) const METADATA_LEN: usize = 160;

/// Makes a [`Store`].
#[derive(Debug, Default)]
pub struct StoreBuilder {
    members: Vec<Member>,
    threshold: Option<(u8, u8)>,
    write_quorum: Option<u8>,
    allow_volatile: bool,
    ttl: Option<Duration>,
    ring: Option<Arc<KeyRing>>,
    placement: Placement,
    settings: Settings,
    clock: Option<Arc<dyn Clock>>,
    #[cfg(xstore_inject)]
    entropy: Option<crate::store::EntropySource>,
}

impl StoreBuilder {
    /// Adds a backend. More than n may be given: the others are spares.
    #[must_use]
    pub fn backend(mut self, member: impl Into<Member>) -> Self {
        self.members.push(member.into());
        self
    }

    /// Any k of n shares give an object back; 2 <= k <= n <= 64.
    #[must_use]
    pub fn threshold(mut self, k: u8, n: u8) -> Self {
        self.threshold = Some((k, n));
        self
    }

    /// How many shares have to be durably stored before a put is acknowledged: k to n. Without it all that the layout
    /// has on durable backends. An object with fewer than n is marked degraded; with k it has no redundancy.
    #[must_use]
    pub fn write_quorum(mut self, w: u8) -> Self {
        self.write_quorum = Some(w);
        self
    }

    /// Lets objects be stored although fewer than k of their shares survive a power loss.
    #[must_use]
    pub fn allow_volatile(mut self) -> Self {
        self.allow_volatile = true;
        self
    }

    /// Objects expire after this time, in whole seconds: they are refused from then on. It deletes nothing.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// The integrity keys: the current one signs, the retired ones verify.
    #[must_use]
    pub fn keys(mut self, ring: impl Into<Arc<KeyRing>>) -> Self {
        self.ring = Some(ring.into());
        self
    }

    /// Rules on which backend may hold which share.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Everything else.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Another clock than the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Another random source than the operating system's; for tests, by `--cfg xstore_inject` only.
    #[cfg(xstore_inject)]
    #[must_use]
    pub fn entropy(mut self, make: impl Fn() -> xstore_keys::Entropy + Send + Sync + 'static) -> Self {
        self.entropy = Some(crate::store::EntropySource(Arc::new(make)));
        self
    }

    /// Checks everything that can be checked without asking a backend.
    ///
    /// # Errors
    /// [`Code::ConfigInvalid`] where a value is missing or wrong, [`Code::LayoutRefused`] where no layout obeys the
    /// rules, [`Code::KeyUnavailable`] without a key ring.
    pub fn build(self) -> Result<Store> {
        let (k, n) =
            self.threshold.ok_or_else(|| config("no threshold is given, for example threshold(2, 3)"))?;
        let threshold =
            Threshold::new(k, n).map_err(|error| config("the threshold is refused").with_source(error))?;
        let scheme = Scheme::new(threshold);
        let ring =
            self.ring.ok_or_else(|| Error::new(Code::KeyUnavailable, "no integrity keys are given"))?;
        check_settings(&self.settings)?;
        let seats = seats(&self.members, &self.settings)?;
        check_layout(&Layouts {
            seats: &seats,
            scheme,
            write_quorum: self.write_quorum,
            allow_volatile: self.allow_volatile,
            placement: &self.placement,
            settings: &self.settings,
        })?;
        let mut settings = self.settings;
        if settings.retry.seed() == 0 {
            // So that the processes of one configuration don't wait for the same times.
            let seed = xstore_keys::Entropy::os().array().map_err(crate::error::random)?;
            settings.retry = settings.retry.with_seed(u64::from_le_bytes(seed));
        }
        let inner = Inner {
            seats,
            scheme,
            write_quorum: self.write_quorum.map(usize::from),
            allow_volatile: self.allow_volatile,
            ttl: self.ttl.map(|ttl| ttl.as_secs().max(1)),
            ring,
            placement: self.placement,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            split: Arc::new(SplitPlan::new(scheme)),
            plans: crate::store::PlanCache::new(Arc::new(Plans::new(scheme))),
            buffers: Buffers::shared().clone(),
            settings,
            changing: Mutex::default(),
            #[cfg(xstore_inject)]
            entropy: self.entropy,
        };
        Ok(Store::new(inner))
    }
}

/// What decides whether there is a layout.
struct Layouts<'a> {
    seats: &'a [Arc<Seat>],
    scheme: Scheme,
    write_quorum: Option<u8>,
    allow_volatile: bool,
    placement: &'a Placement,
    settings: &'a Settings,
}

/// Whether the members can hold an object under this scheme.
fn check_layout(layouts: &Layouts<'_>) -> Result<()> {
    let Layouts { seats, scheme, .. } = *layouts;
    let (k, n) = (scheme.k(), scheme.n());
    let durable = seats.iter().filter(|seat| seat.capability.durable).count();
    if seats.len() < usize::from(n) {
        let message = format!("{k}-of-{n} needs {n} backends, and there are {}", seats.len());
        return Err(Error::new(Code::LayoutRefused, message));
    }
    if durable < usize::from(k) && !layouts.allow_volatile {
        let message = format!(
            "only {durable} of the backends survive a power loss, and {k} are needed: add durable ones, or allow \
             volatile storage explicitly"
        );
        return Err(Error::new(Code::LayoutRefused, message));
    }
    if let Some(w) = layouts.write_quorum
        && !(k..=n).contains(&w)
    {
        return Err(config(format!("the write quorum must be {k} to {n}, not {w}")));
    }
    if let Some(w) = layouts.write_quorum
        && durable < usize::from(w)
        && !layouts.allow_volatile
    {
        let message = format!("the write quorum is {w}, but only {durable} backends survive a power loss");
        return Err(Error::new(Code::LayoutRefused, message));
    }
    let largest = largest_share(scheme, layouts.settings)?;
    if let Some(small) = seats.iter().find(|seat| seat.capability.max_put < largest) {
        let message = format!(
            "{} takes values of up to {} bytes, and shares have up to {largest}: use smaller parts",
            small.id, small.capability.max_put
        );
        return Err(Error::new(Code::LayoutRefused, message));
    }
    let candidates: Vec<Candidate<'_>> =
        seats.iter().map(|seat| Candidate { id: &seat.id, labels: &seat.labels, rank: 0 }).collect();
    layouts.placement.choose(k, n, &candidates).map_err(|error| {
        Error::new(Code::LayoutRefused, "no layout of these backends obeys the placement rules")
            .with_source(error)
    })?;
    Ok(())
}

impl Inner {
    /// The same store for objects of another threshold. The write quorum is that of the configuration where the
    /// threshold is, else every durable share counts.
    pub(crate) fn with_threshold(&self, k: u8, n: u8) -> Result<Self> {
        let threshold =
            Threshold::new(k, n).map_err(|error| config("the threshold is refused").with_source(error))?;
        let scheme = Scheme::new(threshold);
        let is_own = threshold == self.scheme.threshold();
        let write_quorum = self.write_quorum.filter(|_| is_own);
        check_layout(&Layouts {
            seats: &self.seats,
            scheme,
            write_quorum: write_quorum.and_then(|w| u8::try_from(w).ok()),
            allow_volatile: self.allow_volatile,
            placement: &self.placement,
            settings: &self.settings,
        })?;
        Ok(Self {
            seats: self.seats.clone(),
            scheme,
            write_quorum,
            allow_volatile: self.allow_volatile,
            ttl: self.ttl,
            ring: Arc::clone(&self.ring),
            placement: self.placement.clone(),
            clock: Arc::clone(&self.clock),
            split: Arc::new(SplitPlan::new(scheme)),
            plans: crate::store::PlanCache::new(Arc::new(Plans::new(scheme))),
            buffers: self.buffers.clone(),
            settings: self.settings.clone(),
            changing: Mutex::default(),
            #[cfg(xstore_inject)]
            entropy: self.entropy.clone(),
        })
    }
}

fn seats(members: &[Member], settings: &Settings) -> Result<Vec<Arc<Seat>>> {
    let mut ids = BTreeSet::new();
    let mut seats = Vec::with_capacity(members.len());
    for member in members {
        let id = member.backend.id();
        if !ids.insert(id.clone()) {
            return Err(config(format!("two backends are named {id}: every name must be unique")));
        }
        let name = xstore_manifest::BackendId::new(id.as_str())
            .map_err(|error| config(format!("the backend name {id} is refused")).with_source(error))?;
        let labels = Labels::new(member.labels.iter().cloned())
            .map_err(|error| config(format!("a label of {id} is refused")).with_source(error))?;
        let health = Health::new(settings.breaker);
        let timed = TimingOut::new(Arc::clone(&member.backend), settings.timeouts);
        let backend: Arc<dyn StorageBackend> = match &member.limiter {
            Some(limiter) => Arc::new(Limited::new(timed, limiter.clone())),
            None => Arc::new(timed),
        };
        let seat = Seat::new(member, backend, name, labels, health);
        // What a share's key would be refused for later.
        let sample = xstore_manifest::ShareKey::new(&format!(
            "{}/{}/{}",
            seat.namespace,
            Lane::Manifest,
            "a".repeat(32)
        ));
        sample.map_err(|error| config(format!("the namespace of {id} is refused")).with_source(error))?;
        seats.push(Arc::new(seat));
    }
    // Under the default namespace two members can't be told apart by their marks alone before the first put.
    debug_assert!(xstore_manifest::limits::NAMESPACE.contains(&DEFAULT_NAMESPACE.len()));
    Ok(seats)
}

fn check_settings(settings: &Settings) -> Result<()> {
    if !(1..=MAX_PART).contains(&settings.part) {
        return Err(config(format!("the part size must be 1 to {MAX_PART} bytes, not {}", settings.part)));
    }
    match settings.pad_to {
        Some(0) => Err(config("the size class must not be 0")),
        Some(step) if !u64::from(settings.part).is_multiple_of(step) => Err(config(format!(
            "the size class of {step} bytes must divide the part size of {}",
            settings.part
        ))),
        _ => Ok(()),
    }
}

/// Bytes of the longest share that a put may make.
fn largest_share(scheme: Scheme, settings: &Settings) -> Result<u64> {
    use xstore_share::{Layout, MAX_NAME};
    let trailer = Layout::default_trailer(scheme, MAX_NAME, METADATA_LEN);
    let refused =
        |error: xstore_share::LayoutError| config("these parameters make no layout").with_source(error);
    let layout = Layout::new(scheme, Layout::default_segment(scheme), trailer).map_err(refused)?;
    let shape = layout.part(layout.padded(u64::from(settings.part))).map_err(refused)?;
    Ok(shape.share_len())
}

pub(crate) fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::ConfigInvalid, message)
}
