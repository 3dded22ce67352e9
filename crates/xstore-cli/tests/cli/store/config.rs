//! `xstore config check`.

use crate::support::{Shop, Stage};

#[test]
fn a_configuration_in_order() {
    let shop = Shop::over("2-of-3", "file:red sqlite:blue.db file:green", "");
    let ran = shop.run("config check").succeeds().says("");
    assert_eq!(ran.text(), "xstore.toml: no mistakes\n");
    assert_eq!(shop.run("config check --quiet").succeeds().text(), "");
    // Nobody is asked, so that it doesn't matter who is there.
    shop.take("red");
    shop.run("config check").succeeds();
    let ran = shop.run("config check --connect").exits(6);
    assert!(ran.text().starts_with("xstore.toml: no mistakes\n\nbackend "), "{}", ran.text());
    assert!(ran.text().contains("\nred      unavailable "), "{}", ran.text());
    shop.bring_back("red");
    let ran = shop.run("config check --connect").succeeds();
    assert!(
        ran.text().ends_with("2-of-3: 3 of 3 backends can be read from and written to\n"),
        "{}",
        ran.text()
    );
}

#[test]
fn every_mistake_with_its_line_and_a_caret() {
    let shop = Shop::new();
    shop.stage.write(
        "xstore.toml",
        "version = 1\n\
         treshold = \"2-of-3\" # canary-1\n\
         ttl = 30\n\
         retry.attempts = 101\n\
         \n\
         [[backend]]\n\
         id = \"red\"\n\
         url = \"redis://me:canary-2@host\"\n\
         [backend.settings]\n\
         key = { env = \"XSTORE_CANARY_3\" }\n",
    );
    let ran = shop.run("config check").exits(2).says("");
    let expected = [
        "error[CONFIG_INVALID]: treshold: there is no such field\n  --> xstore.toml:2:1\n  2 | treshold = \"…\"\n    | ^\n  \
         help: did you mean threshold?\n",
        "error[CONFIG_INVALID]: ttl: it must be a text with a duration, not a whole number\n  --> xstore.toml:3:7\n  \
         3 | ttl = 30\n    |       ^\n  help: a duration is ",
        "error[CONFIG_INVALID]: retry.attempts: it must be 1 to 100\n  --> xstore.toml:4:18\n  4 | retry.attempts = \
         101\n    |                  ^\n",
        "error[CONFIG_INVALID]: backend[0].url: a backend's URL has no user name or password: give secrets by \
         environment variable or file\n  --> xstore.toml:8:7\n  8 | url = \"…\"\n    |       ^\n",
        "error[CONFIG_INVALID]: backend[0].settings.key.env: the environment variable is not set\n  --> \
         xstore.toml:10:15\n  10 | key = { env = \"…\" }\n     |               ^\n  help: set it, or name another one\n",
    ];
    for text in expected {
        assert!(ran.text().contains(text), "no {text}\nin {}", ran.text());
    }
    assert!(ran.text().ends_with("\nxstore.toml: 6 mistakes\n"), "{}", ran.text());
    let report = shop.run("config check --json").exits(2).json();
    assert_eq!(report["mistakes"].as_array().map(Vec::len), Some(6));
    assert_eq!(
        (report["mistakes"][1]["line"].as_u64(), report["mistakes"][1]["caret"].as_u64()),
        (Some(2), Some(0))
    );
    assert_eq!(report["good"], false);
}

/// Of several backends, and several of one.
#[test]
fn mistakes_that_only_adapters_know_of() {
    let shop = Shop::new();
    shop.configure(
        "url = \"file:blue\"",
        "url = \"file:blue\"\nsettings = { fast = 1, durable = \"canary\", slow = \"canary\" }",
    );
    shop.configure("url = \"file:green\"", "url = \"fiel:green\"");
    shop.configure("key-file = \"xstore.key\"", "key-file = \"else.key\"");
    let ran = shop.run("config check").exits(2);
    for text in [
        "backend[1].settings.fast: this kind of backend has no such setting",
        "backend[1].settings.durable: it must be true or false, not text",
        "backend[1].settings.slow: this kind of backend has no such setting",
        "backend[2].url: no backend is known for fiel:",
        " | url = \"fiel:green\"\n",
        "  help: did you mean file:?\n",
        "error[KEY_UNAVAILABLE]: key-file: can't read the key file ",
        "  help: make one with `xstore key new`, or bring back",
    ] {
        assert!(ran.text().contains(text), "no {text} in {}", ran.text());
    }
    assert!(ran.text().ends_with("\nxstore.toml: 5 mistakes\n"), "{}", ran.text());
    assert!(!ran.text().contains("canary"), "{}", ran.text());
    // Those of one backend stand in the refusal of other commands, too.
    shop.configure("url = \"fiel:green\"", "url = \"file:green\"");
    shop.configure("key-file = \"else.key\"", "key-file = \"xstore.key\"");
    shop.run("status").fails_with(2, "CONFIG_INVALID").mentions("settings.fast").mentions("settings.slow");
}

