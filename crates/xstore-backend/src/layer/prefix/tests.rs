use super::*;
use crate::memory::MemoryBackend;
use crate::{Stat, async_trait};
use std::num::NonZeroUsize;
use std::sync::Arc;

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn prefix(text: &str) -> Prefix {
    Prefix::new(text).unwrap()
}

fn memory() -> MemoryBackend {
    MemoryBackend::new(BackendId::new("m1").unwrap())
}

async fn put(backend: &dyn StorageBackend, at: &str) {
    backend.put(&key(at), Payload::from(&b"value"[..]), &PutOptions::create_only()).await.unwrap();
}

#[tokio::test]
async fn two_users_of_one_backend_do_not_see_each_other() {
    let memory = memory();
    let shared: Arc<dyn StorageBackend> = Arc::new(memory.clone());
    let first = Prefixed::new(shared.clone(), prefix("team/a"));
    let second = Prefixed::new(shared, prefix("team/a-b"));
    put(&first, "x/y").await;
    put(&second, "x/y").await;
    put(&memory, "team/ab").await;
    assert_eq!(memory.keys(), [key("team/a-b/x/y"), key("team/a/x/y"), key("team/ab")]);
    assert_eq!(first.get(&key("x/y"), 9).await.unwrap(), "value");
    assert_eq!(first.get_range(&key("x/y"), 1..3).await.unwrap(), "al");
    assert_eq!(first.stat(&key("x/y")).await.unwrap().size, 5);
    first.delete(&key("x/y")).await.unwrap();
    let error = first.get(&key("x/y"), 9).await.unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::NotFound, Some(&key("team/a/x/y"))));
    assert_eq!(second.get(&key("x/y"), 9).await.unwrap(), "value");
}

#[tokio::test]
async fn listings_are_seen_from_above_the_prefix() {
    let memory = memory().with_page_size(NonZeroUsize::new(2).unwrap());
    let backend = Prefixed::new(memory.clone(), prefix("p"));
    for at in ["a/1", "a/2", "a/3", "b"] {
        put(&backend, at).await;
    }
    put(&memory, "q/a/4").await;
    let first = backend.list(&prefix("a"), None).await.unwrap();
    let second = backend.list(&prefix("a"), first.next.as_ref()).await.unwrap();
    let keys: Vec<_> =
        [first, second].into_iter().flat_map(|page| page.entries).map(|entry| entry.key).collect();
    assert_eq!(keys, [key("a/1"), key("a/2"), key("a/3")]);
    let memory = memory.with_page_size(NonZeroUsize::new(9).unwrap());
    let all = Prefixed::new(memory.clone(), prefix("p")).list(&Prefix::all(), None).await.unwrap();
    assert_eq!(all.entries.len(), 4);
    let none = Prefixed::new(memory, Prefix::all()).list(&Prefix::all(), None).await.unwrap();
    assert_eq!(none.entries.len(), 5);
}

#[tokio::test]
async fn what_gets_too_long_is_unsupported_everywhere() {
    let backend = Prefixed::new(memory(), prefix(&"z".repeat(128)));
    let long = |len: usize| format!("{}/{}", ["y".repeat(127), "y".repeat(127)].join("/"), "x".repeat(len));
    put(&backend, &long(127)).await;
    let too_long = key(&long(128));
    let error = |result: Result<()>| {
        let error = result.unwrap_err();
        (error.kind(), error.may_have_written(), error.operation().unwrap())
    };
    let put = backend.put(&too_long, Payload::default(), &PutOptions::replace()).await;
    let results = [
        (put, Operation::Put),
        (backend.get(&too_long, 9).await.map(drop), Operation::Get),
        (backend.get_range(&too_long, 0..1).await.map(drop), Operation::Get),
        (backend.delete(&too_long).await, Operation::Delete),
        (backend.stat(&too_long).await.map(drop), Operation::Stat),
        (backend.list(&prefix(too_long.as_str()), None).await.map(drop), Operation::List),
    ];
    for (result, operation) in results {
        assert_eq!(error(result), (ErrorKind::Unsupported, false, operation));
    }
    assert_eq!(backend.inner().len(), 1);
}

/// Lists this key, whatever it is asked.
#[derive(Debug)]
struct Lists(BackendId, Key);

#[async_trait]
impl StorageBackend for Lists {
    fn id(&self) -> &BackendId {
        &self.0
    }

    async fn put(&self, _: &Key, _: Payload, _: &PutOptions) -> Result<()> {
        Ok(())
    }

    async fn get(&self, _: &Key, _: usize) -> Result<Bytes> {
        Ok(Bytes::new())
    }

    async fn delete(&self, _: &Key) -> Result<()> {
        Ok(())
    }

    async fn list(&self, _: &Prefix, _: Option<&Cursor>) -> Result<Page> {
        Ok(Page::new(vec![Entry::new(self.1.clone(), Stat::new(1))], None))
    }
}

#[tokio::test]
async fn a_key_from_elsewhere_in_a_listing_is_an_error() {
    for (listed, is_good) in
        [("p/a/1", true), ("p/b/1", false), ("q/a/1", false), ("p/a", false), ("a/1", false)]
    {
        let backend = Prefixed::new(Lists(BackendId::new("l").unwrap(), key(listed)), prefix("p"));
        let result = backend.list(&prefix("a"), None).await;
        assert_eq!(result.is_ok(), is_good, "{listed}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::Other);
        }
    }
}
