//! What is split, and what must not leave a share, stands in no `Debug` text and in no error.

use crate::rig::{encode, encoder, info, layout, payload};
use std::fmt::Debug;
use xstore_share::{DecodeScratch, Header, ObjectCheck, unverified};

/// Hex in either case, and lists of numbers as `Debug` prints them.
fn forms(bytes: &[u8]) -> Vec<String> {
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![list.join(", "), hex.to_uppercase(), hex]
}

#[track_caller]
fn quiet(value: &impl Debug, secrets: &[&[u8]]) {
    for text in [format!("{value:?}"), format!("{value:#?}").replace("\n", "").replace(' ', "")] {
        for secret in secrets {
            for form in forms(&secret[..6.min(secret.len())]) {
                assert!(!text.contains(&form) && !text.contains(&form.replace(' ', "")), "{text}");
            }
            if let Ok(name) = std::str::from_utf8(secret) {
                assert!(!text.contains(name), "{text}");
            }
        }
    }
}

#[test]
fn nothing_secret_is_shown() {
    let part = encode(layout(2, 3, 3, 8), &payload(40));
    let share = &part.shares[0];
    let header = Header::parse(share.first_chunk().unwrap()).unwrap();
    quiet(&header, &[&share[48..64], &share[64..96], &share[96..128]]);
    let verifiers = part.verifiers(&[0, 1]);
    let (tag, end) = (part.tags(0)[0], part.end(0));
    quiet(&verifiers[0], &[&tag, &end]);
    let runs = part.runs(&verifiers, 0, 1);
    quiet(&runs, &[&share[128..144], &tag]);

    let name = b"a name";
    let mut decoder = part.decoder(&verifiers).unwrap();
    let last = decoder.trailer().last.clone().unwrap();
    let object_tag = last.metadata.object_tag;
    quiet(&last, &[name, &object_tag]);
    quiet(&last.metadata, &[&object_tag]);
    quiet(decoder.trailer(), &[name, &object_tag]);
    quiet(&decoder, &[name, &object_tag]);
    let mut out = vec![0; 16];
    let mut scratch = DecodeScratch::new();
    let outcome = decoder.open(0, 1, &runs, &mut scratch, &mut out);
    quiet(&outcome, &[&payload(16)]);
    quiet(&scratch, &[&payload(16)]);
    decoder.absorb(outcome.result.unwrap()).unwrap();
    for m in [1, 2] {
        let mut out = vec![0; part.shape().payload_run(m, 1).unwrap()];
        let runs = part.runs(&verifiers, m, 1);
        let opened = decoder.open(m, 1, &runs, &mut scratch, &mut out).result.unwrap();
        decoder.absorb(opened).unwrap();
    }
    let finished = decoder.finish().unwrap();
    quiet(&finished, &[name, &object_tag]);
    let mut object = ObjectCheck::new(1000);
    object.add(&finished).unwrap();
    assert_eq!(format!("{object:?}"), "ObjectCheck { part: 1000, length: 40, .. }");

    let encoder = encoder(layout(2, 3, 3, 8));
    quiet(&info(&encoder, 40), &[name]);
    quiet(&encoder, &[&encoder.header(0).unwrap()[64..]]);

    let shares: Vec<&[u8]> = part.shares.iter().map(Vec::as_slice).collect();
    let unverified = unverified::open(&shares).unwrap();
    quiet(&unverified, &[&payload(40), name]);
}
