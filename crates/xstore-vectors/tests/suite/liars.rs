//! Bodies with right tags by somebody who holds the key and less than k shares.

use crate::sample::{assert_insufficient, draft, only, payload, read_all};
use xstore_share::DecodeError;
use xstore_vectors::ReadError;
use xstore_vectors::book::{Draft, Drafted, Stage};

/// The object in which these shares lie in the segments that `lies` names. Their tags are right and pinned.
fn lying(draft: Draft, liars: &'static [u8], lies: fn(u64) -> bool) -> Drafted {
    let hook = move |_, stage: Stage<'_>| {
        if let Stage::Body(index, m, body) = stage
            && liars.contains(&index)
            && lies(m)
        {
            // Each liar a lie of its own.
            for (at, byte) in body.iter_mut().enumerate() {
                *byte ^= u8::try_from(at % 7).unwrap() + index + 1;
            }
        }
    };
    draft.hook(hook).write().unwrap()
}

#[test]
fn up_to_n_minus_k_liars_change_nothing() {
    let schemes: [(u8, u8, u8, &[&'static [u8]]); 4] = [
        (2, 3, 3, &[&[0], &[1], &[2]]),
        (2, 4, 5, &[&[0], &[0, 1], &[1, 3], &[2, 3]]),
        (3, 5, 5, &[&[0], &[0, 1], &[1, 4]]),
        (4, 6, 7, &[&[5], &[0, 1], &[2, 4]]),
    ];
    for (k, n, p, sets) in schemes {
        for &liars in sets {
            let segment = 8 * (u32::from(p) - 1);
            for lies in [|_| true, |m| m == 0, |m| m == 1, |m| m % 2 == 1] {
                let drafted = lying(draft(k, n, p, segment, 100), liars, lies);
                let reading = read_all(&drafted.text, &drafted.values);
                assert_eq!(reading.payload(), Ok(&payload(100)[..]), "{k} of {n}, liars {liars:?}");
                // Every tag is right, so no share can be blamed.
                assert_eq!(reading.faults, []);
            }
        }
    }
}

#[test]
fn more_liars_give_an_error_and_no_wrong_byte() {
    for (liars, lies, segment) in [
        (&[0_u8, 1, 2][..], (|m| m == 0) as fn(u64) -> bool, 0),
        (&[1, 2, 3], |m| m == 2, 2),
        (&[0, 1, 2, 3], |m| m == 1, 1),
        // The trailer is read first.
        (&[0, 2, 3], |m| m == 4, 4),
        (&[0, 1, 2], |_| true, 4),
    ] {
        let drafted = lying(draft(2, 4, 5, 32, 100), liars, lies);
        let reading = read_all(&drafted.text, &drafted.values);
        let source = DecodeError::Inconsistent { segment };
        assert_eq!(reading.result, Err(ReadError::Part { part: 0, source }));
        assert_eq!(reading.code(), "RECONSTRUCTION_FAILED");
        let before = if segment == 4 { 0 } else { usize::try_from(segment).unwrap() * 32 };
        assert_eq!(reading.released, payload(100)[..before]);
    }
}

#[test]
fn a_liar_among_exactly_k() {
    let drafted = lying(draft(2, 4, 5, 32, 100), &[3], |_| true);
    for other in 0..3 {
        let reading = read_all(&drafted.text, &only(&drafted, &drafted.values, &[other, 3]));
        assert_eq!(reading.code(), "RECONSTRUCTION_FAILED");
        assert!(reading.released.is_empty());
    }
    assert_insufficient(&read_all(&drafted.text, &only(&drafted, &drafted.values, &[3])), &payload(100));
}
