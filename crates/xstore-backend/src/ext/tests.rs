use super::*;
use crate::scripted::{Scripted, Step};
use crate::{BackendId, Capability, Payload, PutOptions, Stat, async_trait, memory::MemoryBackend};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn memory() -> MemoryBackend {
    MemoryBackend::new(BackendId::new("m1").unwrap())
}

/// Lists what the function says for each page from 0; keeps one value and has no other operation of its own.
struct Pages<F> {
    id: BackendId,
    page: F,
    listed: AtomicUsize,
    value: Mutex<Bytes>,
}

impl<F: Fn(usize) -> Page> Pages<F> {
    fn new(page: F) -> Self {
        let id = BackendId::new("pages").unwrap();
        Self { id, page, listed: AtomicUsize::new(0), value: Mutex::default() }
    }
}

impl<F> std::fmt::Debug for Pages<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

#[async_trait]
impl<F: Fn(usize) -> Page + Send + Sync + 'static> StorageBackend for Pages<F> {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        Capability::MINIMAL.with_max_put(4)
    }

    async fn put(&self, _: &Key, data: Payload, _: &PutOptions) -> Result<()> {
        *self.value.lock().unwrap() = data.to_bytes();
        Ok(())
    }

    async fn get(&self, _: &Key, max: usize) -> Result<Bytes> {
        let value = self.value.lock().unwrap().clone();
        if value.len() > max { Err(Error::new(ErrorKind::TooLarge, "")) } else { Ok(value) }
    }

    async fn delete(&self, _: &Key) -> Result<()> {
        Ok(())
    }

    async fn list(&self, _: &Prefix, _: Option<&Cursor>) -> Result<Page> {
        Ok((self.page)(self.listed.fetch_add(1, Ordering::SeqCst)))
    }
}

fn page(keys: &[&str], next: Option<&str>) -> Page {
    let entries = keys.iter().map(|text| Entry::new(key(text), Stat::new(1))).collect();
    Page::new(entries, next.map(Cursor::new))
}

#[tokio::test]
async fn all_pages_are_put_together_in_order_and_each_key_once() {
    let pages = Pages::new(|at| match at {
        0 => page(&["p/c", "p/a"], Some("1")),
        1 => page(&[], Some("2")),
        2 => page(&["p/b", "p/a"], Some("3")),
        _ => page(&["p/d"], None),
    });
    let prefix = Prefix::new("p").unwrap();
    let all = pages.list_all(&prefix, 4).await.unwrap();
    let keys: Vec<&str> = all.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["p/a", "p/b", "p/c", "p/d"]);
}

#[tokio::test]
async fn more_keys_than_wanted_are_an_error_and_no_part_of_the_listing() {
    let memory = memory().with_page_size(NonZeroUsize::new(2).unwrap());
    for at in ["p/1", "p/2", "p/3", "q"] {
        memory.put(&key(at), Payload::default(), &PutOptions::replace()).await.unwrap();
    }
    let prefix = Prefix::new("p").unwrap();
    assert_eq!(memory.list_all(&prefix, 3).await.unwrap().len(), 3);
    let error = memory.list_all(&prefix, 2).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::TooLarge, Some(Operation::List)));
    assert_eq!(memory.list_all(&Prefix::new("r").unwrap(), 0).await.unwrap(), []);
}

#[tokio::test]
async fn endless_listings_end_with_an_error() {
    let circle = Pages::new(|at| page(&[], Some(["a", "b", "c"][at % 3])));
    let error = circle.list_all(&Prefix::all(), 9).await.unwrap_err();
    assert_eq!((error.kind(), circle.listed.into_inner()), (ErrorKind::Other, 4));
    let same_keys = Pages::new(|at| page(&["a", "b"], Some(&at.to_string())));
    let error = same_keys.list_all(&Prefix::all(), 9).await.unwrap_err();
    assert_eq!((error.kind(), same_keys.listed.into_inner()), (ErrorKind::Other, MAX_IDLE_PAGES + 1));
    // But idle pages between others are no sign of that.
    let slow = Pages::new(|at| match at {
        0..5_000 => page(&[], Some(&at.to_string())),
        5_000 => page(&["a"], Some("5000")),
        5_001..14_999 => page(&[], Some(&at.to_string())),
        _ => page(&["b"], None),
    });
    assert_eq!(slow.list_all(&Prefix::all(), 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_error_on_any_page_is_an_error_of_all() {
    for failing in 0..3 {
        let mut steps: Vec<Step> = (0..failing).map(|_| Step::Pass).collect();
        steps.push(Step::Fail(Error::new(ErrorKind::Unavailable, "")));
        let mut backend = Scripted::new(steps);
        backend.memory = backend.memory.with_page_size(NonZeroUsize::MIN);
        for at in ["1", "2", "3"] {
            backend.memory.put(&key(at), Payload::default(), &PutOptions::replace()).await.unwrap();
        }
        let error = backend.list_all(&Prefix::all(), 9).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(backend.list_all(&Prefix::all(), 9).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn keys_that_were_not_asked_for_are_an_error() {
    let pages = Pages::new(|_| page(&["p/a", "pq"], None));
    let error = pages.list_all(&Prefix::new("p").unwrap(), 9).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
}

#[tokio::test]
async fn exists_tells_absence_from_failure() {
    let backend = Scripted::new([Step::Fail(Error::new(ErrorKind::Unavailable, ""))]);
    assert_eq!(backend.exists(&key("a")).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(!backend.exists(&key("a")).await.unwrap());
    backend.memory.put(&key("a"), Payload::default(), &PutOptions::replace()).await.unwrap();
    assert!(backend.exists(&key("a")).await.unwrap());
    // Where the size comes from a get, a value that is longer than any put takes exists all the same.
    let pages = Pages::new(|_| page(&[], None));
    pages.put(&key("a"), Payload::from(&b"12345"[..]), &PutOptions::replace()).await.unwrap();
    assert_eq!(pages.stat(&key("a")).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(pages.exists(&key("a")).await.unwrap());
}

#[tokio::test]
async fn a_value_of_another_length_is_refused() {
    // Through a trait object, as stores do.
    let backend: std::sync::Arc<dyn StorageBackend> = std::sync::Arc::new(memory());
    backend.put(&key("a"), Payload::from(&b"1234"[..]), &PutOptions::replace()).await.unwrap();
    assert_eq!(backend.get_exact(&key("a"), 4).await.unwrap(), "1234");
    for len in [0, 3, 5] {
        let error = backend.get_exact(&key("a"), len).await.unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Other, Some(&key("a"))));
    }
    assert_eq!(backend.get_exact(&key("b"), 4).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn its_futures_can_be_spawned() {
    let backend = memory();
    let task = tokio::spawn(async move {
        (backend.list_all(&Prefix::all(), 1).await.is_ok(), backend.exists(&key("a")).await.is_ok())
    });
    assert_eq!(task.await.unwrap(), (true, true));
}
