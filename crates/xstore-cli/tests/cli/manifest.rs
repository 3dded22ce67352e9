//! The manifest: changed, cut off, exchanged, expired, of another name.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Object, payload};

const INVALID: &str = "MANIFEST_INVALID";

/// Writes a changed manifest in the place of the intact one, and joins with it.
#[track_caller]
fn refused(object: &Object, exit: i32, code: &str, text: impl AsRef<[u8]>) -> Value {
    object.stage.write("m.json", text);
    let error = object.refuses("f0 f1 f2", exit, code);
    assert_eq!(error["exit"], exit);
    assert!(error["message"].as_str().is_some_and(|message| message.contains("m.json")), "{error}");
    error
}

#[test]
fn every_member_is_authenticated() {
    let object = Object::new(2, 3, payload(50_000, 1), "--part 20000 --ttl 30d");
    let parts = object.manifest["parts"].clone();
    let other_id = |id: &Value| {
        let id = id.as_str().expect("hex");
        json!(format!("{}{}", if id.starts_with('0') { '1' } else { '0' }, &id[1..]))
    };
    let swapped = {
        let mut parts = parts.clone();
        parts.as_array_mut().expect("a list").swap(0, 1);
        parts
    };
    let changes: Vec<(&str, Value)> = vec![
        ("/created", json!("2020-01-01T00:00:00.000Z")),
        ("/ext", json!({ "note": "x" })),
        ("/generation", json!(2)),
        ("/integrity/hmac", other_id(&object.manifest["integrity"]["hmac"])),
        ("/key", json!("another")),
        ("/length", json!(object.manifest["length"].as_u64().expect("a number") + 2)),
        ("/object", other_id(&object.manifest["object"])),
        ("/origin", json!("recover")),
        ("/p", json!(5)),
        ("/part", json!(20_001)),
        ("/revision", json!(2)),
        ("/segment", json!(65_500)),
        ("/state", json!("degraded")),
        ("/suite", json!(2)),
        ("/threshold/k", json!(3)),
        ("/threshold/n", json!(2)),
        ("/ttl", json!(null)),
        ("/ttl", json!(2)),
        ("/version", json!(2)),
        ("/parts", swapped),
        ("/parts/0/bytes", json!(20_000)),
        ("/parts/2/bytes", json!(10_000)),
        ("/parts/0/past", json!([{ "backendId": "z", "index": 0 }])),
        ("/parts/0/sharing", other_id(&parts[0]["sharing"])),
        ("/parts/0/trailer", json!(546)),
        ("/parts/0/shares/0", json!(null)),
        ("/parts/0/shares/0/backendId", json!("elsewhere")),
        ("/parts/0/shares/0/hmac", other_id(&parts[0]["shares"][0]["hmac"])),
        ("/parts/0/shares/0/index", json!(1)),
        ("/parts/0/shares/0/key", parts[0]["shares"][1]["key"].clone()),
        ("/parts/0/shares/0/keyId", other_id(&parts[0]["shares"][0]["keyId"])),
    ];
    for (at, value) in changes {
        let mut changed = object.manifest.clone();
        let place = changed.pointer_mut(at).expect("the member exists");
        assert_ne!(*place, value, "{at}");
        *place = value;
        refused(&object, 4, INVALID, changed.to_string());
    }
    let members = object.manifest.as_object().expect("an object");
    for name in members.keys() {
        let mut changed = members.clone();
        changed.remove(name);
        refused(&object, 4, INVALID, Value::from(changed).to_string());
    }
    let mut longer = members.clone();
    longer.insert("note".to_owned(), json!("x"));
    let error = refused(&object, 4, INVALID, Value::from(longer).to_string());
    assert!(error.to_string().contains("unknown member"), "{error}");
    // A key that isn't in the ring says nothing about tampering.
    let mut changed = object.manifest.clone();
    changed["integrity"]["keyId"] = other_id(&changed["integrity"]["keyId"]);
    refused(&object, 5, "KEY_UNAVAILABLE", changed.to_string());
}

