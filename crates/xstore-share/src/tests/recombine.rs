//! A share that comes out wrong, as from a miscomputing CPU or a flipped bit, before anything is acknowledged.

use crate::{EncodeError, EncodeScratch, Encoder, Layout, PadSource, Plans, TAG_LEN};
use std::sync::Arc;
use xorida_core::{Scheme, SplitPlan, Threshold};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing};

fn encoder(scheme: Scheme, segment: u32) -> Encoder {
    let mut ring = KeyRing::default();
    let key = IntegrityKey::generate(&mut Entropy::os()).unwrap();
    ring.add(key, Date::new(2026, 1, 1).unwrap()).unwrap();
    let layout = Layout::new(scheme, segment, Layout::default_trailer(scheme, 1, 100)).unwrap();
    let split = Arc::new(SplitPlan::new(scheme));
    Encoder::new(layout, split, ring.current().unwrap(), PadSource::Seeded, &mut Entropy::os()).unwrap()
}

/// Seals one full segment, and where that goes well the tail and the trailer too; the first error.
fn seal(mut encoder: Encoder, n: usize, segment: usize) -> Result<(), EncodeError> {
    let mut scratch = EncodeScratch::new();
    let payload = vec![0x5a; segment];
    let full = encoder.reserve(1)?;
    let tail = encoder.reserve_last(1)?;
    for (batch, payload) in [(full, &payload[..]), (tail, &payload[..1])] {
        let mut shares = vec![vec![0; batch.stored()]; n];
        let mut outs: Vec<&mut [u8]> = shares.iter_mut().map(Vec::as_mut_slice).collect();
        let sealed = batch.seal(payload, &mut scratch, &mut outs)?;
        encoder.absorb(&sealed)?;
    }
    let mut ends = vec![vec![0; encoder.layout().stored_trailer() + TAG_LEN]; n];
    let mut outs: Vec<&mut [u8]> = ends.iter_mut().map(Vec::as_mut_slice).collect();
    let info = crate::PartInfo {
        object: [1; 16],
        generation: 1,
        part: 0,
        kind: crate::ObjectKind::Object,
        length: segment as u64 + 1,
        created: 0,
        ttl: None,
        last: None,
    };
    encoder.finish(info, &mut scratch, &mut outs).map(|_| ())
}

/// Whichever share it is: the checked subsets cover all of them, also where k doesn't divide n.
#[test]
fn a_wrong_share_is_noticed_whichever_it_is() {
    for (k, n) in [(2, 2), (2, 3), (3, 3), (2, 5), (3, 5), (4, 5), (3, 7), (5, 7)] {
        let scheme = Scheme::new(Threshold::new(k, n).unwrap());
        let segment = scheme.blocks() * 8;
        for wrong in 0..usize::from(n) {
            let sabotaged = |recombining| {
                let encoder = encoder(scheme, u32::try_from(segment).unwrap());
                let mut encoder = if recombining { checked(encoder) } else { encoder };
                Arc::get_mut(&mut encoder.sharing).unwrap().sabotage = Some(wrong);
                seal(encoder, usize::from(n), segment)
            };
            assert_eq!(sabotaged(true), Err(EncodeError::Recombine(0)), "share {wrong} of {n}, k = {k}");
            assert_eq!(sabotaged(false), Ok(()), "without the check nobody would know");
        }
    }
}

/// A plan of another prime whose lengths fit is refused where the encoder is made. Were it not, recombining would
/// notice.
#[test]
fn a_wrong_prime_is_noticed() {
    let of = |p| Scheme::with_prime(Threshold::new(2, 3).unwrap(), p).unwrap();
    for recombining in [true, false] {
        let encoder = encoder(of(5), 32);
        let mut encoder = if recombining { checked(encoder) } else { encoder };
        Arc::get_mut(&mut encoder.sharing).unwrap().split = Arc::new(SplitPlan::new(of(3)));
        let expected = if recombining { Err(EncodeError::Recombine(0)) } else { Ok(()) };
        assert_eq!(seal(encoder, 3, 32), expected);
    }
}

#[test]
fn what_is_right_passes() {
    for (k, n) in [(2, 2), (2, 3), (3, 5), (5, 7), (7, 7)] {
        let scheme = Scheme::new(Threshold::new(k, n).unwrap());
        let segment = scheme.blocks() * 8;
        let encoder = checked(encoder(scheme, u32::try_from(segment).unwrap()));
        assert_eq!(seal(encoder, usize::from(n), segment), Ok(()));
    }
}

fn checked(encoder: Encoder) -> Encoder {
    let plans = Plans::new(encoder.layout().scheme());
    encoder.recombining(&plans).unwrap()
}

#[test]
fn plans_of_another_scheme_are_refused() {
    let scheme = |k, n| Scheme::new(Threshold::new(k, n).unwrap());
    let refused = encoder(scheme(2, 3), 32).recombining(&Plans::new(scheme(3, 3)));
    assert_eq!(refused.unwrap_err(), EncodeError::Plan);
}
