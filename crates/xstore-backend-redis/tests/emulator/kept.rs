//! What was acknowledged is there after the server was killed.

use crate::server::{DURABLE, Server};
use crate::support::{get, id, put, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use xstore_backend::ErrorKind;
use xstore_backend_redis::RedisBackend;

const WRITERS: u64 = 4;
const ROUNDS: u64 = 6;

/// Values that are acknowledged in a round before the server is killed.
const AT_LEAST: u64 = 20;

/// Bytes of a value: some large, some small.
const fn len(number: u64) -> usize {
    if number.is_multiple_of(3) { 700_000 } else { 100 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_value_is_lost() {
    let server = Server::start(DURABLE);
    let backend = Arc::new(RedisBackend::open(id(), server.config()).await.unwrap());
    assert_eq!(backend.why_not_durable(), None);
    let (mut acknowledged, mut maybe) = (0, 0);
    let heard = Arc::new(AtomicU64::new(0));
    for round in 0..ROUNDS {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (backend, heard) = (Arc::clone(&backend), Arc::clone(&heard));
                tokio::spawn(async move {
                    for number in 0.. {
                        let seed = (round * WRITERS + writer) * 1_000_000 + number;
                        let name = format!("v{seed}");
                        if put(&*backend, &name, value(seed, len(number))).await.is_err() {
                            return number;
                        }
                        heard.fetch_add(1, Ordering::SeqCst);
                    }
                    unreachable!("it writes until the server is killed")
                })
            })
            .collect();
        while heard.load(Ordering::SeqCst) < acknowledged + AT_LEAST + round {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // At another moment of a write each time.
        tokio::time::sleep(Duration::from_millis(3 * round)).await;
        server.kill();
        let mut counts = Vec::new();
        for writer in writers {
            counts.push(writer.await.unwrap());
        }
        server.restart();
        for (writer, count) in (0..).zip(counts) {
            for number in 0..=count {
                let seed = (round * WRITERS + writer) * 1_000_000 + number;
                match get(&*backend, &format!("v{seed}")).await {
                    // The last one wasn't acknowledged. It may be there, but only whole.
                    Ok(bytes) => assert!(bytes == value(seed, len(number)), "v{seed} is another"),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                        assert!(number == count, "v{seed} was acknowledged and is lost");
                    }
                }
            }
            acknowledged += count;
            maybe += 1;
        }
    }
    println!("{acknowledged} acknowledged, {maybe} cut off, 0 lost");
    assert!(acknowledged >= ROUNDS * AT_LEAST);
}
