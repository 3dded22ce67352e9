//! `xstore put`.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{Ran, Shop, URLS, payload};

#[test]
fn objects_of_all_sizes() {
    let shop = Shop::over("2-of-3", "file:red sqlite:blue.db file:green", "part-size = \"64KiB\"");
    for length in [0, 1, 65_535, 65_536, 65_537, 300_000] {
        let data = payload(length, 1);
        shop.stage.write("file", &data);
        let report = shop.run("put file --json --manifest m.json").succeeds().says("").json();
        assert_eq!(report["bytes"], length);
        assert_eq!(report["parts"], length.div_ceil(65_536).max(1));
        assert_eq!(report["degraded"], false);
        shop.run("get --quiet --manifest m.json --output out").succeeds();
        assert!(shop.stage.read("out") == data, "{length}");
        shop.run("rm --quiet --manifest m.json").succeeds();
        std::fs::remove_file(shop.stage.path("out")).expect("a file");
    }
    shop.is_empty();
    assert_eq!(shop.stage.names("."), ["blue.db", "file", "green", "red", "xstore.key", "xstore.toml"]);
}

#[test]
fn other_thresholds() {
    let shop = Shop::over("4-of-6", "file:a file:b file:c sqlite:d file:e file:f file:spare", "")
        .holding(payload(500_000, 2));
    shop.gets();
    for folder in ["a", "f"] {
        shop.take(folder);
    }
    shop.gets();
    shop.take("c");
    shop.refuses(3, "INSUFFICIENT_SHARES");
}

#[test]
fn a_pipe_has_a_name_of_its_own() {
    let shop = Shop::new();
    let data = payload(200_000, 3);
    let ran = shop.stage.run_with("put - --manifest m.json", &data).succeeds().says("");
    assert!(ran.text().starts_with("stdin: 195.3 KiB in 1 part, 2-of-3, "), "{}", ran.text());
    assert!(
        ran.text().ends_with(
            "  share 0  red\n  share 1  blue\n  share 2  green\nmanifest: m.json\n\
             Keep the manifest and the key file apart from the backends; reading needs both.\n"
        ),
        "{}",
        ran.text()
    );
    assert!(shop.stage.run("get --quiet --manifest m.json --output -").succeeds().out == data);
    shop.stage.run_with("put - --quiet --manifest n.json --name tape", b"x").succeeds();
    shop.run("get --quiet --manifest n.json --output - --name tape").succeeds();
    shop.run("get --quiet --manifest n.json --output - --name stdin").fails_with(4, "MANIFEST_INVALID");
}

#[test]
fn a_manifest_is_never_overwritten() {
    let shop = Shop::new().holding(b"x".to_vec());
    let before = shop.stage.read("m.json");
    shop.run("put file --manifest m.json").fails(1).says(
        "error[MANIFEST_EXISTS]: m.json exists already\n\
         help: name another file with --manifest; a manifest is never overwritten, since reading needs it\n",
    );
    shop.run("put file --manifest red").fails_with(1, "MANIFEST_EXISTS");
    assert_eq!(shop.stage.read("m.json"), before);
    assert_eq!(shop.values().len(), 3);
    shop.run("put file --manifest no/m.json").fails_with(1, "SINK_FAILED").mentions("no is not a folder");
    for name in ["x.pending", "x.json.new"] {
        shop.run(&format!("put file --manifest {name}")).fails_with(2, "USAGE").mentions("OUT.json");
    }
    // A file that no put made, in the place where the manifest is written first.
    shop.stage.write("n.json.new", "mine");
    shop.run("put file --manifest n.json")
        .fails_with(1, "MANIFEST_EXISTS")
        .mentions("n.json.new is in the way");
    assert_eq!(shop.stage.read("n.json.new"), b"mine");
    assert!(!shop.stage.has("n.json.pending"));
    assert_eq!(shop.values().len(), 3);
}

#[test]
fn sources_that_cannot_be_read() {
    let shop = Shop::new();
    shop.run("put missing --manifest m.json").fails_with(1, "SOURCE_FAILED").mentions("can't read missing: ");
    shop.run("put red --manifest m.json")
        .fails_with(2, "USAGE")
        .mentions("help: put takes one file; pipe a folder through tar: tar c FOLDER | xstore put - ...\n");
    assert_eq!(shop.stage.names("."), ["blue", "green", "red", "xstore.key", "xstore.toml"]);
    #[cfg(target_os = "linux")]
    {
        // It can be opened, and its first read fails.
        shop.run("put /proc/self/mem --manifest m.json")
            .fails_with(1, "SOURCE_FAILED")
            .mentions("/proc/self/mem");
        shop.is_empty();
        assert!(!shop.stage.has("m.json.pending"));
    }
}

#[test]
fn a_backend_that_is_away_is_named_and_what_was_stored_is_removed() {
    let shop = Shop::new();
    shop.stage.write("file", payload(100_000, 4));
    shop.take("blue");
    let ran = shop.run("put file --manifest m.json").fails_with(8, "INSUFFICIENT_BACKENDS");
    ran.mentions("\n  blue (share 1, part 0): BACKEND_UNAVAILABLE: ").mentions("blue isn't there").mentions(
        "help: bring the named backends back, or add others; see how each one is with: xstore status",
    );
    assert!(!shop.stage.has("m.json") && !shop.stage.has("m.json.pending"));
    shop.bring_back("blue");
    shop.is_empty();
    // Whether something had reached the one that was away can't be known before it is back.
    shop.run("sweep --quiet").succeeds();
    assert!(shop.stage.names(".").iter().all(|name| !name.ends_with(".pending")));
    shop.run("put file --manifest m.json").succeeds();
}

