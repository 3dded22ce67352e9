//! Any bytes as shares: headers, lengths, verification with keys, reading without keys. No panic, bounded memory.
//!
//! Input: a byte that says how many shares, then the shares, of equal length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use xorida_core::{Scheme, ShareIndex, Threshold};
use xstore_keys::{Date, IntegrityKey, KeyRing};
use xstore_share::{
    DecodeScratch, Decoder, ExpectedPart, ExpectedShare, HEADER_LEN, Header, Identity, Layout, Plans,
    SegmentRun, ShareVerifier, unverified,
};

fuzz_target!(|data: &[u8]| {
    let Some((count, rest)) = data.split_first() else { return };
    let count = usize::from(*count).clamp(1, 8);
    let shares: Vec<&[u8]> = rest.chunks(rest.len().div_ceil(count).max(1)).collect();
    if let Ok(part) = unverified::open(&shares) {
        assert_eq!(part.trailer.length, part.payload.len() as u64);
    }
    for share in &shares {
        verify(share);
    }
});

/// Opens a share with expectations that its own header implies: as far as a hostile share can get.
fn verify(share: &[u8]) {
    let Some(header) = share.first_chunk::<HEADER_LEN>() else { return };
    let Ok(read) = Header::parse(header) else { return };
    let Ok(threshold) = Threshold::new(read.k, read.p.min(64)) else { return };
    let Ok(scheme) = Scheme::with_prime(threshold, read.p) else { return };
    let Ok(layout) = Layout::new(scheme, read.segment, read.trailer) else { return };
    let length = share.len() as u64;
    let Ok(shape) = layout.part_of_share(length) else { return };
    assert_eq!(shape.share_len(), length);
    let Ok(index) = ShareIndex::new(read.index, scheme) else { return };

    let mut ring = KeyRing::default();
    let key = IntegrityKey::from_bytes(&core::array::from_fn(|i| i as u8 + 1)).expect("not uniform");
    ring.add(key, Date::new(2026, 1, 1).expect("a date")).expect("the first key");
    let expected = ExpectedShare { index, key_id: read.key_id, hmac: [0; 32] };
    let Ok(mut verifier) = ShareVerifier::open(shape, &[0; 16], &expected, &ring, length, header) else {
        return;
    };
    let _ = verifier.admit(vec![[0; 32]], &[0; 32]);
    let trailer = shape.place(shape.data_segments()).expect("every part has a trailer");
    let bytes = &share[trailer.offset as usize..trailer.offset as usize + trailer.stored()];
    let identity = Identity { object: [0; 16], generation: 1, part: 0, last: true, created: 0, name: "x" };
    let part = ExpectedPart { shape, sharing: [0; 16] };
    let run = [SegmentRun { share: &verifier, bytes }];
    let outcome =
        Decoder::begin(part, &identity, &ring, Arc::new(Plans::new(scheme)), &run, &mut DecodeScratch::new());
    assert!(outcome.result.is_err(), "one share is never enough");
}
