//! Every failing subset of up to six backends, times every behaviour: up to n-k bad, the right bytes; beyond, a typed
//! error; wrong bytes never.

use crate::support::{DURABLE, backends, data, ring, small_parts};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{Key, Operation, StorageBackend};
use xstore_core::{Code, Member, Store};
use xstore_keys::KeyRing;
use xstore_manifest::{Manifest, State};
use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};

/// What may be wrong with a backend, and what it does to a read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Down,
    Auth,
    Timeout,
    ServerError,
    Slow,
    Hang,
    Truncated,
    Extended,
    Flipped,
    Missing,
    RolledBack,
    Swapped,
}

const ALL: [Wrong; 12] = [
    Wrong::Down,
    Wrong::Auth,
    Wrong::Timeout,
    Wrong::ServerError,
    Wrong::Slow,
    Wrong::Hang,
    Wrong::Truncated,
    Wrong::Extended,
    Wrong::Flipped,
    Wrong::Missing,
    Wrong::RolledBack,
    Wrong::Swapped,
];

impl Wrong {
    /// Whether the backend gives its bytes in the end.
    fn passes(self) -> bool {
        matches!(self, Self::ServerError | Self::Slow)
    }

    fn behaviour(self, backend: &Rig, share: &Key) -> Behaviour {
        match self {
            Self::Down => Behaviour::Down,
            Self::Auth => Behaviour::Auth,
            Self::Timeout => Behaviour::Timeout,
            Self::ServerError => Behaviour::ServerError { times: 1, retry_after: None },
            Self::Slow => Behaviour::Slow(Duration::from_secs(20)),
            Self::Hang => Behaviour::Hang,
            Self::Truncated => Behaviour::Truncated { by: 1 },
            Self::Extended => Behaviour::Extended { by: 1 },
            Self::Flipped => Behaviour::BitFlip { at: None },
            Self::Missing => Behaviour::NotFound,
            Self::RolledBack => Behaviour::RolledBack(backend.mark),
            Self::Swapped => Behaviour::Swapped(share.clone()),
        }
    }
}

type Faulty = Arc<FaultyBackend<MemoryBackend>>;

struct Rig {
    backend: Faulty,
    /// Before the object was put.
    mark: xstore_testkit::faulty::Mark,
}

struct World {
    rigs: Vec<Rig>,
    ring: Arc<KeyRing>,
    k: u8,
    n: u8,
    data: Vec<u8>,
    object: Manifest,
    other: Manifest,
}

impl World {
    async fn new(k: u8, n: u8) -> Self {
        let backends: Vec<Faulty> = backends(usize::from(n))
            .into_iter()
            .enumerate()
            .map(|(seed, backend)| Arc::new(FaultyBackend::new(backend, seed as u64)))
            .collect();
        let ring = ring();
        let store = store(k, n, &ring, &backends);
        let other = store.put("other", data(900)).await.unwrap();
        let rigs =
            backends.iter().map(|backend| Rig { backend: backend.clone(), mark: backend.faults().mark() });
        let rigs = rigs.collect();
        let data = data(900);
        let object = store.put("object", data.clone()).await.unwrap();
        Self { rigs, ring, k, n, data, object, other }
    }

    /// A store that knows nothing of what was.
    fn fresh(&self) -> Store {
        let backends: Vec<Faulty> = self.rigs.iter().map(|rig| rig.backend.clone()).collect();
        store(self.k, self.n, &self.ring, &backends)
    }

    fn set(&self, bad: u32, wrong: Wrong) {
        for (i, rig) in self.rigs.iter().enumerate() {
            if bad >> i & 1 == 1 {
                let share = self.other.parts[0].shares[i].as_ref().unwrap();
                let key = Key::new(share.key.as_str()).unwrap();
                // The marks are another test's business.
                let rule =
                    Rule::new(wrong.behaviour(rig, &key)).for_keys(|key| !key.as_str().ends_with("/mark"));
                rig.backend.faults().set_rules([rule]);
            } else {
                rig.backend.faults().clear();
            }
        }
    }
}

fn store(k: u8, n: u8, ring: &Arc<KeyRing>, backends: &[Faulty]) -> Store {
    let builder = Store::builder().threshold(k, n).keys(ring.clone()).settings(small_parts(500));
    backends
        .iter()
        .fold(builder, |builder, backend| builder.backend(Member::new(backend.clone())))
        .build()
        .unwrap()
}

/// All choices of k and n up to 6.
fn thresholds() -> impl Iterator<Item = (u8, u8)> {
    (2..=6).flat_map(|n| (2..=n).map(move |k| (k, n)))
}

