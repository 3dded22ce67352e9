//! Whether the tests can run here.

use std::io::Write;
use std::path::Path;

use xstore_powerloss::Disk;

/// With this set to 1, a test that can't run fails, where there is a device that it could run with.
const REQUIRE: &str = "XSTORE_REQUIRE";

/// Tries to mount a disk; says why the test is skipped where that isn't possible.
pub(crate) fn is_available(test: &str) -> bool {
    let dir = folder();
    let Err(error) = Disk::new().mount(dir.path()) else { return true };
    let is_required = std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
    assert!(!(is_required && Path::new("/dev/fuse").exists()), "{test} is required here: {error}");
    say(&format!("SKIPPED: {test}: no file system can be mounted here: {error}\n"));
    false
}

/// A new empty folder, for a mount.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("xstore-powerloss-").tempdir().unwrap()
}

/// Prints past the test runner, which keeps what a test that passes prints to itself.
pub(crate) fn say(text: &str) {
    std::io::stderr().lock().write_all(text.as_bytes()).unwrap();
}
