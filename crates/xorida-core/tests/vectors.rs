//! Known answers from an implementation that shares nothing with this one.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "support/pick.rs"]
mod pick;

use std::fs;

use serde::Deserialize;
use xorida_core::{CombinePlan, Kernel, RebuildPlan, Scheme, ShareIndex, SplitPlan, naive};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    k: u8,
    n: u8,
    p: u8,
    piece_len: usize,
    secret: String,
    randomness: String,
    shares: Vec<String>,
}

struct Case {
    scheme: Scheme,
    secret: Vec<u8>,
    randomness: Vec<u8>,
    shares: Vec<Vec<u8>>,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/xorida/xorida-v1.json");
    let vectors: Vec<Vector> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(!vectors.is_empty());
    vectors
        .into_iter()
        .map(|vector| {
            let scheme = pick::scheme(vector.k, vector.n, vector.p);
            let secret = bytes(&vector.secret);
            assert_eq!(secret.len(), scheme.blocks() * vector.piece_len);
            assert_eq!(vector.shares.len(), usize::from(vector.n));
            let shares = vector.shares.iter().map(|share| bytes(share)).collect();
            Case { scheme, secret, randomness: bytes(&vector.randomness), shares }
        })
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2));
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// At most 100 of all sets of k indexes, evenly taken.
fn some_subsets(scheme: Scheme) -> Vec<Vec<ShareIndex>> {
    let all: Vec<_> = pick::subsets(scheme, scheme.k()).collect();
    let step = all.len().div_ceil(100);
    all.into_iter().step_by(step).collect()
}

#[test]
fn splitting_gives_the_shares() {
    for Case { scheme, secret, randomness, shares } in cases() {
        assert_eq!(naive::split(scheme, &secret, &randomness).unwrap(), shares, "{scheme:?}");
        for kernel in Kernel::available() {
            let plan = SplitPlan::new(scheme).with_kernel(kernel);
            let mut written = vec![vec![0xFF; secret.len()]; shares.len()];
            let mut buffers: Vec<&mut [u8]> = written.iter_mut().map(Vec::as_mut_slice).collect();
            plan.split(&secret, &randomness, &mut buffers).unwrap();
            assert_eq!(written, shares, "{scheme:?} {kernel:?}");
            for (index, share) in ShareIndex::all(scheme).zip(&shares) {
                let mut one = vec![0xFF; secret.len()];
                plan.split_one(index, &secret, &randomness, &mut one).unwrap();
                assert_eq!(one, *share, "{scheme:?} {kernel:?} {index}");
            }
        }
    }
}

#[test]
fn combining_gives_the_secret() {
    for Case { scheme, secret, shares, .. } in cases() {
        for indexes in some_subsets(scheme) {
            let given: Vec<&[u8]> = indexes.iter().map(|index| &*shares[usize::from(index.get())]).collect();
            assert_eq!(naive::combine(scheme, &indexes, &given).unwrap(), secret, "{scheme:?} {indexes:?}");
            let plan = CombinePlan::new(scheme, &indexes).unwrap();
            for kernel in Kernel::available() {
                let mut written = vec![0xFF; secret.len()];
                plan.clone().with_kernel(kernel).combine(&given, &mut written).unwrap();
                assert_eq!(written, secret, "{scheme:?} {indexes:?} {kernel:?}");
            }
        }
    }
}

#[test]
fn rebuilding_gives_the_other_shares() {
    for Case { scheme, shares, .. } in cases() {
        for sources in some_subsets(scheme).into_iter().step_by(5) {
            let given: Vec<&[u8]> = sources.iter().map(|index| &*shares[usize::from(index.get())]).collect();
            for target in ShareIndex::all(scheme).filter(|index| !sources.contains(index)) {
                let plan = RebuildPlan::new(scheme, &sources, target).unwrap();
                let mut written = vec![0xFF; given[0].len()];
                plan.rebuild(&given, &mut written).unwrap();
                assert_eq!(written, shares[usize::from(target.get())], "{scheme:?} {sources:?} {target}");
            }
        }
    }
}
