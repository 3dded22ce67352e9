//! `--json`: one document, on standard output (or beside a payload that goes there), with these members.

use serde_json::{Value, json};

use crate::support::{Object, Stage, payload};

/// The members of an object, sorted.
#[track_caller]
fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn of_split() {
    let stage = Stage::new();
    stage.write("file", payload(50_000, 1));
    let ran = stage
        .run("split file --json --threshold 2-of-3 --into a b ./c --manifest m.json --part 20000 --name doc")
        .succeeds()
        .says("");
    let report = ran.json();
    assert_eq!(
        members(&report),
        ["bytes", "folders", "manifest", "name", "object", "parts", "seconds", "threshold"]
    );
    assert_eq!(report["bytes"], 50_000);
    assert_eq!(report["manifest"], "m.json");
    assert_eq!(report["name"], "doc");
    assert_eq!(report["object"].as_str().map(str::len), Some(32));
    assert_eq!(report["parts"], 3);
    assert_eq!(report["threshold"], "2-of-3");
    assert!(report["seconds"].is_f64());
    let bytes = report["folders"][0]["bytes"].clone();
    assert_eq!(
        report["folders"],
        json!([
            { "path": "a", "backendId": "a", "index": 0, "bytes": bytes },
            { "path": "b", "backendId": "b", "index": 1, "bytes": bytes },
            { "path": "./c", "backendId": "c", "index": 2, "bytes": bytes },
        ])
    );
    let manifest: Value = serde_json::from_slice(&stage.read("m.json")).expect("JSON");
    let stored: u64 = (0..3)
        .map(|part| {
            let key = manifest["parts"][part]["shares"][0]["key"].as_str().expect("a key");
            stage.path("a").join(key).metadata().expect("a share").len()
        })
        .sum();
    assert_eq!(bytes, stored);
}

#[test]
fn of_join() {
    let object = Object::new(2, 3, payload(50_000, 2), "--part 20000");
    object.remove(1, 2);
    object.flip(0, 2, 3);
    let ran = object.join("f0 f1 f2").succeeds();
    let report = ran.json();
    assert_eq!(
        members(&report),
        ["allGood", "bytes", "folders", "name", "object", "parts", "seconds", "threshold"]
    );
    assert_eq!(report["object"], object.manifest["object"]);
    assert_eq!(report["bytes"], 50_000);
    assert_eq!(report["parts"], 3);
    assert_eq!(report["allGood"], false);
    assert_eq!(
        report["folders"][0],
        json!({
            "path": "f0", "state": "good", "indexes": [0], "goodParts": 3, "codes": [], "problems": [],
            "moreProblems": 0,
        })
    );
    assert_eq!(
        report["folders"][2],
        json!({
            "path": "f2",
            "state": "bad",
            "indexes": [2],
            "goodParts": 1,
            "codes": ["SHARE_INTEGRITY_FAILED", "SHARE_NOT_FOUND"],
            "problems": [
                "part 0: this is not an xStore share: it doesn't begin with \"xStoreSh\"",
                "1 of 3 parts are missing",
            ],
            "moreProblems": 0,
        })
    );
}

#[test]
fn of_join_to_standard_output_stands_beside_it() {
    let object = Object::new(2, 3, payload(5000, 3), "");
    object.remove(0, 2);
    let ran = object.stage.run("join --json --manifest m.json --from f0 f1 f2 --output -").succeeds();
    assert!(ran.out == object.data);
    let report: Value = serde_json::from_str(&ran.err).expect("standard error is one JSON document");
    assert_eq!(report["folders"][2]["codes"], json!(["SHARE_NOT_FOUND"]));
}

#[test]
fn of_keys() {
    let stage = Stage::bare();
    let first = stage.run("key new --json").succeeds().json();
    let today = first[0]["changed"].as_str().expect("a date").to_owned();
    assert_eq!(today.len(), "2026-01-31".len());
    assert_eq!(members(&first[0]), ["changed", "keyId", "state"]);
    let rotated = stage.run("key new --rotate --json").succeeds().json();
    assert_eq!(rotated[0]["keyId"], first[0]["keyId"]);
    assert_eq!([&rotated[0]["state"], &rotated[1]["state"]], ["retired", "current"]);
    assert_eq!(stage.run("key list --json").succeeds().json(), rotated);
    let id = rotated[0]["keyId"].as_str().expect("hex");
    let revoked = stage.run(&format!("key revoke {id} --json")).succeeds().json();
    assert_eq!(revoked[0]["state"], "revoked");
}

#[test]
fn of_an_error() {
    let stage = Stage::new();
    let ran = stage.run("split missing --json --threshold 2-of-2 --into a b --manifest m.json").fails(1);
    let error = ran.error();
    assert_eq!(members(&error), ["causes", "code", "exit", "help", "message"]);
    assert_eq!(error["code"], "SOURCE_FAILED");
    assert_eq!(error["exit"], 1);
    assert_eq!(error["message"], "can't read missing");
    assert_eq!(error["causes"].as_array().map(Vec::len), Some(1));
    assert_eq!(error["help"], "check the path");
    let object = Object::new(2, 2, b"x".to_vec(), "");
    assert_eq!(members(&object.join("f0").fails(3).error()), ["code", "details", "exit", "help", "message"]);
    let error = stage.run("key list --json --key-file missing.key").fails(5).error();
    assert_eq!([&error["code"], &error["help"]], ["KEY_UNAVAILABLE", "make a key first: xstore key new"]);
}

#[test]
fn of_what_the_argument_parser_refuses() {
    let stage = Stage::new();
    for (arguments, problem) in [
        ("split file --json --threshold 1-of-3 --into a b c --manifest m.json", "threshold 1 is below 2"),
        ("--json store", "unrecognized subcommand"),
        ("join --json", "required arguments"),
    ] {
        let error = stage.run(arguments).fails(2).error();
        assert_eq!([&error["code"], &error["exit"]], [&json!("USAGE"), &json!(2)]);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(problem)), "{error}");
    }
}

#[test]
fn of_wrong_usage() {
    let stage = Stage::new();
    for arguments in
        ["split --json", "split x --json --threshold 1-of-3 --into a b c --manifest m", "nothing --json"]
    {
        let error = stage.run(arguments).fails(2).error();
        assert_eq!([&error["code"], &error["exit"]], [&json!("USAGE"), &json!(2)]);
    }
}

#[test]
fn the_option_may_stand_anywhere() {
    let object = Object::new(2, 2, b"x".to_vec(), "");
    for arguments in ["--json key list", "key --json list", "key list --json"] {
        assert!(object.stage.run(arguments).succeeds().json().is_array());
    }
    // What was asked for is printed, quiet or not.
    assert!(object.stage.run("-q --json inspect m.json").succeeds().json().is_object());
    assert_eq!(object.stage.run("-q inspect m.json").succeeds().text(), "");
}
