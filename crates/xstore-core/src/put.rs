//! Put: parts are read, split and recombined one after the other, and stored at most two at a time.

mod pace;
pub(crate) mod seal;
pub(crate) mod source;
mod upload;

use crate::builder::METADATA_LEN;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::event::{OperationKind, Progress, Reporter};
use crate::placement::Candidate;
use crate::quorum::WriteRule;
use crate::store::{Inner, Store};
use crate::ticket::Ticket;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use seal::{SealJob, SealedPart};
pub(crate) use source::Source;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use upload::{Assignment, Upload, Uploaded};
use xstore_manifest::{Body, Manifest, Name, Origin, Part, State, Threshold};
use xstore_share::Layout;
use zeroize::Zeroizing;

/// Parts that are sealed or on their way at once; the next one is read and sealed when one of them is done.
const IN_FLIGHT: usize = 2;
/// Parts with less payload are sealed at once: handing them to another thread would take longer.
const SEAL_AT_ONCE: usize = 64 << 10;
/// What a manifest says of a part, and of each of its shares, at most, in bytes of text.
const PART_ENTRY: u64 = 160;
const SHARE_ENTRY: u64 = 320 + 64;

/// What a put was asked to do.
pub(crate) struct Request<'a> {
    pub(crate) name: String,
    pub(crate) source: Source<'a>,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) progress: Progress,
    pub(crate) ttl: Option<u64>,
    pub(crate) deadline: Option<Duration>,
}

/// What the new manifest follows.
pub(crate) struct Lineage {
    pub(crate) generation: u64,
    pub(crate) revision: u64,
    pub(crate) ext: BTreeMap<String, String>,
    /// Seconds until the object expires, from now on; its time to live counts from when it was created.
    pub(crate) expires_in: Option<u64>,
}

/// Puts, and sweeps what it wrote if that fails.
pub(crate) async fn put(store: &Store, request: Request<'_>) -> Result<Manifest> {
    let inner = store.inner();
    let ticket = match request.ticket {
        Some(ticket) if ticket.name().as_str() != request.name => {
            return Err(crate::builder::config("the ticket is of an object with another name"));
        }
        Some(ticket) if ticket.is_change() => {
            return Err(crate::builder::config("the ticket is of a change of an object, not of a put"));
        }
        Some(ticket) => ticket,
        None => inner.begin(&request.name, None)?,
    };
    ticket.claim()?;
    let _open = inner.buffers.open();
    let n = inner.scheme.n();
    let reporter = Reporter::new(request.progress, OperationKind::Put, n, request.source.len());
    let lineage = Lineage { generation: 1, revision: 1, ext: BTreeMap::new(), expires_in: request.ttl };
    let run = async |source| Work::new(inner, &ticket, &reporter, request.ttl, lineage)?.run(source).await;
    let done = match request.deadline {
        None => run(request.source).await,
        Some(limit) => timeout(limit, run(request.source)).await.unwrap_or_else(|_| Err(too_late(limit))),
    };
    match done {
        Ok(manifest) => {
            reporter.finish(None);
            Ok(manifest)
        }
        Err(error) => {
            let error = if ticket.is_empty() { error } else { swept(store, &ticket, error).await };
            reporter.finish(Some(error.code().as_str()));
            Err(error)
        }
    }
}

/// Puts an object again under the ticket of its change, and sweeps what it wrote if that fails.
pub(crate) async fn put_again(
    store: &Store,
    ticket: &Ticket,
    source: Source<'_>,
    ttl: Option<u64>,
    lineage: Lineage,
    reporter: &Reporter,
) -> Result<Manifest> {
    ticket.claim()?;
    let work = async { Work::new(store.inner(), ticket, reporter, ttl, lineage)?.run(source).await };
    match work.await {
        Err(error) if !ticket.is_empty() => Err(swept(store, ticket, error).await),
        done => done,
    }
}

/// The operation took longer than it may.
pub(crate) fn too_late(limit: Duration) -> Error {
    Error::new(Code::Cancelled, format!("it took longer than {limit:?}"))
}

/// Removes what a failed put wrote; says so where that isn't certain.
pub(crate) async fn swept(store: &Store, ticket: &Ticket, error: Error) -> Error {
    match crate::sweep::sweep(store, ticket, None, Progress::none()).await {
        Ok(report) if report.unconfirmed.is_empty() => error,
        _ => error.with_leftover(),
    }
}

