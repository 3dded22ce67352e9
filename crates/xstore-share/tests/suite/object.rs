//! The parts of an object together.

use crate::rig::{OBJECT, Part, encoder, layout, payload, ring, room};
use std::collections::BTreeMap;
use xstore_share::{
    DecodeError, DecodeScratch, Decoder, EncodeScratch, ExpectedPart, FinishedPart, Identity, LastPart,
    Metadata, ObjectCheck, ObjectKind, PartInfo, TAG_LEN,
};

const PART: u32 = 20;

/// What the last part says, each of which can be wrong.
struct Claims {
    length: u64,
    parts: u32,
    tags: fn(&[[u8; 32]]) -> Vec<[u8; 32]>,
}

fn right() -> Claims {
    Claims { length: 45, parts: 3, tags: <[[u8; 32]]>::to_vec }
}

/// Parts of these lengths, written and read again.
fn finished(lengths: &[u64], claims: &Claims) -> Vec<FinishedPart> {
    let mut tags: Vec<[u8; 32]> = Vec::new();
    let mut parts = Vec::new();
    for (number, length) in (0..).zip(lengths) {
        let last = number as usize + 1 == lengths.len();
        let mut encoder = encoder(layout(2, 3, 3, 32));
        let claimed = if last { (claims.tags)(&tags) } else { Vec::new() };
        let tag = encoder.payload_key().object_tag(&claimed, claims.length).into_bytes();
        let metadata =
            Metadata { length: claims.length, object_tag: tag, parts: claims.parts, user: BTreeMap::new() };
        let info = PartInfo {
            object: OBJECT,
            generation: 1,
            part: number,
            kind: ObjectKind::Object,
            length: *length,
            created: 0,
            ttl: None,
            last: last.then(|| LastPart { name: "name".to_owned(), metadata }),
        };
        let sharing = encoder.sharing_id();
        let mut shares: Vec<Vec<u8>> = (0..3).map(|i| encoder.header(i).unwrap().to_vec()).collect();
        let mut scratch = EncodeScratch::new();
        let bytes = payload(usize::try_from(*length).unwrap());
        let batch = encoder.reserve_last(bytes.len()).unwrap();
        let stored = batch.stored();
        let sealed = batch.seal(&bytes, &mut scratch, &mut room(&mut shares, stored)).unwrap();
        encoder.absorb(&sealed).unwrap();
        let end = encoder.layout().stored_trailer() + TAG_LEN;
        let layout = *encoder.layout();
        let sealed = encoder.finish(info, &mut scratch, &mut room(&mut shares, end)).unwrap();
        tags.push(sealed.payload_tag.into_bytes());
        let shape = layout.part(sealed.padded).unwrap();
        let part = Part { expected: ExpectedPart { shape, sharing }, shares, ends: sealed.ends };
        parts.push(read(&part, number, last));
    }
    parts
}

fn read(part: &Part, number: u32, last: bool) -> FinishedPart {
    let identity = Identity { object: OBJECT, generation: 1, part: number, last, created: 0, name: "name" };
    let verifiers = part.verifiers(&[1, 2]);
    let mut scratch = DecodeScratch::new();
    let runs = part.runs(&verifiers, 1, 1);
    let mut decoder =
        Decoder::begin(part.expected, &identity, &ring(), part.plans(), &runs, &mut scratch).result.unwrap();
    let mut out = vec![0; part.shape().payload_run(0, 1).unwrap()];
    let runs = part.runs(&verifiers, 0, 1);
    let opened = decoder.open(0, 1, &runs, &mut scratch, &mut out).result.unwrap();
    decoder.absorb(opened).unwrap();
    decoder.finish().unwrap()
}

/// Where the check ends, and how.
fn check(parts: &[FinishedPart]) -> Result<u64, (usize, DecodeError)> {
    let mut object = ObjectCheck::new(PART);
    for (number, part) in parts.iter().enumerate() {
        object.add(part).map_err(|error| (number, error))?;
    }
    Ok(object.length())
}

#[test]
fn a_whole_object_passes() {
    assert_eq!(check(&finished(&[20, 20, 5], &right())), Ok(45));
    assert_eq!(check(&finished(&[20, 20], &Claims { length: 40, parts: 2, ..right() })), Ok(40));
    assert_eq!(check(&finished(&[0], &Claims { length: 0, parts: 1, ..right() })), Ok(0));
    assert_eq!(check(&finished(&[20], &Claims { length: 20, parts: 1, ..right() })), Ok(20));
}

#[test]
fn parts_have_the_length_of_their_place() {
    let wrong = |at| Err((at, DecodeError::Trailer("payload length")));
    assert_eq!(check(&finished(&[19, 20, 6], &right())), wrong(0));
    assert_eq!(check(&finished(&[20, 21, 4], &right())), wrong(1));
    assert_eq!(check(&finished(&[20, 20, 21], &Claims { length: 61, ..right() })), wrong(2));
    assert_eq!(check(&finished(&[20, 20, 0], &Claims { length: 40, ..right() })), wrong(2));
}

#[test]
fn length_number_and_tag_of_the_object_are_those_of_its_parts() {
    let wrong = |what| Err((2, DecodeError::Trailer(what)));
    let claims = |length, parts, tags| finished(&[20, 20, 5], &Claims { length, parts, tags });
    for length in [0, 44, 46, 1 << 50] {
        assert_eq!(check(&claims(length, 3, <[_]>::to_vec)), wrong("object length"));
    }
    for parts in [0, 2, 4, u32::MAX] {
        assert_eq!(check(&claims(45, parts, <[_]>::to_vec)), wrong("number of parts"));
    }
    let tag = Err((2, DecodeError::ObjectTag));
    assert_eq!(check(&claims(45, 3, |_| Vec::new())), tag);
    assert_eq!(check(&claims(45, 3, |tags| vec![tags[1], tags[0]])), tag);
    assert_eq!(check(&claims(45, 3, |tags| tags[..1].to_vec())), tag);
    assert_eq!(check(&claims(45, 3, |tags| vec![tags[0], [0; 32]])), tag);
}

/// Parts of another object in between: each is authentic, and only the object's tag connects them.
#[test]
fn parts_of_two_objects_dont_mix() {
    let mut a = finished(&[20, 20, 5], &right());
    let mut b = finished(&[20, 20, 5], &right());
    std::mem::swap(&mut a[1], &mut b[1]);
    assert_eq!(check(&a), Err((2, DecodeError::ObjectTag)));
    assert_eq!(check(&b), Err((2, DecodeError::ObjectTag)));
    std::mem::swap(&mut a[1], &mut b[1]);
    a.swap(0, 1);
    assert_eq!(check(&a), Err((2, DecodeError::ObjectTag)));
    a.swap(0, 1);
    assert_eq!(check(&a), Ok(45));
}
