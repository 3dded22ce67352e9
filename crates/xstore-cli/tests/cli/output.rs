//! Where a join writes: a file that appears whole or not at all, and only in a place that is free.

use std::fs;

use crate::support::{Object, payload};

fn join(output: &str) -> String {
    format!("join --manifest m.json --from f0 f1 --output {output}")
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let object = Object::new(2, 2, payload(1000, 1), "");
    object.stage.write("out", "old");
    object.stage.run(&join("out")).fails_with(1, "OUTPUT_EXISTS").mentions("--force");
    assert_eq!(object.stage.read("out"), b"old");
    object.stage.run(&join("out --force")).succeeds();
    assert!(object.stage.read("out") == object.data);
    object.stage.run(&join("fresh --force")).succeeds();
    assert!(object.stage.read("fresh") == object.data);
}

#[test]
fn a_folder_is_no_output() {
    let object = Object::new(2, 2, payload(1000, 2), "");
    fs::create_dir(object.stage.path("dir")).expect("a folder");
    for output in ["dir", "dir --force", "."] {
        object.stage.run(&join(output)).fails_with(2, "USAGE").mentions(" is a folder");
    }
    assert_eq!(object.stage.names("dir"), [""; 0]);
}

#[test]
fn the_folder_of_an_output_must_exist() {
    let object = Object::new(2, 2, payload(1000, 3), "");
    for (output, folder) in [("no/out", "no"), ("no/where/out", "no/where"), ("file/out", "file")] {
        object.stage.run(&join(output)).fails(1).says(&format!(
            "error[SINK_FAILED]: can't write {output}: {folder} is not a folder\n\
                 help: make the folder first, or name a file in another one\n"
        ));
    }
    fs::create_dir(object.stage.path("dir")).expect("a folder");
    object.stage.run(&join("dir/out")).succeeds();
    assert!(object.stage.read("dir/out") == object.data);
    assert_eq!(object.stage.names("dir"), ["out"]);
}

#[test]
fn an_output_may_stand_among_the_shares() {
    let object = Object::new(2, 2, payload(1000, 4), "");
    object.stage.run(&join("f0/out")).succeeds();
    assert!(object.stage.read("f0/out") == object.data);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_never_replaced() {
    let object = Object::new(2, 2, payload(1000, 5), "");
    let made =
        std::process::Command::new("mkfifo").arg(object.stage.path("fifo")).status().expect("mkfifo runs");
    assert!(made.success());
    for output in ["/dev/null", "/dev/stdout", "fifo"] {
        object.stage.run(&join(output)).fails_with(1, "OUTPUT_EXISTS");
        let ran = object.stage.run(&join(&format!("{output} --force"))).fails_with(2, "USAGE");
        ran.mentions("is not a regular file").mentions("- for standard output");
    }
    assert!(object.stage.has("fifo"));
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_something() {
    let object = Object::new(2, 2, payload(1000, 6), "");
    std::os::unix::fs::symlink("target", object.stage.path("link")).expect("a link");
    object.stage.run(&join("link")).fails_with(1, "OUTPUT_EXISTS");
    assert!(!object.stage.has("target"));
}

#[test]
fn the_manifest_and_the_key_file_are_never_replaced() {
    let object = Object::new(2, 2, payload(1000, 6), "");
    for file in ["m.json", "f0/../m.json", "xstore.key"] {
        let before = object.stage.read(file);
        object.stage.run(&join(&format!("{file} --force"))).fails_with(2, "USAGE");
        assert!(object.stage.read(file) == before);
    }
}
