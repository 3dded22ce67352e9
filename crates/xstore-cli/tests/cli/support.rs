//! What the tests share: a folder to work in, the command, what came of it.

mod bytes;
#[cfg(unix)]
mod child;
#[cfg(unix)]
mod disk;
mod object;
mod ran;
mod shop;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

pub(crate) use bytes::{members, payload, subsets};
#[cfg(unix)]
pub(crate) use child::Child;
#[cfg(unix)]
pub(crate) use disk::with_small_disk;
pub(crate) use object::{Object, Report};
pub(crate) use ran::Ran;
pub(crate) use shop::{Shop, URLS};

/// How often something is looked at before a test gives up: 60 s in all. No test takes that long unless it fails.
const LOOKS: usize = 6000;
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until something is so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        sleep(PAUSE);
    }
    panic!("waited in vain: {what}");
}

/// A temporary folder, in which the command runs.
pub(crate) struct Stage(TempDir);

impl Stage {
    /// An empty one.
    pub(crate) fn bare() -> Self {
        Self(tempfile::Builder::new().prefix("xstore-cli-").tempdir().expect("a temporary folder"))
    }

    /// One with a key file in the place where the command looks for it.
    pub(crate) fn new() -> Self {
        let stage = Self::bare();
        stage.run("key new --quiet").succeeds();
        stage
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a file can be written");
        path
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(name)).expect("the file can be read")
    }

    /// Whether there is anything under this name.
    pub(crate) fn has(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// The names in a folder, sorted.
    pub(crate) fn names(&self, folder: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("the folder exists");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("a name").file_name().into_string().expect("a plain name"))
            .collect();
        names.sort();
        names
    }

    /// The command with arguments that are separated by spaces.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xstore"));
        command.args(arguments.split_whitespace());
        self.prepare(&mut command);
        command
    }

    /// The folder and the surroundings that every command of the tests gets.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command
            .current_dir(self.0.path())
            .env_remove("XSTORE_KEY_FILE")
            .env_remove("XSTORE_CONFIG")
            .stdin(Stdio::null());
    }

    pub(crate) fn run(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments))
    }

    /// The same with something on standard input, through a pipe.
    pub(crate) fn run_with(&self, arguments: &str, input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        std::thread::scope(|scope| {
            // A command that fails early leaves some of it unread.
            scope.spawn(move || drop(stdin.write_all(input)));
            Ran::new(child.wait_with_output().expect("the command ends"))
        })
    }
}

/// Tells, past the capture of passing tests, that something wasn't tested.
#[cfg(unix)]
pub(crate) fn skip(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}