impl Inner {
    /// All members as the placement rules see them, the healthiest first.
    pub(crate) fn candidates(&self) -> Vec<Candidate<'_>> {
        let now = Instant::now();
        self.seats
            .iter()
            .map(|seat| Candidate {
                id: &seat.id,
                labels: &seat.labels,
                // Volatile places come after durable ones, and those that fail after all that work.
                rank: u32::from(!seat.capability.durable) + 2 * u32::from(seat.health.is_open(now)),
            })
            .collect()
    }

    /// How many durable shares a layout needs.
    fn rule(&self, places: &[usize]) -> WriteRule {
        let k = usize::from(self.scheme.k());
        let durable = places.iter().filter(|member| self.seats[**member].capability.durable).count();
        let wanted = self.write_quorum.unwrap_or(durable);
        WriteRule { k, durable: if self.allow_volatile { wanted.min(durable) } else { wanted } }
    }
}

struct Work {
    inner: Arc<Inner>,
    layout: Layout,
    name: Name,
    object: xstore_manifest::ObjectId,
    created: xstore_manifest::Timestamp,
    ttl: Option<u64>,
    lineage: Lineage,
    upload: Upload,
    places: Assignment,
    most_parts: u64,
}

impl Work {
    fn new(
        inner: &Arc<Inner>,
        ticket: &Ticket,
        reporter: &Reporter,
        ttl: Option<u64>,
        lineage: Lineage,
    ) -> Result<Self> {
        let (k, n) = (inner.scheme.k(), inner.scheme.n());
        let name = ticket.name();
        let trailer = Layout::default_trailer(inner.scheme, name.as_str().len(), METADATA_LEN);
        let layout = Layout::new(inner.scheme, Layout::default_segment(inner.scheme), trailer)
            .map_err(|error| crate::builder::config("these parameters make no layout").with_source(error))?;
        let places = inner.placement.choose(k, n, &inner.candidates()).map_err(|error| {
            Error::new(Code::LayoutRefused, "no layout of these backends obeys the placement rules")
                .with_source(error)
        })?;
        let upload = Upload {
            store: Arc::clone(inner),
            ticket: ticket.clone(),
            reporter: reporter.clone(),
            rule: inner.rule(&places),
            trailer,
            expires_in: lineage.expires_in,
        };
        let entry = PART_ENTRY + u64::from(n) * SHARE_ENTRY;
        let most_parts =
            (xstore_manifest::limits::TEXT as u64 / entry).min(*xstore_manifest::limits::PARTS.end());
        Ok(Self {
            inner: Arc::clone(inner),
            layout,
            name,
            object: ticket.object(),
            created: ticket.created(),
            ttl,
            lineage,
            upload,
            places: Assignment(places.into_iter().map(Some).collect()),
            most_parts,
        })
    }

    async fn run(&mut self, source: Source<'_>) -> Result<Manifest> {
        let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
        let mut missing = 0;
        let mut number = 0_u32;
        let mut next = Some(Box::pin(self.seal(source, number, Zeroizing::default())));
        let mut waiting: Option<SealedPart> = None;
        let mut running = FuturesUnordered::new();
        let mut last_known = false;
        // Shares that failed somewhere; the newest assignment counts for what is sent from then on.
        let mut places = self.places.clone();
        loop {
            if running.len() < IN_FLIGHT
                && let Some(part) = waiting.take()
            {
                running.push(self.upload.part(part, self.usable(&places)));
            }
            tokio::select! {
                biased;
                Some(uploaded) = running.next(), if !running.is_empty() => {
                    let uploaded: Uploaded = uploaded?;
                    missing += uploaded.missing;
                    learn(&mut places, &uploaded);
                    parts.insert(uploaded.number, uploaded.entry);
                }
                sealed = async { match &mut next { Some(work) => work.await, None => std::future::pending().await } },
                    if waiting.is_none() && next.is_some() && running.len() < IN_FLIGHT =>
                {
                    let (source, part, mut tags) = sealed?;
                    tags.push(*part.payload_tag);
                    number += 1;
                    last_known = part.is_last;
                    if !part.is_last && u64::from(number) >= self.most_parts {
                        return Err(crate::builder::config(
                            "the data has more parts than a manifest has room for: use larger parts",
                        ));
                    }
                    next = (!part.is_last).then(|| Box::pin(self.seal(source, number, tags)));
                    waiting = Some(part);
                }
                else => break,
            }
        }
        debug_assert!(last_known && waiting.is_none());
        self.sign(parts.into_values().collect(), missing)
    }

