//! Authentic bytes in the wrong place, or of the wrong length.

use crate::sample::{assert_faults, assert_insufficient, draft, only, payload, read_all};
use xstore_share::ShareFault;
use xstore_vectors::Values;
use xstore_vectors::book::{Draft, Drafted};

fn swap(values: &mut Values, a: &str, b: &str) {
    let (of_a, of_b) = (values[a].clone(), values[b].clone());
    values.insert(a.to_owned(), of_b);
    values.insert(b.to_owned(), of_a);
}

#[test]
fn shares_of_two_indexes() {
    let object = draft(2, 4, 5, 16, 40).write().unwrap();
    let mut values = object.values.clone();
    swap(&mut values, &object.keys[0][1], &object.keys[0][3]);
    let faults = [1, 3].map(|index| (index, ShareFault::HeaderField("index")));
    let reading = read_all(&object.text, &values);
    assert_faults(&reading, 0, &faults);
    assert_eq!(reading.payload(), Ok(&payload(40)[..]));
    assert_insufficient(&read_all(&object.text, &only(&object, &values, &[0, 1, 3])), &payload(40));
}

/// Two full parts, so that their shares are of one length.
fn two_parts() -> Drafted {
    let mut two = draft(2, 3, 3, 16, 80);
    two.numbers.part = 40;
    two.write().unwrap()
}

#[test]
fn shares_of_two_parts() {
    let object = two_parts();
    let mut values = object.values.clone();
    swap(&mut values, &object.keys[0][2], &object.keys[1][2]);
    let reading = read_all(&object.text, &values);
    assert_eq!(reading.payload(), Ok(&payload(80)[..]));
    let mut parts = reading.clone();
    for part in [0, 1] {
        parts.faults = reading.faults.iter().copied().filter(|fault| fault.part == part).collect();
        assert_faults(&parts, part, &[(2, ShareFault::Sharing)]);
    }
    // All of them: the object's parts in the wrong order.
    for index in 0..2 {
        swap(&mut values, &object.keys[0][index], &object.keys[1][index]);
    }
    assert_insufficient(&read_all(&object.text, &values), &payload(80));
}

#[test]
fn a_share_of_another_object() {
    let object = draft(2, 3, 3, 16, 40).write().unwrap();
    let mut other = draft(2, 3, 3, 16, 40);
    (other.label, other.salts, other.object) = ("other".into(), "other".into(), [7; 16]);
    let other = other.write().unwrap();
    let mut values = object.values.clone();
    values.insert(object.keys[0][0].clone(), other.values[&other.keys[0][0]].clone());
    let reading = read_all(&object.text, &values);
    assert_faults(&reading, 0, &[(0, ShareFault::Sharing)]);
    assert_eq!(reading.payload(), Ok(&payload(40)[..]));
}

/// Shares of the same sharing id and index by the same key, but of other layouts; 43 bytes are padded to 44 in all.
#[test]
fn a_share_of_another_layout() {
    let object = draft(2, 3, 5, 16, 43).write().unwrap();
    let other = |k, p, segment, trailer: u32| {
        let mut other = draft(k, 3, p, segment, 43);
        other.numbers.trailer += trailer;
        other.write().unwrap()
    };
    let length = object.values[&object.keys[0][0]].len() as u64;
    let faults = [
        (other(3, 5, 16, 0), ShareFault::HeaderField("k")),
        (other(2, 3, 16, 0), ShareFault::HeaderField("p")),
        // Three segments either way.
        (other(2, 5, 20, 0), ShareFault::HeaderField("segment")),
        (other(2, 5, 16, 4), ShareFault::Length { expected: length, actual: length + 4 }),
    ];
    for (other, fault) in faults {
        let mut values = object.values.clone();
        values.insert(object.keys[0][0].clone(), other.values[&other.keys[0][0]].clone());
        let reading = read_all(&object.text, &values);
        assert_faults(&reading, 0, &[(0, fault)]);
        assert_eq!(reading.payload(), Ok(&payload(43)[..]));
    }
}

#[test]
fn shorter_and_longer_shares() {
    let object = draft(2, 3, 3, 16, 40).write().unwrap();
    let whole = object.values[&object.keys[0][1]].clone();
    let length = whole.len();
    let cut = |to: usize| whole[..to].to_vec();
    let longer = |by: &[u8]| [&whole, by].concat();
    for changed in [
        cut(0),
        cut(1),
        cut(127),
        cut(128),
        cut(length - 33),
        cut(length - 32),
        cut(length - 1),
        longer(&[0]),
        longer(&whole[length - 32..]),
        longer(&whole),
        whole[1..].to_vec(),
    ] {
        let actual = changed.len() as u64;
        let mut values = object.values.clone();
        values.insert(object.keys[0][1].clone(), changed);
        let reading = read_all(&object.text, &values);
        assert_faults(&reading, 0, &[(1, ShareFault::Length { expected: length as u64, actual })]);
        assert_eq!(reading.payload(), Ok(&payload(40)[..]));
        assert_insufficient(&read_all(&object.text, &only(&object, &values, &[1, 2])), &payload(40));
    }
}

/// A whole segment cut out, or put in twice, and the header as it was.
#[test]
fn a_segment_fewer_or_more() {
    let object = draft(2, 3, 3, 16, 40).write().unwrap();
    let whole = object.values[&object.keys[0][0]].clone();
    let stored = 16 + 32 + 32;
    let fewer = [&whole[..128], &whole[128 + stored..]].concat();
    let more = [&whole[..128 + stored], &whole[128..]].concat();
    for changed in [fewer, more] {
        let actual = changed.len() as u64;
        let mut values = object.values.clone();
        values.insert(object.keys[0][0].clone(), changed);
        let reading = read_all(&object.text, &values);
        assert_faults(&reading, 0, &[(0, ShareFault::Length { expected: whole.len() as u64, actual })]);
        assert_eq!(reading.payload(), Ok(&payload(40)[..]));
    }
}

/// The shares of one index of two parts: salts differ, so do the keys, even where everything else is equal.
#[test]
fn no_two_shares_have_a_key_in_common() {
    let object = Draft { payload: vec![0; 80], ..two_draft() }.write().unwrap();
    let mut seen: Vec<&str> = Vec::new();
    for share in object.notes.iter().flat_map(|part| &part.shares) {
        seen.extend([&share.k_i[..], &share.header_tag, &share.salt, &share.prk]);
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((count, seen.len()), (24, 24));
}

fn two_draft() -> Draft {
    let mut two = draft(2, 3, 3, 16, 80);
    two.numbers.part = 40;
    two
}
