//! Answers that are errors.

use crate::{faulty, get, key, kind, put, stored};
use std::time::Duration;
use xstore_backend::{ErrorKind, Operation, Prefix, StorageBackend};
use xstore_testkit::faulty::{Behaviour, Rule};

#[tokio::test]
async fn errors_have_their_kind_and_context_in_every_operation() {
    let backend = faulty(1);
    put(&backend, "a", "old").await.unwrap();
    for (behaviour, expected) in [
        (Behaviour::Down, ErrorKind::Unavailable),
        (Behaviour::Auth, ErrorKind::AuthFailed),
        (Behaviour::Timeout, ErrorKind::Timeout),
    ] {
        backend.faults().set(behaviour);
        let errors = [
            (put(&backend, "a", "new").await.unwrap_err(), Operation::Put),
            (get(&backend, "a").await.unwrap_err(), Operation::Get),
            (backend.get_range(&key("a"), 0..1).await.unwrap_err(), Operation::Get),
            (backend.stat(&key("a")).await.unwrap_err(), Operation::Stat),
            (backend.delete(&key("a")).await.unwrap_err(), Operation::Delete),
            (backend.list(&Prefix::all(), None).await.unwrap_err(), Operation::List),
            (backend.space().await.unwrap_err(), Operation::Space),
        ];
        for (error, operation) in errors {
            assert_eq!((error.kind(), error.operation()), (expected, Some(operation)));
            assert_eq!(error.backend(), Some(backend.id()));
            assert_eq!(error.is_retryable(), expected.is_usually_retryable());
        }
    }
    // Nothing was done.
    assert_eq!(stored(&backend, "a").unwrap(), "old");
    backend.faults().clear();
    assert_eq!(get(&backend, "a").await.unwrap(), "old");
}

#[tokio::test]
async fn a_full_backend_still_reads_and_deletes() {
    let backend = faulty(1);
    put(&backend, "a", "old").await.unwrap();
    backend.faults().set(Behaviour::Quota);
    assert_eq!(kind(put(&backend, "b", "new").await), ErrorKind::QuotaExceeded);
    assert_eq!(get(&backend, "a").await.unwrap(), "old");
    backend.delete(&key("a")).await.unwrap();
    backend.faults().set_rules([Rule::new(Behaviour::Quota).on([Operation::Delete])]);
    assert_eq!(kind(backend.delete(&key("a")).await), ErrorKind::QuotaExceeded);
}

#[tokio::test]
async fn server_errors_pass_for_each_operation_and_key() {
    let backend = faulty(1);
    put(&backend, "a", "x").await.unwrap();
    put(&backend, "b", "x").await.unwrap();
    let retry_after = Some(Duration::from_secs(3));
    backend.faults().set(Behaviour::ServerError { times: 2, retry_after });
    for at in ["a", "b"] {
        for _ in 0..2 {
            let error = get(&backend, at).await.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
            assert_eq!(error.retry_after(), retry_after);
        }
        assert_eq!(get(&backend, at).await.unwrap(), "x");
        assert!(backend.stat(&key(at)).await.is_err());
    }
    // Set anew, they begin anew.
    backend.faults().set(Behaviour::ServerError { times: 1, retry_after: None });
    assert_eq!(get(&backend, "a").await.unwrap_err().retry_after(), None);
    assert!(get(&backend, "a").await.is_ok());
}

#[tokio::test]
async fn a_value_that_is_there_is_not_found() {
    let backend = faulty(1);
    put(&backend, "a", "x").await.unwrap();
    backend.faults().set(Behaviour::NotFound);
    assert_eq!(kind(get(&backend, "a").await), ErrorKind::NotFound);
    assert_eq!(kind(backend.get_range(&key("a"), 0..1).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.stat(&key("a")).await), ErrorKind::NotFound);
    // It is left out of a listing only where that is asked for.
    assert_eq!(backend.list(&Prefix::all(), None).await.unwrap().entries.len(), 1);
}
