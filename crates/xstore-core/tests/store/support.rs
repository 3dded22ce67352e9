//! Stores over memory, and data to put into them.

use std::sync::Arc;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{BackendId, Capability, StorageBackend};
use xstore_core::{Member, Settings, Store, StoreBuilder};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing};

/// A durable backend, as far as a store can tell.
pub(crate) const DURABLE: Capability = MemoryBackend::CAPABILITY.with_durable(true);

pub(crate) fn ring() -> Arc<KeyRing> {
    let mut ring = KeyRing::default();
    let key = IntegrityKey::generate(&mut Entropy::os()).unwrap();
    ring.add(key, Date::new(2026, 1, 1).unwrap()).unwrap();
    Arc::new(ring)
}

/// Durable memory backends b0, b1, ...
pub(crate) fn backends(count: usize) -> Vec<MemoryBackend> {
    let named = |i: usize| BackendId::new(&format!("b{i}")).unwrap();
    (0..count).map(|i| MemoryBackend::new(named(i)).with_capability(DURABLE)).collect()
}

/// Small parts, so that little data has many.
pub(crate) fn small_parts(part: u32) -> Settings {
    let mut settings = Settings::default();
    settings.part = part;
    settings
}

/// A builder over these backends.
pub(crate) fn over<B: StorageBackend + Clone>(k: u8, n: u8, backends: &[B]) -> StoreBuilder {
    let builder = Store::builder().threshold(k, n).keys(ring());
    backends.iter().fold(builder, |builder, backend| builder.backend(Member::new(backend.clone())))
}

/// Bytes that are different everywhere.
pub(crate) fn data(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ len as u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(next).collect()
}

/// Values on a backend besides its mark.
pub(crate) fn values(backend: &MemoryBackend) -> usize {
    backend.keys().iter().filter(|key| key.as_str() != "xstore/mark").count()
}
