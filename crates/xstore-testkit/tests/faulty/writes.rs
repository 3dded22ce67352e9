//! Writes that are not what their answers say.

use crate::{Faulty, faulty, get, key, kind, put, stored};
use std::time::Duration;
use xstore_backend::{ErrorKind, Operation, PutOptions, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Rule};
use xstore_testkit::poll_times;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_acknowledgement_is_lost() {
    let backend = faulty(1);
    backend.faults().set(Behaviour::LostAck);
    let error = put(&backend, "a", "x").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::Timeout, true));
    assert_eq!(stored(&backend, "a").unwrap(), "x");
    // What is refused is refused.
    let again = backend.put(&key("a"), b"y"[..].into(), &PutOptions::create_only()).await;
    assert_eq!(kind(again), ErrorKind::AlreadyExists);
    assert_eq!(kind(backend.delete(&key("a")).await), ErrorKind::Timeout);
    assert_eq!(stored(&backend, "a"), None);
}

#[tokio::test]
async fn a_write_lands_and_hangs() {
    let backend = faulty(1);
    backend.faults().set(Behaviour::HangAfter);
    assert!(poll_times(put(&backend, "a", "x"), 1).await.is_none());
    assert_eq!(stored(&backend, "a").unwrap(), "x");
    assert!(poll_times(backend.delete(&key("a")), 1).await.is_none());
    assert_eq!(stored(&backend, "a"), None);
}

#[tokio::test]
async fn a_ghost_says_ok_and_does_nothing() {
    let backend = faulty(1);
    put(&backend, "a", "x").await.unwrap();
    backend.faults().set(Behaviour::Ghost);
    put(&backend, "b", "y").await.unwrap();
    backend.delete(&key("a")).await.unwrap();
    assert_eq!((stored(&backend, "a").unwrap(), stored(&backend, "b")), ("x".into(), None));
    assert_eq!(get(&backend, "a").await.unwrap(), "x");
}

fn late(backend: &Faulty, unless_deleted: bool) {
    let late = Behaviour::Late { after: SECOND * 10, unless_deleted };
    backend.faults().set_rules([Rule::new(late).on([Operation::Put])]);
}

#[tokio::test(start_paused = true)]
async fn a_late_write_lands_when_its_time_has_come() {
    let backend = faulty(1);
    late(&backend, false);
    assert_eq!(kind(put(&backend, "a", "x").await), ErrorKind::Timeout);
    assert_eq!((stored(&backend, "a"), backend.faults().pending()), (None, 1));
    tokio::time::sleep(SECOND * 9).await;
    // A deletion doesn't keep it away, as none does in earnest.
    backend.delete(&key("a")).await.unwrap();
    assert_eq!(stored(&backend, "a"), None);
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(stored(&backend, "a").unwrap(), "x");
    assert_eq!(backend.faults().pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_write_can_be_swept_where_it_is_told_so() {
    let backend = faulty(1);
    late(&backend, true);
    put(&backend, "a", "x").await.unwrap_err();
    put(&backend, "b", "y").await.unwrap_err();
    backend.delete(&key("a")).await.unwrap();
    assert_eq!(backend.faults().pending(), 1);
    let begin = tokio::time::Instant::now();
    backend.faults().settled().await;
    assert_eq!(begin.elapsed().as_secs(), 10);
    assert_eq!((stored(&backend, "a"), stored(&backend, "b").unwrap()), (None, "y".into()));
    // Nothing is pending, nothing to wait for.
    backend.faults().settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_write_obeys_its_options_when_it_lands() {
    let backend = faulty(1);
    late(&backend, false);
    let options = PutOptions::create_only();
    backend.put(&key("a"), b"late"[..].into(), &options).await.unwrap_err();
    backend.faults().clear();
    backend.put(&key("a"), b"first"[..].into(), &options).await.unwrap();
    backend.faults().settled().await;
    assert_eq!(stored(&backend, "a").unwrap(), "first");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_lands_late_too() {
    let backend = faulty(1);
    put(&backend, "a", "x").await.unwrap();
    backend.faults().set(Behaviour::Late { after: SECOND, unless_deleted: false });
    assert_eq!(kind(backend.delete(&key("a")).await), ErrorKind::Timeout);
    assert!(stored(&backend, "a").is_some());
    backend.faults().settled().await;
    assert_eq!(stored(&backend, "a"), None);
}
