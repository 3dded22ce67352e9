//! SIGINT and SIGTERM in the middle of the work: exit code 130, and nothing left behind.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;

use crate::support::{Child, Object, Stage, eventually, payload};

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// Bytes of all files below a folder.
fn stored(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => stored(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

/// A split that has written something and waits for more.
fn waiting_split(stage: &Stage) -> (Child, impl Write + use<>) {
    let mut command = stage.command("split - --threshold 2-of-3 --into a b/ c --manifest m.json --part 1MiB");
    command.stdin(Stdio::piped());
    let mut child = Child::start(command);
    let mut stdin = child.stdin();
    stdin.write_all(&payload(3 << 20, 1)).expect("the command reads");
    eventually("two parts are written", || ["a", "b", "c"].iter().all(|f| stored(&stage.path(f)) >= 2 << 20));
    (child, stdin)
}

#[test]
fn a_split_that_waits_for_its_input() {
    for signal in SIGNALS {
        let stage = Stage::new();
        fs::create_dir(stage.path("b")).expect("a folder");
        stage.write("b/mine", "mine");
        let (child, stdin) = waiting_split(&stage);
        child.signal(signal);
        // The pipe stays open: nothing but the signal can end it.
        child.ends().fails(130).says("error[CANCELLED]: interrupted; what had been written was removed\n");
        drop(stdin);
        assert_eq!(stage.names("."), ["b", "xstore.key"]);
        assert_eq!(stage.names("b"), ["mine"]);
    }
}

#[test]
fn a_split_in_full_swing() {
    for signal in SIGNALS {
        let stage = Stage::new();
        let mut command =
            stage.command("split /dev/zero --json --threshold 2-of-3 --into a b c --manifest m.json");
        command.stdin(Stdio::null());
        let child = Child::start(command);
        eventually("something is written", || stored(&stage.path("c")) > 0);
        child.signal(signal);
        let error = child.ends().fails(130).error();
        assert_eq!(
            [&error["code"], &error["exit"]],
            [&serde_json::json!("CANCELLED"), &serde_json::json!(130)]
        );
        assert_eq!(stage.names("."), ["xstore.key"]);
    }
}

#[test]
fn a_split_before_its_first_byte() {
    let stage = Stage::new();
    let mut command = stage.command("split - --threshold 2-of-3 --into a b c --manifest m.json");
    command.stdin(Stdio::piped());
    let mut child = Child::start(command);
    let stdin = child.stdin();
    eventually("the folders are made", || stage.has("c"));
    child.signal(Signal::INT);
    child.ends().fails(130);
    drop(stdin);
    assert_eq!(stage.names("."), ["xstore.key"]);
}

#[test]
fn a_join_into_a_file() {
    for signal in SIGNALS {
        let object = Object::new(2, 3, payload(24 << 20, 2), "--part 1MiB");
        let names = object.stage.names(".");
        let child = Child::start(object.stage.command("join --manifest m.json --from f0 f1 f2 --output out"));
        eventually("it began", || object.stage.names(".").len() > names.len());
        child.signal(signal);
        let ran = child.ends();
        // It may have been faster than the signal.
        if ran.code == Some(0) {
            assert!(object.stage.read("out") == object.data);
        } else {
            ran.fails_with(130, "CANCELLED");
            assert_eq!(object.stage.names("."), names);
        }
    }
}

#[test]
fn a_join_into_a_pipe_that_nobody_reads() {
    for signal in SIGNALS {
        let object = Object::new(2, 3, payload(1 << 20, 3), "");
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = object.stage.command("join --manifest m.json --from f0 f1 f2 --output -");
        command.stdout(writer);
        let child = Child::start_as_it_is(command);
        // It is at work once something came; then it waits, since a pipe holds less than the object.
        reader.read_exact(&mut [0]).expect("a byte");
        child.signal(signal);
        assert_eq!(child.ends().code, Some(130));
    }
}

#[test]
fn a_demo() {
    let stage = Stage::bare();
    stage.write("file", payload(32 << 20, 4));
    let child = Child::start(stage.command("demo file --dir ."));
    eventually("it began", || stage.names(".").len() > 1);
    child.signal(Signal::TERM);
    child.ends().fails(130).mentions("error[CANCELLED]: ");
    assert_eq!(stage.names("."), ["file"]);
}
