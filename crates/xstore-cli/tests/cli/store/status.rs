//! `xstore status`.

use crate::support::{Shop, URLS};

#[test]
fn a_store_in_order() {
    let shop = Shop::over("2-of-3", "file:red sqlite:blue.db file:green", "");
    let ran = shop.run("status").succeeds().says("");
    let lines: Vec<&str> = ran.text().lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[4], "asked with 15 small requests; nothing of that stays there");
    assert_eq!(lines[5], "2-of-3: 3 of 3 backends can be read from and written to");
    for (line, id) in lines[1..4].iter().zip(["red", "blue", "green"]) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[0], words[1], words[3]), (id, "good", "ms"), "{line}");
        assert_eq!(words[words.len() - 3..], ["yes", "yes", "-"], "{line}");
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
    assert!(ran.text().contains("\nblue     unavailable  "), "{}", ran.text());
    assert!(ran.text().contains("\n    BACKEND_UNAVAILABLE: ") && ran.text().contains("blue isn't there"));
    assert!(ran.text().ends_with("2 of 3 backends can be read from and written to\n"));
    let report = shop.run("status --json").exits(6).json();
    let blue = &report["backends"][1];
    assert_eq!(blue["state"], "unavailable");
    assert_eq!(
        (blue["steps"][0]["step"].as_str(), blue["steps"][0]["ok"].as_bool()),
        (Some("mark"), Some(false))
    );
    assert_eq!(blue["steps"].as_array().map(Vec::len), Some(1));
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
    assert!(line.contains(" absent ") && line.ends_with(" removable"), "{line}");
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

/// Which permission is missing is told by its name.
#[cfg(unix)]
#[test]
fn a_place_that_takes_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Shop::over("2-of-3", URLS, "");
    let namespace = shop.namespace("blue");
    let folder = shop.stage.path("blue").join(&namespace);
    let set =
        |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).expect("a mode");
    set(0o555);
    if std::fs::write(folder.join("try"), "").is_ok() {
        std::fs::remove_file(folder.join("try")).expect("a file");
        set(0o755);
        return crate::support::skip("a read-only folder", "this user may write anywhere");
    }
    let ran = shop.run("status").exits(6);
    assert!(ran.text().contains("\n    mark ok, put refused, list ok, delete ok\n"), "{}", ran.text());
    assert!(ran.text().contains("\n    put refused: BACKEND_AUTH_FAILED: "), "{}", ran.text());
    let report = shop.run("status --json").exits(6).json();
    assert_eq!(report["backends"][1]["state"], "unwritable");
    set(0o755);
}

/// What a killed run left is removed once it is older than anything that can still be under way.
#[test]
fn old_probes_are_removed() {
    let shop = Shop::over("2-of-3", URLS, "");
    let folder = shop.stage.path("red").join(shop.namespace("red")).join("probe");
    std::fs::create_dir_all(&folder).expect("a folder");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
    let put = |name: &str, content: &str, hours: u64| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("a file");
        let file = std::fs::File::options().write(true).open(path).expect("a file");
        let then = now - std::time::Duration::from_secs(hours * 3600);
        file.set_modified(std::time::SystemTime::UNIX_EPOCH + then).expect("a time");
    };
    put("abcdefghijklmnopqrstuvwxya", "xStore probe\n", 2);
    put("abcdefghijklmnopqrstuvwxyb", "xStore probe\n", 0);
    put("abcdefghijklmnopqrstuvwxyc", "something else", 2);
    put("notes", "xStore probe\n", 2);
    let ran = shop.run("status").succeeds();
    assert!(ran.text().contains("\n    removed 1 probe of earlier runs\n"), "{}", ran.text());
    let left = ["abcdefghijklmnopqrstuvwxyb", "abcdefghijklmnopqrstuvwxyc", "notes"];
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("a name").file_name().into_string().expect("text"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(), left);
    // With another time of grace it is old already.
    put("abcdefghijklmnopqrstuvwxyb", "xStore probe\n", 1);
    shop.configure("version = 1\n", "version = 1\ntimeouts = { attempt = \"1s\", grace = \"10m\" }\n");
    let report = shop.run("status --json").succeeds().json();
    assert_eq!(report["backends"][0]["leftovers"], 1);
    assert_eq!(names(), left[1..]);
}

#[test]
fn labels_and_where_it_is() {
    let shop = Shop::new();
    shop.configure(
        "id = \"blue\"\n",
        "id = \"blue\"\nlabels = { site = \"home\", owner = \"me \\u202e\" }\n",
    );
    let ran = shop.run("status").succeeds();
    let line = ran.text().lines().find(|line| line.starts_with("blue ")).expect("a line");
    assert!(line.ends_with("  owner=me \\u{202e} site=home"), "{line}");
    let report = shop.run("status --json").succeeds().json();
    let blue = &report["backends"][1];
    assert_eq!((&blue["labels"]["site"], &blue["url"]), (&"home".into(), &"file:blue".into()));
    let steps: Vec<&str> =
        blue["steps"].as_array().expect("steps").iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(steps, ["mark", "put", "get", "list", "delete"]);
}
