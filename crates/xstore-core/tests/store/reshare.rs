//! Objects are split anew, under another threshold or the same, and old and new shares have nothing in common.

use crate::support::{backends, data, location, over, ring, small_parts, values};
use crate::waiting::Waiting;
use std::time::Duration;
use xstore_backend::StorageBackend;
use xstore_core::{Code, Deleted, FixedClock, Store};
use xstore_manifest::{Manifest, State, Timestamp};
use xstore_testkit::poll_times;

#[tokio::test]
async fn two_of_three_become_three_of_five() {
    let backends = backends(5);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    for len in [0, 1, 499, 500, 501, 2600] {
        let old = store.put("doc", data(len)).await.unwrap();
        let reshared = store.reshare(&old, 3, 5).await.unwrap();
        let new = store.manifest(&reshared.manifest.to_json()).unwrap();
        assert_eq!(reshared.payload, len as u64);
        assert_eq!((new.threshold.k, new.threshold.n, new.state), (3, 5, State::Committed));
        assert_eq!(
            (new.object, &new.key, new.created, new.ttl),
            (old.object, &old.key, old.created, old.ttl)
        );
        assert_eq!((new.generation, new.revision), (2, 2));
        assert!(new.parts.iter().all(|part| old.parts.iter().all(|other| other.sharing != part.sharing)));
        assert_eq!(reshared.ticket.made(), Some(2));
        store.commit(&reshared.ticket).unwrap();
        // Both read, until the old one is deleted.
        assert!(store.get(&old).await.unwrap() == data(len) && store.get(&new).await.unwrap() == data(len));
        assert!(matches!(store.delete(&old).await.unwrap(), Deleted::All));
        assert_eq!(store.get(&old).await.unwrap_err().code(), Code::InsufficientShares);
        assert!(store.verify(&new).await.unwrap().is_whole());
        assert!(store.get(&new).await.unwrap() == data(len));
        // And it can be repaired and reshared again.
        let (at, key) = location(&backends, &new, 0, 4);
        backends[at].delete(&key).await.unwrap();
        let repaired = store.repair(&new).await.unwrap();
        assert!(repaired.report.is_whole());
        let again = store.reshare(&repaired.manifest, 2, 2).await.unwrap();
        assert_eq!((again.manifest.generation, again.manifest.revision), (3, 4));
        assert!(store.get(&again.manifest).await.unwrap() == data(len));
        assert!(matches!(store.delete(&repaired.manifest).await.unwrap(), Deleted::All));
        assert!(matches!(store.delete(&again.manifest).await.unwrap(), Deleted::All));
        assert!(backends.iter().all(|backend| values(backend) == 0));
    }
}

/// A manifest that names k-1 new shares and old ones for the rest is authentic, and of no use.
#[tokio::test]
async fn old_and_new_shares_do_not_combine() {
    let backends = backends(3);
    let ring = ring();
    let builder = Store::builder().threshold(2, 3).keys(ring.clone());
    let store = backends.iter().fold(builder, |builder, one| builder.backend(one.clone())).build().unwrap();
    let old = store.put("doc", data(900)).await.unwrap();
    let new = store.reshare(&old, 2, 3).await.unwrap().manifest;
    for from_old in 1..7_u32 {
        let mut body = new.body().clone();
        for index in (0..3).filter(|index| from_old >> index & 1 == 1) {
            body.parts[0].shares[index] = old.parts[0].shares[index].clone();
        }
        let mixed = body.sign(ring.current().unwrap()).unwrap();
        let read = store.get(&mixed).await;
        let report = store.verify(&mixed).await.unwrap();
        let good = report.shares.iter().filter(|share| share.is_good()).count();
        assert_eq!(good, 3 - from_old.count_ones() as usize);
        if good < 2 {
            assert_eq!(read.unwrap_err().code(), Code::InsufficientShares);
        } else {
            assert!(read.unwrap() == data(900));
        }
    }
}

