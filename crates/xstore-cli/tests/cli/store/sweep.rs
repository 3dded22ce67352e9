//! `xstore sweep`: which journals, and those that are none.

use std::process::Stdio;

use crate::support::{Ran, Shop, Stage, eventually};

#[test]
fn nothing_to_do() {
    let shop = Shop::new();
    let ran = shop.run("sweep").succeeds();
    assert_eq!(ran.text(), "nothing to sweep: no put left a journal here\n");
    assert_eq!(shop.run("sweep --json").succeeds().json(), serde_json::json!([]));
    shop.run("sweep --manifest m.json").succeeds();
    Stage::bare().run("sweep").fails_with(2, "CONFIG_INVALID");
}

#[test]
fn what_is_no_journal_is_left_alone() {
    let shop = Shop::new();
    shop.run("sweep missing.pending").fails_with(1, "SOURCE_FAILED");
    shop.run("sweep xstore.toml").fails_with(2, "USAGE").mentions("is not named like a put's journal");
    std::fs::create_dir(shop.stage.path("folder.pending")).expect("a folder");
    shop.run("sweep folder.pending").fails_with(2, "USAGE").mentions("not a plain file");
    // Without a name it isn't even looked at.
    shop.run("sweep").succeeds();
    for text in ["mine\n", "{\"ticket\":1}\n", "\u{0}\n"] {
        shop.stage.write("x.pending", text);
        for arguments in ["sweep", "sweep x.pending", "sweep --manifest x"] {
            shop.run(arguments).fails_with(4, "PENDING_INVALID").mentions("nothing was removed");
            assert_eq!(shop.stage.read("x.pending"), text.as_bytes());
        }
        shop.run("put xstore.key --manifest x").fails(4).mentions("error[PENDING_INVALID]: x.pending is not");
    }
    shop.run("sweep x.pending --manifest x").fails(2);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("x.pending", shop.stage.path("link.pending")).expect("a link");
        shop.run("sweep link.pending").fails_with(2, "USAGE");
    }
}

/// One journal that can't be swept doesn't keep the others from it.
#[test]
fn all_that_can_be_swept() {
    let shop = Shop::new();
    shop.stage.write("a.pending", "mine\n");
    shop.stage.write("b.pending", "");
    shop.run("sweep")
        .fails(4)
        .mentions("b.pending: nothing had been stored\n")
        .mentions("error[PENDING_INVALID]: a.pending is not an intact journal");
    assert!(shop.stage.has("a.pending") && !shop.stage.has("b.pending"));
}

#[test]
fn a_put_that_is_running_is_left_alone() {
    let shop = Shop::new();
    let mut command = shop.stage.command("put - --manifest m.json");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the command starts");
    eventually("the journal is there", || {
        shop.stage.has("m.json.pending") && !shop.stage.read("m.json.pending").is_empty()
    });
    let ran = shop.run("sweep").succeeds();
    assert_eq!(ran.text(), "m.json.pending: left alone, since a put is at work on it\n");
    shop.run("sweep m.json.pending").fails_with(1, "PUT_RUNNING");
    shop.run("put xstore.toml --manifest m.json")
        .fails_with(1, "PUT_RUNNING")
        .mentions("wait until it has ended");
    // Another manifest is another put.
    shop.run("put xstore.toml --manifest n.json").succeeds();
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    assert!(shop.stage.has("m.json") && !shop.stage.has("m.json.pending"));
    shop.run("get --quiet --manifest m.json --output -").succeeds();
}

#[test]
fn a_manifest_that_appears_meanwhile_is_not_overwritten() {
    let shop = Shop::new();
    let mut command = shop.stage.command("put - --manifest m.json");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    eventually("the journal is begun", || {
        shop.stage.has("m.json.pending") && !shop.stage.read("m.json.pending").is_empty()
    });
    shop.stage.write("m.json", "mine");
    drop(child.stdin.take());
    let ran = Ran::new(child.wait_with_output().expect("it ends"));
    ran.fails_with(1, "MANIFEST_EXISTS");
    assert_eq!(shop.stage.read("m.json"), b"mine");
    assert!(!shop.stage.has("m.json.pending") && !shop.stage.has("m.json.new"));
    shop.is_empty();
}

#[test]
fn puts_at_once_to_one_manifest() {
    let shop = Shop::new();
    let files: Vec<String> = (0..8).map(|number| format!("file{number}")).collect();
    for file in &files {
        shop.stage.write(file, file);
    }
    let children: Vec<_> = files
        .iter()
        .map(|file| {
            let mut command = shop.stage.command(&format!("put {file} --manifest m.json"));
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts")
        })
        .collect();
    let mut winners = Vec::new();
    for (file, child) in files.iter().zip(children) {
        let output = child.wait_with_output().expect("the command ends");
        let text = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => winners.push(file),
            Some(1) => assert!(text.contains("PUT_RUNNING") || text.contains("MANIFEST_EXISTS"), "{text}"),
            code => panic!("{code:?}: {text}"),
        }
    }
    let [winner] = winners[..] else { panic!("{winners:?}") };
    assert_eq!(shop.run("get --quiet --manifest m.json --output -").succeeds().out, winner.as_bytes());
    assert_eq!(shop.values().len(), 3);
    assert!(!shop.stage.has("m.json.pending") && !shop.stage.has("m.json.new"));
}
