//! Missing and bad shares are made again: every subset of up to five, times everything that can be wrong with a share.

use crate::support::{Damage, backends, damage, data, keep, location, over, small_parts, values};
use xstore_backend::memory::MemoryBackend;
use xstore_core::{Code, Deleted, Outcome, Placing, Repaired, Store, Why};
use xstore_manifest::{Manifest, State};

const ALL: [Damage; 6] =
    [Damage::Missing, Damage::Flipped, Damage::Truncated, Damage::Extended, Damage::Swapped, Damage::Header];

#[tokio::test]
async fn every_subset_times_every_damage_is_made_again() {
    let (mut mended, mut lost) = (0, 0);
    for (k, n) in (2..=5_u8).flat_map(|n| (2..=n).map(move |k| (k, n))) {
        let backends = backends(usize::from(n));
        let store = over(k, n, &backends).settings(small_parts(500)).build().unwrap();
        let other = store.put("other", data(900)).await.unwrap();
        for kind in ALL {
            for bad in 1..1_u32 << n {
                let manifest = store.put("doc", data(900)).await.unwrap();
                for i in (0..n).filter(|i| bad >> i & 1 == 1) {
                    damage(&backends, &manifest, 0, i, kind, &other);
                }
                let repaired = store.repair(&manifest).await.unwrap();
                let what = format!("{kind:?}: {k} of {n}, bad {bad:b}");
                let report = &repaired.report;
                assert_eq!(report.shares.len(), bad.count_ones() as usize, "{what}");
                assert_eq!(report.good, usize::from(n) * 2 - report.shares.len(), "{what}");
                let why = if kind == Damage::Missing { Why::Missing } else { Why::Damaged };
                assert!(report.shares.iter().all(|share| share.why == why && share.part == 0), "{what}");
                // What is bad in one segment only still serves with the others; here it is the same one everywhere.
                let within = bad.count_ones() <= u32::from(n - k);
                if within {
                    assert!(report.is_whole() && repaired.is_changed(), "{what}: {report:?}");
                    assert!(report.shares.iter().all(|share| share.outcome == Outcome::Rebuilt
                        && share.from == share.to
                        && share.written > 0));
                    mended += 1;
                } else {
                    assert!(
                        report.left().all(|share| share.outcome == Outcome::NoSources),
                        "{what}: {report:?}"
                    );
                    assert!(!repaired.is_changed() && report.written == 0, "{what}: {report:?}");
                    assert_eq!(repaired.manifest, manifest);
                    lost += 1;
                }
                let next = keep(&store, &repaired).await;
                if within {
                    check(&store, &next, &manifest).await;
                    // What was replaced is gone.
                    let stored: usize = backends.iter().map(values).sum();
                    assert_eq!(stored, usize::from(n) * 4, "{what}");
                }
                assert!(matches!(store.delete(&next).await.unwrap(), Deleted::All));
                let left: usize = backends.iter().map(values).sum();
                assert_eq!(left, usize::from(n) * 2, "{what}: something is left over");
            }
        }
        assert!(matches!(store.delete(&other).await.unwrap(), Deleted::All));
    }
    assert!(mended > 300 && lost > 300, "{mended} mended, {lost} lost");
}

/// The object is whole, reads, and a second repair has nothing to do.
async fn check(store: &Store, next: &Manifest, before: &Manifest) {
    assert_eq!(next.revision, before.revision + 1);
    assert_eq!(
        (next.generation, next.created, next.object),
        (before.generation, before.created, before.object)
    );
    assert_eq!(next.state, State::Committed);
    assert!(store.verify(next).await.unwrap().is_whole());
    assert!(store.get(next).await.unwrap() == data(900));
    let again = store.repair(next).await.unwrap();
    assert!(!again.is_changed() && again.ticket.is_empty() && again.manifest == *next);
    assert!(again.report.shares.is_empty() && again.report.written == 0);
}

/// The bytes of a share's segments without tags.
fn bodies(backends: &[MemoryBackend], manifest: &Manifest, index: u8) -> Vec<u8> {
    let (at, key) = location(backends, manifest, 0, index);
    let value = backends[at].raw(&key).unwrap();
    // One data segment and the trailer.
    let trailer = manifest.parts[0].trailer as usize;
    let end = value.len() - 32 - 32;
    let data = &value[128..end - trailer - 32];
    [data, &value[end - trailer..end]].concat()
}

