//! `inspect`: what it shows, what it never shows, and what it makes of damaged or other files.

use std::fs;

use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::support::{Object, payload};

#[test]
fn a_share_says_what_its_header_says() {
    let object = Object::new(3, 5, payload(200_000, 1), "");
    let length = fs::metadata(object.share(0, 4)).expect("a share").len();
    let path = format!("f4/{}", object.key(0, 4));
    let report = object.stage.run(&format!("inspect --json {path}")).succeeds().json();
    assert_eq!(
        report,
        json!({
            "kind": "share",
            "format": 1,
            "suite": 1,
            "k": 3,
            "p": 5,
            "index": 4,
            "segment": object.manifest["segment"],
            "trailer": object.manifest["parts"][0]["trailer"],
            "keyId": object.manifest["integrity"]["keyId"],
            "length": length,
            "dataSegments": 4,
            "paddedBytes": object.manifest["length"],
            "verified": false,
        })
    );
    let text = object.stage.run(&format!("inspect {path}")).succeeds().says("");
    assert!(text.text().starts_with("share 4 of a part (format 1, suite 1: XorIDA, threshold 3, p 5)\n"));
    assert!(text.text().contains("only a join with the manifest and the key verifies a share"));
}

#[test]
fn a_manifest_says_what_it_lists() {
    let object = Object::new(2, 3, payload(50_000, 2), "--part 20000 --ttl 30d --name doc-001");
    let report = object.stage.run("inspect --json m.json").succeeds().json();
    let backend = |index: usize| json!({ "backendId": format!("f{index}"), "indexes": [index], "shares": 3 });
    assert_eq!(
        report,
        json!({
            "kind": "manifest",
            "name": "doc-001",
            "object": object.manifest["object"],
            "generation": 1,
            "revision": 1,
            "state": "committed",
            "origin": "put",
            "threshold": "2-of-3",
            "p": 3,
            "segment": object.manifest["segment"],
            "part": 20_000,
            "parts": 3,
            "storedLength": object.manifest["length"],
            "created": object.manifest["created"],
            "ttl": 2_592_000,
            "keyId": object.manifest["integrity"]["keyId"],
            "backends": [backend(0), backend(1), backend(2)],
            "authentic": "yes",
        })
    );
    let text = object.stage.run("inspect m.json").succeeds().says("");
    assert!(text.text().starts_with("manifest of doc-001 (generation 1, revision 1)\n"));
    assert!(text.text().contains("\nauthentic  yes\n"));
}

/// Every spelling of bytes that might have been printed.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let hex = HEXLOWER.encode(bytes);
    vec![hex.to_uppercase(), hex, BASE64.encode(bytes), BASE32_NOPAD.encode(bytes), format!("{bytes:?}")]
}

#[test]
fn nothing_that_must_not_leave_a_share_is_printed() {
    let object = Object::new(2, 3, payload(1000, 3), "--name n");
    let share = fs::read(object.share(0, 1)).expect("a share");
    let end = share.len();
    // Masked sharing id, salt, header tag, a body, its tag, the trailer's tag, the share end.
    let hidden = [
        &share[48..64],
        &share[64..80],
        &share[80..96],
        &share[96..112],
        &share[112..128],
        &share[128..144],
        &share[128 + 1034..128 + 1050],
        &share[end - 64..end - 48],
        &share[end - 32..end - 16],
        &share[end - 16..],
    ];
    let path = format!("f1/{}", object.key(0, 1));
    object.stage.write("cut", &share[..end - 7]);
    let mut commands = vec![format!("inspect {path}"), "inspect m.json".to_owned(), "inspect cut".to_owned()];
    commands.push("join --manifest m.json --from f1 --output out".to_owned());
    object.stage.write("x.key", "");
    for command in commands {
        for json in ["", " --json"] {
            let ran = object.stage.run(&format!("{command}{json}"));
            let printed = format!("{}{}", ran.text(), ran.err);
            assert!(!printed.is_empty());
            for bytes in hidden {
                for spelling in spellings(bytes) {
                    assert!(!printed.contains(&spelling), "{command}: {spelling} in {printed}");
                }
            }
            let pinned = object.manifest["parts"][0]["shares"][1]["hmac"].as_str().expect("hex");
            let signed = object.manifest["integrity"]["hmac"].as_str().expect("hex");
            assert!(!printed.contains(&pinned[..16]) && !printed.contains(&signed[..16]), "{printed}");
        }
    }
}

#[test]
fn a_damaged_share_is_refused_where_its_header_shows_it() {
    let object = Object::new(2, 3, payload(1000, 4), "");
    let share = fs::read(object.share(0, 0)).expect("a share");
    let refused = |bytes: &[u8], code: &str| {
        object.stage.write("changed", bytes);
        object.stage.run("inspect changed").fails_with(4, code).mentions("changed");
    };
    for length in [8, 64, 127, 128, 200] {
        refused(&share[..length], "SHARE_INTEGRITY_FAILED");
    }
    for (offset, code) in [
        (8, "SHARE_VERSION_MISMATCH"),
        (10, "SHARE_VERSION_MISMATCH"),
        (13, "SHARE_INTEGRITY_FAILED"),
        (15, "SHARE_INTEGRITY_FAILED"),
        (16, "SHARE_INTEGRITY_FAILED"),
        (20, "SHARE_INTEGRITY_FAILED"),
        (24, "SHARE_INTEGRITY_FAILED"),
    ] {
        let mut changed = share.clone();
        changed[offset] ^= 0x41;
        refused(&changed, code);
    }
    for (offset, value) in [(12, 0), (12, 1), (12, 4), (13, 9), (13, 0), (14, 3), (14, 255)] {
        let mut changed = share.clone();
        changed[offset] = value;
        refused(&changed, "SHARE_INTEGRITY_FAILED");
    }
}

#[test]
fn a_manifest_is_judged_as_far_as_the_keys_reach() {
    let object = Object::new(2, 3, payload(1000, 5), "");
    let authentic = |arguments: &str| -> Value {
        object.stage.run(&format!("inspect --json m.json {arguments}")).succeeds().json()["authentic"].clone()
    };
    assert_eq!(authentic(""), "yes");
    object.stage.run("key new -q --key-file other.key").succeeds();
    for arguments in ["--key-file other.key", "--key-file missing.key"] {
        let told = authentic(arguments);
        assert!(told.as_str().is_some_and(|told| told.starts_with("not checked: ")), "{told}");
    }
    object.stage.write("m.json", object.manifest.to_string().replace("\"revision\":1", "\"revision\":2"));
    object.stage.run("inspect m.json").fails_with(4, "MANIFEST_INVALID");
    assert_ne!(authentic("--key-file other.key"), "yes");
    object.stage.write("m.json", "{\"version\":1}");
    object.stage.run("inspect m.json").fails_with(4, "MANIFEST_INVALID");
}

#[test]
fn other_files_are_neither() {
    let object = Object::new(2, 3, b"x".to_vec(), "");
    object.stage.write("empty", "");
    object.stage.write("magic", "xStoreS");
    for file in ["file", "empty", "magic", "xstore.key"] {
        object
            .stage
            .run(&format!("inspect {file}"))
            .fails_with(4, "SHARE_INTEGRITY_FAILED")
            .mentions(&format!("{file} is neither a share nor a manifest"));
    }
    object.stage.run("inspect f0").fails_with(2, "USAGE").mentions("f0 is not a file");
    object.stage.run("inspect missing").fails_with(1, "SOURCE_FAILED").mentions("can't read missing: ");
}
