//! `xstore get`: the right bytes as long as k good shares are there, and nothing else, ever.

use std::fs;

use crate::support::{Ran, Shop, URLS, payload, subsets};

const FOLDERS: [&str; 3] = ["red", "blue", "green"];

/// A store with an object of three parts.
fn shop(seed: u64) -> Shop {
    Shop::over("2-of-3", URLS, "part-size = \"64KiB\"").holding(payload(150_000, seed))
}

#[test]
fn any_two_of_three() {
    let shop = shop(1);
    for pair in subsets(3, 2) {
        let away = (0..3).find(|index| !pair.contains(index)).expect("one is left");
        shop.take(FOLDERS[away]);
        shop.gets();
        shop.bring_back(FOLDERS[away]);
    }
}

#[test]
fn one_of_three_is_refused_and_each_other_one_named() {
    let shop = shop(2);
    shop.take("red");
    shop.take("green");
    let ran = shop.refuses(3, "INSUFFICIENT_SHARES");
    ran.mentions("\n  green (share 2, part").mentions("\n  red (share 0, part").mentions("red isn't there");
    shop.bring_back("green");
    shop.gets();
}

#[test]
fn a_changed_share_is_told_of_and_does_no_harm() {
    // Every place of a share: header, salt, segments, tags, trailer, end.
    for offset in [0, 9, 40, 100, 5000, 30_000, 65_000] {
        let shop = Shop::new().holding(payload(65_000, 3));
        shop.change(0, 0, |bytes| {
            let offset = offset.min(bytes.len() - 1);
            bytes[offset] ^= 1;
        });
        // Of two places one has to be the changed one, or it may not be asked.
        shop.take("green");
        shop.refuses(3, "INSUFFICIENT_SHARES").mentions("red (share 0, part 0): SHARE_");
        shop.bring_back("green");
        let ran = shop.gets();
        if !ran.err.is_empty() {
            assert!(
                ran.err.starts_with(
                    "warning: the data is whole, but not every share that was asked for is in order\n  red (share 0, "
                ),
                "{}",
                ran.err
            );
            ran.mentions("help: see more with: xstore verify --manifest m.json\n");
        }
    }
}

#[test]
fn damage_of_all_kinds() {
    type Damage = fn(&Shop);
    let kinds: [(&str, Damage); 6] = [
        ("cut", |shop| shop.change(1, 1, |bytes| bytes.truncate(bytes.len() / 2))),
        ("emptied", |shop| shop.change(1, 1, Vec::clear)),
        ("longer", |shop| shop.change(1, 1, |bytes| bytes.push(0))),
        ("removed", |shop| fs::remove_file(shop.share(1, 1)).expect("a file")),
        ("of another part", |shop| {
            fs::copy(shop.share(0, 1), shop.share(1, 1)).expect("a file");
        }),
        ("of another backend", |shop| {
            fs::copy(shop.share(1, 0), shop.share(1, 1)).expect("a file");
        }),
    ];
    for (kind, damage) in kinds {
        let shop = shop(4);
        damage(&shop);
        shop.gets();
        shop.take("red");
        let ran = shop.refuses(3, "INSUFFICIENT_SHARES");
        assert!(ran.err.contains("blue (share 1, part 1): SHARE_"), "{kind}: {}", ran.err);
    }
}

#[test]
fn an_older_share_in_the_place_of_a_newer_one() {
    let shop = shop(5);
    let older = fs::read(shop.share(0, 1)).expect("a share");
    shop.run("rm --quiet --manifest m.json").succeeds();
    let shop = shop.holding(payload(150_000, 6));
    shop.change(0, 1, |bytes| *bytes = older);
    shop.gets();
    shop.take("green");
    shop.refuses(3, "INSUFFICIENT_SHARES").mentions("blue (share 1, part 0): SHARE_INTEGRITY_FAILED");
}

#[test]
fn a_warning_is_part_of_the_report() {
    let shop = shop(7);
    // Whichever two are asked first, one of them is bad.
    shop.change(0, 0, |bytes| bytes[100] ^= 1);
    shop.change(1, 1, |bytes| bytes[100] ^= 1);
    shop.change(2, 2, |bytes| bytes[100] ^= 1);
    let report = shop.run("get --json --manifest m.json --output out").succeeds().says("").json();
    assert!(shop.stage.read("out") == shop.data);
    assert_eq!(report["allGood"], false);
    shop.gets()
        .mentions("warning: the data is whole, but not every share that was asked for is in order\n  ")
        .mentions("): SHARE_INTEGRITY_FAILED\n")
        .mentions("\nhelp: see more with: xstore verify --manifest m.json\n");
    let problems = report["problems"].as_array().expect("a list");
    assert!(
        !problems.is_empty() && problems.iter().all(|p| p["code"] == "SHARE_INTEGRITY_FAILED"),
        "{report}"
    );
}

