//! `docs/json.md` describes what `--json` prints: no member more, and none less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Shop, URLS, members, payload};

/// The example under a heading of the document.
#[track_caller]
fn example(heading: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md");
    let text = fs::read_to_string(path).expect("the document is there");
    let (_, rest) = text.split_once(&format!("\n## `{heading}`\n")).unwrap_or_else(|| panic!("no {heading}"));
    let (_, rest) = rest.split_once("```json\n").expect("an example");
    let json = rest.split("```").next().expect("its end");
    serde_json::from_str(json).expect("an example is JSON")
}

#[track_caller]
fn agrees(heading: &str, report: &Value) {
    let (mut told, mut found) = (BTreeSet::new(), BTreeSet::new());
    members(&example(heading), "", &mut told);
    members(report, "", &mut found);
    assert_eq!(told, found, "{heading}: {report:#}");
}

/// Each report with everything in it that there can be.
#[test]
fn every_member_of_every_report() {
    let shop = Shop::over("2-of-3", URLS, "part-size = \"64KiB\"\nwrite-quorum = 2");
    let init = "init --json --threshold 2-of-3 file:red file:blue file:green --config other.toml";
    agrees("init", &shop.run(init).succeeds().json());
    shop.stage.write("file", payload(150_000, 1));
    shop.take("green");
    agrees("put", &shop.run("put file --json --manifest m.json").exits(6).json());
    shop.configure("id = \"green\"\n", "id = \"green\"\nlabels = { site = \"home\" }\n");
    agrees("status", &shop.run("status --json").exits(6).json());
    shop.bring_back("green");
    shop.run("put file --quiet --manifest n.json").succeeds();
    for (part, index) in [(0, 0), (1, 1), (2, 2)] {
        let manifest: Value = serde_json::from_slice(&shop.stage.read("n.json")).expect("JSON");
        let share = &manifest["parts"][part]["shares"][index];
        let (id, key) = (share["backendId"].as_str().expect("a name"), share["key"].as_str().expect("a key"));
        let path = shop.stage.path(id).join(key);
        let mut bytes = fs::read(&path).expect("a share");
        bytes[200] ^= 1;
        fs::write(path, bytes).expect("a share");
    }
    agrees("get", &shop.run("get --json --manifest n.json --output o --range 0-").succeeds().json());
    agrees("verify", &shop.run("verify --json --manifest n.json").exits(6).json());
    let repair = shop.run("repair --json --manifest n.json --dry-run").exits(6).json();
    assert_eq!(repair["changed"], false);
    shop.take("green");
    agrees("repair", &shop.run("repair --json --manifest n.json").exits(3).json());
    shop.bring_back("green");
    shop.run("repair --quiet --manifest n.json").succeeds();
    agrees("reshare", &shop.run("reshare --json --manifest n.json --threshold 3-of-3").succeeds().json());
    shop.take("green");
    agrees("rm", &shop.run("rm --json --manifest n.json").exits(6).json());
}

#[test]
fn of_a_plan() {
    let shop = Shop::over("2-of-3", "file:red file:blue file:green file:black", "");
    shop.configure("id = \"red\"\n", "id = \"red\"\nlabels = { site = \"home\" }\n");
    let text = String::from_utf8(shop.stage.read("xstore.toml")).expect("text");
    shop.stage.write("xstore.toml", format!("{text}\n[placement]\nspread = [\"site\"]\n"));
    let chances = "--availability 0.99 --availability site:home=0.9 --loss 0.01 --loss site:home=0.1";
    agrees("plan", &shop.run(&format!("plan --json {chances}")).succeeds().json());
    let plain = shop.run("plan --json").succeeds().json();
    assert!(plain["availability"].is_null() && plain["loss"].is_null());
}

#[test]
fn of_a_check() {
    let shop = Shop::new();
    shop.configure("version = 1\n", "version = 1\nkey-file = \"red/xstore.key\"\n");
    shop.configure("key-file = \"xstore.key\"", "");
    let mut report = shop.run("config check --json").exits(5).json();
    // As with --connect, which asks nobody while there are mistakes.
    assert!(report["status"].is_null());
    report["status"] = example("config check")["status"].clone();
    agrees("config check", &report);
    let shop = Shop::new();
    let status = shop.run("config check --json --connect").succeeds().json()["status"].take();
    let (mut told, mut found) = (BTreeSet::new(), BTreeSet::new());
    members(&status, "", &mut told);
    members(&shop.run("status --json").succeeds().json(), "", &mut found);
    assert_eq!(told, found);
}

#[test]
fn of_a_sweep() {
    let shop = Shop::new();
    shop.stage.write("a.pending", "");
    let mut report = shop.run("sweep --json").succeeds().json();
    // What only some have: the text says which.
    let entry = report[0].as_object_mut().expect("an object");
    assert_eq!(entry["state"], "empty");
    for member in ["path", "againAfter", "code"] {
        assert!(!entry.contains_key(member));
        entry.insert(member.to_owned(), Value::Null);
    }
    let problem = example("sweep")[0]["problems"].clone();
    entry.insert("problems".to_owned(), problem);
    agrees("sweep", &report);
}

#[test]
fn of_an_event() {
    let shop = Shop::new();
    shop.stage.write("file", "x");
    let ran = shop.run("put file -v --json --manifest m.json").succeeds();
    for line in ran.err.lines() {
        agrees("Events", &serde_json::from_str(line).expect("JSON"));
    }
}
