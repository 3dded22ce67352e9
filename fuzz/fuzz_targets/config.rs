//! Any text as `xstore.toml`: no panic, and every mistake has a place in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use xstore::config::Config;

fuzz_target!(|text: &str| {
    // Secrets may be read from files: what the fuzzer makes up had better not name any.
    if text.contains("file") {
        return;
    }
    if let Err(mistakes) = Config::from_text(text, Path::new("/nowhere")) {
        assert!(!mistakes.to_string().is_empty());
    }
});
