//! The tables of the README say what the code says.

use xstore_backend::memory::MemoryBackend;
use xstore_backend::{Capability, ErrorKind};

const README: &str = include_str!("../README.md");

/// The cells of the row that begins with this name.
fn row(name: &str) -> Vec<&'static str> {
    let begin = format!("| `{name}` |");
    let mut rows = README.lines().filter(|line| line.starts_with(&begin));
    let row = rows.next().unwrap_or_else(|| panic!("no row for {name}"));
    assert_eq!(rows.next(), None);
    row.trim_matches('|').split('|').map(str::trim).collect()
}

const fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

#[test]
fn kinds_of_errors() {
    for kind in ErrorKind::ALL {
        let row = row(&format!("{kind:?}"));
        let written = if kind == ErrorKind::NotFound { "-" } else { yes(kind.usually_may_have_written()) };
        assert_eq!(row[2..], [yes(kind.is_usually_retryable()), written], "{kind:?}");
    }
    assert_eq!(README.lines().filter(|line| line.starts_with("| `")).count(), ErrorKind::ALL.len() + 7);
}

#[test]
fn capabilities() {
    let columns = [Capability::MINIMAL, MemoryBackend::CAPABILITY];
    let check = |name: &str, text: fn(&Capability) -> String| {
        assert_eq!(row(name)[1..3], columns.each_ref().map(text), "{name}");
    };
    check("max_put", |capability| format!("{} MiB", capability.max_put >> 20));
    check("durable", |capability| yes(capability.durable).to_owned());
    check("create_only", |capability| yes(capability.create_only).to_owned());
    check("list", |capability| yes(capability.list).to_owned());
    check("expiry", |capability| yes(capability.expiry).to_owned());
    check("range", |capability| yes(capability.range).to_owned());
    check("late_writes", |capability| yes(capability.late_writes).to_owned());
}
