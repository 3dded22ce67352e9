//! Shares move from one backend to another; backends that are away are left alone until somebody says otherwise.

use crate::support::{Damage, backends, damage, data, keep, location, over, ring, small_parts, values};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{Operation, StorageBackend};
use xstore_core::{Code, Deleted, Member, Outcome, Placement, Store, Why};
use xstore_keys::KeyRing;
use xstore_manifest::{Manifest, State};
use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};

type Faulty = Arc<FaultyBackend<MemoryBackend>>;

fn faulty(backends: &[MemoryBackend]) -> Vec<Faulty> {
    backends.iter().map(|backend| Arc::new(FaultyBackend::new(backend.clone(), 1))).collect()
}

fn store(ring: &Arc<KeyRing>, backends: &[Faulty]) -> Store {
    let builder = Store::builder().threshold(2, 3).keys(ring.clone()).settings(small_parts(500));
    let add =
        |builder: xstore_core::StoreBuilder, backend: &Faulty| builder.backend(Member::new(backend.clone()));
    backends.iter().fold(builder.write_quorum(2), add).build().unwrap()
}

fn holders(manifest: &Manifest, index: usize) -> Vec<&str> {
    manifest
        .parts
        .iter()
        .map(|part| part.shares[index].as_ref().map_or("", |share| share.backend.as_str()))
        .collect()
}

