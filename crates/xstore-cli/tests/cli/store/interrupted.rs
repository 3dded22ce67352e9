//! SIGINT and SIGTERM in the middle of a command on a store.

use std::io::{Read, Write};
use std::process::Stdio;

use rustix::process::Signal;

use crate::support::{Child, Shop, URLS, eventually, payload};

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// A put that has stored something and waits for more.
fn waiting_put(shop: &Shop, more: &str) -> (Child, impl Write + use<>) {
    let mut command = shop.stage.command(&format!("put - --manifest m.json {more}"));
    command.stdin(Stdio::piped());
    let mut child = Child::start(command);
    let mut stdin = child.stdin();
    stdin.write_all(&payload(300_000, 1)).expect("the command reads");
    eventually("a part is stored", || shop.values().len() >= 3);
    (child, stdin)
}

fn shop(urls: &str) -> Shop {
    Shop::over("2-of-3", urls, "part-size = \"64KiB\"")
}

#[test]
fn a_put_is_swept() {
    for (signal, urls) in SIGNALS.into_iter().zip([URLS, "file:red sqlite:blue.db file:green"]) {
        let shop = shop(urls);
        let (child, stdin) = waiting_put(&shop, "");
        child.signal(signal);
        // The pipe stays open: nothing but the signal can end it.
        child.ends().fails(130).says(
            "interrupted: removing what was stored; interrupt once more to leave it for later\n\
             error[CANCELLED]: interrupted; what had been written was removed\n",
        );
        drop(stdin);
        shop.is_empty();
        assert!(!shop.stage.has("m.json") && !shop.stage.has("m.json.pending"));
    }
}

#[test]
fn a_put_in_full_swing() {
    for signal in SIGNALS {
        let shop = shop(URLS);
        let mut command = shop.stage.command("put /dev/zero --json --manifest m.json");
        command.stdin(Stdio::null());
        let child = Child::start(command);
        eventually("something is stored", || !shop.values().is_empty());
        child.signal(signal);
        let error = child.ends().fails(130).error();
        assert_eq!(error["code"], "CANCELLED");
        shop.is_empty();
        assert!(!shop.stage.has("m.json.pending"));
    }
}

#[test]
fn what_cannot_be_removed_now_can_be_swept_later() {
    let shop = shop(URLS);
    let (child, stdin) = waiting_put(&shop, "");
    shop.take("green");
    child.signal(Signal::INT);
    let ran = child.ends().fails(130);
    drop(stdin);
    ran.mentions("error[CANCELLED]: interrupted\n  m.json.pending: not settled yet; kept as m.json.")
        .mentions("\nhelp: once these backends are back, clean up with: xstore sweep m.json.");
    shop.bring_back("green");
    assert!(!shop.values().is_empty());
    shop.run("sweep").succeeds();
    shop.is_empty();
}

#[test]
fn a_get_into_a_file() {
    let shop = shop(URLS).holding(payload(8 << 20, 2));
    let names = shop.stage.names(".");
    let child = Child::start(shop.stage.command("get --manifest m.json --output out"));
    eventually("it began", || shop.stage.names(".").len() > names.len());
    child.signal(Signal::INT);
    let ran = child.ends();
    // It may have been faster than the signal.
    if ran.code == Some(0) {
        assert!(shop.stage.read("out") == shop.data);
    } else {
        ran.fails_with(130, "CANCELLED");
        assert_eq!(shop.stage.names("."), names);
    }
}

#[test]
fn a_get_into_a_pipe_that_nobody_reads() {
    let shop = Shop::new().holding(payload(1 << 20, 3));
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = shop.stage.command("get --manifest m.json --output -");
    command.stdout(writer);
    let child = Child::start_as_it_is(command);
    reader.read_exact(&mut [0]).expect("a byte");
    child.signal(Signal::TERM);
    assert_eq!(child.ends().code, Some(130));
}
