//! The text of a key file: what is read, what is refused and with which words.

use std::error::Error;

use subtle::ConstantTimeEq;
use xstore_keys::key_file::{KeyFileError, KeyFileErrorKind, MAX_BYTES, parse, to_text};
use xstore_keys::{Date, DateError, IntegrityKey, KeyError, KeyId, KeyRing, KeyState, Keys, RingError};

fn key(number: u16) -> IntegrityKey {
    let mut bytes = [0x5a; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    IntegrityKey::from_bytes(&bytes).expect("not all bytes are equal")
}

fn id(number: u16) -> KeyId {
    Keys::derive(&key(number)).id()
}

fn line(number: u16, state: &str) -> String {
    format!("{} {state} 2026-03-0{}", *key(number).to_text(), number % 10)
}

fn refused(text: impl AsRef<[u8]>) -> KeyFileError {
    parse(text.as_ref()).expect_err("the text is no key file")
}

fn at(line: usize, kind: KeyFileErrorKind) -> KeyFileError {
    KeyFileError { line, kind }
}

fn states(ring: &KeyRing) -> Vec<(KeyId, KeyState, String)> {
    ring.entries().map(|entry| (entry.id, entry.state, entry.changed.to_string())).collect()
}

#[test]
fn a_ring_survives_its_text() {
    let mut ring = KeyRing::default();
    ring.insert(key(1), KeyState::Revoked, "2024-02-29".parse().unwrap()).unwrap();
    ring.insert(key(2), KeyState::Current, "2026-03-01".parse().unwrap()).unwrap();
    ring.insert(key(3), KeyState::Retired, "0000-01-01".parse().unwrap()).unwrap();
    let text = to_text(&ring);
    let read = parse(text.as_bytes()).unwrap();
    assert_eq!(states(&read), states(&ring));
    // Equal keys, not only equal ids.
    assert_eq!(read.current().unwrap().share(), Keys::derive(&key(2)).share());
    assert_eq!(read.current().unwrap().hedge(), Keys::derive(&key(2)).hedge());
    assert_eq!(*to_text(&read), *text);
}

#[test]
fn the_written_text() {
    let mut ring = KeyRing::default();
    let bytes = std::array::from_fn(|at| u8::try_from(at).unwrap());
    ring.add(IntegrityKey::from_bytes(&bytes).unwrap(), Date::new(2026, 3, 1).unwrap()).unwrap();
    let expected = "\
# Integrity keys of xStore, one per line: key, state, date of the last change. Keep this file secret.
# Without it nothing stored under these keys can be verified any more; the data can still be recovered,
# unverified. Keep a backup of it, and never beside the shares: whoever has both can forge them.
XSTORE-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SK8XDA9 current 2026-03-01
";
    assert_eq!(*to_text(&ring), expected);
}

#[test]
fn a_full_ring_fits_into_a_file() {
    let mut ring = KeyRing::default();
    for number in 0..u16::try_from(KeyRing::MAX_KEYS).unwrap() {
        ring.add(key(number), "2026-03-01".parse().unwrap()).unwrap();
    }
    let text = to_text(&ring);
    assert!(text.len() <= MAX_BYTES, "{} bytes", text.len());
    assert_eq!(states(&parse(text.as_bytes()).unwrap()), states(&ring));
    // And it is the fullest possible one: another line would not fit.
    assert!(text.len() + text.lines().next().unwrap().len() + 1 > MAX_BYTES);
}

#[test]
fn texts_that_are_read() {
    let (one, two) = (line(1, "current"), line(2, "retired"));
    let expected = vec![
        (id(1), KeyState::Current, "2026-03-01".to_owned()),
        (id(2), KeyState::Retired, "2026-03-02".to_owned()),
    ];
    for text in [
        format!("{one}\n{two}\n"),
        format!("{one}\n{two}"),
        format!("{one}\r\n{two}\r\n"),
        format!("\n# a remark\n\n   \n{one}\n#\n\t\n{two}\n\n"),
        format!("#{0}\n{one}\n# \u{e9}\u{1F511} any text, XSTORE-KEY-1... too\n{two}\n", "#".repeat(2000)),
    ] {
        assert_eq!(states(&parse(text.as_bytes()).unwrap()), expected, "{}", text.len());
    }
    for text in ["", "\n", "# nothing yet\n"] {
        assert!(parse(text.as_bytes()).unwrap().is_empty());
    }
}

#[test]
fn the_file_as_a_whole() {
    let too_large = at(0, KeyFileErrorKind::TooLarge { limit: 65_536 });
    let mut text = vec![b'#'; MAX_BYTES];
    assert!(parse(&text).unwrap().is_empty());
    text.push(b'\n');
    assert_eq!(refused(text), too_large);
    assert_eq!(refused(b"# one\n\n# \xff"), at(3, KeyFileErrorKind::NotUtf8));
    assert_eq!(refused(b"\x80"), at(1, KeyFileErrorKind::NotUtf8));
}

#[test]
fn lines_of_another_shape() {
    let text = key(1).to_text();
    let key = text.as_str();
    for line in [
        key.to_owned(),
        format!("{key} current"),
        format!("{key} current 2026-03-01 more"),
        format!("{key} current 2026-03-01 "),
        format!(" {key} current 2026-03-01"),
        format!("{key}  current 2026-03-01"),
        format!("{key}\tcurrent\t2026-03-01"),
        format!("{key} current 2026-03-01 # remark"),
        " # an indented remark, too long".to_owned(),
    ] {
        assert_eq!(refused(format!("# remark\n{line}\n")), at(2, KeyFileErrorKind::Fields));
    }
}

#[test]
fn words_that_are_wrong() {
    let text = key(1).to_text();
    let key = text.as_str();
    let key_error = |error| at(1, KeyFileErrorKind::Key(error));
    let with_key = |key: &str| refused(format!("{key} current 2026-03-01\n"));
    assert_eq!(with_key("XSTORE-KEY-2"), key_error(KeyError::Prefix));
    assert_eq!(with_key(&key.to_lowercase()), key_error(KeyError::Prefix));
    assert_eq!(with_key(&key[..69]), key_error(KeyError::Length { expected: 70, found: 69 }));
    assert_eq!(with_key(&format!("{}!", &key[..69])), key_error(KeyError::Character { offset: 69 }));
    let other = if &key[40..41] == "Q" { "P" } else { "Q" };
    assert_eq!(with_key(&format!("{}{other}{}", &key[..40], &key[41..])), key_error(KeyError::Checksum));

    for state in ["Current", "CURRENT", "current,", "active", "", "revoke"] {
        let error = refused(format!("{key} {state} 2026-03-01\n"));
        assert!(
            matches!(error, KeyFileError { line: 1, kind: KeyFileErrorKind::State(_) }),
            "{state}: {error:?}"
        );
    }
    for date in ["2026-02-29", "2026-3-1", "today", "", "2026-03-01T00:00:00Z", "2026-03-01\r"] {
        let error = refused(format!("{key} current {date}"));
        assert_eq!(error, at(1, KeyFileErrorKind::Date(DateError)), "{date}");
    }
}

#[test]
fn lines_that_contradict_each_other() {
    let (one, two) = (line(1, "current"), line(2, "current"));
    let again = line(1, "revoked");
    assert_eq!(refused(format!("{one}\n\n{again}\n")), at(3, KeyFileErrorKind::DuplicateKey { id: id(1) }));
    assert_eq!(refused(format!("{one}\n{one}\n")), at(2, KeyFileErrorKind::DuplicateKey { id: id(1) }));
    assert_eq!(
        refused(format!("{one}\n# remark\n{two}\n")),
        at(3, KeyFileErrorKind::SecondCurrent { current: id(1) })
    );
}

#[test]
fn a_key_in_a_comment_would_get_lost() {
    let key = key(1).to_text();
    for comment in [
        format!("#{} current 2026-03-01", *key),
        format!("# {}", *key),
        format!("# XSTORE-KEY-1... and {}", *key),
        format!("#{}", &key[1..]),
        format!("# {}", &key[..20]),
        "# XSTORE-KEY-1023".to_owned(),
    ] {
        assert_eq!(refused(format!("\n{comment}\n")), at(2, KeyFileErrorKind::KeyInComment));
    }
}

/// One changed, missing or added character anywhere in a line is refused. The exception is a changed digit of
/// the date that gives another date: dates carry no checksum, and decide nothing.
#[test]
fn every_corruption_of_one_character() {
    let line = line(1, "current");
    let date_from = line.len() - 10;
    let foreign = ['\0', '\t', '\n', '\r', '\u{e9}', '\u{3000}', '\u{feff}'];
    let replacements: Vec<char> = (' '..='~').chain(foreign).collect();
    let (mut refused, mut other_dates) = (0, 0);
    for (at, original) in line.char_indices() {
        let (before, after) = (&line[..at], &line[at + 1..]);
        let changed = replacements.iter().filter(|c| **c != original).map(|c| format!("{before}{c}{after}"));
        let inserted = replacements.iter().map(|c| format!("{before}{c}{original}{after}"));
        // A line end before the line only adds an empty line.
        let inserted = inserted.filter(|text| at > 0 || !text.starts_with(['\n']));
        let missing = [format!("{before}{after}")];
        for text in changed.chain(inserted).chain(missing) {
            match parse(format!("{text}\n").as_bytes()) {
                Err(_) => refused += 1,
                Ok(ring) => {
                    assert!(at >= date_from, "accepted with a change at {at}");
                    assert_eq!(ring.current().unwrap().id(), id(1));
                    assert_ne!(states(&ring)[0].2, line[date_from..]);
                    other_dates += 1;
                }
            }
        }
    }
    assert!(refused > 15_000, "{refused} refused");
    assert!(other_dates < 60, "{other_dates} other dates");
}

#[test]
fn errors_show_nothing_of_a_key() {
    let line = line(1, "current");
    let secret = &line[12..70];
    let runs: Vec<&str> = (0..=secret.len() - 4).map(|at| &secret[at..at + 4]).collect();
    let mut seen = 0;
    for (at, _) in line.char_indices() {
        for replacement in ["?", "Q", " ", "\n", "#", ""] {
            let text = format!("{}{replacement}{}\n", &line[..at], &line[at + 1..]);
            let Err(error) = parse(text.as_bytes()) else { continue };
            let mut shown = format!("{error:?} {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                shown += &format!(" {error:?} {error}");
                cause = error.source();
            }
            assert!(!runs.iter().any(|run| shown.contains(run)), "position {at}");
            seen += 1;
        }
    }
    assert!(seen > 400, "{seen} errors");
}

#[test]
fn errors_say_what_to_do() {
    let shown = |kind| at(7, kind).to_string();
    assert_eq!(
        at(0, KeyFileErrorKind::TooLarge { limit: 65_536 }).to_string(),
        "the key file has more than 65536 bytes; is it a key file?"
    );
    assert_eq!(
        shown(KeyFileErrorKind::NotUtf8),
        "line 7 of the key file is not UTF-8 text; is it a key file?"
    );
    assert_eq!(
        shown(KeyFileErrorKind::Fields),
        "line 7 of the key file is not `<key> <state> <YYYY-MM-DD>` with single spaces; correct it, or put a # \
         before a remark"
    );
    assert_eq!(
        shown(KeyFileErrorKind::KeyInComment),
        "line 7 of the key file is a comment with a key in it, which would be lost when the file is rewritten; \
         make it a line of its own, retired or revoked, or delete it"
    );
    assert_eq!(
        shown(KeyFileErrorKind::DuplicateKey { id: id(1) }),
        format!(
            "line 7 of the key file repeats key {}; keep one of the two lines, the revoked one if there is one",
            id(1)
        )
    );
    assert_eq!(
        shown(KeyFileErrorKind::SecondCurrent { current: id(1) }),
        format!(
            "line 7 of the key file makes a second key current, beside {}; set one of the two to retired",
            id(1)
        )
    );
    let chain = |text: String| {
        let error = refused(text);
        let cause = error.source().expect("a word has a cause").to_string();
        format!("{error}: {cause}")
    };
    assert_eq!(
        chain("XSTORE current 2026-03-01".into()),
        "line 1 of the key file holds no valid key: a key text begins with XSTORE-KEY-1, in upper case"
    );
    assert_eq!(
        chain(line(1, "valid")),
        "line 1 of the key file holds an unknown state; correct its second word: the state of a key is one of \
         current, retired and revoked"
    );
    assert_eq!(
        chain(line(1, "current").replace("-03-", "-30-")),
        "line 1 of the key file holds no valid date; correct its third word: not a date of the form YYYY-MM-DD, \
         or no such day"
    );
}

#[test]
fn a_revoked_key_of_a_file_verifies_nothing() {
    let ring = parse(line(1, "revoked").as_bytes()).unwrap();
    assert_eq!(ring.verifying(&id(1)).err(), Some(RingError::RevokedKey { id: id(1) }));
    assert_eq!(ring.current().err(), Some(RingError::NoCurrentKey));
}

#[test]
fn a_key_read_from_a_file_is_the_key() {
    let text = line(4, "current");
    let (word, _) = text.split_once(' ').unwrap();
    assert!(bool::from(IntegrityKey::from_text(word).unwrap().ct_eq(&key(4))));
}
