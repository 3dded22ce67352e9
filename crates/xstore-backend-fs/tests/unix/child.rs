//! Other processes: the test program itself, with a task.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What the process does instead of being a test; not set where it is one.
const TASK: &str = "XSTORE_FS_TASK";
/// The folder that it does it in.
const FOLDER: &str = "XSTORE_FS_FOLDER";

/// The entry of such a process.
#[test]
fn entry() {
    let (Ok(task), Some(folder)) = (std::env::var(TASK), std::env::var_os(FOLDER)) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let folder = PathBuf::from(folder);
    let mut words = task.split(' ');
    runtime.block_on(async {
        match words.next().unwrap() {
            "write" => crate::crash::write(&folder, words.next().unwrap().parse().unwrap()).await,
            "race" => crate::race::compete(&folder, words.next().unwrap().parse().unwrap()).await,
            "full" => crate::failures::full(&folder).await,
            "fill-and-leave" => crate::failures::fill_and_leave(&folder).await,
            "read-only" => crate::failures::read_only(&folder).await,
            "forbidden" => crate::failures::forbidden(&folder).await,
            "too-long" => crate::failures::too_long(&folder).await,
            "too-many" => crate::failures::too_many(&folder).await,
            "usual" => crate::failures::usual(&folder).await,
            "unmounted" => crate::failures::unmounted(&folder).await,
            "moved" => crate::roots::moved(&folder).await,
            other => panic!("there is no task {other}"),
        }
    });
}

fn arguments() -> [&'static str; 3] {
    ["--exact", "child::entry", "--nocapture"]
}

/// A process with this task.
pub(crate) fn command(task: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments()).env(TASK, task).env(FOLDER, folder).stderr(Stdio::inherit());
    command
}

/// The same behind a shell, in whose script `"$@"` is the process, and `$FOLDER` its folder.
pub(crate) fn behind(program: &str, options: &[&str], script: &str, task: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(options).args(["sh", "-c", script, "sh"]);
    command.arg(std::env::current_exe().unwrap()).args(arguments());
    command.env(TASK, task).env(FOLDER, folder).env("FOLDER", folder);
    command
}

/// Waits for it; whether it did its task.
#[track_caller]
pub(crate) fn succeed(output: std::io::Result<Output>) {
    let output = output.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    // Not merely a run of no tests at all.
    assert!(out.contains("1 passed"), "{out}\n{err}");
}

/// Says why a test can't be done here; a failure where everything is required and this user could have done it.
pub(crate) fn skip(reason: impl AsRef<str>) {
    let reason = reason.as_ref();
    let is_required = std::env::var_os(xstore_testkit::REQUIRE).is_some_and(|value| value != OsStr::new(""));
    assert!(!(is_required && rustix::process::geteuid().is_root()), "required, but skipped: {reason}");
    eprintln!("skipped: {reason}");
}
