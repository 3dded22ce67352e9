//! What a store says of itself and refuses: marks, deletes, expiry, names, keys, progress, configuration.

use crate::support::{DURABLE, backends, data, over, ring, small_parts, values};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{BackendId, Key, Operation, PutOptions, StorageBackend};
use xstore_core::event::Grammar;
use xstore_core::{Code, Deleted, FixedClock, Member, Placement, Progress, Store};
use xstore_manifest::Timestamp;
use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};

type Faulty = Arc<FaultyBackend<MemoryBackend>>;

fn faulty(count: usize) -> Vec<Faulty> {
    backends(count).into_iter().map(|backend| Arc::new(FaultyBackend::new(backend, 1))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_delete_says_what_is_certain() {
    for bad in 0..8_u32 {
        let backends = faulty(3);
        let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
        let manifest = store.put("doc", data(900)).await.unwrap();
        for (i, backend) in backends.iter().enumerate() {
            if bad >> i & 1 == 1 {
                backend.faults().set_rules([Rule::new(Behaviour::Down).on([Operation::Delete])]);
            }
        }
        let deleted = store.delete(&manifest).await;
        for backend in &backends {
            backend.faults().clear();
        }
        match (bad.count_ones(), deleted) {
            (0, Ok(Deleted::All)) => {
                assert_eq!(store.get(&manifest).await.unwrap_err().code(), Code::InsufficientShares);
            }
            (1, Ok(Deleted::Unreadable(left))) => {
                assert_eq!(left.len(), 2);
                assert!(left.iter().all(|attempt| attempt.code == Code::BackendUnavailable));
                assert_eq!(store.get(&manifest).await.unwrap_err().code(), Code::InsufficientShares);
            }
            (_, Err(error)) => {
                assert_eq!(error.code(), Code::InsufficientBackends);
                assert!(store.get(&manifest).await.unwrap() == data(900));
            }
            (_, other) => panic!("{bad:b}: {other:?}"),
        }
        assert!(matches!(store.delete(&manifest).await.unwrap(), Deleted::All));
        assert!(backends.iter().all(|backend| values(backend.inner()) == 0));
    }
}

/// A folder whose disk isn't mounted is an empty one.
#[tokio::test(start_paused = true)]
async fn a_place_without_its_mark_confirms_nothing() {
    let backends = backends(3);
    let member = |backend: &MemoryBackend| Member::new(backend.clone()).namespace("space");
    let build = |ring: &Arc<_>| {
        let builder = Store::builder().threshold(2, 3).keys(Arc::clone(ring)).write_quorum(2);
        backends.iter().fold(builder, |builder, backend| builder.backend(member(backend))).build().unwrap()
    };
    let ring = ring();
    let store = build(&ring);
    assert_eq!(store.put("doc", data(10)).await.unwrap_err().code(), Code::InsufficientBackends);
    store.initialise().await.unwrap();
    let manifest = store.put("doc", data(10)).await.unwrap();

    let kept: Vec<(Key, _)> =
        backends[1].keys().into_iter().map(|key| (key.clone(), backends[1].raw(&key).unwrap())).collect();
    backends[1].clear();
    let store = build(&ring);
    // Readable, but told rightly: the backend is away, not the share lost.
    assert!(store.get(&manifest).await.unwrap() == data(10));
    let report = store.verify(&manifest).await.unwrap();
    let problem = report.shares[1].problem.as_ref().unwrap();
    assert_eq!(problem.code, Code::BackendUnavailable, "{problem}");
    assert!(problem.to_string().contains("mark"), "{problem}");
    let put = store.put("other", data(10)).await.unwrap();
    assert!(put.parts[0].shares[1].is_none() && put.parts[0].past.is_empty());
    assert!(backends[1].is_empty(), "something was written to a place that isn't there");
    let left = store.delete(&manifest).await.unwrap();
    assert_eq!(left.remaining().len(), 1);

    for (key, value) in kept {
        backends[1].put(&key, value.into(), &PutOptions::create_only()).await.unwrap();
    }
    assert!(matches!(build(&ring).delete(&manifest).await.unwrap(), Deleted::All));
}

/// What was never there was sent nothing, so there is nothing to sweep there.
#[tokio::test(start_paused = true)]
async fn a_ticket_names_no_place_that_was_never_there() {
    for hangs in [false, true] {
        let backends = faulty(4);
        let builder = Store::builder().threshold(2, 3).keys(ring()).settings(small_parts(500));
        let store =
            backends.iter().fold(builder, |builder, one| builder.backend(Arc::clone(one))).build().unwrap();
        backends[1].faults().set(if hangs { Behaviour::Hang } else { Behaviour::Down });
        let ticket = store.begin("doc").unwrap();
        let manifest = store.put("doc", data(900)).ticket(&ticket).await.unwrap();
        assert!(store.get(&manifest).await.unwrap() == data(900));
        assert!(!ticket.to_text().contains("\"b1\""), "{}", ticket.to_text());
        assert!(manifest.parts.iter().all(|part| part.past.is_empty()));
        // So it is settled although b1 is away.
        assert!(store.sweep(&ticket).await.unwrap().unconfirmed.is_empty());
    }
}

/// A member that was left alone for a while gets one request to show that it is back, not one for each part.
#[tokio::test(start_paused = true)]
async fn one_trial_is_made_of_what_was_left_alone() {
    let backends = faulty(3);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    // So that the others are worth a trial of the first.
    backends[2].faults().set(Behaviour::Slow(Duration::from_secs(2)));
    let manifest = store.put("doc", data(5000)).await.unwrap();
    backends[0].faults().set(Behaviour::Down);
    assert!(store.get(&manifest).await.unwrap() == data(5000));
    // The circuit opened more than once while that was read.
    tokio::time::sleep(Duration::from_secs(100)).await;
    // It is back, and slow to say so: ten parts are read meanwhile.
    backends[0].faults().set(Behaviour::Hang);
    backends[0].faults().reset_counts();
    assert!(store.get(&manifest).await.unwrap() == data(5000));
    assert_eq!(backends[0].faults().counts().of(Operation::Get), 1);
}

/// The time that a request waits for its turn isn't the backend's.
#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_is_not_timed() {
    use xstore_backend::layer::{Limiter, Limits, Timeouts};
    let backends = faulty(2);
    let mut settings = small_parts(500);
    settings.timeouts = Timeouts::new(Duration::from_secs(10), std::num::NonZero::<u64>::MAX);
    let one = || Limiter::new(Limits::new(std::num::NonZero::<usize>::MIN));
    let builder = Store::builder().threshold(2, 2).keys(ring()).settings(settings);
    let limited = |backend: &Faulty| Member::new(Arc::clone(backend)).limited(one());
    let store =
        backends.iter().fold(builder, |builder, backend| builder.backend(limited(backend))).build().unwrap();
    store.initialise().await.unwrap();
    for backend in &backends {
        backend.faults().set(Behaviour::Slow(Duration::from_secs(7)));
    }
    // Two parts are on their way at once, each in seven seconds and in its turn.
    let manifest = store.put("doc", data(2600)).await.unwrap();
    for backend in &backends {
        assert_eq!(backend.faults().counts().of(Operation::Put), 7, "a put was repeated");
    }
    assert!(store.get(&manifest).await.unwrap() == data(2600));
}

#[tokio::test]
async fn one_place_under_two_names_is_refused() {
    let one = MemoryBackend::new(BackendId::new("one").unwrap()).with_capability(DURABLE);
    /// The same place under another name.
    #[derive(Debug)]
    struct Alias(MemoryBackend, BackendId);
    #[xstore_backend::async_trait]
    impl StorageBackend for Alias {
        fn id(&self) -> &BackendId {
            &self.1
        }
        fn capability(&self) -> xstore_backend::Capability {
            self.0.capability()
        }
        async fn put(
            &self,
            key: &Key,
            data: xstore_backend::Payload,
            options: &PutOptions,
        ) -> xstore_backend::Result<()> {
            self.0.put(key, data, options).await
        }
        async fn get(&self, key: &Key, max: usize) -> xstore_backend::Result<xstore_backend::Bytes> {
            self.0.get(key, max).await
        }
        async fn delete(&self, key: &Key) -> xstore_backend::Result<()> {
            self.0.delete(key).await
        }
    }
    let two = || Alias(one.clone(), BackendId::new("two").unwrap());
    let store =
        Store::builder().threshold(2, 2).keys(ring()).backend(one.clone()).backend(two()).build().unwrap();
    let error = store.put("doc", data(10)).await.unwrap_err();
    assert!(error.to_string().contains("same place"), "{error}");
    assert_eq!(values(&one), 0);
    let spaces = |first: &str, second: &str| {
        let builder = Store::builder().threshold(2, 2).keys(ring());
        let builder = builder.backend(Member::new(one.clone()).namespace(first));
        builder.backend(Member::new(two()).namespace(second)).build().unwrap()
    };
    for (first, second) in [("a", "b"), ("c", "c")] {
        let error = spaces(first, second).initialise().await.unwrap_err();
        assert_eq!(error.code(), Code::LayoutRefused, "{error}");
    }
}

#[tokio::test]
async fn what_is_expired_is_refused_and_can_still_be_deleted() {
    let backends = backends(3);
    let ring = ring();
    let at = |seconds: i64| {
        let builder = Store::builder().threshold(2, 3).keys(ring.clone()).ttl(Duration::from_secs(60));
        let builder = builder.clock(FixedClock(Timestamp::from_millis(seconds * 1000).unwrap()));
        backends.iter().fold(builder, |builder, backend| builder.backend(backend.clone())).build().unwrap()
    };
    let manifest = at(1000).put("doc", data(10)).await.unwrap();
    assert!(at(1059).get(&manifest).await.is_ok());
    assert_eq!(at(1060).get(&manifest).await.unwrap_err().code(), Code::ManifestExpired);
    assert_eq!(at(1060).get_range(&manifest, 0..1).await.unwrap_err().code(), Code::ManifestExpired);
    assert!(at(1060).verify(&manifest).await.unwrap().is_whole());
    let for_ever = at(1000).put("doc", data(10)).ttl(None).await.unwrap();
    assert!(at(1_000_000).get(&for_ever).await.is_ok());
    assert!(matches!(at(1060).delete(&manifest).await.unwrap(), Deleted::All));
}

#[tokio::test]
async fn a_manifest_is_for_one_name_and_one_key_ring() {
    let backends = backends(3);
    let store = over(2, 3, &backends).build().unwrap();
    let manifest = store.put("a", data(10)).await.unwrap();
    assert!(store.get_as("a", &manifest).await.is_ok());
    assert_eq!(store.get_as("b", &manifest).await.unwrap_err().code(), Code::ManifestInvalid);
    let other = over(2, 3, &backends).build().unwrap();
    assert_eq!(other.manifest(&manifest.to_json()).unwrap_err().code(), Code::KeyUnavailable);
    assert_eq!(other.get(&manifest).await.unwrap_err().code(), Code::KeyUnavailable);
    let mut text = manifest.to_json();
    let at = text.len() / 2;
    text[at] ^= 1;
    assert_eq!(store.manifest(&text).unwrap_err().code(), Code::ManifestInvalid);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_backend_costs_a_hedge_and_only_once() {
    let backends = faulty(3);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    let manifest = store.put("doc", data(20_000)).await.unwrap();
    for frozen in 0..3 {
        for backend in &backends {
            backend.faults().clear();
        }
        backends[frozen].faults().set(Behaviour::Hang);
        let begun = Instant::now();
        assert!(store.get(&manifest).await.unwrap() == data(20_000));
        // 40 parts: were each of them to wait, it would be seconds.
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn events_obey_their_grammar_whatever_happens() {
    let faults = [
        None,
        Some(Behaviour::Down),
        Some(Behaviour::ServerError { times: 1, retry_after: None }),
        Some(Behaviour::BitFlip { at: Some(2000) }),
        Some(Behaviour::Truncated { by: 3 }),
    ];
    for fault in faults {
        for bad in 0..3 {
            let backends = faulty(4);
            let mut settings = small_parts(500);
            let quick = Duration::from_millis(1);
            settings.retry = xstore_backend::retry::RetryPolicy::new(3, quick, 1, quick).unwrap();
            let store = over(2, 3, &backends).write_quorum(2).settings(settings).build().unwrap();
            let set = |on: &[Operation]| {
                for backend in &backends[..bad] {
                    if let Some(fault) = &fault {
                        backend.faults().set_rules([Rule::new(fault.clone()).on(on.to_vec())]);
                    }
                }
            };
            set(&[Operation::Put]);
            let manifest =
                watched(|progress| store.put("doc", data(2600)).progress(progress).into_future()).await;
            set(&[Operation::Get]);
            let Ok(manifest) = manifest else { continue };
            let _ = watched(|progress| store.get(&manifest).progress(progress).into_future()).await;
            let _ =
                watched(|progress| store.get_range(&manifest, 100..1700).progress(progress).into_future())
                    .await;
            let _ = watched(|progress| store.verify(&manifest).progress(progress).into_future()).await;
            set(&[Operation::Put]);
            let _ = watched(|progress| store.repair(&manifest).progress(progress).into_future()).await;
            let moved =
                watched(|progress| store.migrate(&manifest, "b0", "b3").progress(progress).into_future())
                    .await
                    .unwrap();
            let reshared =
                watched(|progress| store.reshare(&moved.manifest, 2, 2).progress(progress).into_future())
                    .await;
            if moved.is_changed() {
                store.commit(&moved.ticket).unwrap();
                let sweep = store.sweep(&moved.ticket).keeping(&moved.manifest);
                let _ = watched(|progress| sweep.progress(progress).into_future()).await;
            }
            drop(reshared);
            set(&[Operation::Get]);
            for backend in &backends[..bad] {
                for key in backend.inner().keys().iter().filter(|key| key.as_str().contains("/m/")) {
                    backend.inner().delete(key).await.unwrap();
                }
            }
            let _ = watched(|progress| store.repair(&manifest).progress(progress).into_future()).await;
            set(&[Operation::Delete]);
            let _ = watched(|progress| store.delete(&manifest).progress(progress).into_future()).await;
        }
    }
}

/// Runs an operation and checks its events.
async fn watched<'a, T>(
    run: impl FnOnce(Progress) -> futures_util::future::BoxFuture<'a, xstore_core::Result<T>>,
) -> xstore_core::Result<T> {
    let (progress, mut events) = Progress::channel();
    let result = run(progress).await;
    let mut grammar = Grammar::new();
    let mut last = None;
    while let Some(event) = events.next().await {
        grammar.check(&event).unwrap_or_else(|violation| panic!("{violation}: {event}"));
        last = Some(event);
    }
    grammar.end().unwrap();
    let last = last.unwrap();
    assert!(last.terminal && last.code.is_some() == result.is_err(), "{last}");
    if let Err(error) = &result {
        assert_eq!(last.code, Some(error.code().as_str()));
    }
    result
}

#[test]
fn a_builder_says_what_is_wrong() {
    let code = |builder: xstore_core::StoreBuilder| builder.build().unwrap_err().code();
    let three = backends(3);
    assert_eq!(code(Store::builder().keys(ring())), Code::ConfigInvalid);
    assert_eq!(code(over(1, 3, &three)), Code::ConfigInvalid);
    assert_eq!(code(over(4, 3, &three)), Code::ConfigInvalid);
    assert_eq!(code(over(2, 4, &three)), Code::LayoutRefused);
    assert_eq!(code(over(2, 3, &three).write_quorum(1)), Code::ConfigInvalid);
    assert_eq!(code(over(2, 3, &three).write_quorum(4)), Code::ConfigInvalid);
    assert_eq!(code(over(2, 3, &three).backend(three[0].clone())), Code::ConfigInvalid);
    assert_eq!(code(over(2, 3, &three).settings(small_parts(0))), Code::ConfigInvalid);
    let mut odd = small_parts(100);
    odd.pad_to = Some(33);
    assert_eq!(code(over(2, 3, &three).settings(odd)), Code::ConfigInvalid);
    let no_keys =
        three.iter().fold(Store::builder().threshold(2, 3), |builder, one| builder.backend(one.clone()));
    assert_eq!(code(no_keys), Code::KeyUnavailable);

    let volatile: Vec<MemoryBackend> =
        three.iter().map(|one| one.clone().with_capability(DURABLE.with_durable(false))).collect();
    assert_eq!(code(over(2, 3, &volatile)), Code::LayoutRefused);
    assert!(over(2, 3, &volatile).allow_volatile().build().is_ok());
    let small: Vec<MemoryBackend> =
        three.iter().map(|one| one.clone().with_capability(DURABLE.with_max_put(1 << 20))).collect();
    assert_eq!(code(over(2, 3, &small)), Code::LayoutRefused);
    assert!(over(2, 3, &small).settings(small_parts(1 << 19)).build().is_ok());

    let labelled = |values: [&str; 3]| {
        let builder = Store::builder()
            .threshold(2, 3)
            .keys(ring())
            .placement(Placement::default().spread("site").unwrap());
        three.iter().zip(values).fold(builder, |builder, (one, site)| {
            builder.backend(Member::new(one.clone()).label("site", site))
        })
    };
    assert!(labelled(["a", "b", "c"]).build().is_ok());
    assert_eq!(code(labelled(["a", "a", "c"])), Code::LayoutRefused);
    for namespace in ["", "A", "a/b", "-a", &"a".repeat(65)] {
        let builder = over(2, 2, &three[..1]).backend(Member::new(three[1].clone()).namespace(namespace));
        assert_eq!(code(builder), Code::ConfigInvalid, "{namespace:?}");
    }
}

#[tokio::test]
async fn status_tells_each_backend() {
    let backends = faulty(4);
    let builder = Store::builder().threshold(2, 3).keys(ring());
    let builder = builder.backend(backends[0].clone()).backend(Member::new(backends[1].clone()).removable());
    let builder =
        builder.backend(backends[2].clone()).backend(Member::new(backends[3].clone()).namespace("unmarked"));
    let store = builder.build().unwrap();
    backends[1].faults().set(Behaviour::Auth);
    backends[2].faults().set_rules([Rule::new(Behaviour::Quota)
        .on([Operation::Put])
        .for_keys(|key| !key.as_str().ends_with("mark"))]);
    let status = store.status().await;
    assert!(status[0].is_good() && status[0].latency.is_some());
    assert_eq!(status[1].reachable.as_ref().unwrap_err().code, Code::BackendAuthFailed);
    assert!(status[1].is_removable && status[1].writable.is_none());
    assert!(status[2].reachable.is_ok());
    assert_eq!(status[2].writable.as_ref().unwrap().as_ref().unwrap_err().code, Code::BackendQuotaExceeded);
    assert_eq!(status[3].reachable.as_ref().unwrap_err().code, Code::BackendUnavailable);
    assert!(backends.iter().all(|backend| values(backend.inner()) == 0));
}

#[tokio::test]
async fn no_error_shows_what_is_stored() {
    let canary = "canary-7f3a9c";
    let backends = faulty(3);
    let store = over(2, 3, &backends).build().unwrap();
    let manifest = store.put("doc", canary).await.unwrap();
    for backend in &backends {
        backend.faults().set(Behaviour::BitFlip { at: Some(1100) });
    }
    let error = store.get(&manifest).await.unwrap_err();
    let report = store.verify(&manifest).await.unwrap();
    let shown = format!("{error} {error:?} {report:?} {store:?} {backends:?}");
    assert!(!shown.contains(canary));
    assert!(!error.guidance().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_an_operation_and_a_put_cleans_up() {
    let backends = faulty(3);
    let store = over(2, 3, &backends).build().unwrap();
    store.initialise().await.unwrap();
    backends[2].faults().set_rules([Rule::new(Behaviour::Hang).on([Operation::Put])]);
    let put = store.put("doc", data(10)).deadline(Duration::from_secs(7)).await;
    assert_eq!(put.unwrap_err().code(), Code::Cancelled);
    assert!(backends.iter().all(|backend| values(backend.inner()) == 0));
    backends[2].faults().clear();
    let manifest = store.put("doc", data(10)).await.unwrap();
    for backend in &backends[..2] {
        backend.faults().set(Behaviour::Hang);
    }
    let get = store.get(&manifest).deadline(Duration::from_secs(3)).await;
    assert_eq!(get.unwrap_err().code(), Code::Cancelled);
}
