//! `demo` proves the promise on the spot and leaves nothing behind.

use serde_json::Value;

use crate::support::{Stage, payload};

#[test]
fn it_passes_and_cleans_up() {
    let stage = Stage::bare();
    for length in [0, 1, 300_000, 9 << 20] {
        stage.write("file", payload(length, 1));
        let report = stage.run("demo file --dir . --json").succeeds().says("").json();
        assert_eq!(report["passed"], true, "{report}");
        assert_eq!(report["bytes"], length);
        let steps = report["steps"].as_array().expect("a list");
        assert!(steps.iter().all(|step| step["ok"] == true));
        let outcomes: Vec<&str> = steps[1..].iter().filter_map(|step| step["outcome"].as_str()).collect();
        assert_eq!(
            outcomes,
            ["same bytes", "same bytes", "same bytes", "same bytes; bad: b", "INSUFFICIENT_SHARES"]
        );
        assert_eq!(stage.names("."), ["file"]);
    }
}

#[test]
fn its_text_is_a_table() {
    let stage = Stage::bare();
    stage.write("file", payload(1000, 2));
    let ran = stage.run("demo file --dir .").succeeds();
    let rows = ran.text().lines().filter(|line| line.starts_with("ok   ")).count();
    assert_eq!(rows, 6, "{}", ran.text());
    assert!(!ran.text().contains("FAIL"));
}

#[test]
fn its_errors_name_the_place() {
    let stage = Stage::bare();
    stage.run("demo missing --dir .").fails_with(1, "SOURCE_FAILED").mentions("can't read missing: ");
    stage.write("file", "x");
    let error: Value = stage.run("demo file --dir nowhere --json").fails(1).error();
    assert_eq!(error["code"], "SINK_FAILED");
    assert_eq!(error["message"], "can't make a folder in nowhere");
    assert_eq!(stage.names("."), ["file"]);
}
