//! No answer is taken for that to another question, whatever is dropped.

use crate::server::{DURABLE, Server};
use crate::support::{key, open, put, value};
use fastrand::Rng;
use std::sync::Arc;
use xstore_backend::{ErrorKind, Prefix, PutOptions, StorageBackend};
use xstore_testkit::poll_times;

const KEYS: u64 = 12;
const TASKS: u64 = 8;
const ROUNDS: usize = 150;

/// Each key has a value of its own length and bytes.
fn len(number: u64) -> usize {
    [0, 1, 100, 5000, 70_000, 400_000][usize::try_from(number).unwrap() % 6]
        + usize::try_from(number).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_operations_leave_no_answer_behind() {
    let server = Server::start(DURABLE);
    // Few connections, so that each is used by everybody.
    let backend = Arc::new(open(server.config().with_connections(2)).await);
    for number in 0..KEYS {
        put(&*backend, &format!("v{number}"), value(number, len(number))).await.unwrap();
    }
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let backend = Arc::clone(&backend);
            tokio::spawn(async move {
                let mut chance = Rng::with_seed(task);
                for _ in 0..ROUNDS {
                    drop_one(&*backend, &mut chance).await;
                    check_one(&*backend, &mut chance).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Begins something, polls it a few times, and drops it.
async fn drop_one(backend: &dyn StorageBackend, chance: &mut Rng) {
    let number = chance.u64(..KEYS);
    let (name, polls) = (key(format!("v{number}")), chance.usize(..12));
    let same = value(number, len(number));
    match chance.u8(..6) {
        0 => drop(poll_times(backend.get(&name, usize::MAX), polls).await),
        1 => drop(poll_times(backend.get_range(&name, 3..50_000), polls).await),
        2 => drop(poll_times(backend.stat(&name), polls).await),
        3 => drop(poll_times(backend.list(&Prefix::all(), None), polls).await),
        // The same bytes, so that it makes no difference whether it lands.
        4 => drop(poll_times(backend.put(&name, same.into(), &PutOptions::replace()), polls).await),
        _ => drop(poll_times(backend.delete(&key("never")), polls).await),
    }
}

/// Asks something whose answer is known.
async fn check_one(backend: &dyn StorageBackend, chance: &mut Rng) {
    let number = chance.u64(..KEYS);
    let (name, expected) = (key(format!("v{number}")), value(number, len(number)));
    match chance.u8(..5) {
        0 => assert!(backend.get(&name, usize::MAX).await.unwrap() == expected, "v{number} is another"),
        1 => {
            let range = backend.get_range(&name, 1..1000).await.unwrap();
            let end = expected.len().min(1000);
            assert!(range == expected.slice(1.min(end)..end), "a range of v{number} is another");
        }
        2 => assert_eq!(backend.stat(&name).await.unwrap().size, expected.len() as u64),
        3 => {
            let error = backend.get(&key("never"), 1000).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        _ => {
            let create = backend.put(&name, value(99, 10).into(), &PutOptions::create_only()).await;
            assert_eq!(create.unwrap_err().kind(), ErrorKind::AlreadyExists);
        }
    }
}
