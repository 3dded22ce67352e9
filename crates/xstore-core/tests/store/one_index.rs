//! No backend is ever sent bytes of two shares of one part, whatever happens and in whatever order.

use crate::support::{Damage, backends, damage, data, ring, small_parts, values};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Key, Operation, Page, Payload, Prefix, PutOptions, Result, Space,
    Stat, StorageBackend, async_trait,
};
use xstore_core::{Deleted, Member, Placement, Placing, Store, Ticket};
use xstore_manifest::Manifest;
use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};
use xstore_testkit::poll_times;

type Faulty = FaultyBackend<MemoryBackend>;
/// Which indexes of shares of which length each backend was sent. The parts of an object have different lengths here.
type Seen = Arc<Mutex<BTreeMap<(String, usize), BTreeSet<u8>>>>;

/// Notes what it is sent, whatever comes of it.
#[derive(Debug, Clone)]
struct Recording {
    inner: Arc<Faulty>,
    seen: Seen,
}

#[async_trait]
impl StorageBackend for Recording {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        if key.as_str().contains("/m/") {
            let bytes: Vec<u8> = data.chunks().iter().flat_map(|chunk| chunk.to_vec()).collect();
            let place = (self.id().as_str().to_owned(), bytes.len());
            // The index stands at this place of a share's header.
            self.seen.lock().unwrap().entry(place).or_default().insert(bytes[14]);
        }
        self.inner.put(key, data, options).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.inner.get(key, max).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.inner.delete(key).await
    }

    async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        self.inner.get_range(key, range).await
    }

    async fn stat(&self, key: &Key) -> Result<Stat> {
        self.inner.stat(key).await
    }

    async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        self.inner.list(prefix, cursor).await
    }

    async fn space(&self) -> Result<Space> {
        self.inner.space().await
    }
}

/// Small numbers by a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 20) % count as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

struct World {
    memory: Vec<MemoryBackend>,
    faulty: Vec<Arc<Faulty>>,
    store: Store,
    seen: Seen,
    sites: Vec<&'static str>,
    k: usize,
    dice: Dice,
    tickets: Vec<Ticket>,
    /// How often something was moved, rebuilt, cut short.
    counts: [usize; 3],
}