#[test]
fn a_degraded_object_is_no_quiet_success() {
    let shop = Shop::over("2-of-3", URLS, "write-quorum = 2\npart-size = \"64KiB\"");
    shop.stage.write("file", payload(100_000, 5));
    shop.take("green");
    let ran = shop.run("put file --manifest m.json").exits(6);
    assert!(
        ran.err.starts_with(
            "warning: stored, but degraded: share 2 is missing\n  \
         green (share 2, parts 0, 1): BACKEND_UNAVAILABLE\nhelp: "
        ),
        "{}",
        ran.err
    );
    assert!(ran.text().contains("\n  share 2  missing\n"), "{}", ran.text());
    let report = shop.run("put file --json --manifest n.json").exits(6).says("").json();
    assert_eq!(report["degraded"], true);
    assert_eq!(report["missing"], serde_json::json!([{ "share": 2, "parts": 2 }]));
    assert_eq!(report["problems"][0]["backendId"], "green");
    // With --quiet the exit code and the warning stay.
    let ran = shop.run("put file --quiet --manifest o.json").exits(6);
    assert_eq!(ran.text(), "");
    ran.mentions("warning: stored, but degraded");
    shop.bring_back("green");
    let data = shop.stage.read("file");
    shop.run("get --quiet --manifest m.json --output out").succeeds();
    assert!(shop.stage.read("out") == data);
    for manifest in ["m.json", "n.json", "o.json"] {
        shop.run(&format!("rm --manifest {manifest}")).succeeds();
    }
    shop.is_empty();
}

#[test]
fn a_spare_takes_over() {
    let shop = Shop::over("2-of-3", "file:red file:blue file:green file:spare", "");
    shop.stage.write("file", "x");
    shop.take("red");
    let report = shop.run("put file --json --manifest m.json").succeeds().json();
    assert_eq!(report["degraded"], false);
    let ids: Vec<&str> = report["shares"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|share| share["backendId"].as_str().expect("a text"))
        .collect();
    assert!(ids.contains(&"spare") && !ids.contains(&"red"), "{ids:?}");
}

#[test]
fn rules_that_no_layout_keeps() {
    let shop = Shop::new();
    shop.configure("# [placement]\n", "[placement]\n");
    shop.configure("# only = { jurisdiction", "only = { jurisdiction");
    shop.stage.write("file", "x");
    shop.run("put file --manifest m.json").fails_with(7, "LAYOUT_REFUSED").mentions("jurisdiction");
    assert!(!shop.stage.has("m.json.pending"));
}

#[test]
fn without_a_key_or_with_none_that_signs() {
    let shop = Shop::new();
    shop.stage.write("file", "x");
    std::fs::remove_file(shop.stage.path("xstore.key")).expect("a file");
    shop.run("put file --manifest m.json")
        .fails_with(5, "KEY_UNAVAILABLE")
        .mentions("bring back the key file");
    shop.stage.run("key new --quiet").succeeds();
    let id = shop.run("key list --json").succeeds().json()[0]["keyId"].as_str().expect("an id").to_owned();
    shop.run(&format!("key retire {id} --quiet")).succeeds();
    shop.run("put file --manifest m.json").fails_with(5, "KEY_UNAVAILABLE");
    assert_eq!(shop.stage.names("."), ["blue", "file", "green", "red", "xstore.key", "xstore.toml"]);
}

#[test]
fn objects_expire() {
    let shop = Shop::new();
    shop.stage.write("file", "x");
    shop.run("put file --quiet --manifest m.json --ttl 1s").succeeds();
    let manifest = shop.manifest();
    assert_eq!(manifest["ttl"], 1);
    shop.run("put file --manifest n.json --ttl 0").fails(2);
    shop.run("put file --quiet --manifest o.json --ttl 30d").succeeds();
    shop.run("get --quiet --manifest o.json --output -").succeeds();
    sleep(Duration::from_millis(1100));
    shop.run("get --manifest m.json --output -").fails_with(4, "MANIFEST_EXPIRED").mentions("m.json: ");
    // What is expired can still be removed.
    shop.run("rm --manifest m.json").succeeds();
    shop.run("rm --manifest o.json").succeeds();
    shop.is_empty();
}

#[test]
fn names_that_are_none() {
    let shop = Shop::new();
    shop.stage.write("file", "x");
    for name in ["", "a\nb"] {
        let mut command = shop.stage.command("put file --manifest m.json --name");
        command.arg(name);
        Ran::of(command).fails_with(2, "CONFIG_INVALID").mentions("the object's name is refused");
    }
    assert!(!shop.stage.has("m.json.pending"));
    let mut command = shop.stage.command("put file --manifest m.json --name");
    command.arg("a\u{1b}[2Jb");
    Ran::of(command).fails(2);
    let mut command = shop.stage.command("put file --manifest m.json --name");
    command.arg("a\u{202e}b");
    let ran = Ran::of(command).succeeds();
    assert!(ran.text().starts_with("a\\u{202e}b: 1 B "), "{}", ran.text());
}
