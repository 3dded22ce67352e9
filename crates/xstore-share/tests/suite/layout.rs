//! Lengths and places.

use crate::rig::{layout, scheme};
use proptest::prelude::*;
use xstore_share::{
    HEADER_LEN, Kind, Layout, LayoutError, MAX_PART, MAX_SEGMENT, MAX_TRAILER, PartShape, TAG_LEN,
};

#[test]
fn segment_and_trailer_lengths_are_checked() {
    let scheme = scheme(2, 4, 5);
    // d = 32, so the least t is 168.
    assert!(Layout::new(scheme, 4, 168).is_ok());
    assert!(Layout::new(scheme, MAX_SEGMENT, MAX_TRAILER).is_ok());
    for segment in [0, 1, 3, 5, 6, MAX_SEGMENT + 1, MAX_SEGMENT + 4, u32::MAX] {
        let error = LayoutError::Segment { segment, multiple: 4, max: MAX_SEGMENT };
        assert_eq!(Layout::new(scheme, segment, 168), Err(error));
    }
    for trailer in [0, 4, 164, 167, 169, 170, MAX_TRAILER + 4, u32::MAX] {
        let error = LayoutError::Trailer { trailer, multiple: 4, min: 168, max: MAX_TRAILER };
        assert_eq!(Layout::new(scheme, 4, trailer), Err(error));
    }
}

#[test]
fn padded_lengths_are_checked() {
    let layout = layout(2, 4, 5, 4);
    let max = u64::from(MAX_PART) + 4;
    for padded in [4, 8, max] {
        assert_eq!(layout.part(padded).unwrap().padded(), padded);
    }
    for padded in [0, 1, 5, max - 1, max + 4, u64::MAX, u64::MAX - 3] {
        assert_eq!(layout.part(padded), Err(LayoutError::Padded { padded, multiple: 4, max }));
    }
    for (payload, padded) in [(0, 4), (1, 4), (3, 4), (4, 8), (5, 8), (u64::from(MAX_PART), max)] {
        assert_eq!(layout.padded(payload), padded);
    }
    assert_eq!(layout.padded(u64::MAX), u64::MAX);
}

/// For every scheme the writer's own choice is a layout, and its pieces fill cache lines.
#[test]
fn the_default_lengths_are_allowed() {
    for n in 2..=64 {
        for k in [2, n] {
            let scheme = xorida_core::Scheme::new(xorida_core::Threshold::new(k, n).unwrap());
            let segment = Layout::default_segment(scheme);
            let layout = Layout::new(scheme, segment, Layout::default_trailer(scheme, 1024, 65_536)).unwrap();
            assert_eq!((segment as usize + layout.digest_field()) % (scheme.blocks() * 64), 0);
            assert!(segment > 60_000 && segment <= 65_536);
        }
    }
    let scheme = scheme(2, 3, 3);
    for content in [usize::MAX, usize::MAX - 1, 1 << 20, 1 << 17] {
        let trailer = Layout::default_trailer(scheme, content, content);
        assert!(Layout::new(scheme, 2, trailer).is_err());
    }
}

/// Every length up to a few segments: it is the share length of at most one part, and the arithmetic agrees with it.
#[test]
fn a_shares_length_names_its_part() {
    for (k, n, p, pieces) in [(2, 3, 3, 3), (3, 6, 7, 2), (2, 13, 13, 1)] {
        let layout = layout(k, n, p, pieces);
        let mut found = Vec::new();
        let most = layout.part(layout.padded(u64::from(layout.segment()) * 4)).unwrap().share_len();
        for length in 0..=most {
            match layout.part_of_share(length) {
                Ok(shape) => {
                    assert_eq!(shape.share_len(), length);
                    found.push(shape.padded());
                }
                Err(error) => assert_eq!(error, LayoutError::ShareLength { length }),
            }
        }
        let step = usize::from(p) - 1;
        let all: Vec<u64> = (step as u64..=*found.last().unwrap()).step_by(step).collect();
        assert_eq!(found, all, "every padded length has its share length");
        for length in [u64::MAX, u64::MAX / 2, 1 << 40] {
            assert_eq!(layout.part_of_share(length), Err(LayoutError::ShareLength { length }));
        }
    }
}

/// Segments follow each other without a gap from the header to the share end.
fn check_places(shape: PartShape) {
    let last = shape.data_segments() - 1;
    let mut at = HEADER_LEN as u64;
    let mut payload = 0;
    let d = shape.layout().digest_field();
    for m in 0..=last + 1 {
        let place = shape.place(m).unwrap();
        assert_eq!(place.offset, at);
        at += place.stored() as u64;
        let kind = match m {
            m if m < last => Kind::Data,
            m if m == last => Kind::LastData,
            _ => Kind::Trailer,
        };
        assert_eq!(place.kind, kind);
        if m <= last {
            payload += (place.body - d) as u64;
            assert_eq!(shape.stored_run(m, 1), Some(place.stored()));
            assert_eq!(shape.payload_run(m, 1), Some(place.body - d));
        }
    }
    assert_eq!(at + TAG_LEN as u64, shape.share_len());
    assert_eq!(payload, shape.padded());
    assert_eq!(shape.payload_run(0, last + 1).unwrap() as u64, payload);
    for beyond in [last + 2, u64::MAX] {
        assert_eq!(shape.place(beyond), None);
    }
    for (first, count) in [(0, last + 2), (last + 1, 1), (u64::MAX, 1), (1, u64::MAX)] {
        assert_eq!((shape.stored_run(first, count), shape.payload_run(first, count)), (None, None));
    }
    assert_eq!(shape.stored_run(0, 0), Some(0));
}

proptest! {
    #[test]
    fn places_follow_each_other(n in 2..=64_u8, pieces in 1..9_u32, blocks in 1..200_u64) {
        let scheme = xorida_core::Scheme::new(xorida_core::Threshold::new(2, n).unwrap());
        let step = u64::from(scheme.p()) - 1;
        let layout = layout(2, n, scheme.p(), pieces);
        check_places(layout.part(blocks * step).unwrap());
    }
}
