//! What is put comes back: sizes, thresholds, ranges, streams.

use crate::support::{backends, data, over, small_parts, values};
use std::ops::Range;
use xstore_backend::StorageBackend;
use xstore_backend::memory::MemoryBackend;
use xstore_core::{Code, Deleted};
use xstore_manifest::State;

#[tokio::test]
async fn every_size_comes_back_and_goes_away() {
    let backends = backends(3);
    let store = over(2, 3, &backends).build().unwrap();
    for len in [0, 1, 3, 4, 1000, 65_535, 65_536, 65_537, 1 << 20, 9 << 20, 20 << 20] {
        let data = data(len);
        let manifest = store.put("doc", data.clone()).await.unwrap();
        assert_eq!(manifest.state, State::Committed);
        assert!(store.get(&manifest).await.unwrap() == data, "{len}");
        assert!(store.verify(&manifest).await.unwrap().is_whole());
        assert!(matches!(store.delete(&manifest).await.unwrap(), Deleted::All));
        assert!(backends.iter().all(|backend| values(backend) == 0));
    }
}

#[tokio::test]
async fn every_threshold_reads_from_any_k_and_no_fewer() {
    for n in 2..=6_u8 {
        for k in 2..=n {
            let backends = backends(usize::from(n));
            let store = over(k, n, &backends).settings(small_parts(300)).build().unwrap();
            let data = data(700);
            for gone in 0..1_u32 << n {
                let manifest = store.put("doc", data.clone()).await.unwrap();
                for (i, backend) in backends.iter().enumerate().filter(|(i, _)| gone >> i & 1 == 1) {
                    empty(backend).await;
                    assert_eq!(values(backend), 0, "{i}");
                }
                let read = store.get(&manifest).await;
                if gone.count_ones() <= u32::from(n - k) {
                    assert!(read.unwrap() == data, "{k} of {n} without {gone:b}");
                } else {
                    let error = read.unwrap_err();
                    assert_eq!(error.code(), Code::InsufficientShares);
                    assert!(error.attempts().iter().all(|attempt| attempt.code == Code::ShareNotFound));
                }
                let report = store.verify(&manifest).await.unwrap();
                assert_eq!(report.redundancy(), i64::from(n - k) - i64::from(gone.count_ones()));
                assert!(matches!(store.delete(&manifest).await.unwrap(), Deleted::All));
            }
        }
    }
}

/// Removes everything but the mark.
async fn empty(backend: &MemoryBackend) {
    for key in backend.keys().iter().filter(|key| key.as_str() != "xstore/mark") {
        backend.delete(key).await.unwrap();
    }
}

#[tokio::test]
async fn ranges_are_slices() {
    let store = over(2, 3, &backends(3)).settings(small_parts(200_000)).build().unwrap();
    for len in [0_usize, 1, 70_000, 200_000, 200_001, 650_000] {
        let data = data(len);
        let manifest = store.put("doc", data.clone()).await.unwrap();
        let end = len as u64;
        let edges = [
            0,
            1,
            65_535,
            65_536,
            65_537,
            199_999,
            200_000,
            200_001,
            400_000,
            end.saturating_sub(1),
            end,
            end + 1,
            u64::MAX,
        ];
        for from in edges {
            for to in edges {
                let read = store.get_range(&manifest, from..to).await.unwrap();
                assert!(read == slice(&data, from..to), "{len}: {from}..{to}");
            }
        }
    }
}

fn slice(data: &[u8], range: Range<u64>) -> &[u8] {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(data.len());
    data.get(at(range.start)..at(range.end)).unwrap_or_default()
}

#[tokio::test]
async fn streams_and_bytes_make_the_same_parts() {
    let store = over(3, 5, &backends(5)).settings(small_parts(1000)).build().unwrap();
    for len in [0_usize, 1, 999, 1000, 1001, 5000, 5001] {
        let data = data(len);
        let bytes = store.put("doc", data.clone()).await.unwrap();
        let stream = store.put_reader("doc", &data[..]).await.unwrap();
        assert_eq!(bytes.parts.len(), stream.parts.len());
        let mut out = Vec::new();
        let written = store.get_to_writer(&stream, &mut out).await.unwrap();
        assert!(written == len as u64 && out == data);
    }
}

#[tokio::test]
async fn size_classes_hide_the_length() {
    let mut settings = small_parts(1 << 16);
    settings.pad_to = Some(1 << 12);
    let store = over(2, 3, &backends(3)).settings(settings).build().unwrap();
    for len in [0_usize, 1, 4095, 4096, 4097, 1 << 16, (1 << 16) + 1] {
        let data = data(len);
        let manifest = store.put("doc", data.clone()).await.unwrap();
        assert!(store.get(&manifest).await.unwrap() == data, "{len}");
        let shown: u64 = manifest.parts.iter().map(|part| part.bytes / 4096 * 4096).sum();
        assert_eq!(shown, (len as u64).max(1).next_multiple_of(4096));
    }
}
