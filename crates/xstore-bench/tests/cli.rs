//! The program as it is run: arguments, exit codes, and both forms of output.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xstore-bench")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

#[test]
fn help_is_printed_and_nothing_measured() {
    let output = run(&["--quick", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("Measures") && output.stderr.is_empty());
}

#[test]
fn wrong_arguments_are_told_and_end_in_2() {
    for (arguments, complaint) in [
        (&["--fast"][..], "unknown option `--fast`"),
        (&["--quick", "no such case"], "no case has `no such case`"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(complaint), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn json_holds_what_was_asked_for_and_where_it_ran() {
    let output = run(&["--quick", "--json", "xorida/2-3/1KiB/split"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["host"]["kernel"], xorida_core::kernel_name());
    assert_eq!(report["quick"], true);
    let sections = report["sections"].as_array().unwrap();
    assert_eq!(sections.len(), 1);
    let rows = sections[0]["rows"].as_array().unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["xorida/2-3/1KiB/memcpy", "xorida/2-3/1KiB/split"]);
    assert!(rows[1]["gb_per_s"]["median"].as_f64().unwrap() > 0.0);
    assert_eq!(rows[1]["ratios"][0]["name"], "of memcpy");
}

#[test]
fn text_has_a_table_for_people() {
    let output = run(&["--quick", "part/2-3/1KiB/decode"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let text = text(&output.stdout);
    assert!(text.contains("XOR kernel") && text.contains("of hashing limit"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("  (2,3) decode")), "{text}");
    assert!(!text.contains("encode  "), "{text}");
}
