//! Segments of authentic shares, put together anew.

use crate::sample::{assert_faults, assert_insufficient, draft, only, payload, read_all};
use xstore_share::ShareFault;
use xstore_vectors::book::{Draft, Drafted};

/// Body and tag of a full segment of the objects here: S = 16, p = 3.
const STORED: usize = 16 + 32 + 32;
const BODY: usize = 16 + 32;

/// Three segments of payload: two full ones and the last.
fn object() -> Drafted {
    draft(2, 3, 3, 16, 40).write().unwrap()
}

fn place(m: usize) -> std::ops::Range<usize> {
    128 + m * STORED..128 + (m + 1) * STORED
}

/// Reads the object with share 0 replaced, from all shares and from just two of them.
#[track_caller]
fn refused(object: &Drafted, changed: Vec<u8>, fault: ShareFault) {
    let mut values = object.values.clone();
    values.insert(object.keys[0][0].clone(), changed);
    let reading = read_all(&object.text, &values);
    assert_faults(&reading, 0, &[(0, fault)]);
    assert_eq!(reading.payload(), Ok(&payload(40)[..]));
    assert_insufficient(&read_all(&object.text, &only(object, &values, &[0, 1])), &payload(40));
}

fn share_0(object: &Drafted) -> Vec<u8> {
    object.values[&object.keys[0][0]].clone()
}

#[test]
fn two_segments_of_a_share_exchanged() {
    let object = object();
    let whole = share_0(&object);
    let mut changed = whole.clone();
    changed[place(0)].copy_from_slice(&whole[place(1)]);
    changed[place(1)].copy_from_slice(&whole[place(0)]);
    refused(&object, changed, ShareFault::End);
}

#[test]
fn one_segment_twice() {
    let object = object();
    let whole = share_0(&object);
    let mut changed = whole.clone();
    changed[place(1)].copy_from_slice(&whole[place(0)]);
    refused(&object, changed, ShareFault::End);
}

/// The tags stand where they stood, so the share end is right; each body is under another segment's tag.
#[test]
fn two_bodies_of_a_share_exchanged() {
    let object = object();
    let whole = share_0(&object);
    let mut changed = whole.clone();
    changed[place(0)][..BODY].copy_from_slice(&whole[place(1)][..BODY]);
    changed[place(1)][..BODY].copy_from_slice(&whole[place(0)][..BODY]);
    let mut values = object.values.clone();
    values.insert(object.keys[0][0].clone(), changed);
    let reading = read_all(&object.text, &values);
    assert_faults(&reading, 0, &[(0, ShareFault::Segment(0)), (0, ShareFault::Segment(1))]);
    assert_eq!(reading.payload(), Ok(&payload(40)[..]));
    assert_insufficient(&read_all(&object.text, &only(&object, &values, &[0, 1])), &payload(40));
}

#[test]
fn a_segment_of_another_share() {
    let object = object();
    let mut changed = share_0(&object);
    changed[place(1)].copy_from_slice(&object.values[&object.keys[0][1]][place(1)]);
    refused(&object, changed, ShareFault::End);
}

#[test]
fn a_segment_of_another_part_or_generation() {
    let object = object();
    for (label, salts) in [("part", "part"), ("a", "part"), ("part", "a")] {
        let (label, salts) = (label.to_owned(), salts.to_owned());
        let other = Draft { label, salts, generation: 2, ..draft(2, 3, 3, 16, 40) }.write().unwrap();
        for m in [0, 1] {
            let mut changed = share_0(&object);
            changed[place(m)].copy_from_slice(&share_0(&other)[place(m)]);
            refused(&object, changed, ShareFault::End);
        }
    }
}

#[test]
fn the_trailer_of_another_share_or_generation() {
    let object = object();
    let next = Draft { label: "b".into(), salts: "b".into(), generation: 2, ..draft(2, 3, 3, 16, 40) };
    let next = next.write().unwrap();
    let trailer = place(2).start + 8 + 32 + 32..;
    for other in [&object.values[&object.keys[0][1]], &share_0(&next)] {
        let mut changed = share_0(&object);
        let end = changed.len() - 32;
        changed[trailer.start..end].copy_from_slice(&other[trailer.start..end]);
        refused(&object, changed, ShareFault::End);
        // With its share end.
        let mut changed = share_0(&object);
        changed[trailer.clone()].copy_from_slice(&other[trailer.clone()]);
        refused(&object, changed, ShareFault::End);
    }
}

/// The beginning of one share and the rest of another: the keys of a share hang on its header.
#[test]
fn the_header_of_another_share() {
    let object = object();
    let before = Draft { salts: "before".into(), ..draft(2, 3, 3, 16, 40) }.write().unwrap();
    let mut changed = share_0(&object);
    changed[..128].copy_from_slice(&share_0(&before)[..128]);
    refused(&object, changed, ShareFault::End);
}

/// A share that is damaged in one segment serves the others: so every share may have a bad segment of its own.
#[test]
fn every_share_is_damaged_somewhere_else() {
    let object = object();
    let mut values = object.values.clone();
    let mut expected = Vec::new();
    for (m, index) in [(0, 0_u8), (1, 1), (2, 2)] {
        values.get_mut(&object.keys[0][usize::from(index)]).unwrap()[place(m).start + 3] ^= 0x40;
        expected.push((index, ShareFault::Segment(m as u64)));
    }
    let reading = read_all(&object.text, &values);
    assert_faults(&reading, 0, &expected);
    assert_eq!(reading.payload(), Ok(&payload(40)[..]));
    // One more in a segment that has a bad body already.
    values.get_mut(&object.keys[0][2]).unwrap()[place(1).start] ^= 1;
    let reading = read_all(&object.text, &values);
    assert_insufficient(&reading, &payload(40));
    assert_eq!(reading.released, payload(40)[..16], "what came before stays good");
}
