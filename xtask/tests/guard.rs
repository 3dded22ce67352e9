//! The guard between xtask and the programs that must not outlive it, as a process.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A folder that goes with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xtask-guard-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A shell under guard that runs `script`; `rest` are the fields of the specification besides.
fn guarded(script: &str, remove: &[&Path], after: &[&str], limit: Option<u64>) -> Child {
    let spec = serde_json::json!({
        "program": "sh", "args": ["-c", script], "envs": [["GREETING", "hello"]], "folder": null,
        "remove": remove, "after": after, "limit": limit,
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("guard").arg(spec.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The first lines that it prints.
fn lines<const N: usize>(guard: &mut Child) -> [String; N] {
    let mut out = BufReader::new(guard.stdout.take().unwrap());
    std::array::from_fn(|_| {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line.trim().to_owned()
    })
}

fn is_alive(process: &str) -> bool {
    assert!(process.parse::<u32>().is_ok(), "{process}");
    Command::new("kill").args(["-0", process]).stderr(Stdio::null()).status().unwrap().success()
}

fn end(mut guard: Child) -> ExitStatus {
    drop(guard.stdin.take());
    guard.wait().unwrap()
}

/// A process that was killed stays listed until somebody takes note of it.
fn disappears(process: &str) -> bool {
    (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        !is_alive(process)
    })
}

#[test]
fn a_program_and_what_it_started_end_with_the_pipe() {
    let scratch = Scratch::new("pipe");
    let (folder, file, mark) = (scratch.0.join("folder"), scratch.0.join("file"), scratch.0.join("mark"));
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::write(&file, "x").unwrap();
    let after = ["touch", mark.to_str().unwrap()];
    let script = "sleep 1000 & echo $!; echo $$; wait";
    let mut guard = guarded(script, &[&folder, &file], &after, None);
    let [inner, outer] = lines(&mut guard);
    assert!(is_alive(&inner) && is_alive(&outer));
    end(guard);
    assert!(disappears(&inner) && disappears(&outer));
    assert!(!folder.exists() && !file.exists(), "what was laid out for it is still there");
    assert!(mark.exists(), "the command for afterwards didn't run");
}

#[test]
fn a_program_that_ignores_the_request_is_killed() {
    let mut guard = guarded("trap '' TERM; echo $$; while :; do sleep 1; done", &[], &[], None);
    let [stubborn] = lines(&mut guard);
    end(guard);
    assert!(disappears(&stubborn));
}

#[test]
fn the_exit_code_is_the_programs_and_nothing_of_it_stays() {
    let mut guard = guarded("sleep 1000 & echo $!; echo $GREETING; exit 7", &[], &[], None);
    let [left, greeting] = lines(&mut guard);
    assert_eq!(greeting, "hello");
    // Waiting would close the pipe, and with that end the program before its time.
    let held = guard.stdin.take();
    assert_eq!(guard.wait().unwrap().code(), Some(7));
    drop(held);
    assert!(disappears(&left));
}

#[test]
fn a_limit_ends_it_as_well() {
    let mut guard = guarded("echo $$; sleep 1000", &[], &[], Some(2));
    let [process] = lines(&mut guard);
    let held = guard.stdin.take();
    let output = guard.wait_with_output().unwrap();
    drop(held);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("is ended: it took more than 2 s"), "{said}");
    assert!(disappears(&process));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let spec = serde_json::json!({
        "program": "xtask-test-no-such-program", "args": [], "envs": [], "folder": null, "remove": [], "after": [],
        "limit": null,
    });
    let output = command.arg("guard").arg(spec.to_string()).stdin(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("`xtask-test-no-such-program` can't be run"), "{said}");
}
