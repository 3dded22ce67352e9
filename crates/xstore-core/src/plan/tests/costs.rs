//! Costs against shares that were really made.

use crate::plan::Costs;
use crate::settings::Settings;
use proptest::prelude::*;
use xorida_core::Threshold;

fn costs(k: u8, n: u8, payload: u64, part: u32, pad_to: Option<u64>) -> Costs {
    let mut settings = Settings::default();
    (settings.part, settings.pad_to) = (part, pad_to);
    Costs::new(Threshold::new(k, n).unwrap(), &settings, payload).unwrap()
}

/// What a put really stores, on each backend.
fn stored(k: u8, n: u8, payload: usize, part: u32, pad_to: Option<u64>, name: &str) -> Vec<(usize, u64)> {
    use xstore_backend::{BackendId, memory::MemoryBackend};
    let mut ring = xstore_keys::KeyRing::default();
    let key = xstore_keys::IntegrityKey::generate(&mut xstore_keys::Entropy::os()).unwrap();
    ring.add(key, xstore_keys::Date::new(2026, 1, 1).unwrap()).unwrap();
    let backends: Vec<MemoryBackend> =
        (0..n).map(|i| MemoryBackend::new(BackendId::new(&format!("b{i}")).unwrap())).collect();
    let mut settings = Settings::default();
    (settings.part, settings.pad_to) = (part, pad_to);
    let builder = crate::Store::builder().threshold(k, n).keys(ring).allow_volatile().settings(settings);
    let store = backends.iter().fold(builder, |builder, backend| builder.backend(backend.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let manifest = store.build().unwrap().put(name, vec![7; payload]).await.unwrap();
        let parts = manifest.body().parts.len();
        let of = |backend: &MemoryBackend| {
            let is_share = |key: &&xstore_backend::Key| key.as_str() != "xstore/mark";
            let keys = backend.keys();
            let shares: Vec<_> = keys.iter().filter(is_share).collect();
            assert_eq!(shares.len(), parts);
            let bytes = shares.iter().map(|key| backend.raw(key).unwrap().len() as u64).sum();
            (parts, bytes)
        };
        backends.iter().map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn they_are_those_of_a_put(
        (k, n) in (2..=5_u8).prop_flat_map(|n| (2..=n, Just(n))),
        payload in 0..200_000_usize,
        part in 1_024..150_000_u32,
        name in 1..=Costs::NAME,
    ) {
        let costs = costs(k, n, payload as u64, part, None);
        let (parts, each) = (usize::try_from(costs.parts).unwrap(), costs.each);
        prop_assert_eq!(
            stored(k, n, payload, part, None, &"n".repeat(name)),
            vec![(parts, each); usize::from(n)]
        );
    }
}

#[test]
fn of_padded_objects_and_at_the_borders() {
    for (payload, pad_to) in
        [(0, None), (0, Some(4096)), (1, Some(4096)), (8192, Some(4096)), (8193, Some(8192))]
    {
        let costs = costs(2, 3, payload as u64, 8192, pad_to);
        let parts = usize::try_from(costs.parts).unwrap();
        assert_eq!(
            stored(2, 3, payload, 8192, pad_to, "x"),
            vec![(parts, costs.each); 3],
            "{payload} {pad_to:?}"
        );
    }
}

#[test]
fn a_gibibyte_of_two_of_three() {
    let costs = costs(2, 3, 1 << 30, 8 << 20, None);
    assert_eq!((costs.parts, costs.segments), (128, 129));
    // 128 header + 129 · (32 digest + 32 tag) + payload and two bytes of padding + trailer and tag + end
    let share = 128 + 129 * 64 + (8 << 20) + 2 + (544 + 32) + 32;
    assert_eq!((costs.share, costs.each), (share, 128 * share));
    assert_eq!(costs.stored(), 3 * costs.each);
    let factor = costs.factor().unwrap();
    assert!((3.0..3.01).contains(&factor), "{factor}");
    let (put, get, verify) = (costs.put(), costs.get(), costs.verify());
    assert_eq!((put.requests_each, put.requests(), put.sent, put.received), (128, 384, 3 * costs.each, 0));
    assert_eq!((get.requests(), get.received), (256, 2 * costs.each));
    assert_eq!((verify.requests(), verify.received), (384, 3 * costs.each));
    assert_eq!((costs.delete().requests(), costs.delete().sent), (384, 0));
    assert_eq!((costs.rebuild().requests(), costs.rebuild().received), (256, 2 * costs.each));
}