#[test]
fn white_space_and_order_are_free() {
    let object = Object::new(2, 3, payload(1000, 2), "");
    object.stage.write("m.json", serde_json::to_string_pretty(&object.manifest).expect("JSON"));
    object.joins("f0 f1").all_good();
    let members = object.manifest.as_object().expect("an object");
    let backwards: Vec<String> =
        members.iter().rev().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    object.stage.write("m.json", format!(" {{{}}}\n", backwards.join(" ,\t")));
    object.joins("f0 f1").all_good();
}

#[test]
fn what_is_no_manifest_is_refused() {
    let object = Object::new(2, 3, payload(1000, 3), "");
    let text = object.manifest.to_string();
    for cut in [0, 1, text.len() / 2, text.len() - 1] {
        refused(&object, 4, INVALID, &text[..cut]);
    }
    for other in ["[]", "null", "{}", "not JSON", "\u{feff}{}", "{\"version\":1,\"version\":1}"] {
        refused(&object, 4, INVALID, other);
    }
    refused(&object, 4, INVALID, format!("{text}{text}"));
    refused(&object, 4, INVALID, b"\xff\xfe\x00");
    refused(&object, 4, INVALID, "[".repeat(200_000));
    let share = fs::read(object.share(0, 0)).expect("a share");
    refused(&object, 4, INVALID, share);
}

#[test]
fn a_manifest_that_cannot_be_read() {
    let object = Object::new(2, 3, payload(1000, 4), "");
    for name in ["missing.json", "f0", "missing/m.json", "file/m.json"] {
        let join = format!("join --manifest {name} --from f0 f1 --output out");
        object
            .stage
            .run(&join)
            .fails_with(1, "SOURCE_FAILED")
            .mentions(&format!("can't read the manifest {name}: "));
        assert!(!object.stage.has("out"));
    }
}

#[test]
fn the_manifest_of_another_object() {
    let object = Object::new(2, 3, payload(1000, 5), "");
    object.stage.write("other", payload(1000, 6));
    object.stage.run("split other --threshold 2-of-3 --into g0 g1 g2 --manifest o.json").succeeds();
    object.stage.write("m.json", object.stage.read("o.json"));
    let error = object.refuses("f0 f1 f2", 3, "INSUFFICIENT_SHARES");
    assert_eq!(error["details"][1], "f1: holds no share of this object");
}

#[test]
fn an_object_expires() {
    let object = Object::new(2, 3, payload(1000, 7), "--ttl 1");
    sleep(Duration::from_millis(1100));
    let error = object.refuses("f0 f1 f2", 4, "MANIFEST_EXPIRED");
    assert_eq!(error["help"], "its time to live is over");
    // Looking at it is still allowed.
    assert_eq!(object.stage.run("inspect --json m.json").succeeds().json()["ttl"], 1);
}

#[test]
fn times_to_live_are_seconds_or_have_a_unit() {
    for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("30d", 2_592_000)] {
        let object = Object::new(2, 2, b"x".to_vec(), &format!("--ttl {text}"));
        assert_eq!(object.manifest["ttl"], seconds);
        object.joins("f0 f1").all_good();
    }
}

#[test]
fn the_name_that_is_wanted_must_be_the_one_that_it_has() {
    let object = Object::new(2, 3, payload(1000, 8), "--name doc-001");
    assert_eq!(object.manifest["key"], "doc-001");
    let join = |name: &str| {
        object.stage.run(&format!("join --manifest m.json --from f0 f1 --output out --name {name}"))
    };
    join("doc-002").fails_with(4, INVALID).mentions("another name");
    assert!(!object.stage.has("out"));
    let ran = join("doc-001").succeeds();
    assert!(ran.text().starts_with("doc-001: "), "{}", ran.text());
}

#[test]
fn a_manifest_is_private_and_whole() {
    let object = Object::new(2, 3, payload(1000, 9), "");
    let text = String::from_utf8(object.stage.read("m.json")).expect("UTF-8");
    // What serde_json prints of sorted members without white space is the canonical form of these values.
    assert_eq!(text, object.manifest.to_string());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(&object.stage.path("m.json")), 0o600);
        assert_eq!(mode(&object.share(0, 0)), 0o600);
        object.joins("f0 f1");
        assert_eq!(mode(&object.stage.path("out")), 0o600);
    }
}
