//! Folders: renamed, reordered, copied, merged, spelled in other ways.

use std::fs;
use std::path::Path;

use crate::support::{Object, Stage, payload};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a name");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

#[test]
fn folders_may_be_renamed_and_given_in_any_order() {
    let object = Object::new(2, 3, payload(100_000, 1), "--part 30000");
    for (from, to) in [("f0", "one"), ("f1", "f0"), ("f2", "two")] {
        fs::rename(object.stage.path(from), object.stage.path(to)).expect("a folder can be renamed");
    }
    for folders in ["one two", "two f0", "f0 one", "two one f0"] {
        object.joins(folders).all_good();
    }
}

#[test]
fn all_shares_may_be_in_one_folder() {
    let object = Object::new(2, 3, payload(100_000, 2), "--part 30000");
    for index in 0..3 {
        copy(&object.stage.path(format!("f{index}")), &object.stage.path("all"));
    }
    let report = object.joins("all");
    report.all_good();
    assert_eq!(report.0["folders"][0]["indexes"], serde_json::json!([0, 1, 2]));
}

#[test]
fn shares_may_change_places() {
    let object = Object::new(2, 3, payload(1000, 3), "");
    for (from, to) in [("f0", "f1"), ("f1", "f0")] {
        copy(&object.stage.path(from), &object.stage.path(format!("new-{to}")));
    }
    let report = object.joins("new-f0 new-f1");
    report.all_good();
    assert_eq!(report.0["folders"][0]["indexes"], serde_json::json!([1]));
    assert_eq!(report.0["folders"][1]["indexes"], serde_json::json!([0]));
}

#[test]
fn a_second_copy_of_a_share_is_checked_and_counts_once() {
    let object = Object::new(2, 3, payload(100_000, 4), "--part 30000");
    copy(&object.stage.path("f1"), &object.stage.path("copy"));
    let report = object.joins("f0 f1 copy f2");
    report.all_good();
    for folder in [1, 2] {
        let folder = &report.0["folders"][folder];
        assert_eq!(
            [&folder["indexes"], &folder["goodParts"]],
            [&serde_json::json!([1]), &serde_json::json!(4)]
        );
    }
    // One share twice is one share.
    object.refuses("f1 copy", 3, "INSUFFICIENT_SHARES");
}

#[test]
fn a_bad_first_copy_of_a_share_is_no_obstacle() {
    let object = Object::new(2, 2, payload(100_000, 5), "--part 30000");
    copy(&object.stage.path("f1"), &object.stage.path("copy"));
    // In the header, and in a body: the one shows when the share is opened, the other only when it is read.
    object.flip(0, 1, 100);
    object.flip(1, 1, 1000);
    for folders in ["f0 f1 copy", "f1 copy f0", "copy f0 f1"] {
        object.joins(folders).names("f1", "bad", &["SHARE_INTEGRITY_FAILED"]);
    }
    object.refuses("f0 f1", 3, "INSUFFICIENT_SHARES");
}

#[test]
fn a_folder_given_twice_to_join_counts_once() {
    let object = Object::new(2, 3, payload(1000, 6), "");
    for folders in ["f0 f0", "f0 ./f0", "f0 f0/", "f0 f1/../f0"] {
        object.refuses(folders, 3, "INSUFFICIENT_SHARES");
    }
    let report = object.joins("f0 ./f0 f1");
    report.all_good();
    assert_eq!(report.0["folders"].as_array().map(Vec::len), Some(2));
}

#[cfg(unix)]
#[test]
fn a_folder_may_be_a_link() {
    let object = Object::new(2, 3, payload(1000, 7), "");
    std::os::unix::fs::symlink("f0", object.stage.path("link")).expect("a link");
    object.joins("link f2").all_good();
    object.refuses("link f0", 3, "INSUFFICIENT_SHARES");
}

#[test]
fn strange_folders_among_good_ones_are_named() {
    let object = Object::new(2, 3, payload(1000, 8), "");
    fs::create_dir(object.stage.path("nothing")).expect("a folder");
    object.joins("f0 nothing f1").names("nothing", "empty", &["SHARE_NOT_FOUND"]);
    object.joins("f0 missing f1").names("missing", "bad", &["BACKEND_UNAVAILABLE"]);
    object.joins("f0 file f1").names("file", "bad", &["BACKEND_UNAVAILABLE"]);
}

#[test]
fn fast_reads_only_what_it_needs() {
    let object = Object::new(2, 4, payload(100_000, 9), "--part 30000");
    object.flip(0, 2, 500);
    fs::create_dir(object.stage.path("nothing")).expect("a folder");
    let bad = |report: &crate::support::Report| {
        report.bad().into_iter().map(|(path, state, _)| format!("{path} {state}")).collect::<Vec<_>>()
    };
    assert_eq!(bad(&object.joins("f0 f1 f2 f3 --fast")), ["f2 unused", "f3 unused"]);
    assert_eq!(bad(&object.joins("f3 f2 f1 f0 --fast")), ["f3 unused", "f2 unused"]);
    assert_eq!(bad(&object.joins("f0 f3 nothing --fast")), ["nothing empty"]);
    assert_eq!(bad(&object.joins("f0 f1 f2 f3")), ["f2 bad"]);
    // What it needs, it verifies, and it turns to others where that fails.
    object.flip(1, 0, 500);
    let report = object.joins("f0 f1 f2 f3 --fast");
    assert!(bad(&report).contains(&"f0 bad".to_owned()), "{:?}", report.bad());
}

#[test]
fn folders_that_are_missing_are_made_and_others_kept() {
    let stage = Stage::new();
    stage.write("file", "x");
    fs::create_dir_all(stage.path("b")).expect("a folder");
    stage.write("b/mine", "mine");
    stage.run("split file --threshold 2-of-3 --into a b c/ --manifest m.json").succeeds();
    assert_eq!(stage.read("b/mine"), b"mine");
    // A second object in the same folders disturbs nothing.
    stage.run("split file --threshold 2-of-3 --into c a b --manifest n.json").succeeds();
    for manifest in ["m.json", "n.json"] {
        let ran = stage.run(&format!("join -q --manifest {manifest} --from a b c --output -")).succeeds();
        assert_eq!(ran.out, b"x");
    }
    assert_eq!(stage.names("a").len(), 2);
}

#[test]
fn a_folder_may_be_inside_another() {
    let object = Stage::new();
    object.write("file", "x");
    object.run("split file --threshold 2-of-3 --into a a/b a/b/c --manifest m.json").succeeds();
    assert_eq!(object.run("join -q --manifest m.json --from a a/b/c --output -").succeeds().out, b"x");
}

#[test]
fn merged_folders_that_lack_a_share_are_told() {
    let object = Object::new(2, 3, payload(100_000, 8), "--part 30000");
    copy(&object.stage.path("f1"), &object.stage.path("f0"));
    object.joins("f0 f2").all_good();
    let of_f1 = object.share(2, 1).strip_prefix(object.stage.path("f1")).expect("a share of f1").to_owned();
    fs::remove_file(object.stage.path("f0").join(of_f1)).expect("it can be removed");
    let report = object.joins("f0 f2");
    let problems = report.names("f0", "bad", &["SHARE_NOT_FOUND"])["problems"].to_string();
    assert!(problems.contains("1 of 8 shares are missing"), "{problems}");
}