#[tokio::test]
async fn expiry_stays_where_it_was() {
    let backends = backends(3);
    let ring = ring();
    let at = |seconds: i64| {
        let builder = Store::builder().threshold(2, 3).keys(ring.clone()).ttl(Duration::from_secs(60));
        let builder = builder.clock(FixedClock(Timestamp::from_millis(seconds * 1000).unwrap()));
        backends.iter().fold(builder, |builder, backend| builder.backend(backend.clone())).build().unwrap()
    };
    let manifest = at(1000).put("doc", data(10)).await.unwrap();
    let new = at(1050).reshare(&manifest, 2, 3).await.unwrap().manifest;
    assert!(at(1059).get(&new).await.is_ok());
    assert_eq!(at(1060).get(&new).await.unwrap_err().code(), Code::ManifestExpired);
    assert_eq!(at(1060).reshare(&manifest, 2, 3).await.unwrap_err().code(), Code::ManifestExpired);
    assert_eq!(at(1060).repair(&manifest).await.unwrap_err().code(), Code::ManifestExpired);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_does_not_read_leaves_nothing() {
    let backends = backends(3);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    let manifest = store.put("doc", data(2600)).await.unwrap();
    for (k, n, code) in
        [(2, 4, Code::LayoutRefused), (1, 3, Code::ConfigInvalid), (4, 3, Code::ConfigInvalid)]
    {
        assert_eq!(store.reshare(&manifest, k, n).await.unwrap_err().code(), code);
    }
    // The fourth of six parts can't be read any more.
    for index in [0, 2] {
        let (at, key) = location(&backends, &manifest, 3, index);
        backends[at].delete(&key).await.unwrap();
    }
    let before: Vec<usize> = backends.iter().map(values).collect();
    let error = store.reshare(&manifest, 2, 3).await.unwrap_err();
    assert_eq!((error.code(), error.part()), (Code::InsufficientShares, Some(3)));
    assert_eq!(backends.iter().map(values).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn a_reshare_dropped_anywhere_can_be_swept() {
    let backends = backends(3);
    let waiting: Vec<Waiting> = backends.iter().cloned().map(Waiting).collect();
    let store = over(2, 3, &waiting).settings(small_parts(500)).build().unwrap();
    let old = store.put("doc", data(1600)).await.unwrap();
    let before: Vec<usize> = backends.iter().map(values).collect();
    let mut left_something = 0;
    for polls in 0.. {
        let ticket = store.begin_change(&old).unwrap();
        let reshare = store.reshare(&old, 2, 2).ticket(&ticket).into_future();
        let done = poll_times(reshare, polls).await;
        let ticket = store.ticket(&ticket.to_text()).unwrap();
        if let Some(done) = done {
            assert!(polls > 10 && left_something > 5);
            ended(&store, &old, done.unwrap().manifest, &ticket).await;
            break;
        }
        left_something += u32::from(backends.iter().map(values).collect::<Vec<_>>() != before);
        let swept = store.sweep(&ticket).keeping(&old).await.unwrap();
        assert!(swept.unconfirmed.is_empty());
        assert_eq!(backends.iter().map(values).collect::<Vec<_>>(), before, "after {polls} polls");
        assert!(store.get(&old).await.unwrap() == data(1600));
    }
}

/// A ticket that says that a manifest was made removes nothing that may be in use.
async fn ended(store: &Store, old: &Manifest, new: Manifest, ticket: &xstore_core::Ticket) {
    let refused = async |kept: &Manifest| store.sweep(ticket).keeping(kept).await.unwrap_err().code();
    assert_eq!(refused(&new).await, Code::ConfigInvalid);
    assert_eq!(store.sweep(ticket).await.unwrap_err().code(), Code::ConfigInvalid);
    assert_eq!(store.finish(old, ticket).unwrap_err().code(), Code::ConfigInvalid);
    assert_eq!(store.finish(&new, ticket).unwrap(), new);
    assert!(matches!(store.delete(old).await.unwrap(), Deleted::All));
    // The old one is gone, so it can't be what is in use.
    assert_eq!(refused(old).await, Code::ConfigInvalid);
    assert!(store.get(&new).await.unwrap() == data(1600));
    store.commit(ticket).unwrap();
    store.sweep(ticket).keeping(&new).await.unwrap();
    assert!(store.get(&new).await.unwrap() == data(1600));
    assert!(matches!(store.delete(&new).await.unwrap(), Deleted::All));
}

#[tokio::test]
async fn a_reshare_whose_manifest_was_lost_can_be_swept() {
    let backends = backends(3);
    let store = over(2, 3, &backends).settings(small_parts(500)).build().unwrap();
    let old = store.put("doc", data(1600)).await.unwrap();
    let before: Vec<usize> = backends.iter().map(values).collect();
    let ticket = store.begin_change(&old).unwrap();
    drop(store.reshare(&old, 2, 3).ticket(&ticket).await.unwrap());
    let ticket = store.ticket(&ticket.to_text()).unwrap();
    assert!(store.sweep(&ticket).keeping(&old).await.unwrap().unconfirmed.is_empty());
    assert_eq!(backends.iter().map(values).collect::<Vec<_>>(), before);
    assert!(store.get(&old).await.unwrap() == data(1600));
    assert!(backends.iter().all(|backend| backend.capability().durable));
}
