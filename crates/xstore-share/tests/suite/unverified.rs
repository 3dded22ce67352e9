//! Reading without keys and without a manifest.

use crate::rig::{NAME, encode, encode_with, encoder, layout, payload, subsets};
use xstore_share::DecodeError;
use xstore_share::unverified::{UnverifiedError, UnverifiedPart, open};

fn read(shares: &[Vec<u8>]) -> Result<UnverifiedPart, UnverifiedError> {
    open(&shares.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn error(shares: &[Vec<u8>]) -> UnverifiedError {
    read(shares).map(|_| ()).unwrap_err()
}

#[test]
fn every_k_shares_of_every_small_scheme() {
    for (k, n, p) in [(2, 2, 3), (2, 3, 3), (2, 3, 7), (3, 4, 5), (3, 6, 7), (5, 5, 5), (4, 6, 11)] {
        let layout = layout(k, n, p, 3);
        for length in [0, 1, layout.segment() as usize, 100] {
            let part = encode(layout, &payload(length));
            for indexes in subsets(n.into(), k.into()) {
                let chosen: Vec<Vec<u8>> = indexes.iter().rev().map(|i| part.shares[*i].clone()).collect();
                let read = read(&chosen).unwrap();
                assert_eq!(read.payload[..], payload(length), "{k} of {n}, {indexes:?}");
                assert_eq!(read.trailer.sharing, part.expected.sharing);
                assert_eq!(read.trailer.length, length as u64);
                assert_eq!(read.trailer.last.as_ref().map(|last| &last.name[..]), Some(NAME));
                let fewer = &chosen[1..];
                let needed = usize::from(k);
                assert_eq!(error(fewer), UnverifiedError::TooFew { found: needed - 1, needed });
            }
        }
    }
}

#[test]
fn fill_is_no_payload() {
    let part = encode_with(encoder(layout(2, 3, 3, 8)), &payload(20), 90, &[2]).unwrap();
    assert_eq!(read(&part.shares).unwrap().payload[..], payload(20));
}

/// One bad byte anywhere in one of three shares, and in any two of them at different segments.
#[test]
fn damage_that_leaves_k_good_bodies_for_each_segment() {
    let part = encode(layout(2, 3, 3, 8), &payload(40));
    for share in 0..3 {
        for at in 0..part.shares[share].len() {
            let mut shares = part.shares.clone();
            shares[share][at] ^= 0x40;
            assert_eq!(read(&shares).unwrap().payload[..], payload(40), "share {share}, byte {at}");
        }
    }
    let segment = |m: u64| usize::try_from(part.shape().place(m).unwrap().offset).unwrap();
    for (a, b, c) in [(0, 1, 2), (2, 0, 3), (3, 1, 0), (1, 2, 0)] {
        let mut shares = part.shares.clone();
        for (share, m) in shares.iter_mut().zip([a, b, c]) {
            share[segment(m) + 1] ^= 1;
        }
        assert_eq!(read(&shares).unwrap().payload[..], payload(40), "segments {a}, {b}, {c}");
    }
}

#[test]
fn damage_that_doesnt_is_named() {
    let part = encode(layout(2, 3, 3, 8), &payload(40));
    let offset = |m: u64| usize::try_from(part.shape().place(m).unwrap().offset).unwrap();
    let damaged = |m: u64, indexes: &[usize]| {
        let mut shares = part.shares.clone();
        // Different damage: equal damage of two shares may cancel out.
        indexes.iter().for_each(|i| shares[*i][offset(m)] ^= 1 << i);
        error(&shares)
    };
    for m in 0..3 {
        let segment = DecodeError::Inconsistent { segment: m };
        assert_eq!(damaged(m, &[0, 1]), UnverifiedError::Part(segment.clone()));
        assert_eq!(damaged(m, &[2, 1]).code(), "RECONSTRUCTION_FAILED");
    }
    assert_eq!(damaged(3, &[0, 2]), UnverifiedError::NoCombination { tried: 3 });
}

/// Shares of two parts in any mixture: one that is whole is read, whatever stands first.
#[test]
fn mixed_parts_dont_mix() {
    let (a, b) = (encode(layout(2, 3, 3, 8), &payload(40)), encode(layout(2, 3, 3, 8), &payload(41)));
    assert_eq!(a.shares[0].len(), b.shares[0].len());
    let pick = |indexes: &[(bool, usize)]| -> Vec<Vec<u8>> {
        indexes.iter().map(|(of_a, i)| if *of_a { &a.shares[*i] } else { &b.shares[*i] }.clone()).collect()
    };
    let mixed = pick(&[(true, 0), (false, 1), (false, 0), (true, 2)]);
    let read_mixed = read(&mixed).unwrap();
    let length = usize::try_from(read_mixed.trailer.length).unwrap();
    assert_eq!(read_mixed.payload[..], payload(length));
    // Only b is whole; a's share comes first and has every index that b's have.
    let read_b = read(&pick(&[(true, 1), (false, 1), (false, 2)])).unwrap();
    assert_eq!(read_b.trailer.sharing, b.expected.sharing);
    assert_eq!(read_b.payload[..], payload(41));
    // Neither is.
    assert_eq!(error(&pick(&[(true, 0), (false, 1)])), UnverifiedError::NoCombination { tried: 1 });
    assert_eq!(error(&pick(&[(true, 0), (false, 0)])), UnverifiedError::TooFew { found: 1, needed: 2 });
    // a's trailer is whole and its data aren't; b is whole.
    let mut half = pick(&[(true, 0), (true, 1), (false, 0), (false, 1)]);
    half[0][128] ^= 1;
    assert_eq!(read(&half).unwrap().trailer.sharing, b.expected.sharing);
}

/// Values of other layouts and lengths, before and between: every group is tried, the largest first.
#[test]
fn groups_of_other_shapes_are_no_hindrance() {
    let part = encode(layout(2, 3, 3, 8), &payload(40));
    let others: Vec<Vec<u8>> = [
        encode(layout(3, 5, 5, 8), &payload(40)).shares[0..2].to_vec(),
        encode(layout(2, 3, 3, 8), &payload(90)).shares[0..1].to_vec(),
        vec![vec![], vec![0; 128], b"xStoreSh".to_vec(), part.shares[1][..part.shares[1].len() - 2].to_vec()],
    ]
    .concat();
    let shares = [&others[..], &part.shares[1..]].concat();
    assert_eq!(read(&shares).unwrap().payload[..], payload(40));
    // Two of three lost: what comes nearest is told.
    let few = [&others[..], &part.shares[2..]].concat();
    assert_eq!(error(&few), UnverifiedError::TooFew { found: 2, needed: 3 });
    assert_eq!(error(&[]), UnverifiedError::TooFew { found: 0, needed: 2 });
    assert_eq!(error(&others[3..6]), UnverifiedError::TooFew { found: 0, needed: 2 });
}

/// Keys, ids, salts and tags play no part.
#[test]
fn nothing_is_verified() {
    let part = encode(layout(2, 3, 3, 8), &payload(40));
    let mut shares = part.shares.clone();
    for share in &mut shares {
        share[32..128].fill(0xff);
        let end = share.len() - 32;
        share[end..].fill(0);
        for m in 0..=part.shape().data_segments() {
            let place = part.shape().place(m).unwrap();
            let tag = usize::try_from(place.offset).unwrap() + place.body;
            share[tag..tag + 32].fill(m.to_le_bytes()[0]);
        }
    }
    assert_eq!(read(&shares).unwrap().payload[..], payload(40));
}

/// Ten copies of each of two shares, and forty shares of one index: bounded, and right.
#[test]
fn many_copies_cost_little() {
    let part = encode(layout(2, 3, 3, 8), &payload(40));
    let copies: Vec<Vec<u8>> =
        (0..40).map(|_| part.shares[0].clone()).chain((0..10).map(|_| part.shares[1].clone())).collect();
    assert_eq!(read(&copies).unwrap().payload[..], payload(40));
    assert_eq!(error(&copies[..40]), UnverifiedError::TooFew { found: 1, needed: 2 });
}
