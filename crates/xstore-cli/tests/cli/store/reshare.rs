//! `xstore reshare`.

use crate::support::{Shop, payload};

fn shop() -> Shop {
    Shop::over("2-of-3", "file:a file:b file:c file:d file:e", "part-size = \"64KiB\"")
        .holding(payload(150_000, 1))
}

#[test]
fn another_threshold_and_the_old_shares_stay_until_they_are_removed() {
    let shop = shop();
    let ran = shop.run("reshare --manifest m.json --threshold 3-of-5").succeeds();
    assert!(ran.text().contains("3-of-5 instead of 2-of-3"), "{}", ran.text());
    assert!(ran.text().contains("xstore rm --manifest m.json.generation-1.json"), "{}", ran.text());
    let manifest = shop.manifest();
    assert_eq!((&manifest["threshold"]["k"], &manifest["threshold"]["n"]), (&3.into(), &5.into()));
    assert_eq!(manifest["generation"], 2);
    assert_eq!(shop.values().len(), 3 * 3 + 3 * 5);
    for away in ["a", "b"] {
        shop.take(away);
    }
    shop.gets();
    shop.take("c");
    shop.refuses(3, "INSUFFICIENT_SHARES");
    for back in ["a", "b", "c"] {
        shop.bring_back(back);
    }
    shop.run("get --quiet --manifest m.json.generation-1.json --output old").succeeds();
    assert!(shop.stage.read("old") == shop.data);
    shop.run("rm --quiet --manifest m.json.generation-1.json").succeeds();
    assert_eq!(shop.values().len(), 3 * 5);
    shop.run("verify --manifest m.json").succeeds();
    assert_eq!(shop.stage.names(".").iter().filter(|name| name.starts_with("m.json")).count(), 1);
}

#[test]
fn the_old_shares_can_go_at_once() {
    let shop = shop();
    let report =
        shop.run("reshare --manifest m.json --threshold 2-of-4 --remove-old --json").succeeds().json();
    assert_eq!(report["oldManifest"], serde_json::Value::Null);
    assert_eq!(shop.values().len(), 3 * 4);
    assert_eq!(shop.stage.names(".").iter().filter(|name| name.starts_with("m.json")).count(), 1);
    shop.gets();
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let shop = shop();
    let (manifest, values) = (shop.stage.read("m.json"), shop.values());
    shop.run("reshare --manifest m.json --threshold 3-of-6").fails_with(7, "LAYOUT_REFUSED");
    shop.run("reshare --manifest m.json --threshold 4-of-3").fails(2);
    for away in ["a", "b", "c", "d", "e"] {
        shop.take(away);
    }
    let ran = shop.run("reshare --manifest m.json --threshold 3-of-5");
    assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
    for back in ["a", "b", "c", "d", "e"] {
        shop.bring_back(back);
    }
    shop.run("sweep --quiet");
    assert_eq!((shop.stage.read("m.json"), shop.values()), (manifest, values));
}
