//! What was split comes back: all sizes at which something changes, several thresholds, every choice of k folders.

use serde_json::Value;

use crate::support::{Object, Stage, payload, subsets};

/// S of 2-of-3: payload bytes of a full segment.
const SEGMENT: usize = 65_504;

/// Split from a file and from a pipe, joined into a file and into a pipe.
#[track_caller]
fn both_ways(length: usize, arguments: &str, parts: usize) {
    both_ways_in(length, arguments, [parts; 2]);
}

/// The same, with so many parts from a file and so many from a pipe.
#[track_caller]
fn both_ways_in(length: usize, arguments: &str, parts: [usize; 2]) {
    let stage = Stage::new();
    let data = payload(length, length as u64);
    stage.write("file", &data);
    let split = "--threshold 2-of-3 --json";
    let from_file = stage
        .run(&format!("split file {split} --into a b c --manifest m.json {arguments}"))
        .succeeds()
        .json();
    let from_pipe = stage
        .run_with(&format!("split - {split} --into d e f --manifest n.json {arguments}"), &data)
        .succeeds()
        .json();
    for ((report, name), parts) in [(&from_file, "file"), (&from_pipe, "stdin")].into_iter().zip(parts) {
        assert_eq!(report["name"], name);
        assert_eq!(report["bytes"], length, "{length} {arguments}");
        assert_eq!(report["parts"], parts, "{length} {arguments}");
    }
    for (manifest, folders) in [("m.json", "a c"), ("n.json", "f e")] {
        stage.run(&format!("join --manifest {manifest} --from {folders} --output {manifest}.out")).succeeds();
        assert!(stage.read(format!("{manifest}.out")) == data, "{length} {arguments} to a file");
        let ran =
            stage.run(&format!("join --quiet --manifest {manifest} --from {folders} --output -")).succeeds();
        assert!(ran.out == data, "{length} {arguments} to a pipe");
        assert_eq!(ran.err, "");
    }
}

#[test]
fn nothing_and_next_to_nothing() {
    both_ways(0, "", 1);
    both_ways(1, "", 1);
    both_ways(2, "", 1);
}

#[test]
fn around_the_end_of_a_segment() {
    for length in [SEGMENT - 2, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 7] {
        both_ways(length, "", 1);
    }
}

#[test]
fn around_the_end_of_a_part() {
    for (length, parts) in [(0, 1), (999, 1), (1000, 1), (1001, 2), (2000, 2), (2001, 3)] {
        both_ways(length, "--part 1000", parts);
    }
}

#[test]
fn parts_and_segments_that_end_together_and_apart() {
    let segment = SEGMENT;
    for (part, length, parts) in [
        (segment, 2 * segment, 2),
        (segment, 2 * segment + 1, 3),
        (segment + 1, 2 * segment, 2),
        (2 * segment - 1, 4 * segment, 3),
    ] {
        both_ways(length, &format!("--part {part}"), parts);
    }
}

#[test]
fn parts_of_one_byte() {
    both_ways(5, "--part 1", 5);
}

/// More than the default part and more than a batch, so that several are in flight.
#[test]
fn a_few_default_parts() {
    // How long a pipe will be nobody knows, so its parts are as large as may be.
    both_ways_in((8 << 20) + 12_345, "", [2, 1]);
    both_ways_in((16 << 20) + 1, "", [3, 1]);
    both_ways((16 << 20) + 1, "--part 8MiB", 3);
}

/// Every k of the n folders give the bytes back, whole and verified.
#[track_caller]
fn every_subset(k: usize, n: usize, length: usize) {
    let object = Object::new(k, n, payload(length, 7), "--part 70000");
    for subset in subsets(n, k) {
        let folders: Vec<String> = subset.iter().map(|i| format!("f{i}")).collect();
        let report = object.joins(&folders.join(" "));
        report.all_good();
        assert_eq!(report.0["threshold"], format!("{k}-of-{n}"));
        assert_eq!(report.0["bytes"], length);
        let used: Vec<&Value> = report.0["folders"].as_array().expect("a list").iter().collect();
        for (folder, index) in used.iter().zip(&subset) {
            assert_eq!(folder["indexes"], Value::from(vec![*index]));
            assert_eq!(folder["goodParts"], object.manifest["parts"].as_array().expect("a list").len());
        }
    }
    object.joins(&object.folders()).all_good();
    let too_few: Vec<String> = (1..k).map(|i| format!("f{i}")).collect();
    object.refuses(&too_few.join(" "), 3, "INSUFFICIENT_SHARES");
}

