use super::*;
use crate::{BackendUrl, Setting, SettingProblem, Settings};
use std::time::Duration;

fn memory() -> MemoryBackend {
    MemoryBackend::new(BackendId::new("m1").unwrap())
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn value(text: &str) -> Payload {
    Bytes::copy_from_slice(text.as_bytes()).into()
}

async fn put(memory: &MemoryBackend, at: &str, text: &str) -> Result<()> {
    memory.put(&key(at), value(text), &PutOptions::replace()).await
}

async fn keys_in_pages(memory: &MemoryBackend, prefix: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = memory.list(&Prefix::new(prefix).unwrap(), cursor.as_ref()).await.unwrap();
        pages.push(page.entries.iter().map(|entry| entry.key.to_string()).collect());
        cursor = page.next;
        if cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn values_come_back_until_they_are_replaced_or_deleted() {
    let memory = memory();
    let clone = memory.clone();
    put(&memory, "a/b", "one").await.unwrap();
    assert_eq!(clone.get(&key("a/b"), 3).await.unwrap(), "one");
    assert_eq!(memory.stat(&key("a/b")).await.unwrap(), Stat::new(3));
    put(&clone, "a/b", "longer").await.unwrap();
    assert_eq!(memory.get(&key("a/b"), 6).await.unwrap(), "longer");
    assert_eq!((memory.len(), memory.used_bytes()), (1, 6));
    memory.delete(&key("a/b")).await.unwrap();
    memory.delete(&key("a/b")).await.unwrap();
    assert!(clone.is_empty());
    for error in [
        memory.get(&key("a/b"), 9).await.unwrap_err(),
        memory.get_range(&key("a/b"), 0..1).await.unwrap_err(),
        memory.stat(&key("a/b")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!((error.backend(), error.key()), (Some(memory.id()), Some(&key("a/b"))));
    }
}

#[tokio::test]
async fn create_only_keeps_what_is_there() {
    let memory = memory();
    put(&memory, "a", "one").await.unwrap();
    let error = memory.put(&key("a"), value("two"), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(memory.raw(&key("a")).unwrap(), "one");
}

#[tokio::test]
async fn of_many_creators_at_once_one_wins() {
    let memory = memory();
    let (at, options) = (key("a"), PutOptions::create_only());
    let mut results = Vec::new();
    for writer in 0..8 {
        let (memory, at) = (memory.clone(), at.clone());
        results.push(std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(memory.put(&at, value(&writer.to_string()), &options)).is_ok()
        }));
    }
    let won: Vec<bool> = results.into_iter().map(|result| result.join().unwrap()).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = won.iter().position(|won| *won).unwrap();
    assert_eq!(memory.raw(&at).unwrap(), winner.to_string());
}

#[tokio::test]
async fn ranges_are_cut_at_the_end() {
    let memory = memory();
    put(&memory, "a", "0123456789").await.unwrap();
    let end = u64::MAX;
    #[expect(clippy::reversed_empty_ranges, reason = "nobody keeps a caller from it")]
    let backwards = 5..2;
    for (range, expected) in [
        (0..10, "0123456789"),
        (2..5, "234"),
        (8..end, "89"),
        (9..10, "9"),
        (10..11, ""),
        (99..end, ""),
        (3..3, ""),
        (backwards, ""),
    ] {
        assert_eq!(memory.get_range(&key("a"), range.clone()).await.unwrap(), expected, "{range:?}");
    }
}

#[tokio::test]
async fn limits_are_exact() {
    let memory = memory().with_max_bytes(10).with_capability(MemoryBackend::CAPABILITY.with_max_put(8));
    assert_eq!(put(&memory, "a", "123456789").await.unwrap_err().kind(), ErrorKind::TooLarge);
    put(&memory, "a", "12345678").await.unwrap();
    assert_eq!(memory.get(&key("a"), 7).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(put(&memory, "b", "123").await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert_eq!(memory.space().await.unwrap(), Space::new(Some(2), Some(10)));
    put(&memory, "b", "12").await.unwrap();
    put(&memory, "a", "8765432").await.unwrap();
    assert_eq!(put(&memory.clone(), "b", "1234").await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert_eq!(memory.raw(&key("b")).unwrap(), "12");
    memory.clear();
    assert_eq!(memory.space().await.unwrap(), Space::new(Some(10), Some(10)));
}

#[tokio::test]
async fn pages_hold_all_below_the_prefix_and_nothing_else() {
    let memory = memory().with_page_size(NonZeroUsize::new(2).unwrap());
    for at in ["a/b/1", "a/b/2", "a/b/3", "a/b/4", "a/b-c/5", "a/b.d", "a/b0/6", "a/bc", "b", "a/a"] {
        put(&memory, at, at).await.unwrap();
    }
    let expected = [vec!["a/b/1", "a/b/2"], vec!["a/b/3", "a/b/4"]];
    assert_eq!(keys_in_pages(&memory, "a/b").await, expected);
    assert_eq!(keys_in_pages(&memory, "").await.concat().len(), 10);
    assert_eq!(keys_in_pages(&memory, "").await.len(), 5);
    assert_eq!(keys_in_pages(&memory, "c").await, [Vec::<String>::new()]);
    let stat = &memory.list(&Prefix::new("a/b").unwrap(), None).await.unwrap().entries[0].stat;
    assert_eq!(stat.size, 5);
}

#[tokio::test]
async fn a_listing_goes_on_where_its_last_key_was_deleted() {
    let memory = memory().with_page_size(NonZeroUsize::MIN);
    for at in ["a/1", "a/2", "b"] {
        put(&memory, at, at).await.unwrap();
    }
    let first = memory.list(&Prefix::new("a").unwrap(), None).await.unwrap();
    memory.delete(&key("a/1")).await.unwrap();
    let second = memory.list(&Prefix::new("a").unwrap(), first.next.as_ref()).await.unwrap();
    assert_eq!((second.entries[0].key.as_str(), second.next), ("a/2", None));
    // A foreign cursor leads outside the prefix in neither direction.
    for cursor in ["", "A", "zz"] {
        let page = memory.list(&Prefix::new("a").unwrap(), Some(&Cursor::new(cursor))).await.unwrap();
        assert!(page.entries.iter().all(|entry| entry.key.as_str() == "a/2"));
    }
}

#[tokio::test(start_paused = true)]
async fn values_expire_only_where_the_capability_says_so() {
    let options = PutOptions::replace().with_ttl(Some(Duration::from_secs(60)));
    let keeps = memory();
    let expires = memory().with_capability(MemoryBackend::CAPABILITY.with_expiry(true));
    for memory in [&keeps, &expires] {
        memory.put(&key("a"), value("x"), &options).await.unwrap();
        memory.put(&key("b"), value("x"), &options.with_ttl(Some(Duration::MAX))).await.unwrap();
    }
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(expires.len(), 2);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!((keeps.len(), expires.keys()), (2, vec![key("b")]));
    assert_eq!(expires.get(&key("a"), 9).await.unwrap_err().kind(), ErrorKind::NotFound);
    expires.put(&key("a"), value("new"), &PutOptions::create_only()).await.unwrap();
}

#[tokio::test]
async fn what_is_declared_unlistable_is() {
    let memory = memory().with_capability(MemoryBackend::CAPABILITY.with_list(false).with_durable(true));
    assert!(memory.capability().durable);
    let error = memory.list(&Prefix::all(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some(Operation::List)));
}

#[tokio::test]
async fn corruption_is_in_the_value_itself() {
    let memory = memory();
    put(&memory, "a", "abc").await.unwrap();
    assert!(memory.corrupt(&key("a"), |value| value.truncate(1)));
    assert!(!memory.corrupt(&key("b"), |value| value.push(0)));
    assert_eq!(memory.get(&key("a"), 9).await.unwrap(), "a");
    let panics = memory.clone();
    assert!(std::thread::spawn(move || panics.corrupt(&key("a"), |_| panic!("on purpose"))).join().is_err());
    assert_eq!(memory.get(&key("a"), 9).await.unwrap(), "a");
    assert!(!format!("{memory:?}").contains("97"));
}

#[tokio::test]
async fn the_registry_opens_it_by_its_bare_url_only() {
    let mut registry = Registry::new();
    register(&mut registry);
    let request = |url: &str| OpenRequest::new(BackendId::new("m1").unwrap(), BackendUrl::new(url).unwrap());
    let backend = registry.open(request("mem:")).await.unwrap();
    backend.put(&key("a"), value("x"), &PutOptions::replace()).await.unwrap();
    let second = registry.open(request("mem:").creating()).await.unwrap();
    assert_eq!((second.id().as_str(), second.get(&key("a"), 9).await.is_err()), ("m1", true));
    assert!(matches!(registry.open(request("mem:x")).await, Err(OpenError::Url(_))));
    let with = request("mem:").with_settings(Settings::new().with("size", Setting::Integer(3)));
    let error = registry.open(with).await.unwrap_err();
    assert!(matches!(error, OpenError::Setting(error) if error.problem == SettingProblem::Unknown));
    let error = registry.open(request("s3:x")).await.unwrap_err();
    assert_eq!(error.to_string(), "no backend is known for s3:, only for mem:");
}
