//! What a faulty backend was asked.

use crate::{faulty, get, key, put};
use std::time::Duration;
use xstore_backend::{Operation, Prefix, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Counts, Rule};
use xstore_testkit::poll_times;

#[tokio::test]
async fn operations_and_bytes_are_counted() {
    let backend = faulty(1);
    put(&backend, "a", "12345").await.unwrap();
    get(&backend, "a").await.unwrap();
    backend.get_range(&key("a"), 1..4).await.unwrap();
    get(&backend, "none").await.unwrap_err();
    backend.stat(&key("a")).await.unwrap();
    backend.list(&Prefix::all(), None).await.unwrap();
    backend.delete(&key("a")).await.unwrap();
    backend.space().await.unwrap();
    let counts = backend.faults().counts();
    let of = [Operation::Put, Operation::Get, Operation::Delete, Operation::Stat, Operation::List];
    assert_eq!(of.map(|operation| counts.of(operation)), [1, 3, 1, 1, 1]);
    assert_eq!((counts.of(Operation::Space), counts.of(Operation::Open)), (1, 0));
    assert_eq!((counts.operations, counts.failed, counts.dropped), (8, 1, 0));
    assert_eq!((counts.bytes_in, counts.bytes_out), (5, 8));
    assert_eq!((counts.in_flight, counts.max_in_flight), (0, 1));
    backend.faults().reset_counts();
    assert_eq!(backend.faults().counts(), Counts::default());
    assert_eq!(backend.faults().log(), []);
}

#[tokio::test]
async fn the_log_names_operation_key_and_fault() {
    let backend = faulty(1);
    put(&backend, "a", "x").await.unwrap();
    backend.faults().set_rules([
        Rule::new(Behaviour::Slow(Duration::from_millis(1))),
        Rule::new(Behaviour::Ghost).on([Operation::Delete]),
    ]);
    backend.delete(&key("a")).await.unwrap();
    backend.list(&Prefix::new("f").unwrap(), None).await.unwrap();
    let log = backend.faults().log();
    let calls: Vec<_> = log
        .iter()
        .map(|call| (call.operation, call.key.as_ref().map(|key| key.as_str()), call.fault))
        .collect();
    let expected = [
        (Operation::Put, Some("a"), None),
        (Operation::Delete, Some("a"), Some("ghost")),
        (Operation::List, None, Some("slow")),
    ];
    assert_eq!(calls, expected);
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_at_once_and_what_is_dropped_are_counted() {
    let backend = faulty(1);
    backend.faults().set(Behaviour::Slow(Duration::from_secs(1)));
    let keys = ["a", "b", "c"];
    let (one, two, three) =
        tokio::join!(put(&backend, keys[0], "1"), put(&backend, keys[1], "2"), get(&backend, keys[2]));
    assert!(one.is_ok() && two.is_ok() && three.is_err());
    get(&backend, "a").await.unwrap();
    assert_eq!(backend.faults().counts().max_in_flight, 3);
    backend.faults().reset_counts();
    assert!(poll_times(put(&backend, "a", "123"), 1).await.is_none());
    let counts = backend.faults().counts();
    assert_eq!((counts.operations, counts.dropped, counts.failed), (1, 1, 0));
    assert_eq!((counts.in_flight, counts.max_in_flight, counts.bytes_in), (0, 1, 3));
    // What is going on isn't forgotten.
    let mut going_on = Box::pin(get(&backend, "a"));
    assert!(poll_times(going_on.as_mut(), 1).await.is_none());
    backend.faults().reset_counts();
    let counts = backend.faults().counts();
    assert_eq!((counts.operations, counts.in_flight, counts.max_in_flight), (0, 1, 1));
    drop(going_on);
    assert_eq!(backend.faults().counts().in_flight, 0);
}

#[test]
fn every_behaviour_has_a_word_and_shows_no_value() {
    let given = Behaviour::Answer(b"secret value"[..].into());
    assert_eq!(given.name(), "answer");
    assert!(!format!("{:?} {:?}", given, Rule::new(given.clone())).contains("secret"));
}
