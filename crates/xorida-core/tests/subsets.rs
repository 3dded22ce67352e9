//! Every set of k shares gives the secret and every other share, byte for byte.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "support/noise.rs"]
mod noise;
#[path = "support/pick.rs"]
mod pick;

use noise::noise;
use pick::{scheme, subsets};
use xorida_core::{CombinePlan, RebuildPlan, Scheme, ShareIndex, SplitPlan};

fn check(scheme: Scheme, length: usize) {
    let secret = noise(scheme.blocks() * length, u64::from(scheme.p()));
    let randomness = noise(scheme.randomness_blocks() * length, u64::from(scheme.n()));
    let mut shares = vec![vec![0; secret.len()]; usize::from(scheme.n())];
    let mut buffers: Vec<&mut [u8]> = shares.iter_mut().map(Vec::as_mut_slice).collect();
    SplitPlan::new(scheme).split(&secret, &randomness, &mut buffers).unwrap();
    for sources in subsets(scheme, scheme.k()) {
        let given: Vec<&[u8]> = sources.iter().map(|index| &*shares[usize::from(index.get())]).collect();
        let mut restored = vec![0xFF; secret.len()];
        CombinePlan::new(scheme, &sources).unwrap().combine(&given, &mut restored).unwrap();
        assert!(restored == secret, "{scheme:?} {sources:?}");
        for target in ShareIndex::all(scheme).filter(|index| !sources.contains(index)) {
            let mut rebuilt = vec![0xFF; secret.len()];
            RebuildPlan::new(scheme, &sources, target).unwrap().rebuild(&given, &mut rebuilt).unwrap();
            assert!(rebuilt == shares[usize::from(target.get())], "{scheme:?} {sources:?} {target}");
        }
    }
}

#[test]
fn up_to_eight_shares() {
    for n in 2..=8 {
        for k in 2..=n {
            for p in [3, 5, 7, 11, 13].into_iter().filter(|&p| p >= n) {
                check(scheme(k, n, p), 13);
            }
        }
    }
}

#[test]
fn a_prime_far_larger_than_needed() {
    for k in 2..=4 {
        check(scheme(k, 4, 67), 3);
        check(scheme(k, 5, 31), 9);
    }
}
