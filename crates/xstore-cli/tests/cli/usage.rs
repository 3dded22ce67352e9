//! Wrong arguments: exit code 2, a sentence about what is wrong, and nothing written.

use std::fs;

use crate::support::{Ran, Stage};

/// A stage with a file to split.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("file", "x");
    stage
}

/// Fails, and leaves the stage as it was.
#[track_caller]
fn refused(stage: &Stage, arguments: &str, exit: i32) -> Ran {
    let before = stage.names(".");
    let ran = stage.run(arguments).fails(exit);
    assert_eq!(stage.names("."), before, "{arguments}");
    ran
}

#[test]
fn thresholds_that_make_no_sense() {
    let stage = stage();
    for (threshold, problem) in [
        ("1-of-3", "threshold 1 is below 2"),
        ("0-of-0", "not a threshold of the form 2-of-3"),
        ("3-of-2", "threshold 3 is above the 2 shares"),
        ("2-of-65", "65 shares are more than the limit of 64"),
        ("2-of-300", "not a threshold of the form 2-of-3"),
        ("two", "not a threshold of the form 2-of-3"),
        ("2", "not a threshold of the form 2-of-3"),
        ("2/3", "not a threshold of the form 2-of-3"),
        ("02-of-3", "not a threshold of the form 2-of-3"),
        ("-2-of-3", "not a threshold of the form 2-of-3"),
    ] {
        let arguments = format!("split file --threshold={threshold} --into a b c --manifest m.json");
        refused(&stage, &arguments, 2).mentions(&format!("'--threshold <K-of-N>': {problem}"));
    }
}

#[test]
fn another_number_of_folders_than_shares() {
    let stage = stage();
    for folders in ["a", "a b", "a b c d"] {
        let count = folders.split(' ').count();
        let arguments = format!("split file --threshold 2-of-3 --into {folders} --manifest m.json");
        refused(&stage, &arguments, 2)
            .mentions(&format!("--threshold 2-of-3 needs 3 folders, but --into names {count}\n"));
    }
}

#[test]
fn folders_given_twice() {
    let stage = stage();
    fs::create_dir(stage.path("old")).expect("a folder");
    for folders in ["a b a", "a ./b b/", "old b old/../old", "old/ b old/."] {
        let arguments = format!("split file --threshold 2-of-3 --into {folders} --manifest m.json");
        refused(&stage, &arguments, 7).mentions("error[LAYOUT_REFUSED]: ").mentions(" is given twice");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("old", stage.path("link")).expect("a link");
        refused(&stage, "split file --threshold 2-of-3 --into a link old --manifest m.json", 7)
            .mentions("error[LAYOUT_REFUSED]: old is given twice");
    }
    assert_eq!(stage.names("old"), [""; 0]);
}

#[test]
fn folders_that_cannot_be_made() {
    let stage = stage();
    refused(&stage, "split file --threshold 2-of-3 --into a b no/where --manifest m.json", 1)
        .mentions("error[SINK_FAILED]: can't make the folder no/where: ")
        .mentions("its parent doesn't exist");
    refused(&stage, "split file --threshold 2-of-3 --into a file c --manifest m.json", 2)
        .mentions("error[USAGE]: file is not a folder\n");
    refused(&stage, "split file --threshold 2-of-3 --into a file/b c --manifest m.json", 1)
        .mentions("error[SINK_FAILED]: can't make the folder file/b: ");
}

#[test]
fn inputs_that_cannot_be_read() {
    let stage = stage();
    fs::create_dir(stage.path("folder")).expect("a folder");
    let split = |file: &str| format!("split {file} --threshold 2-of-2 --into a b --manifest m.json");
    refused(&stage, &split("missing"), 1).mentions("error[SOURCE_FAILED]: can't read missing: ");
    refused(&stage, &split("file/x"), 1).mentions("error[SOURCE_FAILED]: can't read file/x: ");
    for folder in ["folder", ".", ".."] {
        refused(&stage, &split(folder), 2)
            .mentions(&format!("error[USAGE]: {folder} is a folder\n"))
            .mentions("tar c FOLDER | xstore split -");
    }
}

