//! `xstore verify`.

use serde_json::json;

use crate::support::{Shop, URLS, payload};

fn shop() -> Shop {
    Shop::over("2-of-3", URLS, "part-size = \"64KiB\"").holding(payload(150_000, 1))
}

#[test]
fn an_object_in_order() {
    let shop = shop();
    let ran = shop.run("verify --manifest m.json").succeeds().says("");
    assert_eq!(
        ran.text(),
        "file: 2-of-3, 3 parts: every share is there and good\n  \
           share 0   red                  good\n  \
           share 1   blue                 good\n  \
           share 2   green                good\n"
    );
    let ran = shop.run("verify --quick --manifest m.json").succeeds();
    assert!(ran.text().contains("their bytes weren't read"), "{}", ran.text());
}

#[test]
fn damage_is_told_with_its_place() {
    let shop = shop();
    shop.change(1, 1, |bytes| bytes[500] ^= 1);
    let ran = shop.run("verify --manifest m.json").exits(6);
    let text = ran.text();
    assert!(
        text.starts_with("file: 2-of-3, 3 parts: readable, but not one more share may be lost\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "\n  share 1   blue                 BAD in 1 of 3 parts\n      SHARE_INTEGRITY_FAILED in part 1: "
        ),
        "{text}"
    );
    // The length says nothing about it.
    shop.run("verify --quick --manifest m.json").succeeds();
    let report = shop.run("verify --json --manifest m.json").exits(6).says("").json();
    assert_eq!([&report["state"], &report["redundancy"]], [&json!("damaged"), &json!(0)]);
    assert_eq!(report["shares"][1]["problems"][0]["parts"], json!([1]));
    assert_eq!([&report["shares"][1]["good"], &report["shares"][1]["bad"]], [2, 1]);
}

#[test]
fn a_missing_and_a_cut_share_are_found_quickly() {
    let shop = Shop::over("3-of-5", "file:a file:b file:c file:d file:e", "").holding(payload(50_000, 2));
    std::fs::remove_file(shop.share(0, 0)).expect("a share");
    let report = shop.run("verify --quick --json --manifest m.json").exits(6).json();
    assert_eq!([&report["redundancy"], &report["depth"]], [&json!(1), &json!("presence")]);
    shop.change(0, 1, |bytes| bytes.truncate(bytes.len() - 1));
    let ran = shop.run("verify --quick --manifest m.json").exits(6);
    assert!(ran.text().contains("SHARE_NOT_FOUND") && ran.text().contains("SHARE_INTEGRITY_FAILED"));
}

#[test]
fn an_object_that_cannot_be_read() {
    let shop = shop();
    shop.take("red");
    let ran = shop.run("verify --manifest m.json").exits(6);
    assert!(ran.text().contains("  share 0   red                  BAD\n      BACKEND_UNAVAILABLE: "));
    shop.take("green");
    let ran = shop.run("verify --manifest m.json").exits(3);
    assert!(ran.text().starts_with("file: 2-of-3, 3 parts: NOT READABLE: too few good shares\n"));
    assert!(ran.text().contains("bring back any of the named backends"));
    let report = shop.run("verify --json --manifest m.json").exits(3).json();
    assert_eq!([&report["state"], &report["redundancy"]], [&json!("unreadable"), &json!(-1)]);
}

#[test]
fn a_removable_medium_that_is_away() {
    let shop = shop();
    shop.configure("id = \"green\"\n", "id = \"green\"\nremovable = true\n");
    shop.take("green");
    let ran = shop.run("verify --manifest m.json").exits(6);
    assert!(ran.text().contains("BAD (a removable medium)"), "{}", ran.text());
}

#[test]
fn a_share_that_was_never_stored() {
    let shop = Shop::over("2-of-3", URLS, "write-quorum = 2");
    shop.stage.write("file", "x");
    shop.take("green");
    shop.run("put file --quiet --manifest m.json").exits(6);
    let ran = shop.run("verify --manifest m.json").exits(6);
    assert!(ran.text().contains("\n  share 2   -                    never stored\n"), "{}", ran.text());
}

#[test]
fn a_manifest_that_is_none() {
    let shop = shop();
    shop.run("verify --manifest file").fails_with(4, "MANIFEST_INVALID");
    shop.run("verify --manifest missing").fails_with(1, "SOURCE_FAILED");
}
