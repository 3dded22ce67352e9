//! What is written is RFC 8785, whatever the content.

use proptest::prelude::*;
use serde_json::Value;

use crate::canonical::{canonical, seal};
use crate::{random, sample};

proptest! {
    #[test]
    fn written_bytes_are_those_of_an_independent_canonicalizer(body in random::body()) {
        let ring = sample::ring(1);
        let text = body.sign(ring.current().unwrap()).unwrap().to_json();
        let mut value: Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(std::str::from_utf8(&text).unwrap(), canonical(&value));

        // The tag too: the other one is computed over the other canonicalizer's bytes.
        let hmac = value["integrity"]["hmac"].clone();
        seal(&mut value, ring.current().unwrap());
        prop_assert_eq!(&value["integrity"]["hmac"], &hmac);
    }
}

#[test]
fn every_escape_and_no_other() {
    let ring = sample::ring(1);
    let mut body = sample::body(ring.current().unwrap());
    let text: String = ('\0'..='\u{23}').chain("/\\\u{7f}\u{80}\u{2028}\u{ffff}\u{1f600}".chars()).collect();
    body.ext.insert("all".into(), text);
    let text = String::from_utf8(body.sign(ring.current().unwrap()).unwrap().to_json()).unwrap();
    let expected = concat!(
        r#""all":"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
        r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f",
        " !\\\"#/\\\\\u{7f}\u{80}\u{2028}\u{ffff}\u{1f600}\","
    );
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_whole_text_of_the_sample() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let manifest = sample::body(keys).sign(keys).unwrap();
    let text = String::from_utf8(manifest.to_json()).unwrap();
    let members = [
        "{\"created\":\"2026-02-28T23:59:59.999Z\",\"ext\":{\"app.note\":\"tab\\t, quote \\\", backslash \\\\, \\u0001 and \u{1f600}\",\"empty\":\"\"},",
        "\"generation\":3,\"integrity\":{\"hmac\":\"",
        &format!("\"keyId\":\"{}\"}},\"key\":\"doc-001/\u{e9}\",\"length\":1012,", keys.id()),
        "\"object\":\"6f626a6563742030313233343536ff00\",\"origin\":\"put\",\"p\":3,\"part\":1000,",
        "\"parts\":[{\"bytes\":1002,\"past\":[],\"shares\":[{\"backendId\":\"s3.eu_west-1\",\"hmac\":\"",
        "}],\"sharing\":\"73686172696e67206e756d6265722e00\",\"trailer\":512},",
        "{\"bytes\":10,\"past\":[{\"backendId\":\"old-disk\",\"index\":0},{\"backendId\":\"azure-1\",\"index\":1},",
        "{\"backendId\":\"gcs-2\",\"index\":1}],\"shares\":[{",
        "},null,{\"backendId\":\"disk\",",
        "\"trailer\":1024}],\"revision\":7,\"segment\":512,\"state\":\"degraded\",\"suite\":1,",
        "\"threshold\":{\"k\":2,\"n\":3},\"ttl\":86400,\"version\":1}",
    ];
    let mut rest = text.as_str();
    for member in members {
        let at = rest.find(member).unwrap_or_else(|| panic!("{member} isn't in {rest}"));
        rest = &rest[at + member.len()..];
    }
    assert_eq!(rest, "");
}
