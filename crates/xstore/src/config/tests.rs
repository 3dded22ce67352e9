//! Tests of reading and writing configurations.

use super::*;
use std::ffi::OsString;

mod documented;
mod draft;
mod mistakes;
mod values;

/// A good configuration with this behind its root fields, at line 4.
fn with(fields: &str) -> String {
    format!("version = 1\nthreshold = \"2-of-2\"\n\n{fields}\n{BACKENDS}")
}

const BACKENDS: &str = "\n[[backend]]\nid = \"red\"\nurl = \"file:/nowhere/red\"\n\n[[backend]]\nid = \"blue\"\nurl = \"file:/nowhere/blue\"\n";

/// A good configuration with this behind its last backend, at line 14.
fn behind(tables: &str) -> String {
    format!("{}\n{tables}", with(""))
}

fn environment(name: &str) -> Option<OsString> {
    (name == "XSTORE_TEST_SECRET").then(|| "hunter2".into())
}

/// The folder that relative paths are relative to; nothing is there.
fn base() -> PathBuf {
    std::path::absolute("/base").unwrap()
}

fn read(text: &str) -> Result<Config, ConfigErrors> {
    read::read(text, &base(), &environment)
}

/// All mistakes as they are printed, without the file's name.
#[track_caller]
fn mistakes(text: &str) -> Vec<String> {
    let errors = read(text).expect_err("it is refused");
    errors.lines().map(|line| line.strip_prefix("configuration:").unwrap_or(&line).to_owned()).collect()
}

#[track_caller]
fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}
