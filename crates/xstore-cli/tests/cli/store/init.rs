//! `xstore init`: everything or nothing.

use std::fs;

use crate::support::{Ran, Shop, Stage};

const THREE: &str = "init --threshold 2-of-3 file:red sqlite:blue.db file:green";

/// Fails, and leaves nothing.
#[track_caller]
fn refused(stage: &Stage, arguments: &str, exit: i32) -> Ran {
    let before = stage.names(".");
    let ran = stage.run(arguments).fails(exit);
    assert_eq!(stage.names("."), before, "{arguments}");
    ran
}

#[test]
fn a_new_store_can_be_used_at_once() {
    let stage = Stage::bare();
    let ran = stage.run(THREE).succeeds().says("");
    assert_eq!(
        ran.text(),
        "a 2-of-3 store is set up: xstore.toml\n  \
           red    file:red  (made)\n  \
           blue   sqlite:blue.db  (made)\n  \
           green  file:green  (made)\n\
         key file: xstore.key (made)\n\
         Keep copies of the configuration and of the key file in a safe place, apart from the backends.\n\
         next: xstore put FILE --manifest FILE.json\n"
    );
    assert_eq!(stage.names("."), ["blue.db", "green", "red", "xstore.key", "xstore.toml"]);
    stage.write("file", "some bytes");
    stage.run("put file --manifest m.json").succeeds();
    assert_eq!(stage.run("get --quiet --manifest m.json --output -").succeeds().out, b"some bytes");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (name, mode) in [("xstore.key", 0o600), ("red", 0o700), ("blue.db", 0o600)] {
            let found = stage.path(name).metadata().expect("it is there").permissions().mode();
            assert_eq!(found & 0o777, mode, "{name}");
        }
    }
}

#[test]
fn each_backend_gets_a_namespace_of_its_own() {
    let report = Stage::bare().run(&format!("{THREE} --json")).succeeds().json();
    let backends = report["backends"].as_array().expect("a list");
    let mut namespaces: Vec<&str> =
        backends.iter().map(|backend| backend["namespace"].as_str().expect("a text")).collect();
    assert!(namespaces.iter().all(|name| name.starts_with("xstore-") && name.len() == 33), "{namespaces:?}");
    namespaces.sort_unstable();
    namespaces.dedup();
    assert_eq!(namespaces.len(), 3);
}

#[test]
fn a_second_store_may_share_places_and_the_key() {
    let shop = Shop::new().holding(b"of the first".to_vec());
    let key = shop.stage.read("xstore.key");
    let ran = shop.run("init --threshold 2-of-2 file:red file:blue --config second.toml").succeeds();
    assert!(ran.text().contains("(was there already)") && !ran.text().contains("(made)"), "{}", ran.text());
    assert!(ran.text().ends_with("next: xstore put FILE --manifest FILE.json --config second.toml\n"));
    assert_eq!(shop.stage.read("xstore.key"), key);
    shop.stage.write("file", "of the second");
    shop.run("put file --manifest n.json --config second.toml").succeeds();
    shop.gets();
    let get = "get --quiet --manifest n.json --output -";
    assert_eq!(shop.run(&format!("{get} --config second.toml")).succeeds().out, b"of the second");
    assert_eq!(shop.values().len(), 5);
}

#[test]
fn a_configuration_is_never_overwritten() {
    let stage = Stage::bare();
    stage.run(THREE).succeeds();
    let before = stage.read("xstore.toml");
    refused(&stage, "init --threshold 2-of-2 file:a file:b", 1).says(
        "error[CONFIG_EXISTS]: xstore.toml exists already\n\
         help: this store is set up; for another one, name its configuration with --config FILE\n",
    );
    assert_eq!(stage.read("xstore.toml"), before);
}

