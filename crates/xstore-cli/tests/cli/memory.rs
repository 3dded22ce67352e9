//! Constant memory: however long the object, the command stays below 100 MiB, through pipes in both directions.
//!
//! The kernel keeps a process's peak (`VmHWM`) only while it lives, so it is held at its very last step: its report
//! goes to a pipe that is full.

use std::io::{PipeReader, Read, Write};
use std::process::{Child, Stdio};

use crate::support::{Stage, eventually};

const LIMIT_KIB: u64 = 100 * 1024;
const MIB: usize = 1 << 20;

/// A full pipe: whoever writes to it waits until the reader is dropped.
fn full_pipe() -> (PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut filler = writer.try_clone().expect("a descriptor");
    // More than any pipe holds; it ends when the reader goes.
    std::thread::spawn(move || drop(filler.write_all(&vec![0; 4 * MIB])));
    (reader, Stdio::from(writer))
}

/// The process's peak of resident memory so far.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[track_caller]
fn check(child: &mut Child, report: PipeReader, what: &str) {
    let peak = peak_kib(child);
    // Nobody reads the report; that is no failure.
    drop(report);
    assert!(child.wait().expect("the command ends").success(), "{what}");
    let peak = peak.expect("the command waited with its report");
    assert!(peak > 1024 && peak < LIMIT_KIB, "{what}: {peak} KiB");
}

/// A MiB of the payload: cheap, and different from every other.
fn block(number: usize) -> Vec<u8> {
    number.to_le_bytes().repeat(MIB / size_of::<usize>())
}

/// Splits and joins `mib` MiB through pipes.
fn bounded(threshold: &str, folders: &str, from: &str, mib: usize, arguments: &str) {
    let stage = Stage::new();
    let (report, stdout) = full_pipe();
    let mut split = stage
        .command(&format!("split - --threshold {threshold} --into {folders} --manifest m.json {arguments}"))
        .stdin(Stdio::piped())
        .stdout(stdout)
        .spawn()
        .expect("the command starts");
    let mut input = split.stdin.take().expect("a pipe");
    for number in 0..mib {
        input.write_all(&block(number)).expect("the command reads");
    }
    drop(input);
    eventually("the manifest is written", || stage.has("m.json"));
    check(&mut split, report, "split");

    let (report, stderr) = full_pipe();
    let mut join = stage
        .command(&format!("join --manifest m.json --from {from} --output -"))
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .expect("the command starts");
    let mut output = join.stdout.take().expect("a pipe");
    let mut bytes = vec![0; MIB];
    for number in 0..mib {
        output.read_exact(&mut bytes).expect("the command writes");
        assert!(bytes == block(number), "block {number}");
    }
    check(&mut join, report, "join");
    assert_eq!(output.read(&mut bytes).expect("the end"), 0);
}

#[test]
fn far_more_than_the_limit_through_pipes() {
    bounded("2-of-3", "a b c", "a b c", 384, "");
}

#[test]
fn four_of_seven() {
    bounded("4-of-7", "a b c d e f g", "a b c d e f g", 64, "");
}

#[test]
fn the_largest_parts() {
    bounded("2-of-3", "a b c", "c b", 130, "--part 64MiB");
}
