//! Listings that fail, hide, or are odd.

use crate::{Faulty, faulty, kind, put};
use xstore_backend::{ErrorKind, Operation, Prefix, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Rule};

async fn with_keys() -> Faulty {
    let backend = faulty(1);
    for at in ["f/a", "f/b", "f/c", "f/d", "f/e"] {
        put(&backend, at, "x").await.unwrap();
    }
    backend
}

/// The keys of each page, up to the first error.
async fn pages(backend: &Faulty) -> (Vec<Vec<String>>, Option<ErrorKind>) {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = match backend.list(&Prefix::new("f").unwrap(), cursor.as_ref()).await {
            Ok(page) => page,
            error => return (pages, Some(kind(error))),
        };
        pages.push(page.entries.iter().map(|entry| entry.key.as_str()[2..].to_owned()).collect());
        cursor = page.next;
        if cursor.is_none() {
            return (pages, None);
        }
    }
}

#[tokio::test]
async fn one_page_of_each_listing_fails() {
    let backend = with_keys().await;
    for bad in 0..3 {
        backend.faults().set(Behaviour::ListError { page: bad });
        // The second time as well.
        for _ in 0..2 {
            let (pages, error) = pages(&backend).await;
            assert_eq!((pages.len(), error), (bad, Some(ErrorKind::Unavailable)));
        }
    }
    backend.faults().set(Behaviour::ListError { page: 3 });
    assert_eq!(pages(&backend).await.1, None);
    // Once only: the page can be asked for again.
    backend.faults().set_rules([Rule::new(Behaviour::ListError { page: 1 }).times(1)]);
    let prefix = Prefix::new("f").unwrap();
    let first = backend.list(&prefix, None).await.unwrap();
    let second = || backend.list(&prefix, first.next.as_ref());
    assert_eq!(kind(second().await), ErrorKind::Unavailable);
    assert_eq!(second().await.unwrap().entries.len(), 2);
}

#[tokio::test]
async fn keys_are_hidden() {
    let backend = with_keys().await;
    let hide = Rule::new(Behaviour::NotFound).on([Operation::List]);
    backend.faults().set_rules([hide.for_keys(|key| key.as_str().ends_with(['b', 'e']))]);
    assert_eq!(pages(&backend).await.0.concat(), ["a", "c", "d"]);
}

#[tokio::test]
async fn odd_pages_hold_everything() {
    let backend = with_keys().await;
    backend.faults().set(Behaviour::OddPages);
    let (found, error) = pages(&backend).await;
    let expected: [&[&str]; 6] = [&[], &["b", "a", "b"], &[], &["d", "c", "d"], &[], &["e", "e"]];
    assert_eq!((found.iter().map(Vec::len).collect::<Vec<_>>(), error), (vec![0, 3, 0, 3, 0, 2], None));
    assert_eq!(found, expected);
    // A listing that began so goes on when the fault is over.
    let first = backend.list(&Prefix::new("f").unwrap(), None).await.unwrap();
    backend.faults().clear();
    let second = backend.list(&Prefix::new("f").unwrap(), first.next.as_ref()).await.unwrap();
    assert_eq!(second.entries.len(), 2);
    assert_eq!(pages(&backend).await.0.len(), 3);
}
