//! However the segments are grouped and on however many threads they are handled, the bytes are the same.

use crate::rig::{encode, layout, payload};
use xstore_share::{DecodeScratch, Opened};

/// Opened on several threads in no particular order, absorbed in order.
#[test]
fn segments_are_opened_on_threads() {
    let part = encode(layout(3, 5, 5, 4), &payload(333));
    let segments = part.shape().data_segments();
    for each in [1, 2, 3, 5] {
        let verifiers = part.verifiers(&[4, 0, 2, 3]);
        let mut decoder = part.decoder(&verifiers).unwrap();
        let firsts: Vec<u64> = (0..segments).step_by(each).collect();
        let mut outs: Vec<Vec<u8>> = firsts
            .iter()
            .map(|first| {
                let count = (segments - first).min(each as u64);
                vec![0; part.shape().payload_run(*first, count).unwrap()]
            })
            .collect();
        let opened: Vec<Opened<'_>> = std::thread::scope(|scope| {
            let (decoder, part, verifiers) = (&decoder, &part, &verifiers);
            let threads: Vec<_> = firsts
                .iter()
                .zip(&mut outs)
                .map(|(first, out)| {
                    scope.spawn(move || {
                        let count = (segments - first).min(each as u64);
                        let runs = part.runs(verifiers, *first, count);
                        decoder.open(*first, count, &runs, &mut DecodeScratch::new(), out).result.unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut read = Vec::new();
        for opened in opened {
            read.extend_from_slice(decoder.absorb(opened).unwrap());
        }
        decoder.finish().unwrap();
        assert_eq!(read, payload(333), "{each} at once");
    }
}

#[cfg(xstore_inject)]
mod injected {
    use super::*;
    use crate::rig::{checked, encode_with, info, ring, room};
    use std::sync::Arc;
    use xorida_core::SplitPlan;
    use xstore_keys::Entropy;
    use xstore_share::{EncodeScratch, Encoder, PadSource, Sealed, TAG_LEN};

    /// The same ids, seed and salts every time.
    fn same() -> Encoder {
        let mut draw = 0_u8;
        let mut entropy = Entropy::injected(move |out| {
            draw += 1;
            out.fill(draw);
            Ok(out.len())
        });
        let layout = layout(3, 5, 5, 4);
        let split = Arc::new(SplitPlan::new(layout.scheme()));
        Encoder::new(layout, split, ring().current().unwrap(), PadSource::Seeded, &mut entropy).unwrap()
    }

    #[test]
    fn batches_of_any_size_give_the_same_shares() {
        for length in [0, 15, 16, 160, 333] {
            let one = encode_with(same(), &payload(length), 0, &[1]).unwrap();
            for groups in [&[2][..], &[3], &[4], &[5], &[8], &[1, 7, 2], &[1000]] {
                let other = encode_with(same(), &payload(length), 0, groups).unwrap();
                assert!(one.shares == other.shares && one.ends == other.ends, "{length}: {groups:?}");
                let recombined = encode_with(checked(same()), &payload(length), 0, groups).unwrap();
                assert!(one.shares == recombined.shares);
            }
        }
    }

    /// 20 segments in batches of 3, sealed on threads and finished in any order.
    #[test]
    fn batches_on_threads_give_the_same_shares() {
        let bytes = payload(333);
        let one = encode_with(same(), &bytes, 0, &[1]).unwrap();
        let mut encoder = same();
        let (full, tail) = bytes.split_at(320);
        let mut batches: Vec<_> =
            full.chunks(48).map(|chunk| (encoder.reserve(chunk.len() / 16).unwrap(), chunk)).collect();
        batches.push((encoder.reserve_last(tail.len()).unwrap(), tail));
        let sealed: Vec<(Sealed, Vec<Vec<u8>>)> = std::thread::scope(|scope| {
            // The last first.
            let threads: Vec<_> = batches
                .into_iter()
                .rev()
                .map(|(batch, chunk)| {
                    scope.spawn(move || {
                        let mut shares = vec![Vec::new(); 5];
                        let stored = batch.stored();
                        let mut outs = room(&mut shares, stored);
                        let sealed = batch.seal(chunk, &mut EncodeScratch::new(), &mut outs).unwrap();
                        (sealed, shares)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).rev().collect()
        });
        let mut shares: Vec<Vec<u8>> = (0..5).map(|i| encoder.header(i).unwrap().to_vec()).collect();
        for (sealed, bytes) in &sealed {
            encoder.absorb(sealed).unwrap();
            for (share, bytes) in shares.iter_mut().zip(bytes) {
                share.extend(bytes);
            }
        }
        let info = info(&encoder, bytes.len() as u64);
        let end = encoder.layout().stored_trailer() + TAG_LEN;
        let mut scratch = EncodeScratch::new();
        let sealed = encoder.finish(info, &mut scratch, &mut room(&mut shares, end)).unwrap();
        assert!(shares == one.shares && sealed.ends == one.ends);
    }

    /// Working memory that was used for something else, larger or smaller, leaves no trace.
    #[test]
    fn used_scratch_is_as_good_as_new() {
        let one = encode_with(same(), &payload(100), 0, &[3]).unwrap();
        let mut scratch = EncodeScratch::new();
        for _ in 0..2 {
            let mut encoder = same();
            let mut shares = vec![Vec::new(); 5];
            for (count, from) in [(4, 0), (1, 64), (1, 80)] {
                let batch = encoder.reserve(count).unwrap();
                let stored = batch.stored();
                let bytes = payload(100);
                let chunk = &bytes[from..from + count * 16];
                let sealed = batch.seal(chunk, &mut scratch, &mut room(&mut shares, stored)).unwrap();
                encoder.absorb(&sealed).unwrap();
            }
            for (share, expected) in shares.iter().zip(&one.shares) {
                assert!(expected[128..].starts_with(share));
            }
        }
    }
}
