//! The store over all places, from a configuration as a user writes it, and a sample of the faults. Needs servers:
//! `cargo xtask itest faults`.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use tokio::sync::{Mutex, MutexGuard};
use xstore::Depth;
use xstore_faults::{Extent, Kind, Mix, carry_out};

/// A server that is told to refuse everybody refuses the other tests too.
static SERVERS: Mutex<()> = Mutex::const_new(());

async fn mix() -> (MutexGuard<'static, ()>, Mix) {
    let alone = SERVERS.lock().await;
    let mix = Mix::start().await.unwrap_or_else(|error| panic!("run `cargo xtask itest faults`: {error}"));
    (alone, mix)
}

fn bytes(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(len as u64);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_every_size_go_and_come_back_and_leave_nothing() {
    let (_alone, mix) = mix().await;
    let store = mix.open(&Kind::ALL, 3).await.unwrap();
    let mut before = Vec::new();
    for kind in Kind::ALL {
        before.push(mix.keys(kind).await.unwrap());
    }
    // Nothing, a little, a part and a bit, several parts.
    for len in [0, 11, (8 << 20) + 1, 20_000_000] {
        let body = bytes(len);
        let manifest = store.put(format!("object-{len}"), body.clone()).await.unwrap();
        let manifest = store.manifest(&manifest.to_json()).unwrap();
        assert!(store.get(&manifest).await.unwrap() == body, "{len}");
        let end = (len as u64).min(9_000_000);
        let begin = end.saturating_sub(1000);
        let range = store.get_range(&manifest, begin..end).await.unwrap();
        assert_eq!(range, &body[usize::try_from(begin).unwrap()..usize::try_from(end).unwrap()]);
        let report = store.verify(&manifest).depth(Depth::Full).await.unwrap();
        assert!(report.is_whole(), "{len}: {report:?}");
        assert!(store.delete(&manifest).await.unwrap().remaining().is_empty());
        assert!(store.get(&manifest).await.is_err());
    }
    for (kind, before) in Kind::ALL.into_iter().zip(before) {
        assert_eq!(mix.keys(kind).await.unwrap(), before, "{}", kind.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_place_sees_the_plaintext() {
    let (_alone, mix) = mix().await;
    let store = mix.open(&Kind::ALL, 3).await.unwrap();
    let pattern = b"a sentence that must not be found anywhere";
    let manifest = store.put("secret", pattern.repeat(5000)).await.unwrap();
    for kind in Kind::ALL {
        for value in mix.values(kind).await.unwrap() {
            assert!(!value.windows(16).any(|window| window == &pattern[..16]), "{}", kind.name());
        }
    }
    assert!(store.delete(&manifest).await.unwrap().remaining().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_the_faults_does_no_harm() {
    let (_alone, mix) = mix().await;
    let mut lines = Vec::new();
    let tally = carry_out(&mix, Extent::Sample, |line| lines.push(line.to_owned())).await.unwrap();
    assert_eq!(tally.wrong(), 0, "\n{}", lines.join("\n"));
    assert_eq!(tally.idle(), [] as [&str; 0], "\n{}", lines.join("\n"));
    assert_eq!(tally.trials(), 11);
}
