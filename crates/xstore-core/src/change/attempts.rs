//! Which attempts there were: under these the shares of an object may be named.
//!
//! Shares are named by an attempt number, 0 for a put and a random one for each change. A delete has to find what an
//! earlier attempt may have left, so the manifest of an object that was changed lists them, in an entry of `ext`:
//! words of 8 hex digits are attempts, each word of 32 is the id of the key that names the attempts after it.

use std::collections::BTreeMap;
use xstore_keys::KeyId;
use xstore_manifest::{Body, limits};

/// The entry's name.
pub(crate) const NOTE: &str = "xstore.attempts";

/// A way in which shares may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) key: KeyId,
    pub(crate) number: u32,
}

/// All attempts of an object, the put's first. `signed` is the key of its manifest.
pub(crate) fn of(body: &Body, signed: KeyId) -> Vec<Attempt> {
    match body.ext.get(NOTE) {
        Some(note) => parse(note),
        None => {
            let shares = || body.parts.iter().flat_map(|part| part.shares.iter().flatten());
            let key = shares().next().map_or(signed, |share| share.key_id);
            vec![Attempt { key, number: 0 }]
        }
    }
}

/// The entries of an object that is put again: no earlier attempt made any of its shares.
pub(crate) fn without(ext: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut ext = ext.clone();
    ext.remove(NOTE);
    ext
}

/// Adds an attempt. Where the note is full the oldest changes are forgotten, the put never; where there is no room
/// for the note, there is none.
pub(crate) fn add(ext: &mut BTreeMap<String, String>, mut attempts: Vec<Attempt>, new: Attempt) {
    if !attempts.contains(&new) {
        attempts.push(new);
    }
    let mut note = write(&attempts);
    while note.len() > limits::EXT_VALUE && attempts.len() > 2 {
        attempts.remove(1);
        note = write(&attempts);
    }
    if ext.len() < limits::EXT_ENTRIES || ext.contains_key(NOTE) {
        ext.insert(NOTE.to_owned(), note);
    }
}

fn write(attempts: &[Attempt]) -> String {
    let mut words = Vec::with_capacity(attempts.len() + 1);
    let mut key = None;
    for attempt in attempts {
        if key != Some(attempt.key) {
            words.push(attempt.key.to_string());
            key = Some(attempt.key);
        }
        words.push(format!("{:08x}", attempt.number));
    }
    words.join(" ")
}

/// What isn't understood is passed over: it helps no delete.
fn parse(note: &str) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut key = None;
    for word in note.split(' ') {
        match word.len() {
            8 => {
                let number = u32::from_str_radix(word, 16).ok();
                attempts.extend(key.zip(number).map(|(key, number)| Attempt { key, number }));
            }
            _ => key = word.parse::<KeyId>().ok(),
        }
    }
    attempts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(key: u8, number: u32) -> Attempt {
        Attempt { key: KeyId::from_bytes([key; 16]), number }
    }

    #[test]
    fn notes_go_both_ways() {
        let attempts = [attempt(1, 0), attempt(1, 77), attempt(2, u32::MAX), attempt(1, 3)];
        assert_eq!(parse(&write(&attempts)), attempts);
        assert_eq!(parse(""), []);
        assert_eq!(parse("00000001 what 00000002"), []);
    }

    #[test]
    fn a_full_note_forgets_the_oldest_changes() {
        let mut ext = BTreeMap::new();
        let mut known = vec![attempt(1, 0)];
        for number in 1..1000 {
            add(&mut ext, known, attempt(1, number));
            known = parse(&ext[NOTE]);
        }
        assert!(ext[NOTE].len() <= limits::EXT_VALUE);
        assert_eq!((known.first(), known.last()), (Some(&attempt(1, 0)), Some(&attempt(1, 999))));
        assert!(known.len() > 400);
    }

    #[test]
    fn an_application_that_took_all_room_keeps_it() {
        let entry = |i: usize| (format!("a{i}"), String::new());
        let mut ext: BTreeMap<String, String> = (0..limits::EXT_ENTRIES).map(entry).collect();
        add(&mut ext, vec![attempt(1, 0)], attempt(1, 2));
        assert!(!ext.contains_key(NOTE) && ext.len() == limits::EXT_ENTRIES);
    }
}
