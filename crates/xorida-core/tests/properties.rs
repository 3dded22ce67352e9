//! All kernels, the plans and the paper's formula agree, for any scheme, length and alignment; and what is
//! split comes back.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "support/noise.rs"]
mod noise;

use noise::noise;
use proptest::prelude::*;
use xorida_core::{CombinePlan, Kernel, RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold, naive};

fn scheme(k: u8, n: u8, p: u8) -> Scheme {
    Scheme::with_prime(Threshold::new(k, n).unwrap(), p).unwrap()
}

/// Any scheme with up to `most` shares.
fn schemes(most: u8) -> impl Strategy<Value = Scheme> {
    (2..=most, any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(n, k, p)| {
        let threshold = Threshold::new(2 + u8::try_from(k.index(usize::from(n) - 1)).unwrap(), n).unwrap();
        let primes: Vec<_> = (n..=67).filter_map(|p| Scheme::with_prime(threshold, p).ok()).take(3).collect();
        *p.get(&primes)
    })
}

/// k indexes and one more where there is one, in any order.
fn picked(scheme: Scheme, order: u64) -> Vec<ShareIndex> {
    let mut all: Vec<_> = ShareIndex::all(scheme).collect();
    let mut keys = noise(all.len() * 8, order);
    all.sort_by_cached_key(|_| keys.split_off(keys.len() - 8));
    all.truncate(usize::from(scheme.k()) + 1);
    all
}

/// `length` bytes that begin `at` bytes into their buffer, with garbage all around.
struct Unaligned {
    buffer: Vec<u8>,
    at: usize,
    length: usize,
}

impl Unaligned {
    fn garbage(length: usize, at: usize) -> Self {
        Self { buffer: noise(at + length + 7, 99), at, length }
    }

    fn of(bytes: &[u8], at: usize) -> Self {
        let mut this = Self::garbage(bytes.len(), at);
        this.bytes_mut().copy_from_slice(bytes);
        this
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[self.at..][..self.length]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.at..][..self.length]
    }

    /// The bytes, after a check that those around them are untouched.
    fn checked(&self) -> &[u8] {
        let untouched = Self::garbage(self.length, self.at).buffer;
        assert_eq!(self.buffer[..self.at], untouched[..self.at]);
        assert_eq!(self.buffer[self.at + self.length..], untouched[self.at + self.length..]);
        self.bytes()
    }
}

fn check(scheme: Scheme, length: usize, at: usize, seed: u64) {
    let secret = Unaligned::of(&noise(scheme.blocks() * length, seed), at);
    let randomness = Unaligned::of(&noise(scheme.randomness_blocks() * length, !seed), at / 3);
    let shares = naive::split(scheme, secret.bytes(), randomness.bytes()).unwrap();
    let picked = picked(scheme, seed);
    let (indexes, target) = picked.split_at(usize::from(scheme.k()));
    let given: Vec<_> =
        (at..).zip(indexes).map(|(at, index)| Unaligned::of(&shares[usize::from(index.get())], at)).collect();
    let given: Vec<&[u8]> = given.iter().map(Unaligned::bytes).collect();
    let combine = CombinePlan::new(scheme, indexes).unwrap();
    let rebuild = target.first().map(|&target| RebuildPlan::new(scheme, indexes, target).unwrap());
    for kernel in Kernel::available() {
        let split = SplitPlan::new(scheme).with_kernel(kernel);
        let mut written: Vec<_> =
            (0..shares.len()).map(|index| Unaligned::garbage(secret.length, (at + index) % 64)).collect();
        let mut buffers: Vec<&mut [u8]> = written.iter_mut().map(Unaligned::bytes_mut).collect();
        split.split(secret.bytes(), randomness.bytes(), &mut buffers).unwrap();
        for (written, share) in written.iter().zip(&shares) {
            assert!(written.checked() == share, "split {scheme:?} {length} {kernel:?}");
        }
        let mut one = Unaligned::garbage(secret.length, at);
        split.split_one(indexes[0], secret.bytes(), randomness.bytes(), one.bytes_mut()).unwrap();
        assert!(one.checked() == given[0], "split_one {scheme:?} {length} {kernel:?}");

        let mut restored = Unaligned::garbage(secret.length, at + 1);
        combine.clone().with_kernel(kernel).combine(&given, restored.bytes_mut()).unwrap();
        assert!(restored.checked() == secret.bytes(), "combine {scheme:?} {indexes:?} {length} {kernel:?}");
        if let Some(rebuild) = &rebuild {
            let mut rebuilt = Unaligned::garbage(secret.length, at + 2);
            rebuild.clone().with_kernel(kernel).rebuild(&given, rebuilt.bytes_mut()).unwrap();
            let share = &shares[usize::from(rebuild.target().get())];
            assert!(rebuilt.checked() == share, "rebuild {scheme:?} {indexes:?} {length} {kernel:?}");
        }
    }
}