#[tokio::test]
async fn what_is_good_is_copied_as_it_is() {
    let backends = backends(4);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    let manifest = store.put("doc", data(1200)).await.unwrap();
    let old: Vec<_> = (0..3).map(|part| location(&backends, &manifest, part, 1)).collect();
    let old: Vec<_> = old.iter().map(|(at, key)| backends[*at].raw(key).unwrap()).collect();

    let dry = store.migrate(&manifest, "b1", "b3").dry_run().await.unwrap();
    assert!(dry.report.shares.iter().all(|share| share.outcome == Outcome::WouldCopy) && !dry.is_changed());
    let moved = store.migrate(&manifest, "b1", "b3").await.unwrap();
    assert_eq!(moved.report.shares.len(), 3);
    for share in &moved.report.shares {
        assert_eq!((share.why, share.outcome, share.index), (Why::Moving, Outcome::Copied, 1));
        assert!(share.problem.is_none() && share.to.as_ref().unwrap().as_str() == "b3");
    }
    // Until it is swept, the old manifest is as good as the new one.
    assert!(store.verify(&manifest).await.unwrap().is_whole());
    assert!(store.verify(&moved.manifest).await.unwrap().is_whole());
    let next = keep(&store, &moved).await;
    assert_eq!(holders(&next, 1), ["b3"; 3]);
    assert_eq!(values(&backends[1]), 0);
    for (part, old) in old.iter().enumerate() {
        let (at, key) = location(&backends, &next, part, 1);
        assert!(backends[at].raw(&key).unwrap() == *old, "the share was made anew");
        let (before, after) = (&manifest.parts[part], &next.parts[part]);
        assert_eq!(before.shares[1].as_ref().unwrap().hmac, after.shares[1].as_ref().unwrap().hmac);
        assert_eq!((after.past[0].index, after.past[0].backend.as_str()), (1, "b1"));
    }
    assert!(store.get(&next).await.unwrap() == data(1200));

    // And back again: the place that had it may have it again.
    let moved = store.migrate(&next, "b3", "b1").await.unwrap();
    let home = keep(&store, &moved).await;
    assert_eq!(holders(&home, 1), ["b1"; 3]);
    assert_eq!(home.parts[0].past[0].backend.as_str(), "b3");
    // Nothing on b3 any more: nothing to do.
    let again = store.migrate(&home, "b3", "b1").await.unwrap();
    assert!(!again.is_changed() && again.report.shares.is_empty());
    assert!(matches!(store.delete(&home).await.unwrap(), Deleted::All));
    assert!(backends.iter().all(|backend| values(backend) == 0));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_gone_or_bad_is_left_by_rebuilding() {
    for behaviour in [Behaviour::Down, Behaviour::Hang, Behaviour::Auth, Behaviour::NotFound] {
        let is_missing = matches!(behaviour, Behaviour::NotFound);
        let inner = backends(4);
        let backends = faulty(&inner);
        let ring = ring();
        let manifest = store(&ring, &backends).put("doc", data(5000)).await.unwrap();
        backends[2]
            .faults()
            .set_rules([Rule::new(behaviour.clone()).for_keys(|key| !key.as_str().ends_with("/mark"))]);
        if !is_missing {
            backends[2].faults().set(behaviour.clone());
        }
        let store = store(&ring, &backends);
        let begun = Instant::now();
        let moved = store.migrate(&manifest, "b2", "b3").await.unwrap();
        // Ten parts: were each of them to wait for its own timeouts, it would be longer.
        assert!(begun.elapsed() < Duration::from_secs(600), "{behaviour:?}: {:?}", begun.elapsed());
        assert!(
            moved.report.is_whole() && moved.report.shares.len() == 10,
            "{behaviour:?}: {:?}",
            moved.report
        );
        let why = if is_missing { Why::Missing } else { Why::Unreachable };
        for share in &moved.report.shares {
            assert_eq!((share.why, share.outcome), (why, Outcome::Rebuilt), "{behaviour:?}");
        }
        let next = store.manifest(&moved.manifest.to_json()).unwrap();
        assert!(store.verify(&next).await.unwrap().is_whole());
        assert!(store.get(&next).await.unwrap() == data(5000));
        store.commit(&moved.ticket).unwrap();
        let swept = store.sweep(&moved.ticket).keeping(&next).await.unwrap();
        if !is_missing {
            assert_eq!(swept.unconfirmed.len(), 10);
        }
        // When it comes back, what it held is removed.
        backends[2].faults().clear();
        let swept = store.sweep(&moved.ticket).keeping(&next).await.unwrap();
        assert!(swept.unconfirmed.is_empty());
        assert_eq!(values(&inner[2]), 0);
        assert!(store.verify(&next).await.unwrap().is_whole());
        assert!(matches!(store.delete(&next).await.unwrap(), Deleted::All));
    }
}

#[tokio::test]
async fn a_bad_share_is_made_again_on_its_way() {
    let backends = backends(4);
    let store = over(2, 3, &backends).build().unwrap();
    let manifest = store.put("doc", data(900)).await.unwrap();
    damage(&backends, &manifest, 0, 0, Damage::Flipped, &manifest);
    // Another one that is bad isn't this migration's business, and no source.
    damage(&backends, &manifest, 0, 1, Damage::Missing, &manifest);
    let moved = store.migrate(&manifest, "b0", "b3").await.unwrap();
    assert_eq!(moved.report.shares[0].outcome, Outcome::NoSources);
    assert_eq!(moved.report.shares[0].attempts.len(), 1);

    let manifest = store.put("doc", data(900)).await.unwrap();
    damage(&backends, &manifest, 0, 0, Damage::Flipped, &manifest);
    let moved = store.migrate(&manifest, "b0", "b3").await.unwrap();
    let share = &moved.report.shares[0];
    assert_eq!((share.why, share.outcome), (Why::Damaged, Outcome::Rebuilt));
    assert_eq!(share.problem.as_ref().unwrap().code, Code::ShareIntegrityFailed);
    let next = keep(&store, &moved).await;
    assert!(store.verify(&next).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_backend_that_is_not_configured_any_more_can_be_left() {
    let backends = backends(4);
    let ring = ring();
    let build = |used: &[usize]| {
        let builder = Store::builder().threshold(2, 3).keys(ring.clone());
        used.iter().fold(builder, |builder, at| builder.backend(backends[*at].clone())).build().unwrap()
    };
    let manifest = build(&[0, 1, 2]).put("doc", data(900)).await.unwrap();
    let store = build(&[0, 2, 3]);
    let repaired = store.repair(&manifest).await.unwrap();
    let share = &repaired.report.shares[0];
    assert_eq!((share.why, share.outcome), (Why::Unreachable, Outcome::LeftAlone));
    assert!(!repaired.is_changed() && repaired.report.good == 2);
    for way in 0..3 {
        let moved = match way {
            0 => store.migrate(&manifest, "b1", "b3").await.unwrap(),
            1 => store.repair(&manifest).abandon("b1").await.unwrap(),
            _ => store.repair(&manifest).onto("b1", "b3").await.unwrap(),
        };
        assert_eq!(moved.report.shares[0].outcome, Outcome::Rebuilt, "{way}");
        let next = store.manifest(&moved.manifest.to_json()).unwrap();
        assert_eq!(holders(&next, 1), ["b3"]);
        assert!(store.verify(&next).await.unwrap().is_whole());
        // Not kept after all: the manifest from before is in use, and what was made for the other one goes.
        assert_eq!(store.sweep(&moved.ticket).await.unwrap_err().code(), Code::ConfigInvalid);
        let key = location(&backends, &next, 0, 1).1;
        backends[3].delete(&key).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_away_is_left_alone_and_named() {
    let inner = backends(4);
    let backends = faulty(&inner);
    let ring = ring();
    let manifest = store(&ring, &backends).put("doc", data(900)).await.unwrap();
    backends[1].faults().set(Behaviour::Down);
    let store = store(&ring, &backends);
    let repaired = store.repair(&manifest).await.unwrap();
    assert_eq!(repaired.report.left().count(), 2);
    for share in &repaired.report.shares {
        assert_eq!((share.why, share.outcome), (Why::Unreachable, Outcome::LeftAlone));
        assert_eq!(share.problem.as_ref().unwrap().code, Code::BackendUnavailable);
    }
    assert!(!repaired.is_changed());
    // What is damaged elsewhere can't be mended without it, and is told.
    damage(&inner, &manifest, 0, 2, Damage::Missing, &manifest);
    let repaired = store.repair(&manifest).await.unwrap();
    let share = repaired.report.shares.iter().find(|share| share.index == 2).unwrap();
    assert_eq!(share.outcome, Outcome::NoSources);
    assert_eq!(share.attempts.len(), 1);
    backends[1].faults().clear();
    tokio::time::sleep(Duration::from_secs(100)).await;
    let repaired = store.repair(&manifest).await.unwrap();
    assert!(repaired.report.is_whole() && repaired.is_changed());

    backends[1].faults().set(Behaviour::Down);
    let manifest = keep(&store, &repaired).await;
    let repaired = store.repair(&manifest).abandon("b1").await.unwrap();
    assert!(repaired.report.is_whole(), "{:?}", repaired.report);
    assert_eq!(holders(&repaired.manifest, 1), ["b3"; 2]);
}

/// A value that can't be read says nothing of the others beside it.
#[tokio::test(start_paused = true)]
async fn a_bad_sector_is_not_an_absent_disk() {
    let inner = backends(3);
    let backends = faulty(&inner);
    let ring = ring();
    let manifest = store(&ring, &backends).put("doc", data(5000)).await.unwrap();
    // Four parts on b1 can't be read; of the ninth it is needed, and the tenth lacks too much.
    let keys: Vec<String> = (0..4).map(|part| location(&inner, &manifest, part, 1).1.to_string()).collect();
    let is_meant = move |key: &xstore_backend::Key| keys.iter().any(|known| known == key.as_str());
    backends[1].faults().set_rules([Rule::new(Behaviour::Down).for_keys(is_meant)]);
    damage(&inner, &manifest, 9, 0, Damage::Missing, &manifest);
    damage(&inner, &manifest, 9, 2, Damage::Missing, &manifest);
    damage(&inner, &manifest, 8, 2, Damage::Flipped, &manifest);
    let repaired = store(&ring, &backends).repair(&manifest).await.unwrap();
    let of = |part: u32| repaired.report.shares.iter().filter(move |share| share.part == part);
    for part in 0..4 {
        let outcomes: Vec<_> = of(part).map(|share| (share.why, share.outcome)).collect();
        assert_eq!(outcomes, [(Why::Unreachable, Outcome::LeftAlone)], "{part}");
    }
    assert!(of(8).all(|share| share.outcome == Outcome::Rebuilt) && of(8).count() == 1);
    assert!(of(9).all(|share| share.outcome == Outcome::NoSources) && of(9).count() == 2);
}

/// A namespace without its mark is a disk that isn't mounted: nothing is missing there, and nothing goes there.
#[tokio::test]
async fn a_place_without_its_mark_has_lost_nothing() {
    let backends = backends(4);
    let ring = ring();
    let build = || {
        let builder = Store::builder().threshold(2, 3).keys(Arc::clone(&ring));
        let member = |backend: &MemoryBackend| Member::new(backend.clone()).namespace("space");
        backends.iter().fold(builder, |builder, backend| builder.backend(member(backend))).build().unwrap()
    };
    let store = build();
    store.initialise().await.unwrap();
    let manifest = store.put("doc", data(10)).await.unwrap();
    backends[1].clear();
    // Also within the time for which a mark that was seen is trusted.
    for store in [store, build()] {
        let repaired = store.repair(&manifest).await.unwrap();
        let share = &repaired.report.shares[0];
        assert_eq!((share.why, share.outcome), (Why::Unreachable, Outcome::LeftAlone), "{share:?}");
        assert!(share.problem.as_ref().unwrap().to_string().contains("mark"));
        let repaired = store.repair(&manifest).onto("b1", "b1").await.unwrap();
        assert_eq!(repaired.report.shares[0].outcome, Outcome::Refused);
        // Nothing was sent there, so nothing has to be remembered.
        assert!(!repaired.is_changed() && backends[1].is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_degraded_object_becomes_whole() {
    for comes_back in [true, false] {
        let inner = backends(4);
        let backends = faulty(&inner);
        let ring = ring();
        let three = store(&ring, &backends[..3]);
        three.initialise().await.unwrap();
        backends[1].faults().set_rules([Rule::new(Behaviour::Down).on([Operation::Put])]);
        let manifest = three.put("doc", data(900)).await.unwrap();
        assert_eq!(manifest.state, State::Degraded);
        if comes_back {
            backends[1].faults().clear();
        }
        let store = store(&ring, &backends);
        let repaired = store.repair(&manifest).await.unwrap();
        assert!(repaired.report.is_whole(), "{:?}", repaired.report);
        assert!(
            repaired.report.shares.iter().all(|share| share.why == Why::NotStored && share.from.is_none())
        );
        let next = keep(&store, &repaired).await;
        assert_eq!(next.state, State::Committed);
        assert_eq!(holders(&next, 1), [if comes_back { "b1" } else { "b3" }; 2]);
        backends[1].faults().clear();
        assert!(store.verify(&next).await.unwrap().is_whole());
        assert!(store.get(&next).await.unwrap() == data(900));
        assert!(matches!(store.delete(&next).await.unwrap(), Deleted::All));
        assert!(inner.iter().all(|backend| values(backend) == 0));
    }
}

#[tokio::test]
async fn rules_hold_for_what_was_ever_seen() {
    let backends = backends(6);
    let sites = ["a", "b", "c", "c", "d", "a"];
    let builder = Store::builder().threshold(2, 3).keys(ring());
    let builder = builder.placement(Placement::default().spread("site").unwrap());
    let store = backends
        .iter()
        .zip(sites)
        .fold(builder, |builder, (backend, site)| {
            builder.backend(Member::new(backend.clone()).label("site", site))
        })
        .build()
        .unwrap();
    let manifest = store.put("doc", data(10)).await.unwrap();
    assert_eq!(
        [holders(&manifest, 0)[0], holders(&manifest, 1)[0], holders(&manifest, 2)[0]],
        ["b0", "b1", "b2"]
    );
    // Site c has share 2: share 0 may not go there, share 2 may.
    let refused = store.migrate(&manifest, "b0", "b3").await.unwrap();
    assert_eq!(refused.report.shares[0].outcome, Outcome::NoPlace);
    let next = keep(&store, &store.migrate(&manifest, "b0", "b4").await.unwrap()).await;
    // Site a has seen share 0, though it holds none any more.
    let refused = store.migrate(&next, "b1", "b5").await.unwrap();
    assert_eq!(refused.report.shares[0].outcome, Outcome::NoPlace);
    let next = keep(&store, &store.migrate(&next, "b4", "b5").await.unwrap()).await;
    let next = keep(&store, &store.migrate(&next, "b2", "b3").await.unwrap()).await;
    assert!(store.get(&next).await.unwrap() == data(10));
}
