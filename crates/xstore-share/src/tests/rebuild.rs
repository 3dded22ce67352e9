//! A share more than it takes shows that one of them is wrong, although all tags verify.

use crate::{
    DecodeError, EncodeScratch, Encoder, ExpectedPart, ExpectedShare, HEADER_LEN, Layout, ObjectKind,
    PadSource, PartInfo, Rebuilder, SegmentRun, ShareVerifier, TAG_LEN,
};
use std::sync::Arc;
use xorida_core::{Scheme, ShareIndex, SplitPlan, Threshold};
use xstore_keys::{Date, Entropy, IntegrityKey, KeyRing};

/// The shares of a small part of which share `wrong` was computed wrongly and tagged all the same.
struct Sabotaged {
    ring: KeyRing,
    part: ExpectedPart,
    shares: Vec<Vec<u8>>,
    ends: Vec<[u8; 32]>,
}

impl Sabotaged {
    fn new(k: u8, n: u8, wrong: Option<usize>) -> Self {
        let mut ring = KeyRing::default();
        let key = IntegrityKey::generate(&mut Entropy::os()).unwrap();
        ring.add(key, Date::new(2026, 1, 1).unwrap()).unwrap();
        let scheme = Scheme::new(Threshold::new(k, n).unwrap());
        let segment = u32::try_from(scheme.blocks() * 8).unwrap();
        let layout = Layout::new(scheme, segment, Layout::default_trailer(scheme, 1, 100)).unwrap();
        let split = Arc::new(SplitPlan::new(scheme));
        let keys = ring.current().unwrap();
        let mut encoder = Encoder::new(layout, split, keys, PadSource::Seeded, &mut Entropy::os()).unwrap();
        Arc::get_mut(&mut encoder.sharing).unwrap().sabotage = wrong;
        let sharing = encoder.sharing_id();
        let mut shares: Vec<Vec<u8>> = (0..n.into()).map(|i| encoder.header(i).unwrap().to_vec()).collect();
        let mut scratch = EncodeScratch::new();
        let batch = encoder.reserve_last(5).unwrap();
        let stored = batch.stored();
        let sealed = batch.seal(b"bytes", &mut scratch, &mut room(&mut shares, stored)).unwrap();
        encoder.absorb(&sealed).unwrap();
        let info = PartInfo {
            object: [1; 16],
            generation: 1,
            part: 0,
            kind: ObjectKind::Object,
            length: 5,
            created: 0,
            ttl: None,
            last: None,
        };
        let end = layout.stored_trailer() + TAG_LEN;
        let done = encoder.finish(info, &mut scratch, &mut room(&mut shares, end)).unwrap();
        let part = ExpectedPart { shape: layout.part(done.padded).unwrap(), sharing };
        Self { ring, part, shares, ends: done.ends }
    }

    fn index(&self, i: usize) -> ShareIndex {
        ShareIndex::new(u8::try_from(i).unwrap(), self.part.shape.layout().scheme()).unwrap()
    }

    fn admitted(&self, i: usize) -> ShareVerifier {
        let (part, share) = (&self.part, &self.shares[i]);
        let key_id = self.ring.current().unwrap().id();
        let expected = ExpectedShare { index: self.index(i), key_id, hmac: self.ends[i] };
        let (length, header) = (share.len() as u64, share.first_chunk().unwrap());
        let opened = ShareVerifier::open(part.shape, &part.sharing, &expected, &self.ring, length, header);
        let mut verifier = opened.unwrap();
        let tag = |m| {
            let place = part.shape.place(m).unwrap();
            let at = usize::try_from(place.offset).unwrap() + place.body;
            share[at..at + TAG_LEN].try_into().unwrap()
        };
        let tags = (0..=part.shape.data_segments()).map(tag).collect();
        verifier.admit(tags, share.last_chunk().unwrap()).unwrap();
        verifier
    }

    /// Makes share `target` of these shares.
    fn rebuild(&self, sources: &[usize], target: usize) -> Result<(), DecodeError> {
        let keys = self.ring.current().unwrap();
        let target = self.index(target);
        let rebuilder = Rebuilder::by_segment(self.part, target, keys, &mut Entropy::os());
        let verifiers: Vec<ShareVerifier> = sources.iter().map(|i| self.admitted(*i)).collect();
        let runs: Vec<SegmentRun<'_>> = verifiers
            .iter()
            .zip(sources)
            .map(|(share, i)| {
                let bytes = &self.shares[*i];
                SegmentRun { share, bytes: &bytes[HEADER_LEN..bytes.len() - TAG_LEN] }
            })
            .collect();
        let mut out = vec![0; runs[0].bytes.len()];
        rebuilder.unwrap().run(self.part.shape.data_segments() + 1, &runs, &mut out).result
    }
}

fn room(shares: &mut [Vec<u8>], length: usize) -> Vec<&mut [u8]> {
    let extended = shares.iter_mut().map(|share| {
        let from = share.len();
        share.resize(from + length, 0);
        &mut share[from..]
    });
    extended.collect()
}

#[test]
fn a_wrong_share_among_more_than_it_takes_is_noticed() {
    for (k, n) in [(2, 4), (3, 5), (4, 6)] {
        let needed = usize::from(k);
        let last = usize::from(n) - 1;
        for wrong in 0..=needed {
            let part = Sabotaged::new(k, n, Some(wrong));
            let more: Vec<usize> = (0..=needed).collect();
            let noticed = Err(DecodeError::Inconsistent { segment: 0 });
            assert_eq!(part.rebuild(&more, last), noticed, "{k} of {n}, share {wrong} is wrong");
            // Its own former body is one source too many as well.
            let with_own: Vec<usize> = (0..needed).chain([last]).collect();
            let is_used = with_own.contains(&wrong);
            assert_eq!(part.rebuild(&with_own, last).is_err(), is_used, "{k} of {n}, share {wrong} is wrong");
            // With exactly k there is nothing to compare with.
            assert_eq!(part.rebuild(&more[..needed], last), Ok(()));
        }
        assert_eq!(Sabotaged::new(k, n, None).rebuild(&(0..=needed).collect::<Vec<_>>(), last), Ok(()));
    }
}
