//! Authentic shares that are not the right ones: of another object, an older split, another part, another folder.

use std::fs;
use std::path::Path;

use crate::support::{Object, Stage, payload};

const INTEGRITY: &str = "SHARE_INTEGRITY_FAILED";

fn put(from: &Path, to: &Path) {
    fs::copy(from, to).expect("a share can be copied");
}

#[test]
fn a_share_of_another_object() {
    let object = Object::new(2, 3, payload(5000, 1), "");
    let other = payload(5000, 2);
    object.stage.write("other", &other);
    object.stage.run("split other --threshold 2-of-3 --into g0 g1 g2 --manifest o.json").succeeds();
    let manifest: serde_json::Value = serde_json::from_slice(&object.stage.read("o.json")).expect("JSON");
    for index in 0..3 {
        let key = manifest["parts"][0]["shares"][index]["key"].as_str().expect("a key");
        let intact = fs::read(object.share(0, index)).expect("a share");
        put(&object.stage.path(format!("g{index}")).join(key), &object.share(0, index));
        let report = object.joins("f0 f1 f2");
        let told = report.names(&format!("f{index}"), "bad", &[INTEGRITY]);
        assert_eq!(
            told["problems"][0],
            "an authentic share of another sharing: an older version, another part, or another object"
        );
        fs::write(object.share(0, index), intact).expect("a share can be mended");
    }
}

#[test]
fn a_share_of_an_older_split_of_the_same_file() {
    let stage = Stage::new();
    stage.write("file", payload(5000, 3));
    stage.run("split file --threshold 2-of-3 --into o0 o1 o2 --manifest old.json").succeeds();
    let old: serde_json::Value = serde_json::from_slice(&stage.read("old.json")).expect("JSON");
    let object = Object::on(stage, 2, 3, payload(5000, 3), "");
    let key = old["parts"][0]["shares"][1]["key"].as_str().expect("a key");
    put(&object.stage.path("o1").join(key), &object.share(0, 1));
    object.joins("f0 f1 f2").names("f1", "bad", &[INTEGRITY]);
    // The whole folder of the older split holds nothing of this one.
    object.joins("f0 o1 f2").names("o1", "empty", &["SHARE_NOT_FOUND"]);
}

#[test]
fn a_share_of_another_part() {
    let object = Object::new(2, 3, payload(50_000, 4), "--part 20000");
    put(&object.share(0, 1), &object.share(1, 1));
    let report = object.joins("f0 f1 f2");
    let told = report.names("f1", "bad", &[INTEGRITY]);
    assert!(
        told["problems"][0]
            .as_str()
            .is_some_and(|told| told.starts_with("part 1: an authentic share of another"))
    );
    assert_eq!(told["goodParts"], 2);
}

#[test]
fn the_share_of_another_folder_under_this_name() {
    let object = Object::new(2, 3, payload(5000, 5), "");
    put(&object.share(0, 0), &object.share(0, 2));
    let report = object.joins("f0 f1 f2");
    let told = report.names("f2", "bad", &[INTEGRITY]);
    assert!(told["problems"][0].as_str().is_some_and(|told| told.contains("`index`")), "{told}");
}

#[test]
fn two_shares_under_each_others_names() {
    let object = Object::new(2, 4, payload(5000, 6), "");
    let third = object.stage.path("third");
    put(&object.share(0, 0), &third);
    put(&object.share(0, 1), &object.share(0, 0));
    put(&third, &object.share(0, 1));
    let report = object.joins("f0 f1 f2 f3");
    let bad: Vec<String> =
        report.bad().into_iter().map(|(path, state, _)| format!("{path} {state}")).collect();
    assert_eq!(bad, ["f0 bad", "f1 bad"]);
    object.refuses("f0 f1 f2", 3, "INSUFFICIENT_SHARES");
}

#[test]
fn a_share_made_with_another_key() {
    let object = Object::new(2, 3, payload(5000, 7), "");
    object.stage.run("key new -q --key-file other.key").succeeds();
    object
        .stage
        .run("split file --threshold 2-of-3 --into g0 g1 g2 --manifest o.json --key-file other.key")
        .succeeds();
    let manifest: serde_json::Value = serde_json::from_slice(&object.stage.read("o.json")).expect("JSON");
    let key = manifest["parts"][0]["shares"][1]["key"].as_str().expect("a key");
    put(&object.stage.path("g1").join(key), &object.share(0, 1));
    let report = object.joins("f0 f1 f2");
    let told = report.names("f1", "bad", &[INTEGRITY]);
    assert!(told["problems"][0].as_str().is_some_and(|told| told.contains("`keyId`")), "{told}");
}
