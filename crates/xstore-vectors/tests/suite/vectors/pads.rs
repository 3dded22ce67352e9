//! The generator of section 9.

use crate::sample::{draft, key_bytes};
use xstore_vectors::hex;
use xstore_vectors::vector::{PadsVector, Vector};

/// One for each kind of segment, taken from an object that the encoder writes too.
pub(crate) fn vectors() -> Vec<(&'static str, Vector)> {
    let draft = draft(3, 5, 5, 16, 40);
    let notes = draft.write().unwrap().notes.remove(0);
    let cases = [
        ("pads-first", "The pad of segment 0", 0),
        ("pads-last", "The pad of the last data segment", 2),
        ("pads-trailer", "The pad of the trailer", 3),
    ];
    let vector = |(file, title, m): (&'static str, &str, usize)| {
        let segment = &notes.segments[m];
        let vector = PadsVector {
            title: title.to_owned(),
            comment: "3 of 5, p = 5, S = 16, 40 bytes: (k-1)p-1 = 9 blocks. No reader depends on it."
                .to_owned(),
            expect: "ok".to_owned(),
            key: hex(&key_bytes(0)),
            seed: notes.seed.clone(),
            sharing: notes.sharing.clone(),
            m: segment.m,
            segment_kind: segment.kind,
            digest: segment.digest.clone(),
            length: segment.pad.len() / 2,
            k_obj: notes.k_obj.clone(),
            k_m: segment.k_m.clone(),
            pad: segment.pad.clone(),
        };
        (file, Vector::Pads(vector))
    };
    cases.into_iter().map(vector).collect()
}