    /// Reads and splits the next part.
    async fn seal<'s>(
        &self,
        mut source: Source<'s>,
        number: u32,
        tags: Zeroizing<Vec<[u8; 32]>>,
    ) -> Result<(Source<'s>, SealedPart, Zeroizing<Vec<[u8; 32]>>)> {
        let settings = &self.inner.settings;
        let payload = source.next(settings.part, &self.inner.buffers).await?;
        let small = payload.bytes.as_ref().len() <= SEAL_AT_ONCE;
        let job = SealJob {
            layout: self.layout,
            split: Arc::clone(&self.inner.split),
            plans: Arc::clone(self.inner.plans.own()),
            pads: settings.pads,
            pad_to: settings.pad_to,
            part_size: settings.part,
            object: self.object.to_bytes(),
            generation: self.lineage.generation,
            number,
            created: self.created,
            ttl: self.ttl,
            name: self.name.as_str().to_owned(),
            payload,
        };
        let inner = Arc::clone(&self.inner);
        let work = move || {
            let keys = inner.keys()?;
            let part = seal::seal(&job, &tags, keys, &mut inner.entropy(), &inner.buffers)?;
            Ok((part, tags))
        };
        let (part, tags) = if small { work()? } else { crate::compute::run(work).await? };
        Ok((source, part, tags))
    }

    /// The places for a new part: what failed before gets a spare, and without one is tried again unless it is known
    /// to be down.
    fn usable(&self, places: &Assignment) -> Assignment {
        let now = Instant::now();
        let candidates = self.inner.candidates();
        let mut usable = places.clone();
        for index in 0..usable.0.len() {
            let health = |member: usize| &self.inner.seats[member].health;
            if usable.0[index].is_some_and(|member| health(member).admit(now)) {
                continue;
            }
            let open = (0..self.inner.seats.len()).filter(|member| health(*member).is_open(now));
            let place = usable.0[index].take();
            let mut excluded: Vec<usize> = open.chain(place).collect();
            let number = u8::try_from(index).unwrap_or(u8::MAX);
            let (k, placement) = (self.inner.scheme.k(), &self.inner.placement);
            let spare = loop {
                match placement.replace(k, &usable.0, number, &excluded, &candidates) {
                    // A trial of it is under way.
                    Some(spare) if !health(spare).admit(now) => excluded.push(spare),
                    spare => break spare,
                }
            };
            // The one that is down is still asked where the quorum can't do without it.
            usable.0[index] = spare.or(place.filter(|_| !self.is_enough(&usable, index)));
        }
        usable
    }

    /// Whether the places but `index` can fulfil the rule.
    fn is_enough(&self, places: &Assignment, index: usize) -> bool {
        let others =
            places.0.iter().enumerate().filter(|(at, _)| *at != index).filter_map(|(_, place)| *place);
        let others: Vec<usize> = others.collect();
        let durable = others.iter().filter(|member| self.inner.seats[**member].capability.durable).count();
        others.len() >= self.upload.rule.k && durable >= self.upload.rule.durable
    }

    fn sign(&self, parts: Vec<Part>, missing: usize) -> Result<Manifest> {
        let scheme = self.inner.scheme;
        let body = Body {
            created: self.created,
            ext: self.lineage.ext.clone(),
            generation: self.lineage.generation,
            key: self.name.clone(),
            object: self.object,
            origin: Origin::Put,
            p: scheme.p(),
            part: self.inner.settings.part,
            parts,
            revision: self.lineage.revision,
            segment: self.layout.segment(),
            state: if missing == 0 { State::Committed } else { State::Degraded },
            threshold: Threshold { k: scheme.k(), n: scheme.n() },
            ttl: self.ttl,
        };
        body.sign(self.inner.keys()?).map_err(Error::from)
    }
}

/// A place that a part gave up is replaced for the parts to come, too; where none took over, the first one stays, to
/// be tried again when it is healthy.
fn learn(places: &mut Assignment, uploaded: &Uploaded) {
    for (known, now) in places.0.iter_mut().zip(&uploaded.places.0) {
        if now.is_some() {
            *known = *now;
        }
    }
}
