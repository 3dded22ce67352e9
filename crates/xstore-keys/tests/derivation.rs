//! `vectors/keys/derivation.json` and `vectors/keys/key-text.json`, which another program wrote.

use data_encoding::HEXLOWER;
use serde_json::Value;
use subtle::ConstantTimeEq;
use xstore_keys::{IntegrityKey, KeyError, Keys, MacKey, hkdf};

const DERIVATION: &str = include_str!("../../../vectors/keys/derivation.json");
const KEY_TEXT: &str = include_str!("../../../vectors/keys/key-text.json");

fn cases(json: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(json).expect("the vectors are JSON");
    file["cases"].as_array().expect("the vectors have cases").clone()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("no text {field} in {case}"))
}

fn bytes(case: &Value, field: &str) -> Vec<u8> {
    HEXLOWER.decode(text(case, field).as_bytes()).expect("the vectors are lower-case hex")
}

fn integrity_key(case: &Value) -> IntegrityKey {
    let bytes = bytes(case, "integrityKey").try_into().expect("an integrity key has 32 bytes");
    IntegrityKey::from_bytes(&bytes).expect("the key is a possible one")
}

#[test]
fn derivation() {
    let cases = cases(DERIVATION);
    assert!(cases.len() >= 6);
    for case in &cases {
        let key = integrity_key(case);
        let keys = Keys::derive(&key);
        assert_eq!(keys.share()[..], bytes(case, "share"), "{case}");
        assert_eq!(keys.payload()[..], bytes(case, "payload"), "{case}");
        assert_eq!(keys.hedge()[..], bytes(case, "hedge"), "{case}");
        assert_eq!(keys.id().as_bytes()[..], bytes(case, "keyId"), "{case}");
        assert_eq!(keys.id().to_string(), text(case, "keyId"));
        // These two come out as absorbed keys, so they are compared by what they do.
        for (field, mac) in [("manifest", keys.manifest()), ("name", keys.name())] {
            let expected = MacKey::new(&bytes(case, field)).tag(&[b"any message"]);
            assert!(mac.tag(&[b"any message"]).matches(expected.as_bytes()), "{field} of {case}");
        }
        assert_eq!(*key.to_text(), text(case, "keyText"));
        let read = IntegrityKey::from_text(text(case, "keyText")).expect("the text is valid");
        assert!(bool::from(read.ct_eq(&key)), "{case}");
    }
}

#[test]
fn intermediates() {
    for case in cases(DERIVATION) {
        let key = bytes(&case, "integrityKey");
        assert_eq!(
            MacKey::new(b"xStore/1/root").tag(&[&key]).into_bytes()[..],
            bytes(&case, "root"),
            "{case}"
        );
        let root = hkdf::extract(b"xStore/1/root", &key);
        for purpose in ["manifest", "share", "payload", "name", "hedge"] {
            let mut derived = [0; 32];
            root.expand(&[format!("xStore/1/{purpose}").as_bytes()], &mut derived);
            assert_eq!(derived[..], bytes(&case, purpose), "{purpose} of {case}");
        }
    }
}

#[test]
fn key_texts() {
    let cases = cases(KEY_TEXT);
    assert!(cases.len() >= 31);
    for case in &cases {
        let read = IntegrityKey::from_text(text(case, "text"));
        let outcome = match &read {
            Ok(_) => "ok",
            Err(KeyError::NotRandom) => "notRandom",
            Err(KeyError::Prefix) => "prefix",
            Err(KeyError::Length { .. }) => "length",
            Err(KeyError::Character { .. }) => "character",
            Err(KeyError::Checksum) => "checksum",
            Err(KeyError::Padding) => "padding",
            Err(other) => panic!("an outcome that no vector names: {other:?}"),
        };
        assert_eq!(outcome, text(case, "expect"), "{}", text(case, "name"));
        if let Ok(key) = read {
            assert!(bool::from(key.ct_eq(&integrity_key(case))));
        }
    }
}
