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

#[test]
fn memory_is_measured_in_a_process_of_its_own_and_no_file_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap();
    let output = run(&["--quick", "--json", "--dir", folder, "store/peak/2-3"]);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    if cfg!(target_os = "linux") {
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let peak = &report["peaks"][0];
        assert_eq!(peak["id"], "store/peak/2-3/64MiB");
        // Two parts of 8 MiB and their shares at least, and far from all of the data and its shares.
        let all = peak["all_mib"].as_f64().unwrap();
        assert!((40.0..200.0).contains(&all), "{all}");
        assert_eq!(report["floors"][0]["at_most"], 100.0);
    }
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let output = run(&["--quick", "--dir", "no such folder", "store/file"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("can't make a folder to work in"), "{}", text(&output.stderr));
}
