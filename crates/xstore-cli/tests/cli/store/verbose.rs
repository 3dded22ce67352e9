//! What is shown while a command works.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Shop, URLS, payload};

fn shop() -> Shop {
    Shop::over("2-of-3", URLS, "part-size = \"64KiB\"\nwrite-quorum = 2")
}

#[test]
fn a_line_per_event() {
    let shop = shop();
    shop.stage.write("file", payload(100_000, 1));
    let ran = shop.run("put file -v --manifest m.json").succeeds();
    for line in [
        "put: pending",
        "put: red, share 0 of part 0: uploading, ",
        "put: blue, share 1 of part 1: uploading, ",
        "put: green, share 2 of part 1: complete, ",
        "put: complete, ",
    ] {
        assert!(ran.err.lines().any(|found| found.starts_with(line)), "no `{line}` in: {}", ran.err);
    }
    let rates = ran.err.lines().filter(|line| line.contains(": complete, ") && line.contains("share"));
    assert!(rates.clone().count() == 6 && rates.clone().all(|line| line.ends_with(" MB/s")), "{}", ran.err);
    // The result is the same as without.
    assert!(ran.text().starts_with("file: 97.7 KiB in 2 parts, "), "{}", ran.text());
    let ran = shop.run("get -v --manifest m.json --output o").succeeds();
    ran.mentions("get: pending\n").mentions(": downloading, ").mentions("\nget: complete, 97.7 KiB");
    let ran = shop.run("verify -v --manifest m.json").succeeds();
    ran.mentions("\nverify: green, share 2 of part 1: complete, ");
    let ran = shop.run("rm -v --manifest m.json").succeeds();
    ran.mentions("\ndelete: red, share 0 of part 0: complete\n");
}

#[test]
fn failures_and_retries_are_told() {
    let shop = shop();
    shop.stage.write("file", "x");
    shop.take("green");
    let ran = shop.run("put file -v --manifest m.json").exits(6);
    ran.mentions("\nput: green, share 2 of part 0: failed (BACKEND_UNAVAILABLE)");
}

/// Each line is a JSON document, also the error at the end; the report is on standard output.
#[test]
fn events_as_json() {
    let shop = shop();
    shop.stage.write("file", payload(100_000, 2));
    let ran = shop.run("put file -v --json --manifest m.json").succeeds();
    assert_eq!(ran.json()["parts"], 2);
    let events: Vec<Value> =
        ran.err.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let mut members: Vec<&String> = events[0].as_object().expect("an object").keys().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "attempt",
            "backendId",
            "bytes",
            "code",
            "elapsed",
            "event",
            "lagged",
            "part",
            "share",
            "shares",
            "status",
            "terminal",
            "totalBytes",
        ]
    );
    assert_eq!(
        [&events[0]["status"], &events[0]["terminal"]],
        [&Value::from("pending"), &Value::from(false)]
    );
    let last = events.last().expect("an end");
    assert_eq!([&last["status"], &last["terminal"]], [&Value::from("complete"), &Value::from(true)]);
    let mut complete: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for event in events.iter().filter(|event| event["status"] == "complete" && event["share"].is_u64()) {
        let key = (event["part"].as_u64().expect("a part"), event["share"].as_u64().expect("a share"));
        *complete.entry(key).or_default() += 1;
    }
    assert_eq!(complete.len(), 6);
    assert!(complete.values().all(|count| *count == 1));
    let ran = shop.run("put file -v --json --manifest m.json").fails(1);
    let error: Value = serde_json::from_str(ran.err.trim_end()).expect("JSON");
    assert_eq!(error["error"]["code"], "MANIFEST_EXISTS");
    assert_eq!(ran.err.lines().count(), 1);
}

#[test]
fn what_the_libraries_trace() {
    let shop = shop();
    shop.take("green");
    let ran = shop.run("status -vv").exits(6);
    assert!(ran.err.contains("DEBUG") && ran.err.contains("green"), "{}", ran.err);
    let ran = shop.run("status -v").exits(6);
    assert_eq!(ran.err, "");
}

#[test]
fn nothing_at_all_where_nobody_looks() {
    let shop = shop().holding(payload(100_000, 3));
    let ran = shop.run("get --manifest m.json --output o").succeeds();
    assert_eq!(ran.err, "");
    let ran = shop.run("get --quiet --manifest m.json --output o --force").succeeds();
    assert_eq!((ran.text(), &*ran.err), ("", ""));
}
