//! Stores over memory, and data to put into them.

use futures_util::FutureExt;
use std::sync::Arc;
use xstore_backend::memory::MemoryBackend;
use xstore_backend::{BackendId, Capability, Key, StorageBackend};
use xstore_core::{Member, Repaired, Settings, Store, StoreBuilder};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing};
use xstore_manifest::Manifest;

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

/// What is done to a share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Damage {
    Missing,
    /// A bit of the first segment's body.
    Flipped,
    /// A bit of this segment's body.
    Segment(u64),
    Truncated,
    Extended,
    /// A share of another object stands in its place.
    Swapped,
    /// A bit of the format number.
    Header,
}

/// Where a share is: the place of its backend in the list, and its key there.
pub(crate) fn location(
    backends: &[MemoryBackend],
    manifest: &Manifest,
    part: usize,
    index: u8,
) -> (usize, Key) {
    let share = manifest.parts[part].shares[usize::from(index)].as_ref().unwrap();
    let at = backends.iter().position(|backend| backend.id().as_str() == share.backend.as_str()).unwrap();
    (at, Key::new(share.key.as_str()).unwrap())
}

/// Changes what stands on a backend; `other` is an object with as many parts and shares.
pub(crate) fn damage(
    backends: &[MemoryBackend],
    manifest: &Manifest,
    part: usize,
    index: u8,
    kind: Damage,
    other: &Manifest,
) {
    let (at, key) = location(backends, manifest, part, index);
    let foreign = (kind == Damage::Swapped).then(|| {
        let (at, key) = location(backends, other, part, index);
        backends[at].raw(&key).unwrap()
    });
    if kind == Damage::Missing {
        backends[at].delete(&key).now_or_never().unwrap().unwrap();
        return;
    }
    let is_there = backends[at].corrupt(&key, |value| match kind {
        Damage::Missing => {}
        Damage::Flipped => value[130] ^= 1,
        Damage::Segment(m) => {
            let digest = 32_usize.next_multiple_of(usize::from(manifest.p) - 1);
            let stored = manifest.segment as usize + digest + 32;
            value[128 + usize::try_from(m).unwrap() * stored + 3] ^= 0x20;
        }
        Damage::Truncated => value.truncate(value.len() - 1),
        Damage::Extended => value.push(0),
        Damage::Swapped => *value = foreign.as_ref().unwrap().to_vec(),
        Damage::Header => value[8] ^= 2,
    });
    assert!(is_there, "there is nothing to damage");
}

/// Keeps a repair's manifest as a caller does, and cleans up.
pub(crate) async fn keep(store: &Store, repaired: &Repaired) -> Manifest {
    let manifest = store.manifest(&repaired.manifest.to_json()).unwrap();
    if repaired.is_changed() {
        store.commit(&repaired.ticket).unwrap();
        let swept = store.sweep(&repaired.ticket).keeping(&manifest).await.unwrap();
        assert!(swept.unconfirmed.is_empty(), "{swept:?}");
    }
    manifest
}