#[test]
fn the_gravest_mistake_is_the_exit_code() {
    let shop = Shop::new();
    shop.configure("threshold = \"2-of-3\"", "threshold = \"2-of-4\"");
    let ran = shop.run("config check").exits(7);
    assert!(
        ran.text().starts_with("error[LAYOUT_REFUSED]: threshold: 2-of-4 needs 4 backends"),
        "{}",
        ran.text()
    );
    shop.run("status").fails_with(7, "LAYOUT_REFUSED").mentions("xstore config check");
    shop.configure("threshold = \"2-of-4\"", "threshold = \"2-of-3\"");
    for id in ["red", "blue"] {
        let url = format!("url = \"file:{id}\"");
        shop.configure(&url, &format!("{url}\nsettings = {{ durable = false }}"));
    }
    let ran = shop.run("config check").exits(7);
    assert!(
        ran.text().contains("error[LAYOUT_REFUSED]: only 1 of the backends survive a power loss"),
        "{}",
        ran.text()
    );
    std::fs::remove_file(shop.stage.path("xstore.key")).expect("a file");
    let ran = shop.run("config check").exits(5);
    assert!(
        ran.text().contains("LAYOUT_REFUSED") && ran.text().contains("KEY_UNAVAILABLE"),
        "{}",
        ran.text()
    );
    shop.configure("version = 1", "version = 1\nx = 2");
    shop.run("config check").exits(2);
}

#[test]
fn rules_that_no_layout_obeys() {
    let shop = Shop::new();
    let text = String::from_utf8(shop.stage.read("xstore.toml")).expect("text");
    shop.stage.write("xstore.toml", format!("{text}\n[placement]\nonly = {{ site = [\"home\"] }}\n"));
    let rule = "only members whose site is home (without the label: red, blue, green)";
    let ran = shop.run("config check").exits(7);
    assert!(ran.text().contains(rule) && ran.text().contains("  --> xstore.toml:"), "{}", ran.text());
    shop.stage.write("file", "x");
    for command in ["put file --manifest m.json", "status", "plan"] {
        shop.run(command).fails_with(7, "LAYOUT_REFUSED").mentions(rule);
    }
}

#[test]
fn keys_that_are_of_no_use() {
    let shop = Shop::new();
    shop.stage.write("red/copy.key", shop.stage.read("xstore.key"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let set = |path: &str, mode| {
            std::fs::set_permissions(shop.stage.path(path), std::fs::Permissions::from_mode(mode))
                .expect("a mode");
        };
        set("red/copy.key", 0o600);
        set("xstore.key", 0o640);
        let ran = shop.run("config check").exits(5);
        assert!(ran.text().contains("chmod 600"), "{}", ran.text());
        set("xstore.key", 0o600);
    }
    shop.configure("key-file = \"xstore.key\"", "key-file = \"red/copy.key\"");
    let ran = shop.run("config check").succeeds();
    assert!(
        ran.text().starts_with("warning: key-file: the key file is inside the backend red: "),
        "{}",
        ran.text()
    );
    shop.configure("key-file = \"red/copy.key\"", "key-file = \"xstore.key\"");
    let text = String::from_utf8(shop.stage.read("xstore.key")).expect("text");
    shop.stage.write("xstore.key", text.replace(" current ", " retired "));
    let ran = shop.run("config check").exits(5);
    assert!(ran.text().contains("is current: nothing can be stored"), "{}", ran.text());
    assert!(ran.text().contains("xstore key new --rotate"), "{}", ran.text());
    assert!(!ran.text().contains("XSTORE-KEY"), "{}", ran.text());
}

#[test]
fn what_is_no_configuration() {
    let stage = Stage::bare();
    stage.run("config check").fails_with(2, "CONFIG_INVALID").mentions("there is no store here");
    stage.write("xstore.toml", [0xff]);
    let ran = stage.run("config check").exits(2);
    assert_eq!(ran.text(), "error[CONFIG_INVALID]: it is not UTF-8 text\n\nxstore.toml: 1 mistake\n");
    stage.write("xstore.toml", "version = 1\nthreshold = canary\n");
    let ran = stage.run("config check").exits(2);
    assert!(ran.text().contains("\n  2 | threshold = …\n"), "{}", ran.text());
    assert!(!ran.text().contains("canary"), "{}", ran.text());
    stage.run("config").fails(2);
}
