//! Fewer good shares than are needed: no output, nothing partial, and everybody's fault is told.

use std::fs;

use crate::support::{Object, payload};

/// Body and tag of a full segment of 2-of-3.
const STORED: usize = 65_504 + 32 + 32;

#[test]
fn two_bad_folders_of_three() {
    let object = Object::new(2, 3, payload(200_000, 1), "");
    let intact = |index| fs::read(object.share(0, index)).expect("a share");
    let (first, second) = (intact(0), intact(1));
    for offset in [0, 9, 14, 100, 200, 128 + STORED + 5, first.len() - 500, first.len() - 1] {
        object.flip(0, 0, offset);
        object.flip(0, 1, offset);
        let error = object.refuses("f0 f1 f2", 3, "INSUFFICIENT_SHARES");
        let details = error["details"].as_array().expect("a line per folder");
        assert_eq!(details.len(), 3);
        assert!(
            details[0]
                .as_str()
                .is_some_and(|line| line.starts_with("f0 (share 0): ") && !line.ends_with("good"))
        );
        assert_eq!(details[2], "f2 (share 2): good");
        assert_eq!(error["exit"], 3);
        fs::write(object.share(0, 0), &first).expect("a share can be mended");
        fs::write(object.share(0, 1), &second).expect("a share can be mended");
    }
    object.joins("f0 f1 f2").all_good();
}

#[test]
fn one_folder_or_none_that_holds_anything() {
    let object = Object::new(2, 3, payload(1000, 2), "");
    fs::create_dir(object.stage.path("nothing")).expect("a folder");
    for folders in ["f1", "f1 nothing", "f1 missing", "nothing", "missing nothing", "file"] {
        object.refuses(folders, 3, "INSUFFICIENT_SHARES");
    }
}

#[test]
fn the_folder_that_lacks_the_share_of_a_later_part_is_told() {
    let object = Object::new(2, 3, payload(50_000, 3), "--part 20000");
    object.remove(2, 0);
    object.remove(2, 2);
    let error = object.refuses("f0 f1 f2", 3, "INSUFFICIENT_SHARES");
    assert_eq!(error["message"], "part 2: 2 good shares are needed, 1 found");
    assert_eq!(
        error["details"],
        serde_json::json!([
            "f0 (share 0): 1 of 3 parts are missing",
            "f1 (share 1): good",
            "f2 (share 2): 1 of 3 parts are missing"
        ])
    );
}

#[test]
fn nothing_of_a_good_first_part_is_left_when_a_later_one_fails() {
    let object = Object::new(2, 3, payload(300_000, 4), "--part 100000");
    object.flip(2, 0, 5000);
    object.flip(2, 1, 5000);
    object.refuses("f0 f1 f2", 3, "INSUFFICIENT_SHARES");
}

#[test]
fn an_output_that_was_to_be_replaced_stays() {
    let object = Object::new(2, 3, payload(1000, 5), "");
    object.stage.write("kept", "as it was");
    object
        .stage
        .run("join --force --manifest m.json --from f0 --output kept")
        .fails_with(3, "INSUFFICIENT_SHARES");
    assert_eq!(object.stage.read("kept"), b"as it was");
}

/// A pipe can't be taken back: what came out before is verified, and a prefix; the exit code tells the rest.
#[test]
fn a_pipe_gets_verified_bytes_only() {
    let object = Object::new(2, 3, payload(300_000, 6), "--part 100000");
    object.flip(1, 0, 5000);
    object.flip(1, 1, 70_000);
    object.flip(1, 2, 5000);
    let ran = object.stage.run("join --manifest m.json --from f0 f1 f2 --output -");
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.starts_with("error[INSUFFICIENT_SHARES]: part 1: "), "{}", ran.err);
    assert!(ran.out == object.data[..100_000], "{} bytes", ran.out.len());
}
