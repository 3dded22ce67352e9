//! Status: every permission by its name, and nothing left behind.

use crate::support::{DURABLE, backends, ring, values};
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{Key, Operation, Payload, PutOptions, StorageBackend};
use xstore_core::{BackendStatus, Code, Member, Step, Store};
use xstore_testkit::faulty::{Behaviour, FaultyBackend, Rule};

type Faulty = Arc<FaultyBackend<MemoryBackend>>;

fn faulty(count: usize) -> Vec<Faulty> {
    backends(count).into_iter().map(|backend| Arc::new(FaultyBackend::new(backend, 1))).collect()
}

fn store(backends: &[Faulty]) -> Store {
    let count = u8::try_from(backends.len()).unwrap();
    let builder = Store::builder().threshold(2, count).keys(ring());
    let add = |builder: xstore_core::StoreBuilder, backend: &Faulty| {
        builder.backend(Member::new(backend.clone()).label("site", backend.id().as_str()))
    };
    backends.iter().fold(builder, add).build().unwrap()
}

/// `put ok`, `list BACKEND_AUTH_FAILED`.
fn told(status: &BackendStatus) -> Vec<String> {
    let word = |step: &Step| match &step.result {
        Ok(_) => format!("{} ok", step.kind),
        Err(attempt) => format!("{} {}", step.kind, attempt.code),
    };
    status.steps.iter().map(word).collect()
}

/// Refuses one operation on everything but marks.
fn refusing(operation: Operation) -> Rule {
    Rule::new(Behaviour::Auth).on([operation]).for_keys(|key| !key.as_str().ends_with("/mark"))
}

#[tokio::test]
async fn a_missing_permission_has_a_name() {
    let backends = faulty(5);
    let store = store(&backends);
    store.initialise().await.unwrap();
    backends[1].faults().set_rules([refusing(Operation::Put)]);
    backends[2].faults().set_rules([refusing(Operation::Get)]);
    backends[3].faults().set_rules([Rule::new(Behaviour::Auth).on([Operation::List])]);
    backends[4].faults().set_rules([refusing(Operation::Delete)]);
    let status = store.status().await;
    let all = ["mark ok", "put ok", "get ok", "list ok", "delete ok"];
    assert_eq!(told(&status[0]), all);
    assert_eq!(told(&status[1]), ["mark ok", "put BACKEND_AUTH_FAILED", "list ok", "delete ok"]);
    assert_eq!(told(&status[2]), ["mark ok", "put ok", "get BACKEND_AUTH_FAILED", "list ok", "delete ok"]);
    assert_eq!(told(&status[3]), ["mark ok", "put ok", "get ok", "list BACKEND_AUTH_FAILED", "delete ok"]);
    assert_eq!(told(&status[4]), ["mark ok", "put ok", "get ok", "list ok", "delete BACKEND_AUTH_FAILED"]);
    // No object needs a listing.
    let good: Vec<bool> = status.iter().map(BackendStatus::is_good).collect();
    assert_eq!(good, [true, false, false, true, false]);
    let code = |at: usize| status[at].writable.as_ref().unwrap().as_ref().unwrap_err().code;
    assert!([1, 2, 4].into_iter().all(|at| code(at) == Code::BackendAuthFailed));
    assert!(status[0].latency.is_some() && status[2].latency.is_none());
    assert_eq!(status[3].labels.value("site"), Some("b3"));
    // What couldn't be removed is one probe, and all others are gone.
    let left: Vec<usize> = backends.iter().map(|backend| values(backend.inner())).collect();
    assert_eq!(left, [0, 0, 0, 0, 1]);
}

#[tokio::test]
async fn it_costs_what_it_says() {
    let backends = faulty(2);
    let store = store(&backends);
    store.initialise().await.unwrap();
    for backend in &backends {
        backend.faults().reset_counts();
    }
    assert!(store.status().await.iter().all(BackendStatus::is_good));
    for backend in &backends {
        let counts = backend.faults().counts();
        let of = |operation| counts.of(operation);
        assert_eq!(
            [Operation::Put, Operation::Get, Operation::List, Operation::Delete].map(of),
            [1, 2, 1, 1],
            "with the mark two are read"
        );
    }
}

#[tokio::test]
async fn a_backend_that_can_not_list_is_not_asked_to() {
    let backends: Vec<Faulty> = backends(2)
        .into_iter()
        .map(|backend| Arc::new(FaultyBackend::new(backend.with_capability(DURABLE.with_list(false)), 1)))
        .collect();
    let status = store(&backends).status().await;
    assert_eq!(told(&status[0]), ["mark ok", "put ok", "get ok", "delete ok"]);
    assert!(status[0].is_good());
}

/// One answer that never comes neither hides the others nor keeps the probe from being removed.
#[tokio::test(start_paused = true)]
async fn what_hangs_is_one_step() {
    let backends = faulty(2);
    let store = store(&backends);
    store.initialise().await.unwrap();
    backends[0].faults().set_rules([Rule::new(Behaviour::Hang)
        .on([Operation::Get])
        .for_keys(|key| !key.as_str().ends_with("/mark"))]);
    backends[1].faults().set_rules([Rule::new(Behaviour::HangAfter)
        .on([Operation::Put])
        .for_keys(|key| !key.as_str().ends_with("/mark"))]);
    let status = store.status().await;
    assert_eq!(told(&status[0]), ["mark ok", "put ok", "get BACKEND_TIMEOUT", "list ok", "delete ok"]);
    assert_eq!(told(&status[1]), ["mark ok", "put BACKEND_TIMEOUT", "list ok", "delete ok"]);
    assert!(backends.iter().all(|backend| values(backend.inner()) == 0));
}

#[tokio::test]
async fn a_listing_that_lacks_the_probe_is_told() {
    let backends = faulty(2);
    let store = store(&backends);
    store.initialise().await.unwrap();
    let hidden = Rule::new(Behaviour::NotFound).on([Operation::List]);
    backends[0].faults().set_rules([hidden.for_keys(|key| key.as_str().contains("/probe/"))]);
    let status = store.status().await;
    assert_eq!(told(&status[0]), ["mark ok", "put ok", "get ok", "list BACKEND_UNAVAILABLE", "delete ok"]);
}

/// A backend that doesn't say when a value was written keeps what a killed run left there.
#[tokio::test]
async fn without_a_time_nothing_else_is_removed() {
    let backends = faulty(2);
    let store = store(&backends);
    store.initialise().await.unwrap();
    let key = Key::new("xstore/probe/abcdefghijklmnopqrstuvwxyz").unwrap();
    let inner = backends[0].inner();
    inner.put(&key, Payload::from(&b"xStore probe\n"[..]), &PutOptions::create_only()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let status = store.status().await;
    assert_eq!((status[0].leftovers, status[0].is_good()), (0, true));
    assert!(inner.raw(&key).is_some());
}