/// A whole payload of two parts of different lengths.
const LENGTH: usize = 637;

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (k, n) = *dice.pick(&[(2, 3), (2, 4), (3, 4), (3, 5), (2, 2)]);
        let memory = backends(usize::from(n) + 1 + dice.below(3));
        let faulty: Vec<Arc<Faulty>> =
            memory.iter().map(|backend| Arc::new(FaultyBackend::new(backend.clone(), seed))).collect();
        let seen = Seen::default();
        let has_rule = dice.below(3) == 0;
        let sites: Vec<&'static str> = (0..memory.len())
            .map(|at| if has_rule { ["a", "b", "c", "d", "e", "f", "a", "b"][at] } else { "" })
            .collect();
        let placement = Placement::default();
        let placement = if has_rule { placement.spread("site").unwrap() } else { placement };
        let builder = Store::builder().threshold(k, n).write_quorum(k).keys(ring());
        let builder = builder.settings(small_parts(500)).placement(placement);
        let builder = faulty.iter().zip(&sites).fold(builder, |builder, (faulty, site)| {
            let member = Member::new(Recording { inner: Arc::clone(faulty), seen: Arc::clone(&seen) });
            builder.backend(if site.is_empty() { member } else { member.label("site", *site) })
        });
        let store = builder.build().unwrap();
        let k = usize::from(k);
        Self { memory, faulty, store, seen, sites, k, dice, tickets: Vec::new(), counts: [0; 3] }
    }

    fn disturb(&mut self, operations: &[Operation]) {
        for faulty in &self.faulty {
            let behaviour = match self.dice.below(12) {
                0 => Behaviour::Down,
                1 => Behaviour::Quota,
                2 => Behaviour::LostAck,
                3 => Behaviour::Late { after: Duration::from_secs(3), unless_deleted: false },
                4 => Behaviour::Timeout,
                5 => Behaviour::Ghost,
                6 => Behaviour::Hang,
                _ => {
                    faulty.faults().clear();
                    continue;
                }
            };
            let on: Vec<Operation> = if self.dice.below(4) == 0 {
                vec![Operation::Put, Operation::Get]
            } else {
                operations.to_vec()
            };
            faulty.faults().set_rules([Rule::new(behaviour).on(on)]);
        }
    }

    async fn calm(&self) {
        for faulty in &self.faulty {
            faulty.faults().clear();
            faulty.faults().settled().await;
        }
        // Long enough for every backend to be tried again.
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }

    /// Damages a share where the object can do without it.
    async fn wear(&mut self, manifest: &Manifest) {
        let report = self.store.verify(manifest).await.unwrap();
        assert!(report.fewest_good() >= self.k, "{report:?}");
        let part = self.dice.below(manifest.parts.len());
        let good: Vec<_> =
            report.shares.iter().filter(|share| share.part as usize == part && share.is_good()).collect();
        if good.len() > self.k {
            let index = self.dice.pick(&good).index;
            let kind =
                *self.dice.pick(&[Damage::Missing, Damage::Flipped, Damage::Truncated, Damage::Header]);
            damage(&self.memory, manifest, part, index, kind, manifest);
        }
    }

    /// One repair or migration, to its end or not; the manifest to go on with.
    async fn change(&mut self, manifest: &Manifest) -> Manifest {
        let ticket = self.store.begin_change(manifest).unwrap();
        let count = self.memory.len();
        let name = |at: usize| format!("b{at}");
        // A backend that holds something, mostly to one that doesn't.
        let holder = |at: &usize| {
            let id = name(*at);
            manifest.parts.iter().any(|part| part.shares.iter().flatten().any(|s| s.backend.as_str() == id))
        };
        let (holders, others): (Vec<usize>, Vec<usize>) = (0..count).partition(holder);
        let from = *self.dice.pick(&holders);
        let is_any = others.is_empty() || self.dice.below(4) == 0;
        let to = if is_any { self.dice.below(count) } else { *self.dice.pick(&others) };
        let store = &self.store;
        let work = match self.dice.below(6) {
            0 | 1 => store.repair(manifest).ticket(&ticket).into_future(),
            2 => store.repair(manifest).placing(Placing::SpareOnly).ticket(&ticket).into_future(),
            3 => store.repair(manifest).abandon(name(from)).ticket(&ticket).into_future(),
            4 => store.repair(manifest).onto(name(from), name(to)).ticket(&ticket).into_future(),
            _ if from == to => store.repair(manifest).ticket(&ticket).into_future(),
            _ => store.migrate(manifest, name(from), name(to)).ticket(&ticket).into_future(),
        };
        let polls = if self.dice.below(3) == 0 { self.dice.below(12) } else { usize::MAX };
        let done = poll_times(work, polls).await;
        let ticket = store.ticket(&ticket.to_text()).unwrap();
        match done {
            Some(done) => {
                let done = done.unwrap();
                let outcomes = || done.report.done().map(|share| share.outcome);
                self.counts[0] += outcomes().filter(|outcome| outcome.as_str() == "copied").count();
                self.counts[1] += outcomes().filter(|outcome| outcome.as_str() == "rebuilt").count();
            }
            None => self.counts[2] += 1,
        }
        if ticket.made().is_none() && self.dice.below(2) == 0 {
            store.sweep(&ticket).await.unwrap();
        }
        let next = store.finish(manifest, &ticket).unwrap();
        if !ticket.is_empty() {
            store.commit(&ticket).unwrap();
            if self.dice.below(2) == 0 {
                store.sweep(&ticket).keeping(&next).await.unwrap();
            }
            self.tickets.push(ticket);
        }
        next
    }

    /// What was sent is one index for each backend, and it is remembered; of each site no more than k-1 were seen.
    fn check(&self, manifest: &Manifest, what: &str) {
        let seen = self.seen.lock().unwrap();
        let mut by_site: BTreeMap<(&str, usize), BTreeSet<u8>> = BTreeMap::new();
        for ((backend, length), indexes) in &*seen {
            assert_eq!(indexes.len(), 1, "{what}: {backend} was sent {indexes:?}");
            let at: usize = backend[1..].parse().unwrap();
            by_site.entry((self.sites[at], *length)).or_default().extend(indexes);
        }
        for ((site, _), indexes) in by_site {
            assert!(site.is_empty() || indexes.len() < self.k, "{what}: {site} has seen {indexes:?}");
        }
        let mut lengths: Vec<usize> = seen.keys().map(|(_, length)| *length).collect();
        lengths.sort_unstable();
        lengths.dedup();
        for ((backend, length), indexes) in &*seen {
            // The first part is the longer one.
            let part = if lengths.last() == Some(length) { &manifest.parts[0] } else { &manifest.parts[1] };
            let stored = part.shares.iter().flatten().map(|share| (share.index, share.backend.as_str()));
            let past = part.past.iter().map(|past| (past.index, past.backend.as_str()));
            let known: BTreeSet<(u8, &str)> = stored.chain(past).collect();
            for index in indexes {
                assert!(known.contains(&(*index, backend.as_str())), "{what}: {backend} isn't remembered");
            }
        }
    }
}

async fn sequence(seed: u64) -> [usize; 3] {
    let mut world = World::new(seed);
    world.store.initialise().await.unwrap();
    world.disturb(&[Operation::Put]);
    let put = world.store.put("doc", data(LENGTH)).await;
    world.calm().await;
    let Ok(mut manifest) = put else { return [0; 3] };
    // A backend that says Ok and stores nothing may have taken too much from the beginning.
    if world.store.verify(&manifest).await.unwrap().redundancy() < 0 {
        return [0; 3];
    }
    world.check(&manifest, "after the put");
    for step in 0..10 {
        let what = format!("seed {seed}, step {step}");
        world.wear(&manifest).await;
        if world.dice.below(2) == 0 {
            world.disturb(&[Operation::Put]);
        }
        manifest = world.change(&manifest).await;
        world.calm().await;
        world.check(&manifest, &what);
        assert!(world.store.get(&manifest).await.unwrap() == data(LENGTH), "{what}");
    }
    // What was written late, or couldn't be removed, is removed by the tickets; the rest by the manifest.
    for ticket in &world.tickets {
        let swept = world.store.sweep(ticket).keeping(&manifest).await.unwrap();
        assert!(swept.unconfirmed.is_empty());
    }
    assert!(world.store.get(&manifest).await.unwrap() == data(LENGTH));
    assert!(matches!(world.store.delete(&manifest).await.unwrap(), Deleted::All));
    let left: usize = world.memory.iter().map(values).sum();
    assert_eq!(left, 0, "seed {seed}: something is left over");
    world.counts
}

#[tokio::test(start_paused = true)]
async fn no_backend_ever_sees_two_shares_of_a_part() {
    let mut counts = [0; 3];
    for seed in 1..=120 {
        let more = sequence(seed).await;
        counts.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }
    let [moved, rebuilt, cut_short] = counts;
    assert!(moved > 40 && rebuilt > 100 && cut_short > 40, "{counts:?}");
}