#[tokio::test]
async fn a_rebuilt_share_has_the_old_bodies_under_a_new_salt() {
    let backends = backends(3);
    let store = over(2, 3, &backends).build().unwrap();
    let manifest = store.put("doc", data(900)).await.unwrap();
    let old = bodies(&backends, &manifest, 1);
    let (at, key) = location(&backends, &manifest, 0, 1);
    let salt = backends[at].raw(&key).unwrap()[64..96].to_vec();
    damage(&backends, &manifest, 0, 1, Damage::Missing, &manifest);
    let next = keep(&store, &store.repair(&manifest).await.unwrap()).await;
    let (at, key) = location(&backends, &next, 0, 1);
    assert!(backends[at].raw(&key).unwrap()[64..96] != salt[..]);
    assert!(bodies(&backends, &next, 1) == old);
    assert_ne!(next.parts[0].shares[1], manifest.parts[0].shares[1]);
    assert_eq!(next.parts[0].shares[0], manifest.parts[0].shares[0]);
}

/// No k shares are wholly good, but each segment has k good bodies.
#[tokio::test]
async fn shares_with_one_bad_segment_each_mend_each_other() {
    for (k, n) in [(2, 3), (2, 4), (3, 5), (4, 5)] {
        let backends = backends(usize::from(n));
        let store = over(k, n, &backends).build().unwrap();
        let data = data(64 << 14);
        let manifest = store.put("doc", data.clone()).await.unwrap();
        // 16 full segments or so, each share bad in another one.
        for i in 0..n {
            damage(&backends, &manifest, 0, i, Damage::Segment(u64::from(i) * 2), &manifest);
        }
        let repaired = store.repair(&manifest).await.unwrap();
        assert!(repaired.report.is_whole(), "{k} of {n}: {:?}", repaired.report);
        assert_eq!(repaired.report.done().count(), usize::from(n));
        let next = keep(&store, &repaired).await;
        assert!(store.verify(&next).await.unwrap().is_whole());
        assert!(store.get(&next).await.unwrap() == data);

        // The same segment in too many of them, though, is lost; and nothing is written for nothing.
        for i in 0..=n - k {
            damage(&backends, &next, 0, i, Damage::Segment(5), &next);
        }
        let stored: Vec<usize> = backends.iter().map(values).collect();
        let repaired = store.repair(&next).await.unwrap();
        assert!(repaired.report.shares.iter().all(|share| share.outcome == Outcome::NoSources));
        assert!(!repaired.is_changed());
        assert_eq!(backends.iter().map(values).collect::<Vec<_>>(), stored);
    }
}

/// With exactly k shares each of which is bad somewhere else nothing can be made; with the target's own good segments
/// more can than from the others alone.
#[tokio::test]
async fn own_good_segments_count() {
    let backends = backends(3);
    let store = over(2, 3, &backends).build().unwrap();
    let payload = data(64 << 12);
    let manifest = store.put("doc", payload.clone()).await.unwrap();
    damage(&backends, &manifest, 0, 0, Damage::Missing, &manifest);
    damage(&backends, &manifest, 0, 1, Damage::Segment(1), &manifest);
    // Share 1 needs two others in segment 1 and has one; share 0 needs 1 and 2 and lacks 1 there.
    let repaired = store.repair(&manifest).await.unwrap();
    assert!(repaired.report.left().count() == 2 && !repaired.is_changed());

    let manifest = store.put("doc", payload.clone()).await.unwrap();
    damage(&backends, &manifest, 0, 0, Damage::Segment(0), &manifest);
    damage(&backends, &manifest, 0, 1, Damage::Segment(1), &manifest);
    damage(&backends, &manifest, 0, 2, Damage::Segment(2), &manifest);
    // In segment 1 share 0 is good itself, and share 1 is not.
    let repaired = store.repair(&manifest).await.unwrap();
    assert!(repaired.report.is_whole());
    assert!(store.get(&repaired.manifest).await.unwrap() == payload);
}