#[test]
fn a_path_is_no_url_but_nearly() {
    let stage = Stage::bare();
    refused(&stage, "init --threshold 2-of-2 file:red /mnt/blue", 2)
        .says("error[USAGE]: /mnt/blue is not a URL\nhelp: for a folder, write file:/mnt/blue\n");
    refused(&stage, "init --threshold 2-of-2 red blue", 2).mentions("help: for a folder, write file:red\n");
    refused(&stage, "init --threshold 2-of-2 file:red fiel:blue", 2)
        .mentions("error[CONFIG_INVALID]")
        .mentions("no backend is known for fiel:")
        .mentions("did you mean file:?");
    refused(&stage, "init --threshold 2-of-2 file:red mem:", 2).mentions("mem: keeps nothing");
    // A password isn't shown again.
    for url in [
        "s3://me:hunter2@host/b",
        "S3://me:hunter2@host/b",
        "redis:me:hunter2@host",
        "s3://host/b?sig=hunter2",
        "me:hunter2@host",
        "opendal:webdav://me:hunter2@host",
    ] {
        let ran = refused(&stage, &format!("init --threshold 2-of-2 file:red {url}"), 2);
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
}

#[test]
fn one_place_under_two_names() {
    let stage = Stage::bare();
    for urls in ["file:red file:./red/", "file:red file:blue/../red", "sqlite:a.db sqlite:./a.db"] {
        refused(&stage, &format!("init --threshold 2-of-2 {urls}"), 7)
            .mentions("error[LAYOUT_REFUSED]: ")
            .mentions(" are the same place");
    }
    fs::create_dir(stage.path("old")).expect("a folder");
    stage.write("old/mine", "mine");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("old", stage.path("link")).expect("a link");
        refused(&stage, "init --threshold 2-of-2 file:old file:link", 7).mentions("error[LAYOUT_REFUSED]: ");
    }
    assert_eq!(stage.names("old"), ["mine"]);
}

#[test]
fn what_was_made_is_removed_where_a_backend_cannot_be() {
    let stage = Stage::bare();
    fs::create_dir(stage.path("old")).expect("a folder");
    stage.write("old/mine", "mine");
    refused(&stage, "init --threshold 2-of-3 file:old sqlite:new.db file:no/where", 1)
        .mentions(
            "error[BACKEND_UNAVAILABLE]: not every backend can be opened\n  where: BACKEND_UNAVAILABLE: ",
        )
        .mentions("its parent doesn't exist");
    assert_eq!(stage.names("old"), ["mine"]);
    // A key that was there stays.
    stage.run("key new --quiet").succeeds();
    refused(&stage, "init --threshold 2-of-2 file:old file:no/where", 1);
    stage.write("no.db", "no database");
    refused(&stage, "init --threshold 2-of-3 file:old file:new sqlite:no.db", 1);
    assert_eq!(stage.names("old"), ["mine"]);
}

