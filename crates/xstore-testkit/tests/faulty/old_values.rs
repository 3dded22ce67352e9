//! Answers from the past.

use crate::{faulty, get, key, kind, put, stored};
use xstore_backend::{Bytes, ErrorKind, Prefix, StorageBackend};
use xstore_testkit::faulty::Behaviour;

#[tokio::test]
async fn a_stale_answer_is_an_older_version() {
    let backend = faulty(1);
    for value in ["one", "two and more", "three"] {
        put(&backend, "a", value).await.unwrap();
    }
    let stale = |versions| backend.faults().set(Behaviour::Stale { versions });
    stale(0);
    assert_eq!(get(&backend, "a").await.unwrap(), "three");
    stale(1);
    assert_eq!(get(&backend, "a").await.unwrap(), "two and more");
    assert_eq!(backend.get_range(&key("a"), 4..7).await.unwrap(), "and");
    assert_eq!(backend.stat(&key("a")).await.unwrap().size, 12);
    assert_eq!(kind(backend.get(&key("a"), 5).await), ErrorKind::TooLarge);
    // Before the first version there was none.
    stale(3);
    assert_eq!(kind(get(&backend, "a").await), ErrorKind::NotFound);
    assert_eq!(kind(backend.stat(&key("a")).await), ErrorKind::NotFound);
    // A deletion is a version, too.
    backend.faults().clear();
    backend.delete(&key("a")).await.unwrap();
    stale(1);
    assert_eq!(get(&backend, "a").await.unwrap(), "three");
    put(&backend, "a", "four").await.unwrap();
    assert_eq!(kind(get(&backend, "a").await), ErrorKind::NotFound);
    stale(2);
    assert_eq!(get(&backend, "a").await.unwrap(), "three");
}

#[tokio::test]
async fn a_backend_is_rolled_back_to_a_mark() {
    let backend = faulty(1);
    put(&backend, "f/a", "one").await.unwrap();
    put(&backend, "f/b", "two").await.unwrap();
    put(&backend, "g/c", "elsewhere").await.unwrap();
    let mark = backend.faults().mark();
    put(&backend, "f/a", "newer").await.unwrap();
    backend.delete(&key("f/b")).await.unwrap();
    put(&backend, "f/d", "new").await.unwrap();
    backend.faults().set(Behaviour::RolledBack(mark));
    assert_eq!(get(&backend, "f/a").await.unwrap(), "one");
    assert_eq!(get(&backend, "f/b").await.unwrap(), "two");
    assert_eq!(get(&backend, "g/c").await.unwrap(), "elsewhere");
    assert_eq!(kind(get(&backend, "f/d").await), ErrorKind::NotFound);
    let page = backend.list(&Prefix::new("f").unwrap(), None).await.unwrap();
    let listed: Vec<_> = page.entries.iter().map(|entry| (entry.key.as_str(), entry.stat.size)).collect();
    assert_eq!((listed, page.next), (vec![("f/a", 3), ("f/b", 3)], None));
    // It takes writes, and shows them when it is well again.
    put(&backend, "f/e", "written").await.unwrap();
    assert_eq!(kind(get(&backend, "f/e").await), ErrorKind::NotFound);
    backend.faults().clear();
    assert_eq!(get(&backend, "f/e").await.unwrap(), "written");
    assert_eq!(get(&backend, "f/a").await.unwrap(), "newer");
}

#[tokio::test]
async fn what_did_not_come_through_can_be_remembered() {
    let backend = faulty(1);
    backend.faults().remember(&key("a"), Bytes::from_static(b"before"));
    put(&backend, "a", "after").await.unwrap();
    backend.faults().set(Behaviour::Stale { versions: 1 });
    assert_eq!(get(&backend, "a").await.unwrap(), "before");
}

#[tokio::test]
async fn failed_writes_are_no_versions() {
    let backend = faulty(1);
    put(&backend, "a", "one").await.unwrap();
    backend.faults().set(Behaviour::Down);
    put(&backend, "a", "refused").await.unwrap_err();
    backend.faults().set(Behaviour::LostAck);
    put(&backend, "a", "landed").await.unwrap_err();
    assert_eq!(stored(&backend, "a").unwrap(), "landed");
    backend.faults().set(Behaviour::Stale { versions: 1 });
    assert_eq!(get(&backend, "a").await.unwrap(), "one");
}
