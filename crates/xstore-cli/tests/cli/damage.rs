//! One damaged share among enough good ones: the right bytes come out, and the folder is named with what is wrong.

use std::fs;

use crate::support::{Object, payload};

const INTEGRITY: &str = "SHARE_INTEGRITY_FAILED";
const VERSION: &str = "SHARE_VERSION_MISMATCH";

/// Bytes of the header.
const HEADER: usize = 128;
/// Body and tag of a full segment of 2-of-3.
const STORED: usize = 65_504 + 32 + 32;
/// Trailer secret with its tag, and the share end.
const ENDS: usize = 544 + 32 + 32;

/// Four data segments.
fn object() -> Object {
    Object::new(2, 3, payload(200_000, 1), "")
}

fn share_length(object: &Object) -> usize {
    fs::read(object.share(0, 0)).expect("a share").len()
}

/// Damages the share in each folder in turn, and joins from all.
#[track_caller]
fn damaged(object: &Object, what: &str, code: &str, problem: &str, change: impl Fn(&mut Vec<u8>)) {
    for index in 0..3 {
        let path = object.share(0, index);
        let intact = fs::read(&path).expect("a share");
        object.change(0, index, &change);
        let report = object.joins("f0 f1 f2");
        let folder = format!("f{index}");
        let told = report.names(&folder, "bad", &[code]);
        let problems = told["problems"].as_array().expect("a list");
        assert!(
            problems.iter().any(|told| told.as_str().is_some_and(|told| told.contains(problem))),
            "{what}: no `{problem}` in {problems:?}"
        );
        assert_eq!(told["goodParts"], 0);
        assert_eq!(told["indexes"], serde_json::json!([index]));
        fs::write(&path, intact).expect("a share can be mended");
    }
    object.joins("f0 f1 f2").all_good();
}

#[test]
fn a_flipped_bit_of_each_field_of_the_header() {
    let object = object();
    for (offset, code, problem) in [
        (0, INTEGRITY, "doesn't begin with"),
        (7, INTEGRITY, "doesn't begin with"),
        (8, VERSION, "share format 0 is not known"),
        (9, VERSION, "share format 257 is not known"),
        (10, VERSION, "share suite 0 is not known"),
        (11, VERSION, "share suite 257 is not known"),
        (12, INTEGRITY, "`k`"),
        (13, INTEGRITY, "`p`"),
        (14, INTEGRITY, "`index`"),
        (15, INTEGRITY, "`reserved`"),
        (16, INTEGRITY, "`segment`"),
        (19, INTEGRITY, "`segment`"),
        (20, INTEGRITY, "`trailer`"),
        (24, INTEGRITY, "`reserved`"),
        (31, INTEGRITY, "`reserved`"),
        (32, INTEGRITY, "`keyId`"),
        (47, INTEGRITY, "`keyId`"),
        (48, INTEGRITY, "header's tag"),
        (63, INTEGRITY, "header's tag"),
        (64, INTEGRITY, "header's tag"),
        (95, INTEGRITY, "header's tag"),
        (96, INTEGRITY, "header's tag"),
        (127, INTEGRITY, "header's tag"),
    ] {
        damaged(&object, &format!("byte {offset}"), code, problem, |bytes| bytes[offset] ^= 1);
    }
}

#[test]
fn a_flipped_bit_of_each_part_of_the_body() {
    let object = object();
    let length = share_length(&object);
    let trailer = length - ENDS;
    for (offset, problem) in [
        (HEADER, "segment 0 "),
        (HEADER + 65_504 + 31, "segment 0 "),
        (HEADER + STORED, "segment 1 "),
        (HEADER + 3 * STORED, "segment 3 "),
        (trailer - 33, "segment 3 "),
        (trailer, "segment 4 "),
        (length - 65, "segment 4 "),
        // Tags are what the share end covers.
        (HEADER + 65_504 + 32, "share end"),
        (HEADER + STORED - 1, "share end"),
        (HEADER + 2 * STORED - 1, "share end"),
        (trailer - 1, "share end"),
        (length - 64, "share end"),
        (length - 33, "share end"),
        (length - 32, "share end"),
        (length - 1, "share end"),
    ] {
        for bit in [0, 7] {
            damaged(&object, &format!("byte {offset}"), INTEGRITY, problem, |bytes| {
                bytes[offset] ^= 1 << bit;
            });
        }
    }
}

#[test]
fn every_byte_of_a_small_share() {
    let object = Object::new(2, 3, b"small".to_vec(), "");
    let intact = fs::read(object.share(0, 1)).expect("a share");
    // A prime step, so that one share after the other has all bytes of every field met.
    for offset in (0..intact.len()).step_by(7) {
        object.flip(0, 1, offset);
        let report = object.joins("f0 f1 f2");
        assert!(
            matches!(&report.bad()[..], [(path, state, _)] if path == "f1" && state == "bad"),
            "byte {offset}"
        );
        fs::write(object.share(0, 1), &intact).expect("a share can be mended");
    }
}

#[test]
fn cut_off_and_extended() {
    let object = object();
    let length = share_length(&object);
    for rest in [0, 1, 8, 64, 127, 128, 129, HEADER + STORED, length / 2, length - 32, length - 1] {
        let problem = format!("the share is {rest} bytes long, but the manifest implies {length}");
        damaged(&object, "cut off", INTEGRITY, &problem, |bytes| bytes.truncate(rest));
    }
    for more in [1, 32, STORED] {
        let problem = format!("the share is {} bytes long", length + more);
        damaged(&object, "extended", INTEGRITY, &problem, |bytes| bytes.resize(length + more, 0));
    }
}

