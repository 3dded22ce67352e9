//! `xstore repair`.

use std::fs;

use crate::support::{Shop, payload};

/// Three parts on three of four folders.
fn shop() -> Shop {
    Shop::over("2-of-3", "file:red file:blue file:green file:spare", "part-size = \"64KiB\"")
        .holding(payload(150_000, 1))
}

#[test]
fn whole_objects_stay_as_they_are() {
    let shop = shop();
    let (manifest, values) = (shop.stage.read("m.json"), shop.values());
    let ran = shop.run("repair --manifest m.json").succeeds();
    assert_eq!(ran.text(), "file: nothing to do: every share is there and good\n");
    assert_eq!((shop.stage.read("m.json"), shop.values()), (manifest, values));
    assert!(!shop.stage.has("m.json.pending") && !shop.stage.has("m.json.new"));
}

#[test]
fn missing_and_damaged_shares_are_made_again_in_their_places() {
    let shop = shop();
    fs::remove_file(shop.share(0, 0)).expect("a share");
    shop.change(1, 1, |bytes| bytes[300] ^= 1);
    shop.change(2, 2, |bytes| bytes.truncate(100));
    let dry = shop.run("repair --manifest m.json --dry-run --json").exits(6).json();
    assert_eq!((&dry["dryRun"], &dry["changed"]), (&true.into(), &false.into()));
    assert_eq!(shop.manifest()["revision"], 1);

    let report = shop.run("repair --manifest m.json --json").succeeds().json();
    assert_eq!(report["whole"], true);
    assert_eq!(report["good"], 6);
    let fates: Vec<_> = report["shares"].as_array().expect("shares").iter().collect();
    assert_eq!(fates.len(), 3);
    assert!(fates.iter().all(|row| row["outcome"] == "rebuilt" && row["from"] == row["to"]), "{report}");
    assert_eq!((&fates[0]["why"], &fates[1]["why"]), (&"missing".into(), &"damaged".into()));
    assert_eq!(shop.manifest()["revision"], 2);

    shop.run("verify --manifest m.json").succeeds();
    // What was replaced is gone.
    assert_eq!(shop.values().len(), 9);
    assert!(!shop.stage.has("m.json.pending") && !shop.stage.has("m.json.new"));
    for folder in ["red", "blue", "green"] {
        shop.take(folder);
        shop.gets();
        shop.bring_back(folder);
    }
    let manifest = shop.stage.read("m.json");
    shop.run("repair --manifest m.json").succeeds();
    assert_eq!(shop.stage.read("m.json"), manifest);
    shop.run("rm --quiet --manifest m.json").succeeds();
    shop.is_empty();
}

#[test]
fn a_backend_that_is_away_may_come_back_unless_it_is_given_up() {
    let shop = shop();
    let away = shop.manifest()["parts"][0]["shares"][1]["backendId"].as_str().expect("a backend").to_owned();
    shop.take(&away);
    let ran = shop.run("repair --manifest m.json").exits(6);
    assert!(ran.text().contains("left alone") && ran.text().contains("--abandon"), "{}", ran.text());
    assert_eq!(shop.manifest()["revision"], 1);

    let ran = shop.run(&format!("repair --manifest m.json --abandon {away}")).exits(0);
    assert!(ran.text().contains(&format!("{away} -> ")), "{}", ran.text());
    shop.run("verify --manifest m.json").succeeds();
    shop.gets();
    // What it still holds is remembered, and removed when it is back.
    assert!(ran.err.contains("xstore sweep "), "{}", ran.err);
    shop.bring_back(&away);
    assert_eq!(shop.values().len(), 12);
    shop.run("sweep").succeeds();
    assert_eq!(shop.values().len(), 9);
    shop.gets();
}

#[test]
fn too_few_good_shares_change_nothing() {
    let shop = shop();
    for index in [0, 1] {
        fs::remove_file(shop.share(1, index)).expect("a share");
    }
    let manifest = shop.stage.read("m.json");
    let ran = shop.run("repair --manifest m.json").exits(3);
    assert!(ran.text().contains("no sources"), "{}", ran.text());
    assert_eq!(shop.stage.read("m.json"), manifest);
}

#[test]
fn a_link_to_a_manifest_stays_one() {
    let shop = shop();
    fs::create_dir(shop.stage.path("kept")).expect("a folder");
    fs::rename(shop.stage.path("m.json"), shop.stage.path("kept/real.json")).expect("a manifest");
    #[cfg(unix)]
    std::os::unix::fs::symlink("kept/real.json", shop.stage.path("m.json")).expect("a link");
    #[cfg(not(unix))]
    return;
    fs::remove_file(shop.share(0, 0)).expect("a share");
    shop.run("repair --quiet --manifest m.json").succeeds();
    assert!(shop.stage.path("m.json").symlink_metadata().expect("there").is_symlink());
    assert_eq!(shop.manifest()["revision"], 2);
    assert_eq!(shop.stage.names("kept"), ["real.json"]);
    shop.gets();
}

#[test]
fn wishes_that_name_nothing_are_refused() {
    let shop = shop();
    shop.run("repair --manifest m.json --onto red=nowhere")
        .fails_with(2, "CONFIG_INVALID")
        .mentions("nowhere");
    shop.run("repair --manifest m.json --abandon nobody").fails_with(2, "CONFIG_INVALID").mentions("nobody");
    shop.run("repair --manifest m.json --onto red").fails(2).mentions("FROM=TO");
    shop.run("repair --manifest missing.json").fails_with(1, "SOURCE_FAILED");
    assert!(!shop.stage.has("m.json.pending"));
}
