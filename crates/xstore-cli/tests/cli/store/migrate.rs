//! `xstore migrate`.

use crate::support::{Shop, payload};

/// Three parts on three of four folders, and which of them holds nothing.
fn shop() -> (Shop, String) {
    let shop = Shop::over("2-of-3", "file:red file:blue file:green file:amber", "part-size = \"64KiB\"")
        .holding(payload(150_000, 1));
    let values = shop.values();
    let free = ["red", "blue", "green", "amber"]
        .into_iter()
        .find(|id| !values.iter().any(|value| value.starts_with(&format!("{id}: "))));
    (shop, free.expect("a spare").to_owned())
}

fn holder(shop: &Shop) -> String {
    shop.manifest()["parts"][0]["shares"][0]["backendId"].as_str().expect("a backend").to_owned()
}

#[test]
fn shares_move_as_they_are() {
    let (shop, spare) = shop();
    let from = holder(&shop);
    let before = std::fs::read(shop.share(0, 0)).expect("a share");
    shop.run(&format!("migrate --manifest m.json --from {from} --to {spare} --dry-run")).succeeds();
    assert_eq!(holder(&shop), from);
    let report =
        shop.run(&format!("migrate --manifest m.json --from {from} --to {spare} --json")).succeeds().json();
    assert_eq!(report["shares"][0]["outcome"], "copied");
    assert_eq!(report["shares"][0]["parts"], 3);
    assert_eq!(holder(&shop), spare);
    assert_eq!(std::fs::read(shop.share(0, 0)).expect("a share"), before);
    // Nothing is left where they were.
    assert!(!shop.values().iter().any(|value| value.starts_with(&format!("{from}: "))));
    shop.take(&from);
    shop.run("verify --manifest m.json").succeeds();
    shop.gets();
    // Once more is nothing to do.
    let ran = shop.run(&format!("migrate --manifest m.json --from {from} --to {spare}")).succeeds();
    assert!(ran.text().contains("nothing to do"), "{}", ran.text());
}

#[test]
fn from_a_backend_that_is_gone() {
    let (shop, spare) = shop();
    let from = holder(&shop);
    shop.take(&from);
    let report =
        shop.run(&format!("migrate --manifest m.json --from {from} --to {spare} --json")).succeeds().json();
    assert_eq!(report["shares"][0]["outcome"], "rebuilt");
    shop.run("verify --manifest m.json").succeeds();
    shop.gets();
    shop.bring_back(&from);
    shop.run("sweep").succeeds();
    assert!(!shop.values().iter().any(|value| value.starts_with(&format!("{from}: "))));
}

#[test]
fn never_two_shares_of_a_part_on_one_backend() {
    let (shop, _) = shop();
    let shares = shop.manifest()["parts"][0]["shares"].clone();
    let (a, b) = (shares[0]["backendId"].as_str().unwrap(), shares[1]["backendId"].as_str().unwrap());
    let manifest = shop.stage.read("m.json");
    let ran = shop.run(&format!("migrate --manifest m.json --from {a} --to {b}")).exits(6);
    assert!(ran.text().contains("no place"), "{}", ran.text());
    assert_eq!(shop.stage.read("m.json"), manifest);
    shop.gets();
}
