//! Reading a part of the bytes.

use crate::sample::{draft, own_ring, payload, read_all};
use xstore_share::{DecodeError, ShareFault};
use xstore_vectors::book::{Draft, Drafted, Stage};
use xstore_vectors::{FaultKind, ReadError, Reading, Request, Values, read};

fn read_range(drafted: &Drafted, values: &Values, start: u64, end: u64) -> Reading {
    let request = Request { range: Some(start..end), ..Request::default() };
    read(drafted.text.as_bytes(), values, &own_ring(), &request)
}

fn in_parts(length: usize, part: u32, fill: usize) -> Drafted {
    let mut object = Draft { fill, ..draft(2, 3, 3, 8, length) };
    object.numbers.part = part;
    object.write().unwrap()
}

#[test]
fn every_range_of_an_object_in_parts() {
    for (length, part, fill) in [(0, 20, 0), (1, 20, 0), (16, 20, 0), (53, 20, 0), (60, 20, 0), (25, 64, 30)]
    {
        let object = in_parts(length, part, fill);
        let whole = payload(length);
        for start in 0..=length + 2 {
            for end in start..=length + 25 {
                let reading = read_range(&object, &object.values, start as u64, end as u64);
                let expected = &whole[start.min(length)..end.min(length)];
                assert_eq!(reading.payload(), Ok(expected), "{start}..{end} of {length}");
            }
        }
    }
}

#[test]
fn a_range_costs_nothing_elsewhere() {
    let object = in_parts(53, 20, 0);
    let mut values = object.values.clone();
    // Two of three bodies of segment 1 (bytes 8 to 15) are damaged, and part 1 is gone.
    for index in [0, 1] {
        values.get_mut(&object.keys[0][index]).unwrap()[128 + (8 + 64) + 5] ^= 1;
        values.remove(&object.keys[1][index]);
    }
    let whole = payload(53);
    for (start, end) in [(0, 8), (3, 8), (16, 20), (40, 53), (41, 45)] {
        let reading = read_range(&object, &values, start as u64, end as u64);
        assert_eq!(reading.payload(), Ok(&whole[start..end]), "{start}..{end}");
    }
    let reading = read_range(&object, &values, 4, 12);
    assert_eq!((reading.code(), &reading.released[..]), ("INSUFFICIENT_SHARES", &whole[4..8]));
    let bad = FaultKind::Refused(ShareFault::Segment(1));
    assert_eq!(
        reading.faults.iter().map(|fault| (fault.index, fault.kind)).collect::<Vec<_>>(),
        [(0, bad), (1, bad)]
    );
    assert_eq!(read_range(&object, &values, 19, 21).code(), "INSUFFICIENT_SHARES");
    assert_eq!(read_all(&object.text, &values).code(), "INSUFFICIENT_SHARES");
}

/// A range is checked by its tags, its digests and the trailer; the payload tag needs the whole part.
#[test]
fn what_a_range_can_tell_and_what_not() {
    let spoiled = |stage: fn(Stage<'_>)| {
        let object = Draft { fill: 20, ..draft(2, 3, 3, 8, 30) };
        object.hook(move |_, it| stage(it)).write().unwrap()
    };
    let refused = |source| Err(ReadError::Part { part: 0, source });
    let whole = payload(30);

    let tag = spoiled(|stage| {
        if let Stage::PayloadTag(tag) = stage {
            tag[0] ^= 1;
        }
    });
    assert_eq!(read_all(&tag.text, &tag.values).result, refused(DecodeError::PayloadTag));
    assert_eq!(read_range(&tag, &tag.values, 20, 30).payload(), Ok(&whole[20..]));

    let digest = spoiled(|stage| {
        if let Stage::Digest(1, digest) = stage {
            digest[31] ^= 1;
        }
    });
    assert_eq!(
        read_range(&digest, &digest.values, 8, 9).result,
        refused(DecodeError::Inconsistent { segment: 1 })
    );
    assert_eq!(read_range(&digest, &digest.values, 16, 30).payload(), Ok(&whole[16..]));

    // Fill behind the payload in the segment that is read, and padding in one that isn't.
    let fill = spoiled(|stage| {
        if let Stage::Padded(padded) = stage {
            padded[31] = 1;
        }
    });
    assert_eq!(read_range(&fill, &fill.values, 24, 25).result, refused(DecodeError::Padding));
    assert_eq!(read_range(&fill, &fill.values, 0, 24).payload(), Ok(&whole[..24]));

    let trailer = spoiled(|stage| {
        if let Stage::Fields(fields) = stage {
            fields.generation = 9;
        }
    });
    assert_eq!(
        read_range(&trailer, &trailer.values, 0, 1).result,
        refused(DecodeError::Identity("generation"))
    );
}
