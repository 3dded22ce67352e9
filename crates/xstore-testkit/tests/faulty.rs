//! The faulty backend does each wrong thing that it is told to, and tells what it was asked.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "faulty/bodies.rs"]
mod bodies;
#[path = "faulty/errors.rs"]
mod errors;
#[path = "faulty/listings.rs"]
mod listings;
#[path = "faulty/old_values.rs"]
mod old_values;
#[path = "faulty/record.rs"]
mod record;
#[path = "faulty/rules.rs"]
mod rules;
#[path = "faulty/time.rs"]
mod time;
#[path = "faulty/writes.rs"]
mod writes;

use std::num::NonZeroUsize;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{BackendId, Bytes, ErrorKind, Key, PutOptions, Result, StorageBackend};
use xstore_testkit::faulty::FaultyBackend;

type Faulty = FaultyBackend<MemoryBackend>;

/// Over a memory with pages of two keys.
fn faulty(seed: u64) -> Faulty {
    let memory = MemoryBackend::new(BackendId::new("m1").unwrap());
    FaultyBackend::new(memory.with_page_size(NonZeroUsize::new(2).unwrap()), seed)
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

async fn put(backend: &Faulty, at: &str, value: &'static str) -> Result<()> {
    backend.put(&key(at), value.as_bytes().into(), &PutOptions::replace()).await
}

async fn get(backend: &Faulty, at: &str) -> Result<Bytes> {
    backend.get(&key(at), 1000).await
}

/// What the memory below holds.
fn stored(backend: &Faulty, at: &str) -> Option<Bytes> {
    backend.inner().raw(&key(at))
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it must fail"),
        Err(error) => error.kind(),
    }
}
