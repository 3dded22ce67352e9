//! `xstore rm`.

use crate::support::{Shop, URLS, payload};

fn shop() -> Shop {
    Shop::over("2-of-3", URLS, "part-size = \"64KiB\"").holding(payload(150_000, 1))
}

#[test]
fn shares_first_then_the_manifest() {
    let shop = shop();
    let ran = shop.run("rm --manifest m.json").succeeds().says("");
    assert_eq!(ran.text(), "file: removed, with its manifest m.json\n");
    shop.is_empty();
    assert!(!shop.stage.has("m.json"));
    shop.run("rm --manifest m.json").fails_with(1, "SOURCE_FAILED");
}

#[test]
fn with_a_backend_away_it_can_be_repeated() {
    let shop = shop();
    shop.take("green");
    let ran = shop.run("rm --manifest m.json").exits(6);
    assert_eq!(ran.text(), "file: too few shares are left to read it; m.json kept\n");
    ran.mentions("warning: 3 shares couldn't be removed; nobody can read the object any more\n")
        .mentions("\n  green (share 2, parts 0, 1, 2): BACKEND_UNAVAILABLE: ")
        .mentions("help: the manifest is kept; repeat the command once these backends are back\n");
    let report = shop.run("rm --json --manifest m.json").exits(6).says("").json();
    assert_eq!(
        [&report["removed"], &report["remaining"]],
        [&serde_json::json!(false), &serde_json::json!(3)]
    );
    shop.refuses(3, "INSUFFICIENT_SHARES");
    shop.bring_back("green");
    assert_eq!(shop.values().len(), 3);
    let report = shop.run("rm --json --manifest m.json").succeeds().json();
    assert_eq!(report["removed"], true);
    shop.is_empty();
    assert!(!shop.stage.has("m.json"));
}

#[test]
fn what_can_still_be_read_is_not_removed() {
    let shop = shop();
    shop.take("green");
    shop.take("blue");
    shop.run("rm --manifest m.json")
        .fails_with(8, "INSUFFICIENT_BACKENDS")
        .mentions("the object can still be read")
        .mentions("\n  blue (share 1, parts 0, 1, 2): ")
        .mentions("\n  green (share 2, parts 0, 1, 2): ");
    shop.bring_back("green");
    shop.bring_back("blue");
    shop.gets();
    assert!(shop.stage.has("m.json"));
}

#[test]
fn a_manifest_that_is_not_authentic_removes_nothing() {
    let shop = shop();
    let text = String::from_utf8(shop.stage.read("m.json")).expect("text");
    shop.stage.write("m.json", text.replace("\"generation\":1", "\"generation\":2"));
    shop.run("rm --manifest m.json").fails_with(4, "MANIFEST_INVALID");
    assert_eq!(shop.values().len(), 9);
    shop.run("rm --manifest file").fails_with(4, "MANIFEST_INVALID");
    assert!(shop.stage.has("file"));
}

/// What was damaged or lost before is no obstacle.
#[test]
fn damaged_and_missing_shares() {
    let shop = shop();
    std::fs::remove_file(shop.share(0, 0)).expect("a share");
    shop.change(1, 1, Vec::clear);
    shop.run("rm --manifest m.json").succeeds();
    shop.is_empty();
}
