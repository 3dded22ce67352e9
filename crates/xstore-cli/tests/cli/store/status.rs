//! `xstore status`.

use crate::support::{Shop, URLS};

#[test]
fn a_store_in_order() {
    let shop = Shop::over("2-of-3", "file:red sqlite:blue.db file:green", "");
    let ran = shop.run("status").succeeds().says("");
    let lines: Vec<&str> = ran.text().lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4], "2-of-3: 3 of 3 backends can be read from and written to");
    for (line, id) in lines[1..4].iter().zip(["red", "blue", "green"]) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[0], words[1], words[3], words.last()), (id, "good", "ms", Some(&"yes")), "{line}");
    }
    // What it wrote to try is gone.
    shop.is_empty();
    let report = shop.run("status --json").succeeds().says("").json();
    assert_eq!([&report["good"], &report["backends"][1]["durable"]], [true, true]);
    assert!(report["backends"][0]["free"].as_u64().is_some_and(|free| free > 0));
    assert!(report["backends"][0]["latencyMs"].is_f64());
}

#[test]
fn a_backend_that_is_away() {
    let shop = Shop::new();
    shop.take("blue");
    let ran = shop.run("status").exits(6);
    assert!(ran.text().contains("\nblue                 unavailable "), "{}", ran.text());
    assert!(ran.text().contains("\n    BACKEND_UNAVAILABLE: ") && ran.text().contains("blue isn't there"));
    assert!(ran.text().ends_with("2 of 3 backends can be read from and written to\n"));
    let report = shop.run("status --json").exits(6).json();
    assert_eq!(report["backends"][1]["state"], "unavailable");
    shop.bring_back("blue");
    shop.run("status").succeeds();
}

#[test]
fn a_removable_backend_that_is_away_is_a_note() {
    let shop = Shop::over("2-of-3", URLS, "");
    shop.configure("id = \"blue\"\n", "id = \"blue\"\nremovable = true\n");
    shop.take("blue");
    let ran = shop.run("status").succeeds();
    let line = ran.text().lines().find(|line| line.starts_with("blue ")).expect("a line");
    assert!(line.contains(" absent ") && line.ends_with("removable"), "{line}");
    assert_eq!(shop.run("status --json").succeeds().json()["good"], true);
    shop.take("red");
    shop.run("status").exits(6);
}

#[test]
fn two_names_for_one_place_that_only_the_marks_tell() {
    let shop = Shop::new();
    // The same folder under another path that no comparison of paths finds: a copy of the mark.
    let config = String::from_utf8(shop.stage.read("xstore.toml")).expect("text");
    let namespaces: Vec<&str> =
        config.lines().filter_map(|line| line.strip_prefix("namespace = \"")?.strip_suffix('"')).collect();
    let mark = |folder: &str, at: usize| shop.stage.path(format!("{folder}/{}/mark", namespaces[at]));
    std::fs::copy(mark("red", 0), mark("blue", 1)).expect("a mark");
    let ran = shop.run("status").exits(6);
    assert!(ran.text().contains("it is the same place as "), "{}", ran.text());
}
