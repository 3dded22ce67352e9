//! Answers that are other bytes.

use crate::{faulty, get, key, kind, put, stored};
use xstore_backend::{Bytes, ErrorKind, Operation, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Rule};

#[tokio::test]
async fn answers_are_shorter_longer_or_wrong_and_what_is_stored_stays() {
    let backend = faulty(1);
    put(&backend, "a", "value").await.unwrap();
    let faults = backend.faults();
    faults.set(Behaviour::Truncated { by: 2 });
    assert_eq!(get(&backend, "a").await.unwrap(), "val");
    assert_eq!(backend.get_range(&key("a"), 1..4).await.unwrap(), "a");
    assert_eq!(backend.stat(&key("a")).await.unwrap().size, 5);
    faults.set(Behaviour::Extended { by: 3 });
    let longer = get(&backend, "a").await.unwrap();
    assert!(longer.len() == 8 && longer.starts_with(b"value"));
    assert_eq!(kind(backend.get(&key("a"), 7).await), ErrorKind::TooLarge);
    faults.set(Behaviour::BitFlip { at: Some(8) });
    assert_eq!(get(&backend, "a").await.unwrap(), "v`lue");
    assert_eq!(backend.get_range(&key("a"), 1..3).await.unwrap(), "`l");
    assert_eq!(backend.get_range(&key("a"), 2..5).await.unwrap(), "lue");
    faults.set(Behaviour::BitFlip { at: None });
    let flipped = get(&backend, "a").await.unwrap();
    let wrong: u32 = flipped.iter().zip(b"value").map(|(a, b)| (a ^ b).count_ones()).sum();
    assert_eq!(wrong, 1);
    assert_eq!(stored(&backend, "a").unwrap(), "value");
}

#[tokio::test]
async fn what_is_stored_is_wrong_where_puts_are() {
    let backend = faulty(1);
    let spoil = |behaviour| backend.faults().set_rules([Rule::new(behaviour).on([Operation::Put])]);
    spoil(Behaviour::Truncated { by: 1 });
    put(&backend, "a", "value").await.unwrap();
    spoil(Behaviour::BitFlip { at: Some(0) });
    put(&backend, "b", "value").await.unwrap();
    spoil(Behaviour::Extended { by: 1 });
    put(&backend, "c", "value").await.unwrap();
    backend.faults().clear();
    assert_eq!(get(&backend, "a").await.unwrap(), "valu");
    assert_eq!(get(&backend, "b").await.unwrap(), "walue");
    assert_eq!(stored(&backend, "c").unwrap().len(), 6);
}

#[tokio::test]
async fn sizes_lie_where_they_are_told_to() {
    let backend = faulty(1);
    put(&backend, "a", "value").await.unwrap();
    let size = async |behaviour| {
        backend.faults().set_rules([Rule::new(behaviour).on([Operation::Stat])]);
        backend.stat(&key("a")).await.unwrap().size
    };
    assert_eq!(size(Behaviour::Truncated { by: 2 }).await, 3);
    assert_eq!(size(Behaviour::Extended { by: 2 }).await, 7);
    // A size has no bits that could flip.
    assert_eq!(size(Behaviour::BitFlip { at: Some(0) }).await, 5);
}

#[tokio::test]
async fn another_value_answers() {
    let backend = faulty(1);
    put(&backend, "a", "value").await.unwrap();
    put(&backend, "b", "another").await.unwrap();
    backend.faults().set_rules([
        Rule::new(Behaviour::Swapped(key("b"))).for_key(key("a")),
        Rule::new(Behaviour::Answer(Bytes::from_static(b"given").into())).for_key(key("c")),
    ]);
    assert_eq!(get(&backend, "a").await.unwrap(), "another");
    assert_eq!(backend.get_range(&key("a"), 2..4).await.unwrap(), "ot");
    assert_eq!(backend.stat(&key("a")).await.unwrap().size, 7);
    assert_eq!(get(&backend, "b").await.unwrap(), "another");
    assert_eq!(get(&backend, "c").await.unwrap(), "given");
    assert_eq!(backend.get_range(&key("c"), 3..99).await.unwrap(), "en");
    assert_eq!(backend.stat(&key("c")).await.unwrap().size, 5);
    assert_eq!(kind(backend.get(&key("c"), 4).await), ErrorKind::TooLarge);
    assert!(!format!("{:?} {backend:?}", backend.faults()).contains("given"));
}