#[test]
fn overwritten() {
    let object = object();
    damaged(&object, "zeros", INTEGRITY, "doesn't begin with", |bytes| bytes.fill(0));
    damaged(&object, "noise", INTEGRITY, "header's tag", |bytes| bytes[HEADER - 32..].fill(0x55));
    damaged(&object, "a segment moved", INTEGRITY, "share end", |bytes| {
        bytes.copy_within(HEADER..HEADER + STORED, HEADER + STORED);
    });
    damaged(&object, "two segments exchanged", INTEGRITY, "share end", |bytes| {
        let (first, second) = bytes[HEADER..HEADER + 2 * STORED].split_at_mut(STORED);
        first.swap_with_slice(second);
    });
}

#[test]
fn missing() {
    let object = object();
    for index in 0..3 {
        let intact = fs::read(object.share(0, index)).expect("a share");
        object.remove(0, index);
        let report = object.joins("f0 f1 f2");
        let folder = format!("f{index}");
        assert_eq!(report.names(&folder, "empty", &["SHARE_NOT_FOUND"])["indexes"], serde_json::json!([]));
        fs::write(object.share(0, index), intact).expect("a share can be mended");
    }
    fs::remove_dir_all(object.stage.path("f1")).expect("a folder can be removed");
    object.joins("f0 f1 f2").names("f1", "bad", &["BACKEND_UNAVAILABLE"]);
}

#[test]
fn a_folder_in_the_place_of_the_share() {
    let object = object();
    object.remove(0, 1);
    fs::create_dir(object.share(0, 1)).expect("a folder");
    let report = object.joins("f0 f1 f2");
    let told = report.names("f1", "bad", &["BACKEND_UNAVAILABLE"]);
    assert!(told["problems"][0].as_str().is_some_and(|told| told.ends_with(": not a plain file")), "{told}");
}

#[test]
fn a_file_in_the_place_of_a_folder() {
    let object = object();
    let lane = object.share(0, 1).parent().expect("a folder").to_owned();
    fs::remove_dir_all(&lane).expect("a folder can be removed");
    fs::write(&lane, "x").expect("a file");
    let report = object.joins("f0 f1 f2");
    let bad = report.bad();
    assert!(matches!(&bad[..], [(path, ..)] if path == "f1"), "{bad:?}");
}

#[test]
fn each_folder_damaged_in_another_segment() {
    let object = object();
    for index in 0..3 {
        object.flip(0, index, HEADER + index * STORED + 1000);
    }
    let report = object.joins("f0 f1 f2");
    let bad = report.bad();
    assert_eq!(bad.len(), 3, "{bad:?}");
    assert!(bad.iter().all(|(_, state, codes)| state == "bad" && codes == &[INTEGRITY]));
    // Without the third there is only one good share of segments 0 and 1.
    object.refuses("f0 f1", 3, "INSUFFICIENT_SHARES");
}

#[test]
fn each_folder_damaged_in_another_part() {
    let object = Object::new(2, 3, payload(100_000, 2), "--part 30000");
    object.remove(0, 0);
    object.flip(1, 1, 20);
    object.flip(2, 2, 5000);
    let report = object.joins("f0 f1 f2");
    let told: Vec<String> = report
        .bad()
        .iter()
        .map(|(path, state, codes)| format!("{path} {state} {}", codes.join(" ")))
        .collect();
    assert_eq!(
        told,
        ["f0 bad SHARE_NOT_FOUND", "f1 bad SHARE_INTEGRITY_FAILED", "f2 bad SHARE_INTEGRITY_FAILED"]
    );
    for folder in report.0["folders"].as_array().expect("a list") {
        assert_eq!(folder["goodParts"], 3, "{folder}");
        assert_eq!(folder["moreProblems"], 0, "{folder}");
    }
    let problems: Vec<&str> =
        (0..3).map(|i| report.0["folders"][i]["problems"][0].as_str().expect("one")).collect();
    assert_eq!(problems[0], "1 of 4 parts are missing");
    assert!(problems[1].starts_with("part 1: "), "{problems:?}");
    assert!(problems[2].starts_with("part 2: segment 0 "), "{problems:?}");
}

#[test]
fn many_problems_are_counted() {
    let object = Object::new(2, 3, payload(100_000, 3), "--part 10000");
    for part in 0..10 {
        object.flip(part, 2, 1000);
    }
    let report = object.joins("f0 f1 f2");
    let told = report.names("f2", "bad", &[INTEGRITY]);
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(3));
    assert_eq!(told["moreProblems"], 7);
    let text = object.stage.run("join --manifest m.json --from f0 f1 f2 --output out2").succeeds();
    text.mentions("; and 7 more");
}

#[test]
fn in_text_the_bad_folder_is_warned_about() {
    let object = Object::new(2, 3, b"x".to_vec(), "");
    object.flip(0, 2, 14);
    let warning = "warning: f2 (share 2): header field `index` is not what the manifest implies: another share, or a \
                   changed one\n";
    let ran =
        object.stage.run("join --manifest m.json --from f0 f1 f2 --output out").succeeds().says(warning);
    assert!(ran.text().contains("\n  f0 (share 0): good\n"), "{}", ran.text());
    // Quiet isn't silent about damage.
    let quiet = object.stage.run("join -q --manifest m.json --from f0 f1 f2 --output out --force").succeeds();
    assert_eq!(quiet.says(warning).text(), "");
}