#[tokio::test]
async fn spares_receive_what_they_may() {
    let backends = backends(4);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    let manifest = store.put("doc", data(900)).await.unwrap();
    damage(&backends, &manifest, 0, 1, Damage::Missing, &manifest);
    let dry = store.repair(&manifest).placing(Placing::SpareOnly).dry_run().await.unwrap();
    assert!(!dry.is_changed() && dry.report.is_dry_run && dry.report.written == 0);
    assert_eq!(dry.report.shares[0].outcome, Outcome::WouldRebuild);
    assert_eq!(dry.report.shares[0].to.as_ref().unwrap().as_str(), "b3");
    assert_eq!(values(&backends[3]), 0);

    let repaired = store.repair(&manifest).placing(Placing::SpareOnly).await.unwrap();
    let next = keep(&store, &repaired).await;
    let part = &next.parts[0];
    assert_eq!(part.shares[1].as_ref().unwrap().backend.as_str(), "b3");
    let past: Vec<(u8, &str)> = part.past.iter().map(|past| (past.index, past.backend.as_str())).collect();
    assert_eq!(past, [(1, "b1")]);
    assert!(next.parts[1].past.is_empty());

    // The spare has seen share 1, and the place of share 1 too: neither may receive another one.
    damage(&backends, &next, 0, 2, Damage::Flipped, &next);
    let repaired = store.repair(&next).placing(Placing::SpareOnly).await.unwrap();
    assert_eq!(repaired.report.shares[0].outcome, Outcome::NoPlace);
    for (from, to) in [("b2", "b1"), ("b2", "b3"), ("b2", "b0")] {
        let repaired = store.repair(&next).onto(from, to).await.unwrap();
        assert_eq!(repaired.report.shares[0].outcome, Outcome::NoPlace, "{to}");
        assert!(!repaired.is_changed());
    }
    let repaired = store.repair(&next).await.unwrap();
    assert_eq!(repaired.report.shares[0].to.as_ref().unwrap().as_str(), "b2");
    let next = keep(&store, &repaired).await;

    // Share 1 may go home.
    damage(&backends, &next, 0, 1, Damage::Missing, &next);
    let repaired = store.repair(&next).onto_index(1, "b1").await.unwrap();
    let next = keep(&store, &repaired).await;
    let part = &next.parts[0];
    assert_eq!(part.shares[1].as_ref().unwrap().backend.as_str(), "b1");
    assert_eq!((part.past[0].index, part.past[0].backend.as_str(), part.past.len()), (1, "b3", 1));
    assert!(store.get(&next).await.unwrap() == data(900));
    assert_eq!(next.revision, 4);
    assert!(matches!(store.delete(&next).await.unwrap(), Deleted::All));
    assert!(backends.iter().all(|backend| values(backend) == 0));
}

#[tokio::test]
async fn a_wish_that_names_nothing_is_refused() {
    let backends = backends(3);
    let store = over(2, 3, &backends).build().unwrap();
    let manifest = store.put("doc", data(10)).await.unwrap();
    let code = |result: xstore_core::Result<Repaired>| result.unwrap_err().code();
    assert_eq!(code(store.repair(&manifest).onto("b0", "nowhere").await), Code::ConfigInvalid);
    assert_eq!(code(store.repair(&manifest).onto("nowhere", "b0").await), Code::ConfigInvalid);
    assert_eq!(code(store.repair(&manifest).onto_index(3, "b0").await), Code::ConfigInvalid);
    assert_eq!(code(store.repair(&manifest).abandon("nowhere").await), Code::ConfigInvalid);
    assert_eq!(code(store.migrate(&manifest, "b0", "b0").await), Code::ConfigInvalid);
    assert_eq!(code(store.migrate(&manifest, "b0", "nowhere").await), Code::ConfigInvalid);
    let ticket = store.begin("doc").unwrap();
    assert_eq!(code(store.repair(&manifest).ticket(&ticket).await), Code::ConfigInvalid);
    let other = store.put("doc", data(10)).await.unwrap();
    let ticket = store.begin_change(&other).unwrap();
    assert_eq!(code(store.repair(&manifest).ticket(&ticket).await), Code::ConfigInvalid);
    let ticket = store.begin_change(&manifest).unwrap();
    assert!(store.repair(&manifest).ticket(&ticket).await.is_ok());
    assert_eq!(code(store.repair(&manifest).ticket(&ticket).await), Code::ConfigInvalid);
    assert_eq!(store.put("doc", data(1)).ticket(&ticket).await.unwrap_err().code(), Code::ConfigInvalid);
}
