//! Where the pads come from, and what happens when they don't.

use crate::sample::{draft, layout, own_ring, payload};
use xstore_keys::Entropy;
use xstore_share::PadSource;
use xstore_vectors::{Spec, Written, write};

fn spec(pads: PadSource) -> Spec {
    let numbers = draft(3, 5, 5, 64, 0).numbers;
    Spec { pads, ..Spec::new(layout(&numbers), numbers.part) }
}

#[test]
fn the_same_bytes_twice_give_unrelated_shares() {
    let ring = own_ring();
    let keys = ring.current().unwrap();
    for pads in [PadSource::Seeded, PadSource::OperatingSystem] {
        let once = || write(&spec(pads), &payload(500), &[keys], &mut Entropy::os()).unwrap();
        let (a, b) = (once(), once());
        assert_ne!(a.manifest.parts[0].sharing, b.manifest.parts[0].sharing);
        for index in 0..5 {
            let (a, b) = (&a.values[a.key(0, index)], &b.values[b.key(0, index)]);
            // Equal bytes at equal places, after the fields that say what the share is: one in 256, so with more
            // than a thousand bytes 8 % are beyond all chance.
            let equal = a[48..].iter().zip(&b[48..]).filter(|(a, b)| a == b).count();
            assert!(a.len() > 1000 && equal * 100 < a.len() * 8, "{equal} of {}", a.len());
            assert!(a[48..].chunks(16).zip(b[48..].chunks(16)).all(|(a, b)| a != b));
        }
    }
}

/// An object of zeros: no byte of its shares may show that.
#[test]
fn zeros_look_like_anything_else() {
    let ring = own_ring();
    let keys = ring.current().unwrap();
    for pads in [PadSource::Seeded, PadSource::OperatingSystem] {
        let written: Written = write(&spec(pads), &[0; 4096], &[keys], &mut Entropy::os()).unwrap();
        for index in 0..5 {
            let share = &written.values[written.key(0, index)][128..];
            let mut counts = [0_usize; 256];
            share.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
            // About 26 of each in 6.7 KB; 80 and none would be ten and five standard deviations off.
            assert!(counts.iter().all(|count| *count < 80), "{counts:?}");
            assert!(counts.iter().filter(|count| **count == 0).count() == 0, "{counts:?}");
        }
    }
}

#[cfg(xstore_inject)]
mod injected {
    use super::*;
    use xorida_core::{Scheme, Threshold, naive};
    use xstore_keys::EntropyError;
    use xstore_share::EncodeError;
    use xstore_vectors::{Source, WriteError, scripted, unhex};

    const BODY: usize = 16 + 32;
    const STORED: usize = BODY + 32;

    fn one(payload: &[u8]) -> Written {
        let draft = draft(2, 3, 3, 16, 0);
        let ring = own_ring();
        let spec = Spec::new(layout(&draft.numbers), draft.numbers.part);
        write(&spec, payload, &[ring.current().unwrap()], &mut scripted(draft.randomness())).unwrap()
    }

    fn body(written: &Written, index: usize, m: usize) -> &[u8] {
        &written.values[written.key(0, index)][128 + m * STORED..][..BODY]
    }

    fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
        a.iter().zip(b).map(|(a, b)| a ^ b).collect()
    }

    /// A snapshot, a fork, a retry: ids, seed and salts come again, but the source has changed in segment 1. Had that
    /// segment the same pad, the XOR of a share's two bodies would be the share of the XOR of the two plaintexts without
    /// any pad, which everybody can compute and undo.
    #[test]
    fn a_repeated_seed_puts_no_pad_on_two_plaintexts() {
        let (a, mut b) = (payload(40), payload(40));
        b[20] ^= 0x01;
        let secrets = |payload: &[u8]| {
            let drafted = draft_of(payload).write().unwrap();
            let segments = &drafted.notes[0].segments;
            segments.iter().map(|segment| unhex(&segment.secret).unwrap()).collect::<Vec<_>>()
        };
        let (secrets_a, secrets_b) = (secrets(&a), secrets(&b));
        let (a, b) = (one(&a), one(&b));
        let scheme = Scheme::new(Threshold::new(2, 3).unwrap());
        let bare = naive::split(scheme, &xor(&secrets_a[1], &secrets_b[1]), &[0; BODY]).unwrap();
        for (index, bare) in bare.iter().enumerate() {
            assert!(body(&a, index, 0) == body(&b, index, 0), "nothing has changed in segment 0");
            let difference = xor(body(&a, index, 1), body(&b, index, 1));
            assert!(difference != *bare);
            // Nor is it the plaintexts' XOR by itself, or anything with many zeros in it.
            assert!(difference.iter().filter(|byte| **byte == 0).count() < 8, "{difference:?}");
        }
    }

    fn draft_of(payload: &[u8]) -> xstore_vectors::book::Draft {
        xstore_vectors::book::Draft { payload: payload.to_vec(), ..draft(2, 3, 3, 16, 0) }
    }

    /// Under one seed, the same plaintext in two segments has two pads.
    #[test]
    fn equal_segments_have_unequal_pads() {
        let written = one(&[7; 40]);
        for index in 0..3 {
            assert!(body(&written, index, 0) != body(&written, index, 1));
        }
    }

    fn failed(source: &Source, pads: PadSource) -> WriteError {
        let ring = own_ring();
        let mut spec = spec(pads);
        spec.part = 300;
        write(&spec, &payload(500), &[ring.current().unwrap()], &mut source.entropy()).unwrap_err()
    }

    /// Two parts of five shares: sharing id, seed and five salts each.
    #[test]
    fn a_source_that_fails_stops_everything_at_every_draw() {
        let ring = own_ring();
        for (pads, draws) in [(PadSource::Seeded, 14), (PadSource::OperatingSystem, 12)] {
            let mut whole = spec(pads);
            whole.part = 300;
            let good = Source::new(1);
            write(&whole, &payload(500), &[ring.current().unwrap()], &mut good.entropy()).unwrap();
            assert_eq!(good.draws(), draws);
            for at in 0..draws {
                let source = Source::new(1).failing(at);
                let error = EncodeError::Entropy(EntropyError::Unavailable { os_error: Some(5) });
                assert_eq!(failed(&source, pads), WriteError::Encode(error));
                assert_eq!(source.draws(), at + 1, "nothing is drawn after a failure");

                let source = Source::new(1).short(at);
                let error = failed(&source, pads);
                let WriteError::Encode(EncodeError::Entropy(EntropyError::Incomplete { wanted, got })) =
                    error
                else {
                    panic!("{error:?}");
                };
                assert_eq!(wanted, got + 1);
                assert_eq!(source.draws(), at + 1);
            }
        }
    }

    /// The sources that are injected are what the crates draw from, and nothing else is: the bytes are the same.
    #[test]
    fn the_whole_of_a_seeded_object_hangs_on_the_source() {
        let ring = own_ring();
        let once = |seed| {
            let source = Source::new(seed).entropy();
            write(&spec(PadSource::Seeded), &payload(500), &[ring.current().unwrap()], &mut { source })
                .unwrap()
        };
        assert!(once(1).values == once(1).values);
        assert!(once(1).values != once(2).values);
    }
}
