//! What somebody sees who does something wrong: the place of the mistake, and what to do.

use std::fs;

use crate::support::{Ran, Shop, Stage, URLS};

#[test]
fn a_folder_without_a_store() {
    let stage = Stage::bare();
    stage.write("file", "x");
    for command in [
        "put file --manifest m.json",
        "get --manifest m.json --output o",
        "rm --manifest m.json",
        "verify --manifest m.json",
        "status",
        "sweep",
    ] {
        stage.run(command).fails(2).says(
            "error[CONFIG_INVALID]: there is no store here: xstore.toml is missing\n\
             help: set one up, for example: xstore init --threshold 2-of-3 file:red file:blue file:green; or name \
             its configuration with --config FILE\n",
        );
    }
    stage.run("status --config else.toml").fails(2).mentions("else.toml is missing");
    assert_eq!(stage.names("."), ["file"]);
}

/// Every mistake at once, each with its line.
#[test]
fn mistakes_in_the_configuration() {
    let shop = Shop::new();
    shop.stage.write(
        "xstore.toml",
        "version = 1\n\
         treshold = \"2-of-3\"\n\
         ttl = 30\n\
         \n\
         [[backend]]\n\
         id = \"Red\"\n\
         url = \"file:red\"\n",
    );
    let ran = shop.run("status").fails_with(2, "CONFIG_INVALID");
    ran.mentions("error[CONFIG_INVALID]: xstore.toml can't be used\n")
        .mentions("\n  xstore.toml:2:1: treshold: there is no such field; did you mean threshold?\n")
        .mentions("\n  xstore.toml:3:7: ttl: ")
        .mentions("\n  xstore.toml:6:6: backend[0].id: ");
    let error = shop.run("status --json").fails(2).error();
    assert_eq!(
        [&error["code"], &error["exit"]],
        [&serde_json::json!("CONFIG_INVALID"), &serde_json::json!(2)]
    );
    assert!(error["details"].as_array().is_some_and(|details| details.len() >= 3), "{error}");
    shop.stage.write("xstore.toml", "version = 1\nthreshold = \n");
    shop.run("status").fails_with(2, "CONFIG_INVALID").mentions("\n  xstore.toml:2:");
    shop.stage.write("xstore.toml", [0xff]);
    shop.run("status").fails_with(2, "CONFIG_INVALID").mentions("UTF-8");
}

/// Those that only an adapter finds.
#[test]
fn mistakes_that_show_when_a_backend_is_opened() {
    let shop = Shop::new();
    shop.configure("url = \"file:blue\"", "url = \"fiel:blue\"");
    shop.run("status").fails_with(2, "CONFIG_INVALID").mentions("did you mean file:?");
    shop.configure("url = \"fiel:blue\"", "url = \"file:blue\"\nsettings = { fast = true }");
    shop.run("status").fails_with(2, "CONFIG_INVALID").mentions("settings.fast");
}

#[test]
fn two_backends_in_one_place() {
    let shop = Shop::new();
    shop.configure("url = \"file:blue\"", "url = \"file:./red/\"");
    shop.run("status").fails_with(2, "CONFIG_INVALID").mentions("it is the same place as red");
}

#[test]
fn a_threshold_that_the_backends_are_too_few_for() {
    let shop = Shop::new();
    shop.configure("threshold = \"2-of-3\"", "threshold = \"2-of-4\"");
    let ran = shop.run("status");
    assert!(matches!(ran.code, Some(2 | 7)), "{ran:?}");
    ran.mentions("2-of-4");
}

#[test]
fn too_little_that_survives_a_power_loss() {
    let shop = Shop::new();
    let durable = |id: &str| format!("url = \"file:{id}\"");
    for id in ["red", "blue"] {
        let settings = format!("{}\nsettings = {{ durable = false }}", durable(id));
        shop.configure(&durable(id), &settings);
    }
    shop.run("status").fails_with(7, "LAYOUT_REFUSED").mentions("survive a power loss");
    shop.configure("version = 1\n", "version = 1\nallow-volatile = true\n");
    shop.run("status").succeeds();
}

#[test]
fn a_key_file_that_others_can_read() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let shop = Shop::new();
        let path = shop.stage.path("xstore.key");
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("its mode can be set");
        shop.run("status").fails_with(5, "KEY_UNAVAILABLE").mentions("chmod 600");
    }
    let shop = Shop::new();
    fs::remove_file(shop.stage.path("xstore.key")).expect("a file");
    shop.run("status").fails_with(5, "KEY_UNAVAILABLE").mentions("help: bring back the key file");
}

/// Neither a key nor a credential is in any output, whatever goes wrong.
#[test]
fn no_secret_is_printed() {
    let shop = Shop::over("2-of-3", URLS, "");
    shop.stage.write("file", "x");
    shop.configure(
        "url = \"file:blue\"",
        "url = \"file:blue\"\nsettings = { token = { env = \"XSTORE_TEST_CANARY\" } }",
    );
    let text = String::from_utf8(shop.stage.read("xstore.key")).expect("a key file is text");
    let secret = text.lines().find(|line| !line.starts_with('#')).expect("a key");
    let secret = secret.split(' ').next().expect("a key text");
    for command in ["put file --manifest m.json", "status", "status -vv", "status -vvv --json"] {
        let mut command = shop.stage.command(command);
        command.env("XSTORE_TEST_CANARY", "canary-5521");
        let ran: Ran = Ran::of(command);
        assert_ne!(ran.code, Some(0));
        for word in ["canary-5521", secret] {
            assert!(!ran.err.contains(word) && !ran.text().contains(word), "{}", ran.err);
        }
    }
    shop.configure("\nsettings = { token = { env = \"XSTORE_TEST_CANARY\" } }", "");
    for command in [
        "put file --manifest m.json -vvv",
        "get --manifest m.json --output o -vvv",
        "verify --manifest m.json -vv",
    ] {
        let ran = shop.run(command).succeeds();
        assert!(!ran.err.contains(secret) && !ran.text().contains(secret), "{}", ran.err);
    }
}

#[test]
fn wrong_usage() {
    let shop = Shop::new();
    for (arguments, problem) in [
        ("put", "--manifest <OUT.json>"),
        ("put file", "--manifest <OUT.json>"),
        ("get --manifest m.json", "--output <FILE>"),
        ("get m.json --output o", "unexpected argument 'm.json'"),
        ("rm m.json", "unexpected argument 'm.json'"),
        ("verify", "--manifest <M.json>"),
        ("init file:a file:b", "--threshold <K-of-N>"),
        ("init --threshold 2-of-2", "<URL>..."),
        ("init --threshold 1-of-2 file:a file:b", "threshold 1 is below 2"),
        ("status -v --quiet", "cannot be used with"),
        ("completions", "<SHELL>"),
    ] {
        shop.run(arguments).fails(2).mentions(problem);
    }
}

#[test]
fn names_cannot_steer_a_terminal() {
    let shop = Shop::new();
    shop.stage.write("file", "x");
    let mut command = shop.stage.command("put file --manifest m.json --quiet --name");
    command.arg("a\u{202e}b\u{200b}");
    Ran::of(command).succeeds();
    for command in ["verify --manifest m.json", "get --manifest m.json --output o", "rm --manifest m.json"] {
        let ran = shop.run(command).succeeds();
        assert!(ran.text().starts_with("a\\u{202e}b\\u{200b}: "), "{}", ran.text());
    }
}