#[test]
fn manifests_that_cannot_be_written() {
    let stage = stage();
    stage.write("old.json", "mine");
    let split = |manifest: &str| format!("split file --threshold 2-of-2 --into a b --manifest {manifest}");
    for existing in ["old.json", ".", "file"] {
        refused(&stage, &split(existing), 1)
            .mentions(&format!("error[MANIFEST_EXISTS]: {existing} exists already\n"));
    }
    assert_eq!(stage.read("old.json"), b"mine");
    for nowhere in ["no/m.json", "file/m.json"] {
        refused(&stage, &split(nowhere), 1).mentions("error[SINK_FAILED]: can't write ");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", stage.path("link")).expect("a link");
        refused(&stage, &split("link"), 1).mentions("error[MANIFEST_EXISTS]: link exists already\n");
    }
}

#[test]
fn sizes_and_times_that_make_no_sense() {
    let stage = stage();
    for (option, problem) in [
        ("--part 0", "--part must be from 1 byte to 64MiB"),
        ("--part 65MiB", "--part must be from 1 byte to 64MiB"),
        ("--part 8MB", "use a number with KiB, MiB or GiB"),
        ("--part -1", "unexpected argument"),
        ("--part 99999999999GiB", "that is too large"),
        ("--pad-to 0", "--pad-to must not be 0"),
        ("--pad-to 3MiB", "--pad-to must divide the part size of 8388608 bytes"),
        ("--pad-to 4KiB --part 5000", "--pad-to must divide the part size of 5000 bytes"),
        ("--ttl 0", "use at least 1s"),
        ("--ttl 1y", "use a number with s, m, h or d"),
        ("--ttl 9007199254740992", "that is too long"),
    ] {
        let arguments = format!("split file --threshold 2-of-2 --into a b --manifest m.json {option}");
        refused(&stage, &arguments, 2).mentions(problem);
    }
}

#[test]
fn names_that_are_no_names() {
    let stage = stage();
    let long = "n".repeat(1025);
    for name in ["", "a\nb", "\u{7f}", &long] {
        let mut command = stage.command("split file --threshold 2-of-2 --into a b --manifest m.json --name");
        command.arg(name);
        Ran::of(command).fails_with(2, "USAGE").mentions("--name");
        assert!(!stage.has("a"));
    }
    for name in ["a b", "../../etc/passwd", "\u{202e}x", &long[1..]] {
        let manifest = "m.json";
        let mut command = stage.command("split file --threshold 2-of-2 --into a b --manifest m.json --name");
        command.arg(name);
        Ran::of(command).succeeds();
        let mut command = stage.command("join -q --manifest m.json --from a b --output - --name");
        command.arg(name);
        assert_eq!(Ran::of(command).succeeds().out, b"x");
        fs::remove_file(stage.path(manifest)).expect("a file");
    }
}

#[test]
fn commands_that_are_none() {
    let stage = stage();
    for arguments in ["", "put", "split", "join", "key", "key make", "inspect", "split file", "key retire"] {
        refused(&stage, arguments, 2).mentions("Usage: ");
    }
    refused(&stage, "split file --threshold 2-of-2 --manifest m.json", 2).mentions("--into <DIR>...");
    refused(&stage, "join --manifest m.json --from --output out", 2)
        .mentions("a value is required for '--from");
}

#[test]
fn help_is_no_error_and_tells_the_exit_codes() {
    let stage = Stage::bare();
    for arguments in ["--help", "-h", "help"] {
        let ran = stage.run(arguments).succeeds().says("");
        for part in ["split", "join", "inspect", "key", "demo", "3 not enough good shares", "130 interrupted"]
        {
            assert!(ran.text().contains(part), "{arguments} doesn't mention {part}");
        }
    }
    for command in
        ["split", "join", "inspect", "key", "key new", "key list", "key retire", "key revoke", "demo"]
    {
        let ran = stage.run(&format!("{command} --help")).succeeds();
        assert!(ran.text().contains(&format!("Usage: xstore {command}")), "{}", ran.text());
    }
    let version = stage.run("--version").succeeds();
    assert_eq!(version.text(), concat!("xstore ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(stage.names("."), [""; 0]);
}
