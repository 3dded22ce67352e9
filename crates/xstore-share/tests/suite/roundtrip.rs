//! What is written comes back from any k shares.

use crate::rig::{checked, encode, encode_with, encoder, layout, payload, subsets};
use proptest::prelude::*;
use xstore_share::{MAX_PART, PartShape};

const PRIMES: [u8; 7] = [3, 5, 7, 11, 13, 17, 19];

/// Every k and n to 6, with the smallest p and two that leave room; payloads at every edge of padding and segments;
/// every choice of k shares.
#[test]
fn every_small_scheme_from_every_k_shares() {
    let mut read = 0;
    for n in 2..=6_u8 {
        for k in 2..=n {
            for p in PRIMES.into_iter().filter(|p| *p >= n).take(3) {
                let layout = layout(k, n, p, 2);
                let (p, s) = (usize::from(p), layout.segment() as usize);
                for length in [0, 1, p - 2, p - 1, p, s - 1, s, s + 1, 2 * s] {
                    let bytes = payload(length);
                    let part = encode(layout, &bytes);
                    assert!(part.shares.iter().all(|share| share.len() as u64 == part.shape().share_len()));
                    for indexes in subsets(n.into(), k.into()) {
                        let back = part.decode(&indexes, &[2]);
                        assert_eq!(back.as_ref(), Ok(&bytes), "{k} of {n}, p = {p}, {length}, {indexes:?}");
                        read += 1;
                    }
                }
            }
        }
    }
    assert_eq!(read, (1 + 4 + 11 + 26 + 57) * 3 * 9, "choices of k of n, primes, lengths");
}

#[test]
fn more_shares_than_needed_are_welcome() {
    let part = encode(layout(3, 6, 7, 2), &payload(100));
    for indexes in [&[0, 1, 2, 3][..], &[5, 4, 3, 2, 1], &[5, 0, 3, 1, 4, 2]] {
        assert_eq!(part.decode(indexes, &[3]), Ok(payload(100)));
    }
}

#[test]
fn fill_is_never_released() {
    let layout = layout(2, 3, 3, 8);
    for length in [0, 1, 15, 16, 17, 40] {
        for fill in [1, 2, 15, 16, 17, 60, 200] {
            let part = encode_with(encoder(layout), &payload(length), fill, &[4]).unwrap();
            assert_eq!(part.shape().padded(), layout.padded((length + fill) as u64));
            for groups in [&[1][..], &[3], &[100]] {
                assert_eq!(part.decode(&[2, 0], groups), Ok(payload(length)), "{length} and {fill}");
            }
        }
    }
}

/// The largest part, by lengths alone: it has the padding that its payload needs, and not a byte more is taken.
#[test]
fn the_largest_part_has_a_shape() {
    for (k, n, p) in [(2, 3, 3), (3, 6, 7), (2, 60, 67)] {
        let layout = layout(k, n, p, 1000);
        let padded = layout.padded(u64::from(MAX_PART));
        let shape: PartShape = layout.part(padded).unwrap();
        assert_eq!(layout.part_of_share(shape.share_len()), Ok(shape));
        let mut encoder = encoder(layout);
        let segments = (MAX_PART / layout.segment()) as usize;
        drop(encoder.reserve(segments).unwrap());
        let tail = (MAX_PART % layout.segment()) as usize;
        assert!(encoder.reserve_last(tail).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any scheme up to 64 shares, any length, any grouping on both sides, any k shares in any order.
    #[test]
    fn any_part(
        k in 2..=9_u8,
        more in 0..=9_u8,
        room in 0..3_usize,
        pieces in 1..20_u32,
        length in 0..3000_usize,
        fill in 0..100_usize,
        seed in any::<u64>(),
        groups in proptest::collection::vec(1..9_usize, 1..5),
    ) {
        let n = k + more;
        let p = PRIMES.into_iter().filter(|p| *p >= n).nth(room).unwrap_or(19);
        let layout = layout(k, n, p, pieces);
        let bytes = payload(length);
        let part = encode_with(checked(encoder(layout)), &bytes, fill, &groups).unwrap();
        // k indexes from a shuffle of all.
        let mut order: Vec<usize> = (0..usize::from(n)).collect();
        order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        order.truncate(k.into());
        let groups: Vec<u64> = groups.iter().rev().map(|group| *group as u64).collect();
        prop_assert_eq!(part.decode(&order, &groups), Ok(bytes));
    }
}
