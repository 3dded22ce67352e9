use super::*;
use crate::{Config, OpendalBackend, Service};
use std::sync::Arc;
use xstore_backend::{BackendId, PutOptions, StorageBackend, StorageBackendExt};
use xstore_testkit::{Fixture, Hook, backend_conformance};

/// Pages so small that every listing has many.
const SMALL: [Limits; 3] =
    [Limits { keys: 1, folders: 1 }, Limits { keys: 2, folders: 5000 }, Limits { keys: 5000, folders: 2 }];

async fn memory(limits: Limits) -> OpendalBackend {
    let id = BackendId::new("memory").unwrap();
    OpendalBackend::open(id, Config::new(Service::Memory)).await.unwrap().with_limits(limits)
}

async fn fixture(limits: Limits) -> Fixture {
    let backend = memory(limits).await;
    Fixture::new(Arc::new(backend.clone()))
        .refusing_by_length()
        .with_reopen(move || {
            let again = Arc::new(backend.clone());
            async move { again as Arc<dyn StorageBackend> }
        })
        .without(Hook::BreakRoot, "memory has no place that could be missing")
        .without(Hook::MendRoot, "memory has no place that could be missing")
}

backend_conformance!(in_pages_of_one, || fixture(SMALL[0]));
backend_conformance!(in_pages_of_two, || fixture(SMALL[1]));
backend_conformance!(in_pages_of_few_folders, || fixture(SMALL[2]));

#[tokio::test]
async fn a_listing_is_in_the_order_of_the_segments_whatever_the_pages() {
    let names = ["a", "b-/x", "b.0", "b/0/y", "b/0/z", "b/1", "b0", "c/d/e/f/g/h"];
    for limits in SMALL {
        let backend = memory(limits).await;
        for name in names {
            let key = Key::new(name).unwrap();
            backend.put(&key, name.as_bytes().to_vec().into(), &PutOptions::create_only()).await.unwrap();
        }
        let mut listed = Vec::new();
        let mut cursor = None;
        loop {
            let page = backend.list(&Prefix::all(), cursor.as_ref()).await.unwrap();
            assert!(page.entries.len() <= limits.keys);
            listed.extend(page.entries.into_iter().map(|entry| entry.key.to_string()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut expected: Vec<Vec<&str>> = names.iter().map(|name| name.split('/').collect()).collect();
        expected.sort();
        let expected: Vec<String> = expected.into_iter().map(|parts| parts.join("/")).collect();
        assert_eq!(listed, expected, "{limits:?}");
        let below = backend.list_all(&Prefix::new("b").unwrap(), 10).await.unwrap();
        assert_eq!(below.len(), 3);
    }
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_refused() {
    let backend = memory(SMALL[0]).await;
    let prefix = Prefix::new("a").unwrap();
    for foreign in ["", "/", "b/c", "a", "a/", "ab/c", "a/../b", "A", "a//b"] {
        let page = backend.list(&prefix, Some(&Cursor::new(foreign))).await;
        assert_eq!(page.unwrap_err().kind(), ErrorKind::Other, "{foreign:?}");
    }
    let own = backend.list(&prefix, Some(&Cursor::new("a/b/"))).await.unwrap();
    assert!(own.entries.is_empty() && own.next.is_none());
}

#[test]
fn only_what_was_left_long_before_the_newest_is_abandoned() {
    let at = |hours: i64| Some(Timestamp::from_second(hours * 3600).unwrap());
    let temporary = |hours| vec![("t".to_owned(), hours)];
    assert_eq!(abandoned(temporary(at(10)), at(35)), ["t"]);
    assert!(abandoned(temporary(at(10)), at(34)).is_empty());
    assert!(abandoned(temporary(at(10)), None).is_empty());
    assert!(abandoned(temporary(None), at(99)).is_empty());
}

#[cfg(all(feature = "fs", unix))]
#[tokio::test]
async fn what_was_abandoned_is_removed_and_what_is_being_written_is_not() {
    use std::fs::{File, FileTimes};
    use std::time::SystemTime;

    let root = tempfile::tempdir().unwrap();
    let config = Config::new(Service::Fs).with_option("root", root.path().to_str().unwrap());
    let backend = OpendalBackend::open(BackendId::new("folder").unwrap(), config).await.unwrap();
    let folder = root.path().join("f");
    std::fs::create_dir(&folder).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for (name, hours) in [
        (".xstore-tmp-0000000000000001", 25),
        (".xstore-tmp-0000000000000002", 23),
        (".xstore-tmp-other", 99),
        ("value", 0),
    ] {
        let file = File::create(folder.join(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(now - Duration::from_secs(hours * 3600))).unwrap();
    }
    let page = backend.list(&Prefix::all(), None).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    let mut left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, [".xstore-tmp-0000000000000002", ".xstore-tmp-other", "value"]);
}
