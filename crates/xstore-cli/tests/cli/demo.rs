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
        let told: Vec<(&str, i64)> = steps
            .iter()
            .map(|step| (step["step"].as_str().unwrap_or_default(), step["exit"].as_i64().unwrap_or(-1)))
            .collect();
        let expected = [
            ("set up the store", 0),
            ("put", 0),
            ("get", 0),
            ("get without red", 0),
            ("get with a changed share, too", 3),
            ("verify after both are restored", 0),
            ("get", 0),
            ("rm", 0),
        ];
        assert_eq!(told, expected);
        assert!(steps.iter().all(|step| step["ok"] == true));
        assert_eq!(stage.names("."), ["file"]);
    }
}

#[test]
fn its_text_shows_what_was_typed_and_ends_with_a_table() {
    let stage = Stage::bare();
    stage.write("file", payload(1000, 2));
    let ran = stage.run("demo file --dir .").succeeds();
    let rows = ran.text().lines().filter(|line| line.starts_with("ok   ")).count();
    assert_eq!(rows, 8, "{}", ran.text());
    assert!(!ran.text().contains("FAIL"));
    let typed: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("$ xstore ")).collect();
    assert_eq!(typed.len(), 8, "{}", ran.err);
    assert!(ran.err.contains("error[INSUFFICIENT_SHARES]"), "{}", ran.err);
}

#[test]
fn it_can_keep_its_folder() {
    let stage = Stage::bare();
    stage.write("file", payload(1000, 3));
    let report = stage.run("demo file --dir . --keep --json").succeeds().json();
    let folder = report["folder"].as_str().expect("a path").to_owned();
    assert!(
        std::path::Path::new(&folder).join("xstore.toml").exists()
            || stage.has(format!("{folder}/xstore.toml"))
    );
}

#[test]
fn its_errors_name_the_place() {
    let stage = Stage::bare();
    stage.run("demo missing --dir .").fails_with(1, "SOURCE_FAILED").mentions("can't read missing: ");
    stage.write("file", "x");
    let error: Value = stage.run("demo file --dir nowhere --json").fails(1).error();
    assert_eq!(error["code"], "SINK_FAILED");
    assert_eq!(error["message"], "can't make a folder in nowhere");
    stage.run("demo . --dir .").fails(2);
    assert_eq!(stage.names("."), ["file"]);
}
