//! Keys: made, never overwritten, rotated, retired, revoked, and what each state lets the other commands do.

use std::fs;

use serde_json::Value;

use crate::support::{Object, Ran, Stage, payload};

/// Ids and states of a key file.
fn list(stage: &Stage) -> Vec<(String, String)> {
    let keys = stage.run("key list --json").succeeds().json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    keys.as_array().expect("a list").iter().map(|key| (text(&key["keyId"]), text(&key["state"]))).collect()
}

fn states(stage: &Stage) -> Vec<String> {
    list(stage).into_iter().map(|(_, state)| state).collect()
}

/// The key texts that stand in a key file.
fn secrets(stage: &Stage) -> Vec<String> {
    let text = String::from_utf8(stage.read("xstore.key")).expect("a key file is text");
    let words = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next());
    words.map(str::to_owned).collect()
}

#[test]
fn a_new_key_is_current_and_private() {
    let stage = Stage::bare();
    let ran = stage.run("key new").succeeds().says("");
    let keys = list(&stage);
    assert!(matches!(&keys[..], [(id, state)] if id.len() == 32 && state == "current"), "{keys:?}");
    assert!(ran.text().starts_with(&format!("{}  current  ", keys[0].0)), "{}", ran.text());
    assert_eq!(stage.names("."), ["xstore.key"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = stage.path("xstore.key").metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
}

#[test]
fn a_key_file_is_never_overwritten() {
    let stage = Stage::new();
    let before = stage.read("xstore.key");
    stage.run("key new").fails_with(1, "KEY_EXISTS").mentions("--rotate");
    assert_eq!(stage.read("xstore.key"), before);
    stage.write("notes", "mine");
    stage.run("key new --key-file notes").fails_with(1, "KEY_EXISTS");
    assert_eq!(stage.read("notes"), b"mine");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", stage.path("link")).expect("a link");
        stage.run("key new --key-file link").fails_with(1, "KEY_EXISTS");
        assert!(!stage.has("nowhere"));
    }
}

#[test]
fn the_key_file_comes_from_the_option_then_the_environment_then_the_folder() {
    let stage = Stage::new();
    stage.run("key new -q --key-file a.key").succeeds();
    stage.run("key new -q --key-file b.key").succeeds();
    let listed = |arguments: &str, environment: Option<&str>| {
        let mut command = stage.command(arguments);
        command.envs(environment.map(|name| ("XSTORE_KEY_FILE", name)));
        Ran::of(command).succeeds().json()[0]["keyId"].clone()
    };
    let here = listed("key list --json", None);
    let (a, b) =
        (listed("key list --json --key-file a.key", None), listed("key list --json --key-file b.key", None));
    assert!(here != a && a != b && b != here);
    assert_eq!(listed("key list --json", Some("b.key")), b);
    assert_eq!(listed("key list --json --key-file a.key", Some("b.key")), a);
}

#[test]
fn without_a_key_the_commands_say_how_to_get_one() {
    let stage = Stage::bare();
    stage.write("file", "x");
    let split = "split file --threshold 2-of-2 --into a b --manifest m.json";
    stage.run(split).fails_with(5, "KEY_UNAVAILABLE").mentions("\nhelp: make a key first: xstore key new\n");
    assert_eq!(stage.names("."), ["file"]);
    for command in ["key list", "key retire ab", "key revoke ab", "key new --rotate"] {
        stage
            .run(command)
            .fails_with(5, "KEY_UNAVAILABLE")
            .mentions("\nhelp: make a key first: xstore key new\n");
        assert_eq!(stage.names("."), ["file"]);
    }
    stage.run("key new -q").succeeds();
    stage.run(split).succeeds();
    fs::remove_file(stage.path("xstore.key")).expect("a file");
    let join = "join --manifest m.json --from a b --output out";
    stage.run(join).fails_with(5, "KEY_UNAVAILABLE").mentions("--key-file FILE");
    assert!(!stage.has("out"));
}

#[test]
fn rotation_retires_and_keeps_old_objects_readable() {
    let object = Object::new(2, 3, payload(1000, 1), "");
    object.stage.run("key new --rotate").succeeds();
    assert_eq!(states(&object.stage), ["retired", "current"]);
    object.joins("f0 f1 f2").all_good();
    object.stage.run("split file --threshold 2-of-3 --into g0 g1 g2 --manifest n.json").succeeds();
    object.stage.run("join --manifest n.json --from g0 g1 --output new").succeeds();
    // Each object names the key that it was made with.
    let id = |manifest: &str| {
        object.stage.run(&format!("inspect --json {manifest}")).succeeds().json()["keyId"].clone()
    };
    let keys = list(&object.stage);
    assert_eq!([id("m.json"), id("n.json")], [Value::from(&*keys[0].0), Value::from(&*keys[1].0)]);
}

#[test]
fn a_retired_key_reads_and_does_not_write() {
    let object = Object::new(2, 3, payload(1000, 2), "");
    let id = list(&object.stage)[0].0.clone();
    object.stage.run(&format!("key retire {id}")).succeeds();
    assert_eq!(states(&object.stage), ["retired"]);
    object.joins("f0 f1 f2").all_good();
    let split = "split file --threshold 2-of-3 --into g0 g1 g2 --manifest n.json";
    object.stage.run(split).fails_with(5, "KEY_UNAVAILABLE").mentions("xstore key new --rotate");
    assert!(!object.stage.has("g0") && !object.stage.has("n.json"));
    object.stage.run("key new --rotate -q").succeeds();
    object.stage.run(split).succeeds();
}

#[test]
fn a_revoked_key_reads_nothing_and_stays_revoked() {
    let object = Object::new(2, 3, payload(1000, 3), "");
    let id = list(&object.stage)[0].0.clone();
    object.stage.run(&format!("key revoke {}", &id[..8])).succeeds();
    assert_eq!(states(&object.stage), ["revoked"]);
    let error = object.refuses("f0 f1 f2", 5, "KEY_UNAVAILABLE");
    assert!(error.to_string().contains(&id), "{error}");
    object.stage.run(&format!("key retire {id}")).fails_with(5, "KEY_UNAVAILABLE");
    assert_eq!(states(&object.stage), ["revoked"]);
    // A key that takes its place changes nothing for what the revoked one made.
    object.stage.run("key new --rotate -q").succeeds();
    object.refuses("f0 f1 f2", 5, "KEY_UNAVAILABLE");
}

#[test]
fn another_key_file_is_told_apart_from_damage() {
    let object = Object::new(2, 3, payload(1000, 4), "");
    object.stage.run("key new -q --key-file other.key").succeeds();
    let ran = object.stage.run("join --manifest m.json --from f0 f1 f2 --output out --key-file other.key");
    ran.fails_with(5, "KEY_UNAVAILABLE").mentions("give the key file that this object was split with");
    assert!(!object.stage.has("out"));
}

#[test]
fn keys_are_named_by_a_unique_beginning() {
    let stage = Stage::new();
    // With seventeen keys two ids begin with one hex digit.
    for _ in 0..16 {
        stage.run("key new --rotate -q").succeeds();
    }
    let keys = list(&stage);
    let count = |digit: &str| keys.iter().filter(|(id, _)| id.starts_with(digit)).count();
    let digit = keys.iter().map(|(id, _)| &id[..1]).find(|digit| count(digit) > 1).expect("a shared digit");
    stage.run(&format!("key revoke {digit}")).fails_with(2, "USAGE").mentions("several keys' ids begin");
    stage.run("key revoke xyz").fails_with(2, "USAGE").mentions("no key's id begins with `xyz`");
    let mut command = stage.command("key revoke");
    command.arg("");
    Ran::of(command).fails_with(2, "USAGE");
    assert_eq!(list(&stage), keys);
    stage.run(&format!("key retire {}", keys[16].0)).succeeds();
    assert!(states(&stage).iter().all(|state| state == "retired"));
}

#[test]
fn a_damaged_key_file_is_refused_without_showing_it() {
    let stage = Stage::new();
    let text = String::from_utf8(stage.read("xstore.key")).expect("text");
    let secret = secrets(&stage).remove(0);
    let changed = |text: String| {
        fs::write(stage.path("xstore.key"), text).expect("a file can be written");
        let ran = stage.run("key list").fails_with(5, "KEY_UNAVAILABLE");
        assert!(!ran.err.contains(&secret[20..40]), "{}", ran.err);
        ran
    };
    changed(text.replace(" current ", " currant ")).mentions("line 4 of the key file");
    changed(text.replace(&secret[30..32], if &secret[30..32] == "QQ" { "PP" } else { "QQ" }))
        .mentions("line 4");
    changed(format!("{text}{}", text.lines().last().expect("a line"))).mentions("line 5");
    changed(text.replace(' ', "\t"));
    changed("x".repeat(70_000)).mentions("65536");
    changed("\0\u{1}".to_owned());
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let object = Object::new(2, 2, payload(10, 5), "");
    for mode in [0o644, 0o640, 0o604, 0o660, 0o610] {
        fs::set_permissions(object.stage.path("xstore.key"), fs::Permissions::from_mode(mode))
            .expect("a mode");
        for command in [
            "split file --threshold 2-of-2 --into a b --manifest n.json",
            "join --manifest m.json --from f0 f1 --output out",
            "key list",
            "key new --rotate",
        ] {
            let ran = object.stage.run(command).fails_with(5, "KEY_UNAVAILABLE");
            ran.mentions(&format!("mode {mode:04o}")).mentions("chmod 600");
        }
    }
    assert!(!object.stage.has("a") && !object.stage.has("out") && !object.stage.has("n.json"));
    fs::set_permissions(object.stage.path("xstore.key"), fs::Permissions::from_mode(0o400)).expect("a mode");
    object.joins("f0 f1").all_good();
}

#[test]
fn no_command_prints_a_key() {
    let object = Object::new(2, 3, payload(1000, 6), "");
    let id = list(&object.stage)[0].0.clone();
    let key = secrets(&object.stage).remove(0);
    let share = format!("f0/{}", object.key(0, 0));
    object.flip(0, 2, 70);
    for command in [
        "key list".to_owned(),
        "key new".to_owned(),
        "key new --rotate".to_owned(),
        format!("key retire {}", &id[..16]),
        format!("inspect {share}"),
        "inspect m.json".to_owned(),
        "inspect xstore.key".to_owned(),
        "join --manifest m.json --from f0 f1 f2 --output out".to_owned(),
        "split xstore.key --threshold 2-of-2 --into a b --manifest n.json".to_owned(),
        format!("key revoke {id}"),
    ] {
        for json in ["", " --json"] {
            let ran = object.stage.run(&format!("{command}{json}"));
            let printed = format!("{}{}", ran.text(), ran.err);
            // Any eight characters of it behind its common beginning.
            let tail = &key["XSTORE-KEY-1".len()..];
            assert!(
                (0..tail.len() - 8).all(|at| !printed.contains(&tail[at..at + 8])),
                "{command}: {printed}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn keys_that_are_added_at_one_time_are_all_kept() {
    let stage = Stage::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| stage.run("key new --rotate --quiet").succeeds());
        }
    });
    let keys = stage.run("key list --json").succeeds().json();
    assert_eq!(keys.as_array().map(Vec::len), Some(9));
}