#[test]
fn outputs_that_exist() {
    let shop = shop(8);
    let get = |more: &str| shop.run(&format!("get --manifest m.json --output {more}"));
    shop.stage.write("out", "mine");
    get("out").fails_with(1, "OUTPUT_EXISTS");
    assert_eq!(shop.stage.read("out"), b"mine");
    get("out --force").succeeds();
    assert!(shop.stage.read("out") == shop.data);
    get("red").fails_with(2, "USAGE");
    get("no/out").fails_with(1, "SINK_FAILED");
    for needed in ["m.json", "xstore.key", "xstore.toml"] {
        let before = shop.stage.read(needed);
        get(&format!("{needed} --force")).fails_with(2, "USAGE");
        assert_eq!(shop.stage.read(needed), before);
    }
}

#[test]
fn to_standard_output_the_report_stands_beside_it() {
    let shop = shop(9);
    let ran = shop.run("get --manifest m.json --output -").succeeds();
    assert!(ran.out == shop.data);
    assert!(ran.err.starts_with("file: 146.5 KiB read and verified, 2-of-3, "), "{}", ran.err);
    let ran = shop.run("get --json --manifest m.json --output -").succeeds();
    assert!(ran.out == shop.data);
    let report: serde_json::Value = serde_json::from_str(&ran.err).expect("one JSON document");
    assert_eq!((&report["bytes"], &report["allGood"]), (&150_000.into(), &true.into()));
    assert!(shop.run("get --quiet --manifest m.json --output -").succeeds().says("").out == shop.data);
}

/// What comes before the part that is missing is verified and on its way; the exit code says that it isn't all.
#[test]
fn a_pipe_that_ends_too_early() {
    let shop = shop(10);
    fs::remove_file(shop.share(2, 0)).expect("a share");
    fs::remove_file(shop.share(2, 1)).expect("a share");
    let ran = shop.run("get --manifest m.json --output -").exits(3);
    assert!(ran.out == shop.data[..2 * 65_536]);
    ran.mentions("error[INSUFFICIENT_SHARES]: ").mentions("blue (share 1, part 2): SHARE_NOT_FOUND");
    shop.refuses(3, "INSUFFICIENT_SHARES");
}

#[test]
fn manifests_that_are_none() {
    let shop = shop(11);
    let text = String::from_utf8(shop.stage.read("m.json")).expect("text");
    shop.stage.write("m.json", text.replace("\"generation\":1", "\"generation\":2"));
    shop.refuses(4, "MANIFEST_INVALID")
        .mentions("error[MANIFEST_INVALID]: m.json: the manifest is refused: ");
    shop.stage.write("m.json", "{}");
    shop.refuses(4, "MANIFEST_INVALID");
    fs::remove_file(shop.stage.path("m.json")).expect("a file");
    shop.refuses(1, "SOURCE_FAILED");
}

#[test]
fn the_key_decides() {
    let shop = shop(12);
    shop.stage.run("key new --quiet --rotate").succeeds();
    shop.gets();
    let id = shop.run("key list --json").succeeds().json()[0]["keyId"].as_str().expect("an id").to_owned();
    shop.run(&format!("key revoke {id} --quiet")).succeeds();
    shop.refuses(5, "KEY_UNAVAILABLE");
    fs::remove_file(shop.stage.path("xstore.key")).expect("a file");
    shop.refuses(5, "KEY_UNAVAILABLE").mentions("help: bring back the key file");
}

#[test]
fn backends_that_the_configuration_lacks() {
    let shop =
        Shop::over("2-of-3", "file:red file:blue file:green file:spare", "").holding(payload(1000, 13));
    // Its entry is renamed, which the file says not to do.
    shop.configure("id = \"blue\"", "id = \"azure\"");
    shop.gets();
    shop.take("green");
    shop.refuses(3, "INSUFFICIENT_SHARES").mentions("blue (share 1, part 0): BACKEND_UNAVAILABLE: ");
}

#[test]
fn a_threshold_that_was_changed_since() {
    let shop = Shop::new().holding(payload(1000, 14));
    shop.configure("threshold = \"2-of-3\"", "threshold = \"3-of-3\"");
    shop.gets();
    shop.take("red");
    // It is the object's own that counts.
    shop.gets();
}

#[test]
fn a_database_that_is_damaged() {
    let shop = Shop::over("2-of-3", "file:red sqlite:blue.db file:green", "").holding(payload(100_000, 15));
    for name in ["blue.db", "blue.db-wal"] {
        let path = shop.stage.path(name);
        if let Ok(bytes) = fs::read(&path) {
            let damaged: Vec<u8> = bytes.iter().map(|b| b ^ 0x55).collect();
            fs::write(&path, damaged).expect("it can be written");
        }
    }
    shop.gets();
    let ran: Ran = shop.run("status").exits(6);
    assert!(ran.text().contains("\nblue     unavailable"), "{}", ran.text());
}
