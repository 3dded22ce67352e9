//! kill -9 at any moment of a put: a sweep leaves nothing, and the next put works.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Child, Shop, payload};

/// Kills of each store.
const KILLS: u64 = 15;

/// After a kill and a sweep there is all of the object or nothing of it.
#[track_caller]
fn settled(shop: &Shop, parts: usize) -> bool {
    shop.run("sweep --quiet").succeeds();
    assert!(!shop.stage.has("m.json.pending") && !shop.stage.has("m.json.new"));
    let is_there = shop.stage.has("m.json");
    if is_there {
        shop.gets();
        assert_eq!(shop.values().len(), 3 * parts);
        shop.run("rm --quiet --manifest m.json").succeeds();
    }
    shop.is_empty();
    is_there
}

fn killed(urls: &str, seed: u64) {
    let shop = Shop::over("2-of-3", urls, "part-size = \"64KiB\"");
    let shop = Shop { data: payload(600_000, seed), ..shop };
    shop.stage.write("file", &shop.data);
    // Moments that differ from run to run by themselves; what is asserted holds at each of them.
    for step in 0..KILLS {
        let mut command = shop.stage.command("put file --manifest m.json");
        command.stdin(Stdio::null());
        let child = Child::start(command);
        sleep(Duration::from_millis(step * 12));
        child.signal(Signal::KILL);
        child.was_killed();
        settled(&shop, 10);
    }
    // As does the next put to the same manifest, without a sweep before it.
    let child = Child::start(shop.stage.command("put file --manifest m.json"));
    sleep(Duration::from_millis(60));
    child.signal(Signal::KILL);
    child.was_killed();
    if !shop.stage.has("m.json") {
        let ran = shop.run("put file --quiet --manifest m.json");
        // It may have been killed behind its commit: then this put brings it to its end, and has nothing to do.
        assert!(ran.code == Some(0) || ran.err.contains("MANIFEST_EXISTS"), "{}", ran.err);
    }
    shop.gets();
    assert!(settled(&shop, 10));
}

#[test]
fn over_folders() {
    killed("file:red file:blue file:green", 1);
}

#[test]
fn over_folders_and_a_database() {
    killed("file:red sqlite:blue.db file:green", 2);
}

/// Every system call that changes something on the way to the end of a put, if there is a tool to stop at it.
#[test]
fn at_every_step_of_the_end() {
    let probe = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        crate::support::skip("a kill at every step", "there is no strace here");
        return;
    }
    let shop = Shop::new();
    let shop = Shop { data: payload(1000, 3), ..shop };
    shop.stage.write("file", &shop.data);
    let (mut kept, mut swept) = (0, 0);
    // Each thread counts for itself, so this reaches most of them, the backends' included.
    for call in
        ["flock", "write", "linkat", "renameat2", "rename", "unlink", "unlinkat", "fsync", "fdatasync"]
    {
        for number in 1.. {
            let mut command = Command::new("strace");
            let inject = format!("inject={call}:signal=KILL:when={number}");
            command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
            command.arg(env!("CARGO_BIN_EXE_xstore")).args(["put", "file", "--manifest", "m.json"]);
            shop.stage.prepare(&mut command);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let ended = command.status().expect("strace starts");
            let is_there = settled(&shop, 1);
            if ended.success() {
                // There is no such call any more.
                assert!(is_there);
                break;
            }
            if is_there { kept += 1 } else { swept += 1 }
        }
    }
    assert!(kept >= 3 && swept >= 10, "{kept} kept, {swept} swept");
}
