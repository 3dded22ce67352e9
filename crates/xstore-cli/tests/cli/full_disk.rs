//! Disks that fill up: the error names the file and the reason, and what had been written is removed.

use std::process::Command;

use crate::support::{Object, Ran, Stage, payload, with_small_disk};

/// The command under a limit of file sizes, in blocks of 512 bytes. The signal that would end the process is ignored,
/// so that it meets the error.
fn limited(stage: &Stage, blocks: u32, arguments: &str) -> Ran {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    command.arg(env!("CARGO_BIN_EXE_xstore")).args(arguments.split_whitespace());
    stage.prepare(&mut command);
    Ran::of(command)
}

#[test]
fn a_share_that_may_not_grow() {
    let stage = Stage::new();
    stage.write("file", payload(1 << 20, 1));
    let split = "split file --threshold 2-of-3 --into a b c --manifest m.json";
    let ran = limited(&stage, 600, split).fails_with(1, "SINK_FAILED");
    ran.mentions("can't write a/xstore-")
        .mentions("File too large")
        .mentions("\nhelp: no file may be that long there");
    assert_eq!(stage.names("."), ["file", "xstore.key"]);
    // Shorter parts are what the advice says.
    limited(&stage, 600, &format!("{split} --part 128KiB")).succeeds();
}

#[test]
fn an_output_that_may_not_grow() {
    let object = Object::new(2, 3, payload(1 << 20, 2), "--part 128KiB");
    let before = object.stage.names(".");
    let join = "join --manifest m.json --from f0 f1 f2 --output out";
    limited(&object.stage, 600, join)
        .fails_with(1, "SINK_FAILED")
        .mentions("can't write out: File too large");
    assert_eq!(object.stage.names("."), before);
}

#[test]
fn a_disk_that_is_full() {
    let stage = Stage::new();
    stage.write("file", payload(3 << 20, 3));
    // What is left on it is listed before the name space goes.
    let script = "\"$0\" split file --threshold 2-of-3 --into a small/b c --manifest m.json; code=$?; ls small; \
                  \"$0\" split xstore.key -q --threshold 2-of-3 --into a small/b c --manifest n.json && exit $code";
    let Some(ran) = with_small_disk(&stage, script) else { return };
    let ran = ran.fails_with(1, "SINK_FAILED");
    ran.mentions("can't write small/b/xstore-")
        .mentions("No space left on device")
        .mentions("\nhelp: free some space");
    // The second split had room again.
    assert!(stage.has("n.json") && !stage.has("m.json"));
    assert_eq!(stage.names("a").len(), 1);
}

#[test]
fn an_output_on_a_full_disk() {
    let object = Object::new(2, 3, payload(3 << 20, 4), "");
    let script =
        "\"$0\" join --manifest m.json --from f0 f1 f2 --output small/out; code=$?; ls -A small; exit $code";
    let Some(ran) = with_small_disk(&object.stage, script) else { return };
    ran.fails_with(1, "SINK_FAILED").mentions("can't write small/out: No space left on device");
}

#[test]
fn a_manifest_on_a_full_disk() {
    let stage = Stage::new();
    stage.write("file", payload(1000, 5));
    let script = "head -c 1048576 /dev/zero > small/filler; \
                  \"$0\" split file --threshold 2-of-3 --into a b c --manifest small/m.json; \
                  code=$?; rm small/filler; ls -A small; exit $code";
    let Some(ran) = with_small_disk(&stage, script) else { return };
    ran.fails_with(1, "SINK_FAILED")
        .mentions("can't write the manifest small/m.json: No space left on device");
    assert_eq!(stage.names("."), ["file", "small", "xstore.key"]);
}