proptest! {
    #[test]
    fn short_blocks(scheme in schemes(16), length in 1_usize..300, at in 0_usize..64, seed: u64) {
        check(scheme, length, at, seed);
    }

    /// More than a strip, so that the work is cut; and never a multiple of anything.
    #[test]
    fn long_blocks(scheme in schemes(7), length in 4000_usize..20_000, at in 0_usize..64, seed: u64) {
        check(scheme, length, at, seed);
    }

    #[test]
    fn the_formula_solved_plainly_agrees(scheme in schemes(8), length in 1_usize..5, seed: u64) {
        let secret = noise(scheme.blocks() * length, seed);
        let randomness = noise(scheme.randomness_blocks() * length, !seed);
        let indexes = &picked(scheme, seed)[..usize::from(scheme.k())];
        let shares = naive::split(scheme, &secret, &randomness).unwrap();
        let given: Vec<&[u8]> = indexes.iter().map(|index| &*shares[usize::from(index.get())]).collect();
        prop_assert_eq!(naive::combine(scheme, indexes, &given).unwrap(), secret);
    }
}

#[test]
fn the_largest_schemes() {
    // Blocks that need scratch on the heap, and that are longer than a strip.
    for (k, n, length) in
        [(2, 64, 1500), (3, 64, 1100), (4, 64, 1100), (32, 64, 33), (63, 64, 65), (64, 64, 40)]
    {
        check(Scheme::new(Threshold::new(k, n).unwrap()), length, 13, u64::from(k));
    }
}

#[test]
fn the_order_of_the_shares_is_the_plans() {
    let scheme = scheme(3, 5, 5);
    let secret = noise(scheme.blocks() * 10, 1);
    let shares = naive::split(scheme, &secret, &noise(scheme.randomness_blocks() * 10, 2)).unwrap();
    let [a, b, c] = [3, 0, 4];
    for order in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
        let indexes = order.map(|index| ShareIndex::new(index, scheme).unwrap());
        let given = order.map(|index| shares[usize::from(index)].as_slice());
        let plan = CombinePlan::new(scheme, &indexes).unwrap();
        assert_eq!(plan.indexes(), indexes);
        let mut restored = vec![0; secret.len()];
        plan.combine(&given, &mut restored).unwrap();
        assert_eq!(restored, secret);
        // In another order they are other shares.
        let swapped = [given[1], given[0], given[2]];
        plan.combine(&swapped, &mut restored).unwrap();
        assert_ne!(restored, secret);
    }
}

#[test]
fn an_added_share_is_as_good_as_the_others() {
    let small = scheme(2, 3, 7);
    let secret = noise(small.blocks() * 5, 3);
    let randomness = noise(small.randomness_blocks() * 5, 4);
    let old = naive::split(small, &secret, &randomness).unwrap();
    let large = small.expand(6).unwrap();
    let index = |number| ShareIndex::new(number, large).unwrap();
    // What a split for six shares would have given.
    let all = naive::split(large, &secret, &randomness).unwrap();
    assert_eq!(all[..3], old);
    let mut added = Vec::new();
    for number in 3..6 {
        let mut share = vec![0; secret.len()];
        let plan = RebuildPlan::new(large, &[index(2), index(0)], index(number)).unwrap();
        plan.rebuild(&[&old[2], &old[0]], &mut share).unwrap();
        added.push(share);
    }
    assert_eq!(all[3..], added);
}
