//! Standard streams that are closed, full, slow, or end early.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Object, Ran, Stage, payload};

/// A pipe that nobody reads any more.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    Stdio::from(writer)
}

#[test]
fn an_input_that_comes_in_pieces_and_ends_early_is_what_came() {
    let stage = Stage::new();
    let data = payload(200_000, 1);
    let mut command =
        stage.command("split - --json --threshold 2-of-3 --into a b c --manifest m.json --part 70000");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    for piece in data[..150_001].chunks(7919) {
        stdin.write_all(piece).expect("the command reads");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(stdin);
    let report = Ran::new(child.wait_with_output().expect("the command ends")).succeeds().json();
    assert_eq!(report["bytes"], 150_001);
    let ran = stage.run("join -q --manifest m.json --from b c --output -").succeeds();
    assert!(ran.out == data[..150_001]);
}

#[test]
fn no_input_at_all_is_an_empty_object() {
    let stage = Stage::new();
    stage.run("split - -q --threshold 2-of-3 --into a b c --manifest m.json").succeeds();
    assert_eq!(stage.run("join -q --manifest m.json --from b c --output -").succeeds().out, b"");
}

#[cfg(unix)]
#[test]
fn an_input_that_cannot_be_read() {
    let stage = Stage::new();
    let mut command = stage.command("split - --threshold 2-of-3 --into a b c --manifest m.json");
    command.stdin(std::fs::File::open(stage.path(".")).expect("a folder can be opened"));
    Ran::of(command).fails_with(1, "SOURCE_FAILED").mentions("can't read standard input: Is a directory");
    assert_eq!(stage.names("."), ["xstore.key"]);
}

#[test]
fn a_reader_that_stops_early_ends_a_join_without_a_panic() {
    let object = Object::new(2, 3, payload(3_000_000, 2), "--part 1MiB");
    let mut command = object.stage.command("join --manifest m.json --from f0 f1 f2 --output -");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut out = child.stdout.take().expect("a pipe");
    let mut first = [0];
    out.read_exact(&mut first).expect("a byte");
    drop(out);
    assert_eq!(first[0], object.data[0]);
    let ran = Ran::new(child.wait_with_output().expect("the command ends"));
    ran.fails_with(1, "SINK_FAILED").mentions("can't write to standard output");
}

#[test]
fn a_result_that_nobody_reads_is_no_failure() {
    let object = Object::new(2, 3, payload(1000, 3), "");
    for arguments in [
        "split file --threshold 2-of-3 --into a b c --manifest n.json",
        "join --manifest m.json --from f0 f1 --output out",
        "inspect m.json",
        "key list --json",
        "--help",
    ] {
        let mut command = object.stage.command(arguments);
        command.stdout(closed_pipe());
        Ran::of(command).succeeds();
    }
    assert!(object.stage.read("out") == object.data);
}

#[test]
fn messages_that_nobody_reads_change_no_exit_code() {
    let object = Object::new(2, 3, payload(1000, 4), "");
    object.flip(0, 2, 20);
    for (arguments, exit) in [
        ("join --manifest m.json --from f0 f1 f2 --output -", 0),
        ("join --manifest m.json --from f0 f1 f2 --output - --json", 0),
        ("join --manifest m.json --from f0 f1 f2 --output out", 0),
        ("join --manifest m.json --from f0 f2 --output out2", 3),
        ("join --manifest m.json --from f0 f2 --output out2 --json", 3),
        ("split missing --threshold 2-of-2 --into a b --manifest n.json", 1),
        ("split", 2),
        ("key list --key-file missing", 5),
    ] {
        let mut command = object.stage.command(arguments);
        command.stderr(closed_pipe());
        assert_eq!(Ran::of(command).code, Some(exit), "{arguments}");
    }
    assert!(object.stage.read("out") == object.data);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_told() {
    let object = Object::new(2, 3, payload(100_000, 5), "");
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    for arguments in ["join --manifest m.json --from f0 f1 --output -", "inspect m.json", "key list"] {
        let mut command = object.stage.command(arguments);
        command.stdout(full());
        let ran = Ran::of(command).fails_with(1, "SINK_FAILED");
        ran.mentions("can't write to standard output: No space left on device");
    }
}
