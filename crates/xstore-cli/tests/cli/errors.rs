//! The whole text of the most common mistakes, as somebody at a terminal reads it.

use crate::support::{Object, Stage, payload};

/// What the operating system calls a missing file.
#[cfg(unix)]
const NO_FILE: &str = "No such file or directory (os error 2)";
#[cfg(windows)]
const NO_FILE: &str = "The system cannot find the file specified. (os error 2)";

#[test]
fn no_key_yet() {
    let stage = Stage::bare();
    stage.write("file", "x");
    stage.run("split file --threshold 2-of-2 --into a b --manifest m.json").fails(5).says(&format!(
        "error[KEY_UNAVAILABLE]: can't use the key file xstore.key: can't read the key file xstore.key: {NO_FILE}\n\
         help: make a key first: xstore key new\n"
    ));
}

#[test]
fn a_key_file_exists() {
    Stage::new().run("key new").fails(1).says(
        "error[KEY_EXISTS]: can't make the key file xstore.key: xstore.key exists already; choose another name, \
         or move it away if it isn't needed\n\
         help: it is never overwritten; to add a fresh key to it, repeat the command with --rotate\n",
    );
}

#[test]
fn no_such_file() {
    Stage::new().run("split missing --threshold 2-of-2 --into a b --manifest m.json").fails(1).says(
        &format!(
            "error[SOURCE_FAILED]: can't read missing: {NO_FILE}\n\
         help: check the path\n"
        ),
    );
}

#[test]
fn a_folder_as_input() {
    let stage = Stage::new();
    std::fs::create_dir(stage.path("photos")).expect("a folder");
    stage.run("split photos --threshold 2-of-2 --into a b --manifest m.json").fails(2).says(
        "error[USAGE]: photos is a folder\n\
         help: split takes one file; pipe a folder through tar: tar c FOLDER | xstore split - ...\n",
    );
}

#[test]
fn too_few_folders() {
    Stage::new().run("split x --threshold 3-of-5 --into a b c d --manifest m.json").fails(2).says(
        "error[USAGE]: --threshold 3-of-5 needs 5 folders, but --into names 4\n\
         help: name one folder per share\n",
    );
}

#[test]
fn one_folder_twice() {
    let stage = Stage::new();
    stage.write("file", "x");
    stage.run("split file --threshold 2-of-2 --into a ./a --manifest m.json").fails(7).says(
        "error[LAYOUT_REFUSED]: ./a is given twice: two shares in one folder could be lost or read together\n\
         help: name a different folder, best on another disk, for each share\n",
    );
}

#[test]
fn a_disk_that_is_not_mounted() {
    let stage = Stage::new();
    stage.write("file", "x");
    let no_path =
        if cfg!(windows) { "The system cannot find the path specified. (os error 3)" } else { NO_FILE };
    stage.run("split file --threshold 2-of-2 --into a usb/backup --manifest m.json").fails(1).says(&format!(
        "error[SINK_FAILED]: can't make the folder usb/backup: {no_path}\n\
         help: its parent doesn't exist; if it is on another disk, see that the disk is mounted\n"
    ));
}

#[test]
fn a_manifest_exists() {
    let object = Object::new(2, 2, b"x".to_vec(), "");
    object.stage.run("split file --threshold 2-of-2 --into a b --manifest m.json").fails(1).says(
        "error[MANIFEST_EXISTS]: m.json exists already\n\
         help: name another file with --manifest; a manifest is never overwritten, since reading needs it\n",
    );
}

#[test]
fn a_manifest_in_a_folder_that_does_not_exist() {
    let stage = Stage::new();
    stage.write("file", "x");
    stage.run("split file --threshold 2-of-2 --into a b --manifest safe/m.json").fails(1).says(
        "error[SINK_FAILED]: can't write safe/m.json: safe is not a folder\n\
         help: make the folder first, or name a file in another one\n",
    );
}

#[test]
fn an_output_exists() {
    let object = Object::new(2, 2, b"x".to_vec(), "");
    object.stage.run("join --manifest m.json --from f0 f1 --output file").fails(1).says(
        "error[OUTPUT_EXISTS]: file exists already\n\
         help: name another file with --output, or replace it with --force\n",
    );
}

#[test]
fn too_few_good_shares() {
    let object = Object::new(2, 4, payload(100, 1), "");
    object.flip(0, 1, 130);
    object.change(0, 2, |bytes| bytes.truncate(500));
    object.stage.run("join --manifest m.json --from f0 f1 f2 backup --output out").fails(3).says(&format!(
        "error[INSUFFICIENT_SHARES]: part 0: 2 good shares are needed, 1 found\n  \
         f0 (share 0): good\n  \
         f1 (share 1): segment 0 doesn't match its tag: its bytes were changed\n  \
         f2 (share 2): the share is 500 bytes long, but the manifest implies 904\n  \
         backup: can't be opened: {NO_FILE}\n\
         help: name more of the folders that the file was split into, with intact shares, after --from\n"
    ));
}

#[test]
fn the_wrong_key_file() {
    let object = Object::new(2, 2, b"x".to_vec(), "");
    let id = object.manifest["integrity"]["keyId"].as_str().expect("hex");
    object.stage.run("key new -q --key-file other.key").succeeds();
    object.stage.run("join --manifest m.json --from f0 f1 --output out --key-file other.key").fails(5).says(&format!(
        "error[KEY_UNAVAILABLE]: m.json is refused: the integrity key {id} that signed the manifest can't be used: add \
         the key to the key ring, or, if it was revoked, get the object written again under a trusted key: key {id} is \
         not in the key ring, so the data can't be verified; that is no sign of damage or tampering: load the key file \
         that was in use when the data was written\n\
         help: give the key file that this object was split with: --key-file FILE\n"
    ));
}

#[test]
fn a_manifest_that_was_edited() {
    let object = Object::new(2, 2, b"x".to_vec(), "");
    object.stage.write("m.json", object.manifest.to_string().replace("\"revision\":1", "\"revision\":2"));
    object.stage.run("join --manifest m.json --from f0 f1 --output out").fails(4).says(
        "error[MANIFEST_INVALID]: m.json is refused: the manifest isn't authentic: it was changed or damaged after it \
         was signed; don't use it, take an undamaged copy\n\
         help: use an intact copy of the manifest that split wrote\n",
    );
}

#[test]
fn a_threshold_of_one() {
    Stage::new().run("split file --threshold 1-of-3 --into a b c --manifest m.json").fails(2).says(
        "error: invalid value '1-of-3' for '--threshold <K-of-N>': threshold 1 is below 2\n\
         \n\
         For more information, try '--help'.\n",
    );
}
