//! The encoder refuses what would make a share that can't be read.

use crate::rig::{encode_with, encoder, info, layout, payload, ring, room, scheme};
use std::sync::Arc;
use xorida_core::SplitPlan;
use xstore_keys::Entropy;
use xstore_share::{
    EncodeError, EncodeScratch, Encoder, LastPart, MAX_PART, Metadata, PadSource, PartInfo, Sealed, TAG_LEN,
};

/// S = 16, p = 5, three shares.
fn fresh() -> Encoder {
    encoder(layout(2, 3, 5, 4))
}

fn seal(batch: xstore_share::Batch, payload: &[u8]) -> Result<Sealed, EncodeError> {
    let mut shares = vec![Vec::new(); 3];
    let stored = batch.stored();
    batch.seal(payload, &mut EncodeScratch::new(), &mut room(&mut shares, stored))
}

#[test]
fn batches_come_back_in_order_and_once() {
    let mut encoder = fresh();
    let sealed: Vec<Sealed> =
        [1, 2, 1].map(|count| seal(encoder.reserve(count).unwrap(), &payload(16 * count)).unwrap()).into();
    assert_eq!(encoder.absorb(&sealed[1]), Err(EncodeError::Order { expected: 0, actual: 1 }));
    assert_eq!(encoder.absorb(&sealed[2]), Err(EncodeError::Order { expected: 0, actual: 3 }));
    for (i, first) in [0, 1, 3].into_iter().enumerate() {
        encoder.absorb(&sealed[i]).unwrap();
        let expected = if i < 2 { first + 1 + i as u64 } else { 4 };
        assert_eq!(encoder.absorb(&sealed[i]), Err(EncodeError::Order { expected, actual: first }));
    }
}

#[test]
fn nothing_follows_the_last_segment() {
    let mut encoder = fresh();
    drop(encoder.reserve(2).unwrap());
    drop(encoder.reserve_last(3).unwrap());
    let error = EncodeError::Order { expected: 3, actual: 3 };
    assert_eq!(encoder.reserve(1).unwrap_err(), error);
    assert_eq!(encoder.reserve_last(0).unwrap_err(), error);
}

#[test]
fn a_part_ends_only_when_all_of_it_is_there() {
    let finish = |encoder: Encoder| {
        let mut shares = vec![Vec::new(); 3];
        let end = encoder.layout().stored_trailer() + TAG_LEN;
        let info = info(&encoder, 0);
        encoder.finish(info, &mut EncodeScratch::new(), &mut room(&mut shares, end)).map(|_| ())
    };
    // Nothing, an open end, and a batch that never came back.
    assert_eq!(finish(fresh()), Err(EncodeError::Order { expected: 0, actual: 0 }));
    let mut open = fresh();
    let sealed = seal(open.reserve(1).unwrap(), &payload(16)).unwrap();
    open.absorb(&sealed).unwrap();
    assert_eq!(finish(open), Err(EncodeError::Order { expected: 1, actual: 1 }));
    let mut missing = fresh();
    drop(missing.reserve(1).unwrap());
    drop(missing.reserve_last(0).unwrap());
    assert_eq!(finish(missing), Err(EncodeError::Order { expected: 0, actual: 2 }));
    let mut whole = fresh();
    let sealed = seal(whole.reserve_last(0).unwrap(), &[]).unwrap();
    whole.absorb(&sealed).unwrap();
    assert_eq!(finish(whole), Ok(()));
}

/// Tags of one part in the ends of another would make shares that nobody can read.
#[test]
fn a_batch_of_another_part_is_refused() {
    let (mut a, mut b) = (fresh(), fresh());
    let sealed = seal(b.reserve(1).unwrap(), &payload(16)).unwrap();
    drop(a.reserve(1).unwrap());
    assert_eq!(a.absorb(&sealed), Err(EncodeError::OtherPart));
    assert_eq!(b.absorb(&sealed), Ok(()));
}

#[test]
fn buffers_have_exactly_their_lengths() {
    let buffer = |what, expected, actual| Err(EncodeError::Buffer { what, expected, actual });
    let seal = |payload: usize, outs: usize, length: usize| {
        let mut encoder = fresh();
        let batch = encoder.reserve(2).unwrap();
        let mut shares = vec![Vec::new(); outs];
        let sealed = batch.seal(&vec![0; payload], &mut EncodeScratch::new(), &mut room(&mut shares, length));
        sealed.map(|_| ())
    };
    let stored = 2 * (16 + 32 + 32);
    assert_eq!(seal(32, 3, stored), Ok(()));
    for actual in [0, 16, 31, 33, 48] {
        assert_eq!(seal(actual, 3, stored), buffer("the payload", 32, actual));
    }
    for actual in [0, 2, 4] {
        assert_eq!(seal(32, actual, stored), buffer("the list of outputs", 3, actual));
    }
    for actual in [0, stored - 1, stored + 1] {
        assert_eq!(seal(32, 3, actual), buffer("an output", stored, actual));
    }

    // One buffer among good ones.
    let mut encoder = fresh();
    let batch = encoder.reserve(2).unwrap();
    let mut shares = [vec![0; stored], vec![0; stored], vec![0; stored - 1]];
    let mut outs: Vec<&mut [u8]> = shares.iter_mut().map(Vec::as_mut_slice).collect();
    let sealed = batch.seal(&payload(32), &mut EncodeScratch::new(), &mut outs);
    assert_eq!(sealed.map(|_| ()), buffer("an output", stored, stored - 1));
}