/// The last step fails, when everything else is made and marked.
#[cfg(unix)]
#[test]
fn what_was_made_is_removed_where_the_configuration_cannot_be_written() {
    use std::process::Command;
    let stage = Stage::bare();
    fs::create_dir_all(stage.path("old")).expect("a folder");
    stage.run("key new --quiet").succeeds();
    let before = stage.names(".");
    // No file may grow beyond a block, which a mark doesn't and the configuration does.
    let mut command = Command::new("sh");
    command.arg("-c").arg("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"").arg(env!("CARGO_BIN_EXE_xstore"));
    command.args("init --threshold 2-of-3 file:old file:new file:other".split(' '));
    stage.prepare(&mut command);
    let ran = Ran::of(command).fails_with(1, "SINK_FAILED");
    ran.mentions("can't write xstore.toml: File too large");
    assert_eq!(stage.names("."), before);
    assert_eq!(stage.names("old"), [""; 0]);
}

#[test]
fn too_few_backends_and_spares() {
    let stage = Stage::bare();
    refused(&stage, "init --threshold 2-of-3 file:red file:blue", 2)
        .mentions("--threshold 2-of-3 needs 3 backends, but 2 are named\n");
    stage.run("init --threshold 2-of-3 file:red file:blue file:green file:spare").succeeds();
    stage.write("file", "x");
    let report = stage.run("put file --manifest m.json --json").succeeds().json();
    assert_eq!(report["shares"].as_array().map(Vec::len), Some(3));
}

#[test]
fn labels_stand_in_the_configuration() {
    let stage = Stage::bare();
    stage.run(&format!("{THREE} --label red:site=home --label red:disk=a --label green:site=b=c")).succeeds();
    let text = String::from_utf8(stage.read("xstore.toml")).expect("text");
    assert!(text.contains("labels = { disk = \"a\", site = \"home\" }"), "{text}");
    assert!(text.contains("labels = { site = \"b=c\" }"), "{text}");
    let stage = Stage::bare();
    refused(&stage, &format!("{THREE} --label yellow:site=home"), 2)
        .mentions("no backend is named yellow")
        .mentions("red, blue, green");
    refused(&stage, &format!("{THREE} --label red"), 2).mentions("write it as ID:NAME=VALUE");
    refused(&stage, &format!("{THREE} --label red:Site=home"), 2).mentions("a label of red");
    refused(&stage, &format!("{THREE} --label red:a=b --label red:a=c"), 2).mentions("a label of red");
}

#[test]
fn everything_may_be_elsewhere() {
    let stage = Stage::bare();
    fs::create_dir_all(stage.path("etc/store")).expect("a folder");
    fs::create_dir(stage.path("keys")).expect("a folder");
    let config = "--config etc/store/s.toml";
    let init = format!("init --threshold 2-of-2 file:red file:blue {config}");
    stage.run(&format!("{init} --key-file keys/k")).succeeds();
    // Relative paths are relative to the configuration.
    assert_eq!(stage.names("etc/store"), ["blue", "red", "s.toml"]);
    stage.write("file", "x");
    stage.run(&format!("put file --manifest m.json {config}")).succeeds();
    // Wherever the command runs.
    let mut command = stage.command("get --quiet --manifest ../m.json --output - --config store/s.toml");
    command.current_dir(stage.path("etc"));
    assert_eq!(Ran::of(command).succeeds().out, b"x");
    let mut command = stage.command("status --quiet");
    command.env("XSTORE_CONFIG", "etc/store/s.toml");
    Ran::of(command).succeeds();
}

#[test]
fn a_folder_that_is_missing_is_not_made_by_other_commands() {
    let stage = Stage::bare();
    stage.run(THREE).succeeds();
    fs::remove_dir_all(stage.path("red")).expect("a folder");
    stage.write("file", "x");
    stage.run("put file --manifest m.json").fails_with(8, "INSUFFICIENT_BACKENDS");
    stage.run("status").exits(6);
    assert!(!stage.has("red"));
    // An empty folder in its place is what an unmounted disk looks like.
    fs::create_dir(stage.path("red")).expect("a folder");
    stage
        .run("put file --manifest m.json")
        .fails_with(8, "INSUFFICIENT_BACKENDS")
        .mentions("its mark is missing");
    assert_eq!(stage.names("red"), [""; 0]);
}

/// Whoever needs settings writes the configuration himself.
#[test]
fn a_configuration_that_is_there_is_set_up() {
    let stage = Stage::bare();
    stage.run("init").fails_with(2, "USAGE").mentions("there is no xstore.toml");
    let text = |namespace: &str| {
        let backend = |id: &str| format!("[[backend]]\nid = \"{id}\"\nurl = \"file:{id}\"\n{namespace}");
        format!("version = 1\nthreshold = \"2-of-3\"\n{}{}{}", backend("a"), backend("b"), backend("c"))
    };
    stage.write("xstore.toml", text(""));
    let ran = stage.run("init").fails_with(2, "CONFIG_INVALID").mentions("  b: namespace = \"xstore-");
    assert!(!stage.has("xstore.key") && !stage.has("a"), "{}", ran.err);
    stage.write("xstore.toml", text("namespace = \"store-one\"\n"));
    let ran = stage.run("init").succeeds();
    assert!(ran.text().contains("a 2-of-3 store is set up: xstore.toml"), "{}", ran.text());
    stage.run("status").succeeds();
    stage.run("put xstore.toml --manifest m.json").succeeds();
    // Once more is no harm.
    stage.run("init").succeeds();
    stage.run("verify --manifest m.json").succeeds();
    stage.run("init --threshold 2-of-3").fails(2);
    stage.run("init file:x").fails(2);
}
