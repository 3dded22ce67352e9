//! Backends that serve what once was authentic.

use crate::sample::{assert_faults, assert_insufficient, draft, only, payload, read_all};
use xstore_share::ShareFault;
use xstore_vectors::book::{Draft, Drafted};

/// Generation 1 and the one that replaced it: same object, name, length and keys.
fn generations() -> (Drafted, Drafted, Vec<u8>) {
    let older = draft(2, 3, 3, 16, 40).write().unwrap();
    let mut newer = draft(2, 3, 3, 16, 40);
    (newer.label, newer.salts, newer.generation) = ("b".to_owned(), "b".to_owned(), 2);
    newer.payload = payload(80)[40..].to_vec();
    let right = newer.payload.clone();
    (older, newer.write().unwrap(), right)
}

#[test]
fn an_older_share_is_not_taken_for_a_newer_one() {
    let (older, newer, right) = generations();
    for index in 0..3 {
        let mut values = newer.values.clone();
        values.insert(newer.keys[0][index].clone(), older.values[&older.keys[0][index]].clone());
        let fault = [(u8::try_from(index).unwrap(), ShareFault::Sharing)];

        let reading = read_all(&newer.text, &values);
        assert_faults(&reading, 0, &fault);
        assert_eq!(reading.payload(), Ok(&right[..]));

        let reading = read_all(&newer.text, &only(&newer, &values, &[index, (index + 1) % 3]));
        assert_faults(&reading, 0, &fault);
        assert_insufficient(&reading, &right);
    }
}

#[test]
fn a_backend_of_older_shares_only_gives_nothing() {
    let (older, newer, right) = generations();
    let mut values = newer.values.clone();
    for (old, new) in older.keys[0].iter().zip(&newer.keys[0]) {
        values.insert(new.clone(), older.values[old].clone());
    }
    let reading = read_all(&newer.text, &values);
    assert_faults(&reading, 0, &[0, 1, 2].map(|index| (index, ShareFault::Sharing)));
    assert_insufficient(&reading, &right);
}

/// A share that was repaired has a new salt. The copy that a backend kept from before verifies in every tag, has the
/// right sharing id and the right bodies, and yet isn't what the manifest names.
#[test]
fn a_share_from_before_its_repair_is_not_pinned() {
    let now = draft(2, 3, 3, 16, 40).write().unwrap();
    let before = Draft { salts: "before".to_owned(), ..draft(2, 3, 3, 16, 40) }.write().unwrap();
    let right = payload(40);
    let mut values = now.values.clone();
    values.insert(now.keys[0][1].clone(), before.values[&before.keys[0][1]].clone());

    let reading = read_all(&now.text, &values);
    assert_faults(&reading, 0, &[(1, ShareFault::NotPinned)]);
    assert_eq!(reading.payload(), Ok(&right[..]));
    let reading = read_all(&now.text, &only(&now, &values, &[0, 1]));
    assert_insufficient(&reading, &right);
}
