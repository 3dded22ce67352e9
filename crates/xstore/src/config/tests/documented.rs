//! `docs/configuration.md` says what the code does.

use super::*;
use crate::config::read::schema;
use std::collections::BTreeSet;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md"));

/// A table of fields: the heading above it, what its fields' paths begin with, and the fields of the code.
const TABLES: &[(&str, &str, &[&str])] = &[
    ("The store", "", schema::ROOT),
    ("`[[backend]]`", "backend", schema::BACKEND),
    ("Secrets", "secret", schema::SECRET),
    ("`[placement]`", "placement", schema::PLACEMENT),
    ("`[[placement.pin]]`", "placement.pin", schema::PIN),
    ("`[timeouts]`", "timeouts", schema::TIMEOUTS),
    ("`[retry]`", "retry", schema::RETRY),
    ("`[hedge]`", "hedge", schema::HEDGE),
    ("`[breaker]`", "breaker", schema::BREAKER),
    ("`[limits]`", "limits", schema::LIMITS),
];

/// Fields of the document itself that have a heading of their own in place of a row.
const HEADINGS: [&str; 7] = ["backend", "placement", "timeouts", "retry", "hedge", "breaker", "limits"];

/// The rows of the tables of fields below a heading: name and default.
fn rows(heading: &str) -> Vec<(&'static str, &'static str)> {
    let below = PAGE.split("\n## ").find_map(|part| part.strip_prefix(heading)?.strip_prefix('\n'));
    let below = below.unwrap_or_else(|| panic!("there is no heading {heading}"));
    let table = below.split_once("| Field | Value | Default | Meaning |\n").expect("a table of fields").1;
    let cells = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let row = |line: &'static str| {
        let cells: Vec<_> = line.split(" | ").collect();
        let [name, _, default, _] = cells[..] else { panic!("a row has four cells: {line}") };
        (name.trim_start_matches("| ").trim_matches('`'), default)
    };
    cells.map(row).collect()
}

fn code_blocks() -> Vec<&'static str> {
    let blocks = PAGE.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn every_field_is_documented_and_nothing_else() {
    for (heading, _, fields) in TABLES {
        let mut documented: BTreeSet<_> = rows(heading).into_iter().map(|(name, _)| name).collect();
        if *heading == "The store" {
            for name in HEADINGS {
                assert!(PAGE.contains(&format!("\n## `[{name}]`\n")) || name == "backend", "{name}");
                documented.insert(name);
            }
        }
        assert_eq!(documented, fields.iter().copied().collect(), "{heading}");
    }
    let headings: BTreeSet<_> = TABLES.iter().map(|(heading, ..)| *heading).collect();
    let tables = PAGE.split("\n## ").filter(|part| part.contains("| Field |"));
    assert_eq!(tables.map(|part| part.lines().next().unwrap()).collect::<BTreeSet<_>>(), headings);
}

/// No field takes a date, so that each one that is read complains about it, and each one that isn't would not.
#[test]
fn every_field_is_read() {
    for (_, prefix, fields) in TABLES {
        for field in *fields {
            let (text, path) = with_a_date(prefix, field);
            let errors = read(&text).expect_err(&text);
            let [error] = errors.errors() else { panic!("one mistake, not {errors}\n{text}") };
            assert_eq!(error.field, path, "{errors}");
            assert!(matches!(error.problem, Problem::Type { actual: "a date or time", .. }), "{error}");
        }
    }
}

/// A configuration that is good but for a date in this field, and the field's path.
fn with_a_date(prefix: &str, field: &str) -> (String, String) {
    let line = format!("{field} = 1979-05-27");
    // Where the field is required, the date takes its place.
    let instead = |text: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        let start = format!("{field} = ");
        match lines.iter().rposition(|line| line.starts_with(&start)) {
            Some(at) => lines[at] = &line,
            None => lines.push(&line),
        }
        lines.join("\n")
    };
    match prefix {
        "" if field == "backend" => (format!("version = 1\nthreshold = \"2-of-2\"\n{line}"), field.into()),
        "" => {
            let root = instead("version = 1\nthreshold = \"2-of-2\"");
            (format!("{root}\n{BACKENDS}"), field.into())
        }
        "backend" => (instead(&with("")), format!("backend[1].{field}")),
        "secret" => {
            let text = behind(&format!("[backend.settings]\nkey = {{ {line} }}"));
            (text, format!("backend[1].settings.key.{field}"))
        }
        "placement.pin" => {
            let pin = instead("[[placement.pin]]\nindex = 0\nlabel = \"a\"\nvalue = \"b\"");
            (behind(&pin), format!("placement.pin[0].{field}"))
        }
        table => (behind(&format!("[{table}]\n{line}")), format!("{table}.{field}")),
    }
}

/// What the page calls a default changes nothing when it is written down.
#[test]
fn the_defaults_are_the_documented_ones() {
    let plain = good(&behind(""));
    let mut count = 0;
    for (heading, prefix, _) in TABLES {
        for (name, default) in rows(heading) {
            let Some(value) = default.strip_prefix('`').and_then(|rest| rest.split_once('`')) else {
                continue;
            };
            // What counts only in company is looked at below.
            if !value.1.is_empty() {
                continue;
            }
            let line = format!("{name} = {}", value.0);
            let text = match *prefix {
                "" => with(&line),
                "backend" => format!("{}{line}", with("")),
                table => behind(&format!("[{table}]\n{line}")),
            };
            assert_eq!(format!("{:?}", good(&text)), format!("{plain:?}"), "{prefix} {line}");
            count += 1;
        }
    }
    assert_eq!(count, 20, "defaults that are values");
    let limits = |fields: &str| good(&behind(&format!("[limits]\n{fields}"))).limits().copied();
    assert_eq!(limits("up = \"1MiB/s\""), limits("up = \"1MiB/s\"\nconcurrency = 16"));
    assert!(limits("").is_none() && limits("concurrency = 16").is_some());
}

#[test]
fn the_example_is_good() {
    let blocks = code_blocks();
    let config = good(blocks[0]);
    assert_eq!((config.backends().len(), config.threshold().to_string()), (4, "2-of-3".into()));
    assert_eq!(config.key_file(), base().join("xstore.key"));
    assert_eq!(config.backends()[2].labels().value("site"), Some("office"));
    assert_eq!(config.placement().rules().len(), 2);
    // The other block shows secrets, none of which is there.
    let mistakes = mistakes(&behind(blocks[1]));
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].contains("not set") && mistakes[1].contains("no such file"), "{mistakes:?}");
}
