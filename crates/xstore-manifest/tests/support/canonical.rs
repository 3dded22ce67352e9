//! A naive canonicalizer of any JSON value, written from RFC 8785 and not from the crate, and a signer over it that
//! signs invalid manifests too.

use serde_json::{Value, json};
use xstore_keys::Keys;

/// RFC 8785 for values without fractions: members sorted by UTF-16 units, shortest escapes.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => {
            number.as_u64().expect("only unsigned integers are canonicalized").to_string()
        }
        Value::String(text) => quote(text),
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.encode_utf16().collect::<Vec<u16>>());
            let members =
                sorted.into_iter().map(|(name, value)| format!("{}:{}", quote(name), canonical(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// A JSON string with the escapes of RFC 8785.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{9}' => quoted.push_str("\\t"),
            '\u{a}' => quoted.push_str("\\n"),
            '\u{c}' => quoted.push_str("\\f"),
            '\u{d}' => quoted.push_str("\\r"),
            '\u{0}'..='\u{1f}' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Puts the right `integrity` into a manifest, valid or not.
pub(crate) fn seal(manifest: &mut Value, keys: &Keys) {
    manifest["integrity"] = json!({ "keyId": keys.id().to_string() });
    let tag = keys.manifest().tag(&[canonical(manifest).as_bytes()]).into_bytes();
    let digits: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    manifest["integrity"]["hmac"] = json!(digits);
}