#[tokio::test(start_paused = true)]
async fn every_subset_times_every_behaviour_reads_right_or_fails_typed() {
    let (mut right, mut refused) = (0, 0);
    for (k, n) in thresholds() {
        let world = World::new(k, n).await;
        for wrong in ALL {
            for bad in 1..1_u32 << n {
                world.set(bad, wrong);
                let store = world.fresh();
                let begun = Instant::now();
                let read = store.get(&world.object).await;
                let within = bad.count_ones() <= u32::from(n - k) || wrong.passes();
                match read {
                    Ok(bytes) => {
                        assert!(bytes == world.data, "{wrong:?}: wrong bytes, {k} of {n}, bad {bad:b}");
                        // Two shares that are bad in different segments still serve each other.
                        let luck = wrong == Wrong::Flipped;
                        assert!(within || luck, "{wrong:?}: read what can't be, {k} of {n}, bad {bad:b}");
                        right += 1;
                    }
                    Err(error) => {
                        assert!(!within, "{wrong:?}, {k} of {n}, bad {bad:b}: {error}");
                        assert_eq!(error.code(), Code::InsufficientShares);
                        // Every backend has its say; a bad segment that wasn't reached can't be known.
                        let (told, count) =
                            (error.attempts().len(), usize::try_from(bad.count_ones()).unwrap());
                        assert!(told == count || wrong == Wrong::Flipped && told > 0, "{error}");
                        refused += 1;
                    }
                }
                // One that hangs costs a hedge or two for each part, not its timeout.
                if within && !wrong.passes() && bad.count_ones() == 1 {
                    assert!(begun.elapsed() < Duration::from_secs(5), "{wrong:?} took {:?}", begun.elapsed());
                }
            }
        }
    }
    assert!(right > 2000 && refused > 2000, "{right} read right, {refused} refused");
}