/// Tails of 4 to 7 bytes are all padded to 8. Had a tail another length than was reserved, the trailer's length would
/// be wrong, and the part unreadable.
#[test]
fn a_tail_has_exactly_the_length_that_was_reserved() {
    for reserved in 4..8 {
        for given in 0..16 {
            let mut encoder = fresh();
            let sealed = seal(encoder.reserve_last(reserved).unwrap(), &payload(given)).map(|_| ());
            let wrong = EncodeError::Buffer { what: "the payload", expected: reserved, actual: given };
            assert_eq!(sealed, if given == reserved { Ok(()) } else { Err(wrong) });
        }
    }
    for actual in [16, 17, usize::MAX] {
        let error = EncodeError::Buffer { what: "the tail", expected: 15, actual };
        assert_eq!(fresh().reserve_last(actual).unwrap_err(), error);
    }
}

#[test]
fn a_part_has_a_limit() {
    let too_long = EncodeError::TooLong { max: u64::from(MAX_PART) };
    let full = MAX_PART as usize / 16;
    let mut encoder = fresh();
    for count in [full + 1, usize::MAX, usize::MAX / 16, usize::MAX / 16 + 1] {
        assert_eq!(encoder.reserve(count).unwrap_err(), too_long);
    }
    drop(encoder.reserve(full - 1).unwrap());
    assert_eq!(encoder.reserve(2).unwrap_err(), too_long);
    drop(encoder.reserve(1).unwrap());
    assert_eq!(encoder.reserve(1).unwrap_err(), too_long);
    assert_eq!(encoder.reserve_last(1).unwrap_err(), too_long);
    assert!(encoder.reserve_last(0).is_ok());
}

#[test]
fn an_empty_batch_changes_nothing() {
    let mut encoder = fresh();
    let nothing = encoder.reserve(0).unwrap();
    assert_eq!(nothing.stored(), 0);
    let sealed = seal(nothing, &[]).unwrap();
    encoder.absorb(&sealed).unwrap();
    let part = encode_with(encoder, &payload(20), 0, &[1]).unwrap();
    assert_eq!(part.decode(&[1, 2], &[1]), Ok(payload(20)));
}

#[test]
fn a_plan_of_another_scheme_is_refused() {
    let layout = layout(2, 3, 5, 4);
    let ring = ring();
    for other in [scheme(2, 3, 3), scheme(3, 3, 5), scheme(2, 4, 5)] {
        let split = Arc::new(SplitPlan::new(other));
        let made =
            Encoder::new(layout, split, ring.current().unwrap(), PadSource::Seeded, &mut Entropy::os());
        assert_eq!(made.map(|_| ()).unwrap_err(), EncodeError::Plan);
    }
}

fn finish(change: impl FnOnce(&mut PartInfo)) -> Result<(), EncodeError> {
    let mut encoder = fresh();
    let sealed = seal(encoder.reserve_last(7).unwrap(), &payload(7)).unwrap();
    encoder.absorb(&sealed).unwrap();
    let mut shares = vec![Vec::new(); 3];
    let end = encoder.layout().stored_trailer() + TAG_LEN;
    let mut info = info(&encoder, 7);
    change(&mut info);
    encoder.finish(info, &mut EncodeScratch::new(), &mut room(&mut shares, end)).map(|_| ())
}

fn last(change: impl FnOnce(&mut LastPart)) -> Result<(), EncodeError> {
    finish(|info| change(info.last.as_mut().unwrap()))
}

#[test]
fn a_trailer_that_no_reader_takes_isnt_written() {
    assert_eq!(finish(|_| {}), Ok(()));
    let length = Err(EncodeError::Trailer("the length is more than was given"));
    assert_eq!(finish(|info| info.length = 8), length);
    assert_eq!(finish(|info| info.length = u64::MAX), length);
    let ttl = Err(EncodeError::Trailer("this time to live is the mark for none"));
    assert_eq!(finish(|info| info.ttl = Some(u64::MAX)), ttl);
    assert_eq!(finish(|info| info.ttl = Some(u64::MAX - 1)), Ok(()));

    let name = Err(EncodeError::Trailer("a name is 1 to 1024 bytes without control characters"));
    for bad in ["", "a\nb", "\u{7f}", "\u{85}", &"x".repeat(1025)] {
        assert_eq!(last(|last| last.name = bad.to_owned()), name, "{bad:?}");
    }
    let fit = Err(EncodeError::Trailer("name and metadata don't fit into the trailer length"));
    assert_eq!(last(|last| last.name = "x".repeat(1024)), fit);
    let limits = Err(EncodeError::Trailer("the metadata exceeds its limits"));
    assert_eq!(last(|last| last.metadata.length = 1 << 53), limits);
    let user = |name: &str, value: usize| {
        let entry = (name.to_owned(), "v".repeat(value));
        last(|last| last.metadata.user = [entry].into())
    };
    assert_eq!(user("a.b_c-9", 4), Ok(()));
    assert_eq!(user(&"n".repeat(64), 4), Ok(()));
    for bad in ["", "A", "a b", "\u{e9}", &"n".repeat(65)] {
        assert_eq!(user(bad, 4), limits, "{bad:?}");
    }
    assert_eq!(user("a", 4097), limits);
    let many = |count: usize| -> Result<(), EncodeError> {
        last(|last: &mut LastPart| {
            last.metadata.user = (0..count).map(|i| (format!("{i}"), String::new())).collect();
        })
    };
    assert_eq!((many(65), many(20)), (limits, Ok(())));
}