#[test]
fn every_subset_of_two() {
    every_subset(2, 2, 150_000);
    every_subset(2, 3, 150_000);
    every_subset(2, 6, 71_000);
}

#[test]
fn every_subset_of_three_to_five() {
    every_subset(3, 3, 150_000);
    every_subset(3, 5, 71_000);
    every_subset(5, 5, 150_000);
    every_subset(5, 6, 71_000);
}

#[test]
fn every_subset_of_four_of_seven() {
    every_subset(4, 7, 150_000);
}

#[test]
fn the_largest_number_of_folders() {
    for k in [2, 64] {
        let object = Object::new(k, 64, payload(100_000, 64), "");
        object.joins(&object.folders()).all_good();
        let last: Vec<String> = (64 - k..64).rev().map(|i| format!("f{i}")).collect();
        object.joins(&last.join(" ")).all_good();
    }
}

#[test]
fn padded_to_a_size_class() {
    let mut lengths = Vec::new();
    for length in [0, 1, 4095, 4096] {
        let object = Object::new(2, 3, payload(length, 1), "--pad-to 4KiB --part 64KiB");
        object.joins("f0 f1").all_good();
        lengths.push(object.share(0, 0).metadata().expect("a share").len());
    }
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
    let longer = Object::new(2, 3, payload(4097, 1), "--pad-to 4KiB --part 64KiB");
    longer.joins("f0 f1").all_good();
    assert_eq!(longer.share(0, 0).metadata().expect("a share").len(), lengths[0] + 4096);
    // The last part is filled up as well, and a full one isn't.
    Object::new(2, 3, payload(10_000, 1), "--pad-to 4KiB --part 8KiB").joins("f2 f1").all_good();
    Object::new(2, 3, payload(16_384, 1), "--pad-to 4KiB --part 8KiB").joins("f2 f1").all_good();
}

#[test]
fn with_randomness_of_the_system_only() {
    Object::new(3, 4, payload(200_000, 2), "--os-randomness --part 90000").joins("f3 f1 f2").all_good();
}

#[test]
fn two_splits_of_one_file_have_nothing_in_common() {
    let stage = Stage::new();
    stage.write("file", payload(3000, 3));
    for out in ["a b", "c d"] {
        stage
            .run(&format!("split file --threshold 2-of-2 --into {out} --manifest {}.json", &out[..1]))
            .succeeds();
    }
    let manifest = |name: &str| -> Value { serde_json::from_slice(&stage.read(name)).expect("JSON") };
    let (first, second) = (manifest("a.json"), manifest("c.json"));
    assert_ne!(first["object"], second["object"]);
    let share = |folder: &str, manifest: &Value, index: usize| {
        let key = &manifest["parts"][0]["shares"][index]["key"];
        stage.read(format!("{folder}/{}", key.as_str().expect("a key")))
    };
    let (a, c) = (share("a", &first, 0), share("c", &second, 0));
    assert_eq!(a.len(), c.len());
    // Behind the fields that are equal by design, chance leaves one byte in 256 equal.
    let equal = a[128..].iter().zip(&c[128..]).filter(|(x, y)| x == y).count();
    assert!(equal < 100, "{equal} equal bytes of {}", a.len());
}

#[test]
fn the_plaintext_is_in_no_share() {
    let text = b"a sentence that must not stand in any share";
    let object = Object::new(2, 3, text.repeat(50), "");
    for index in 0..3 {
        let share = std::fs::read(object.share(0, index)).expect("a share");
        assert!(!share.windows(8).any(|window| text.windows(8).any(|piece| piece == window)));
    }
}