#[tokio::test(start_paused = true)]
async fn ranges_fail_over_like_whole_reads() {
    for (k, n) in [(2, 3), (3, 5), (2, 5)] {
        let world = World::new(k, n).await;
        for wrong in ALL {
            for bad in 1..1_u32 << n {
                world.set(bad, wrong);
                let read = world.fresh().get_range(&world.object, 450..700).await;
                let within = bad.count_ones() <= u32::from(n - k) || wrong.passes();
                match read {
                    Ok(bytes) => {
                        let luck = wrong == Wrong::Flipped;
                        assert!(bytes == world.data[450..700] && (within || luck), "{wrong:?} {bad:b}");
                    }
                    Err(error) => {
                        assert!(
                            !within && error.code() == Code::InsufficientShares,
                            "{wrong:?} {bad:b}: {error}"
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_verification_names_exactly_the_bad_ones() {
    for (k, n) in [(2, 3), (3, 5)] {
        let world = World::new(k, n).await;
        for wrong in ALL {
            for bad in 1..1_u32 << n {
                world.set(bad, wrong);
                let report = world.fresh().verify(&world.object).await.unwrap();
                for share in &report.shares {
                    let is_bad = bad >> share.index & 1 == 1 && !wrong.passes();
                    assert_eq!(share.is_good(), !is_bad, "{wrong:?} {bad:b}: {share:?}");
                }
            }
        }
    }
}

/// What may be wrong while an object is put.
fn put_faults() -> Vec<(&'static str, Behaviour, bool)> {
    let late = |unless_deleted| Behaviour::Late { after: Duration::from_secs(3), unless_deleted };
    // The last: whether the share is good in the end.
    vec![
        ("down", Behaviour::Down, false),
        ("auth", Behaviour::Auth, false),
        ("quota", Behaviour::Quota, false),
        ("timeout", Behaviour::Timeout, false),
        ("server error", Behaviour::ServerError { times: 2, retry_after: None }, true),
        ("slow", Behaviour::Slow(Duration::from_secs(20)), true),
        ("hang", Behaviour::Hang, false),
        ("hang after", Behaviour::HangAfter, false),
        ("lost acknowledgement", Behaviour::LostAck, true),
        ("late", late(true), false),
        ("ghost", Behaviour::Ghost, false),
        ("truncated", Behaviour::Truncated { by: 1 }, false),
        ("flipped", Behaviour::BitFlip { at: Some(1000) }, false),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_put_ends_in_a_true_state() {
    for (k, n) in thresholds() {
        for w in [k, n] {
            for (name, behaviour, passes) in put_faults() {
                for bad in 0..1_u32 << n {
                    // All of n <= 4, and beyond the edges only: the whole takes minutes.
                    if n > 4 && ![0, 1, u32::from(n - w), u32::from(n - w) + 1].contains(&bad.count_ones()) {
                        continue;
                    }
                    one_put(k, n, w, (name, &behaviour, passes), bad).await;
                }
            }
        }
    }
}

async fn one_put(k: u8, n: u8, w: u8, (name, behaviour, passes): (&str, &Behaviour, bool), bad: u32) {
    let backends: Vec<Faulty> = backends(usize::from(n))
        .into_iter()
        .map(|backend| Arc::new(FaultyBackend::new(backend, 1)))
        .collect();
    let builder = Store::builder().threshold(k, n).write_quorum(w).keys(ring()).settings(small_parts(500));
    let builder =
        backends.iter().fold(builder, |builder, backend| builder.backend(Member::new(backend.clone())));
    let store = builder.build().unwrap();
    store.initialise().await.unwrap();
    for (i, backend) in backends.iter().enumerate().filter(|(i, _)| bad >> i & 1 == 1) {
        let rule = Rule::new(behaviour.clone()).on([Operation::Put]);
        backend.faults().set_rules([rule]);
        let _ = i;
    }
    let data = data(900);
    let ticket = store.begin("object").unwrap();
    let put = store.put("object", data.clone()).ticket(&ticket).await;
    for backend in &backends {
        backend.faults().clear();
        backend.faults().settled().await;
    }
    let what = format!("{name}: {k} of {n}, w {w}, bad {bad:b}");
    // A backend that says Ok and stores something else can't be found out before the object is read.
    let lies = ["ghost", "truncated", "flipped"].contains(&name);
    let failing = if passes || lies { 0 } else { bad.count_ones() };
    match put {
        Ok(manifest) => {
            assert!(u32::from(n) - failing >= u32::from(w), "{what}: acknowledged below the quorum");
            assert_eq!(manifest.state == State::Committed, failing == 0, "{what}");
            let read = store.get(&manifest).await;
            if !lies || bad.count_ones() <= u32::from(n - k) {
                assert!(read.unwrap() == data, "{what}");
            } else {
                assert_eq!(read.unwrap_err().code(), Code::InsufficientShares, "{what}");
            }
            assert!(store.delete(&manifest).await.unwrap().remaining().is_empty(), "{what}");
        }
        Err(error) => {
            assert!(u32::from(n) - failing < u32::from(w), "{what}: {error}");
            assert_eq!(error.code(), Code::ShareUploadFailed, "{what}: {error}");
            assert!(!error.attempts().is_empty());
            // What landed after the put had swept is for the ticket.
            assert!(store.sweep(&ticket).await.unwrap().unconfirmed.is_empty());
        }
    }
    for backend in &backends {
        let left: Vec<Key> =
            backend.inner().keys().into_iter().filter(|key| !key.as_str().ends_with("/mark")).collect();
        assert_eq!(left, [], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_spare_takes_over_and_keeps_the_object_whole() {
    for (name, behaviour, passes) in put_faults() {
        for bad in 0..3_usize {
            let backends: Vec<Faulty> =
                backends(4).into_iter().map(|backend| Arc::new(FaultyBackend::new(backend, 1))).collect();
            let store = store(2, 3, &ring(), &backends);
            store.initialise().await.unwrap();
            backends[bad].faults().set_rules([Rule::new(behaviour.clone()).on([Operation::Put])]);
            let begun = Instant::now();
            let manifest = store.put("object", data(2600)).await.unwrap();
            assert_eq!(manifest.state, State::Committed, "{name}");
            if !passes && !["ghost", "truncated", "flipped"].contains(&name) {
                let used = |part: &xstore_manifest::Part| {
                    part.shares[bad].as_ref().unwrap().backend.as_str() == "b3"
                };
                assert!(manifest.parts.iter().skip(2).all(used), "{name}: {:?}", manifest.parts);
                // What was sent a byte and isn't a place any more is remembered.
                let past: Vec<&str> =
                    manifest.parts[0].past.iter().map(|past| past.backend.as_str()).collect();
                assert_eq!(past, [format!("b{bad}")], "{name}");
                assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
            }
            for backend in &backends {
                backend.faults().clear();
                backend.faults().settled().await;
            }
            assert!(store.get(&manifest).await.unwrap() == data(2600), "{name}");
            assert!(store.delete(&manifest).await.unwrap().remaining().is_empty());
            let left = |backend: &Faulty| backend.inner().keys().len() - 1;
            assert_eq!(backends.iter().map(left).sum::<usize>(), 0, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_volatile_backend_does_not_count_towards_the_quorum() {
    let mut members: Vec<MemoryBackend> = backends(3);
    members[2] = members[2].clone().with_capability(DURABLE.with_durable(false));
    let backends: Vec<Faulty> =
        members.into_iter().map(|backend| Arc::new(FaultyBackend::new(backend, 1))).collect();
    let store = store(2, 3, &ring(), &backends);
    store.initialise().await.unwrap();
    // Without the volatile one: degraded, but acknowledged.
    backends[2].faults().set(Behaviour::Down);
    assert_eq!(store.put("a", data(10)).await.unwrap().state, State::Degraded);
    backends[2].faults().clear();
    backends[1].faults().set(Behaviour::Down);
    assert_eq!(store.put("a", data(10)).await.unwrap_err().code(), Code::ShareUploadFailed);
    assert_eq!(backends[0].capability().durable, !backends[2].capability().durable);
}