/// 64 values of 4,096 bytes are more than the metadata may have in all.
#[test]
fn metadata_has_a_limit_of_its_own() {
    let metadata = |values: usize| Metadata {
        length: 1,
        object_tag: [0; 32],
        parts: 1,
        user: (0..values).map(|i| (format!("{i:02}"), "v".repeat(4096))).collect(),
    };
    assert!(metadata(15).to_json().unwrap().len() < 65_536);
    assert_eq!(metadata(16).to_json(), None);
}

#[test]
fn there_are_as_many_headers_as_shares() {
    let encoder = fresh();
    assert!((0..3).all(|i| encoder.header(i).is_some()));
    assert_eq!((encoder.header(3), encoder.header(usize::MAX)), (None, None));
}

#[cfg(xstore_inject)]
mod injected {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use xstore_keys::EntropyError;

    /// Gives noise, and fails or falls short at draw number `at`.
    fn source(at: usize, short: bool, draws: &Arc<AtomicUsize>) -> Entropy {
        let draws = Arc::clone(draws);
        Entropy::injected(move |out| {
            let draw = draws.fetch_add(1, Ordering::SeqCst);
            for (i, byte) in out.iter_mut().enumerate() {
                *byte = u8::try_from((draw * 31 + i * 7) % 256).unwrap();
            }
            match draw == at {
                true if short => Ok(out.len() - 1),
                true => Err(EntropyError::Unavailable { os_error: None }),
                false => Ok(out.len()),
            }
        })
    }

    /// Sharing id, seed, three salts.
    #[test]
    fn a_failing_source_makes_no_encoder() {
        let layout = layout(2, 3, 5, 4);
        let ring = ring();
        for (pads, total) in [(PadSource::Seeded, 5), (PadSource::OperatingSystem, 4)] {
            for (at, short) in (0..total).flat_map(|at| [(at, false), (at, true)]) {
                let draws = Arc::default();
                let split = Arc::new(SplitPlan::new(layout.scheme()));
                let mut entropy = source(at, short, &draws);
                let made = Encoder::new(layout, split, ring.current().unwrap(), pads, &mut entropy);
                assert!(matches!(made, Err(EncodeError::Entropy(_))));
                assert_eq!(draws.load(Ordering::SeqCst), at + 1);
            }
        }
    }

    /// With every pad from the source: two full segments, the tail and the trailer draw one each.
    #[test]
    fn a_failing_source_of_pads_makes_no_part() {
        let layout = layout(2, 3, 5, 4);
        let ring = ring();
        let part = |at, short, draws: &Arc<AtomicUsize>| {
            let split = Arc::new(SplitPlan::new(layout.scheme()));
            let encoder = Encoder::with_drawn_pads(
                layout,
                split,
                ring.current().unwrap(),
                source(at, short, draws),
                &mut Entropy::os(),
            );
            encode_with(encoder.unwrap(), &payload(40), 0, &[2])
        };
        let draws = Arc::default();
        assert!(part(usize::MAX, false, &draws).is_ok());
        assert_eq!(draws.load(Ordering::SeqCst), 4);
        for (at, short) in (0..4).flat_map(|at| [(at, false), (at, true)]) {
            let draws = Arc::default();
            let made = part(at, short, &draws).map(|_| ());
            assert!(matches!(made, Err(EncodeError::Entropy(_))), "draw {at}");
            assert_eq!(draws.load(Ordering::SeqCst), at + 1);
        }
    }

    /// A segment whose pad couldn't be drawn leaves nothing of itself behind: no plaintext, no body.
    #[test]
    fn without_a_pad_nothing_of_a_segment_is_written() {
        let layout = layout(2, 3, 5, 4);
        let ring = ring();
        let split = Arc::new(SplitPlan::new(layout.scheme()));
        let pads = source(0, false, &Arc::default());
        let mut encoder =
            Encoder::with_drawn_pads(layout, split, ring.current().unwrap(), pads, &mut Entropy::os())
                .unwrap();
        let batch = encoder.reserve(2).unwrap();
        let mut shares = vec![Vec::new(); 3];
        let stored = batch.stored();
        let sealed = batch.seal(&payload(32), &mut EncodeScratch::new(), &mut room(&mut shares, stored));
        assert!(sealed.is_err());
        assert!(shares.iter().flatten().all(|byte| *byte == 0));
    }
}
