//! The README is the reference of the command: it leaves nothing out and promises nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Object, Stage, members, payload};

const README: &str = include_str!("../../README.md");

/// The text under a heading.
#[track_caller]
fn section(heading: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("\n## {heading}\n")).expect("the heading exists");
    rest.split("\n## ").next().unwrap_or_default()
}

/// Words of a text that begin with `--`.
fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '-');
    words.filter(|word| word.len() > 3 && word.starts_with("--") && !word.starts_with("---")).collect()
}

/// The names of all commands, as `--help` lists them.
fn commands(stage: &Stage) -> Vec<String> {
    let help = stage.run("--help").succeeds();
    let (_, list) = help.text().split_once("Commands:\n").expect("the help lists them");
    let names = list.lines().take_while(|line| !line.is_empty());
    // The lines of a long description are indented further.
    let names = names.filter_map(|line| {
        line.strip_prefix("  ")?.split_whitespace().next().filter(|_| !line.starts_with("   "))
    });
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_is_there() {
    let commands = commands(&Stage::bare());
    assert_eq!(commands.len(), 19, "{commands:?}");
    for command in commands {
        section(&format!("`xstore {command}`"));
    }
}

#[test]
fn every_option_of_every_command() {
    let stage = Stage::bare();
    let everywhere = options(section("For every command"));
    for command in commands(&stage) {
        let pages = match &*command {
            "key" => vec!["key", "key new", "key list", "key retire", "key revoke"],
            "config" => vec!["config", "config check"],
            other => vec![other],
        };
        let told = options(section(&format!("`xstore {command}`")));
        let help: Vec<_> = pages
            .iter()
            .map(|page| stage.run(&format!("{page} --help")).succeeds().text().to_owned())
            .collect();
        let offered: BTreeSet<&str> = help.iter().flat_map(|page| options(page)).collect();
        let missing: Vec<_> =
            offered.iter().filter(|o| !told.contains(*o) && !everywhere.contains(*o)).collect();
        assert!(missing.is_empty(), "the README leaves out {missing:?} of {command}");
        let invented: Vec<_> = told.difference(&offered).collect();
        assert!(invented.is_empty(), "{command} has no {invented:?}");
    }
}

#[test]
fn every_exit_code_and_every_code_with_its_exit() {
    let help = Stage::bare().run("--help").succeeds();
    let (_, listed) = help.text().split_once("Exit codes: ").expect("the help lists them");
    let of_help: Vec<&str> = listed.split(';').filter_map(|item| item.split_whitespace().next()).collect();
    let rows = section("Exit codes").lines().filter_map(|line| line.strip_prefix("| "));
    let told: Vec<&str> = rows.filter_map(|row| row.split(' ').next()).skip(1).collect();
    assert_eq!(told, of_help);
    for row in section("Codes").lines().filter(|line| line.starts_with("| `")) {
        let exit = row.split(" | ").nth(1).expect("a column");
        assert!(exit == "–" || told.contains(&exit), "{row}");
    }
    for code in xstore::Code::ALL {
        assert!(section("Codes").contains(&format!("`{code}`")), "the README leaves out {code}");
    }
}

#[test]
fn every_member_of_every_report() {
    let object = Object::new(2, 3, payload(1000, 1), "");
    let examples: Vec<Value> = section("JSON")
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(|text| serde_json::from_str(text).expect("an example is JSON"))
        .collect();
    let stage = &object.stage;
    let split = stage.run("split file --json --threshold 2-of-3 --into a b c --manifest n.json");
    let share = format!("inspect --json f0/{}", object.key(0, 0));
    let error: Value = serde_json::from_str(&object.join("f0").err).expect("JSON");
    let reports = [
        error,
        split.succeeds().json(),
        object.joins("f0 f1 f2").0,
        stage.run(&share).succeeds().json(),
        stage.run("inspect --json m.json").succeeds().json(),
        stage.run("key list --json").succeeds().json(),
        stage.run("demo file --dir . --json --keep").succeeds().json(),
    ];
    assert_eq!(examples.len(), reports.len());
    for (example, mut report) in examples.iter().zip(reports) {
        // This error had no cause.
        if let Some(error) = report.get_mut("error") {
            error["causes"] = Value::Null;
        }
        let (mut told, mut found) = (BTreeSet::new(), BTreeSet::new());
        members(example, "", &mut told);
        members(&report, "", &mut found);
        assert_eq!(told, found, "{report}");
    }
}
