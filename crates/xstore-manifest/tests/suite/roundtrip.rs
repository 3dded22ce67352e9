//! What was signed comes back, in whatever JSON it is dressed.

use proptest::prelude::*;
use serde_json::Value;
use xstore_manifest::{Error, Manifest, Unverified};

use crate::random::Dice;
use crate::{random, sample};

proptest! {
    #[test]
    fn signed_bodies_come_back(body in random::body()) {
        let ring = sample::ring(1);
        let keys = ring.current().unwrap();
        let signed = body.clone().sign(keys).unwrap();
        let text = signed.to_json();
        let read = Manifest::from_json(&text, &ring).unwrap();
        prop_assert_eq!(&read, &signed);
        prop_assert_eq!(read.to_json(), text.clone());
        prop_assert_eq!((read.body(), read.key_id(), read.length()), (&body, keys.id(), body.length()));
        prop_assert_eq!(read.into_body(), body.clone());

        let unverified = Unverified::parse(&text).unwrap();
        prop_assert_eq!((unverified.body(), unverified.key_id()), (&body, keys.id()));
        prop_assert_eq!(unverified.length(), body.length());
        prop_assert_eq!(unverified.verify(&ring).unwrap(), signed);
    }

    #[test]
    fn white_space_order_and_escapes_are_free(body in random::body(), seed in any::<u64>()) {
        let ring = sample::ring(1);
        let signed = body.sign(ring.current().unwrap()).unwrap();
        let value: Value = serde_json::from_slice(&signed.to_json()).unwrap();
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        let mut dressed = String::new();
        dress(&value, &mut Dice(seed), &mut dressed);
        for text in [pretty, dressed.into_bytes()] {
            let read = Manifest::from_json(&text, &ring);
            // The dressing may make it longer than the format allows.
            if let Err(Error::TooLong { .. }) = read {
                prop_assert!(text.len() > 64 << 10);
                continue;
            }
            prop_assert_eq!(read.unwrap(), signed.clone());
        }
    }
}

/// Writes a value with random white space, order of members and escapes.
fn dress(value: &Value, dice: &mut Dice, out: &mut String) {
    space(dice, out);
    match value {
        Value::String(text) => quote(text, dice, out),
        Value::Array(entries) => {
            out.push('[');
            for (place, entry) in entries.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                dress(entry, dice, out);
            }
            space(dice, out);
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_cached_key(|_| dice.next());
            out.push('{');
            for (place, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                space(dice, out);
                quote(name, dice, out);
                space(dice, out);
                out.push(':');
                dress(value, dice, out);
            }
            space(dice, out);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
    space(dice, out);
}

fn space(dice: &mut Dice, out: &mut String) {
    for _ in 0..dice.next() % 3 {
        out.push(*dice.pick(&[' ', '\t', '\n', '\r']));
    }
}

fn quote(text: &str, dice: &mut Dice, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let must = matches!(character, '\0'..='\u{1f}' | '"' | '\\');
        if character == '/' && dice.next().is_multiple_of(2) {
            out.push_str("\\/");
        } else if must || dice.next().is_multiple_of(8) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let upper = dice.next().is_multiple_of(2);
                out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

#[test]
fn a_manifest_goes_through_revisions() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let first = sample::body(keys).sign(keys).unwrap();
    // The fields are at hand without `body()`.
    assert_eq!(first.parts[0].shares[1].as_ref().unwrap().backend.as_str(), "azure-1");

    let mut body = Manifest::from_json(&first.to_json(), &ring).unwrap().into_body();
    body.revision += 1;
    body.parts[1].past.clear();
    body.parts[1].shares[1] = Some(sample::share(keys, sample::sharing(1), 1, "azure-1"));
    body.state = xstore_manifest::State::Committed;
    let second = body.sign(keys).unwrap();
    assert_ne!(second, first);
    assert_eq!(Manifest::from_json(&second.to_json(), &ring).unwrap().revision, 8);
}

#[test]
fn what_is_too_long_to_read_is_not_signed() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    // 2 parts of 3 entries: 64 KiB + 8 KiB.
    let limit = (64 << 10) + (8 << 10);
    let mut body = sample::body(keys);
    body.ext.clear();
    for number in 10..27 {
        body.ext.insert(format!("note-{number}"), "x".repeat(4096));
    }
    body.ext.insert("note-99".into(), String::new());
    let filler = limit - body.clone().sign(keys).unwrap().to_json().len();
    assert!(filler < 4095, "the sample must come close to the limit, {filler} bytes are left");

    body.ext.insert("note-99".into(), "x".repeat(filler));
    let longest = body.clone().sign(keys).unwrap().to_json();
    assert_eq!(longest.len(), limit);
    assert!(Manifest::from_json(&longest, &ring).is_ok());
    // One byte of white space more is too much to read, one byte of content too much to sign.
    let longer = [longest.as_slice(), b" "].concat();
    let refused = Error::TooLong { length: limit + 1, limit };
    assert_eq!(Manifest::from_json(&longer, &ring), Err(refused.clone()));
    body.ext.insert("note-99".into(), "x".repeat(filler + 1));
    assert_eq!(body.sign(keys), Err(refused));
}
