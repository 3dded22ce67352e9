//! Progress: a bar where standard error is a terminal that can show one, and nothing anywhere else.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Object, Ran, Shop, URLS, payload};

/// A terminal of 80 columns: the side that a person sees, and the side of the command.
fn terminal() -> (File, File) {
    let seen: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&seen).expect("a terminal can be used");
    unlockpt(&seen).expect("a terminal can be used");
    let name =
        ptsname(&seen, Vec::new()).expect("a terminal has a name").into_string().expect("a plain name");
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let flags = i32::try_from(OFlags::NOCTTY.bits()).expect("a flag");
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    let used = options.open(name).expect("the other side");
    tcsetwinsize(&used, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    (File::from(seen), used)
}

/// Runs a command with standard error on a terminal. Returns what came of it; `err` is what the terminal got.
fn on_terminal(mut command: Command, kind: &str) -> Ran {
    let (mut seen, used) = terminal();
    command.env("TERM", kind).env_remove("NO_COLOR").stderr(used).stdout(Stdio::piped());
    let child = command.spawn().expect("the command starts");
    // The command's side must not stay open here, or the terminal would never end.
    drop(command);
    let screen = std::thread::spawn(move || {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        // Linux reports the end of a terminal as an error, others as the end of a file.
        while let Ok(count @ 1..) = seen.read(&mut piece) {
            bytes.extend_from_slice(&piece[..count]);
        }
        bytes
    });
    let mut output = child.wait_with_output().expect("the command ends");
    output.stderr = screen.join().expect("a terminal can be read");
    Ran::new(output)
}

fn object() -> Object {
    Object::new(2, 3, payload(8 << 20, 1), "--part 1MiB")
}

const SPLIT: &str = "split file --threshold 2-of-3 --into a b c --manifest n.json --part 1MiB";
const JOIN: &str = "join --manifest m.json --from f0 f1 f2 --output out";

#[test]
fn a_bar_for_a_file_and_for_a_join() {
    let object = object();
    for (arguments, what) in [(SPLIT, "splitting"), (JOIN, "joining")] {
        let ran = on_terminal(object.stage.command(arguments), "xterm").succeeds();
        ran.err.find(what).expect("the bar says what is done");
        assert!(ran.err.contains("/8.00 MiB"), "the total is shown: {:?}", ran.err);
        assert!(ran.err.contains('\u{1b}'), "{:?}", ran.err);
        // The bar is gone at the end.
        assert!(ran.err.trim_end_matches("\u{1b}[1A").ends_with("\u{1b}[2K"), "{:?}", ran.err);
        assert!(!ran.text().contains('\u{1b}') && !ran.text().contains(what), "{}", ran.text());
    }
}

#[test]
fn a_spinner_for_a_pipe() {
    let object = object();
    let mut command = object.stage.command(&SPLIT.replace("file", "-"));
    command.stdin(File::open(object.stage.path("file")).expect("a file"));
    let ran = on_terminal(command, "xterm").succeeds();
    ran.err.find("splitting").expect("the bar says what is done");
    assert!(!ran.err.contains("/8.00 MiB"), "the total isn't known: {:?}", ran.err);
}

#[test]
fn a_payload_on_standard_output_is_only_the_payload() {
    let object = object();
    let command = object.stage.command("join --manifest m.json --from f0 f1 f2 --output -");
    let ran = on_terminal(command, "xterm").succeeds();
    assert!(ran.out == object.data);
    assert!(ran.err.contains("joining") && ran.err.contains("joined and verified"), "{:?}", ran.err);
}

#[test]
fn an_error_stands_on_a_line_of_its_own() {
    let object = object();
    object.flip(3, 0, 200);
    object.flip(3, 1, 200);
    object.flip(3, 2, 200);
    let ran = on_terminal(object.stage.command(JOIN), "xterm").fails(3);
    let (before, _) = ran.err.split_once("error[INSUFFICIENT_SHARES]").expect("the error is told");
    assert!(before.trim_end_matches("\u{1b}[1A").ends_with("\u{1b}[2K"), "{before:?}");
}

#[test]
fn no_bar_where_nobody_wants_one() {
    let object = object();
    for (arguments, kind) in
        [(JOIN.to_owned(), "dumb"), (format!("{JOIN} --quiet"), "xterm"), (format!("{JOIN} --json"), "xterm")]
    {
        let ran = on_terminal(object.stage.command(&format!("{arguments} --force")), kind).succeeds();
        assert_eq!(ran.err, "", "{arguments} on {kind}");
    }
    let ran = object.stage.run(&format!("{JOIN} --force")).succeeds();
    assert_eq!(ran.err, "");
}

#[test]
fn bars_for_the_payload_and_for_each_share_of_a_store() {
    let shop = Shop::over("2-of-3", URLS, "part-size = \"256KiB\"").holding(payload(4 << 20, 2));
    for (arguments, what) in [
        ("put file --manifest n.json", "storing"),
        ("get --manifest m.json --output out", "reading"),
        ("verify --manifest m.json", "verifying"),
    ] {
        let ran = on_terminal(shop.stage.command(arguments), "xterm").succeeds();
        assert!(ran.err.contains(what), "{:?}", ran.err);
        // Two at least are asked, whatever the command.
        let shares =
            ["share 0", "share 1", "share 2"].iter().filter(|share| ran.err.contains(**share)).count();
        assert!(shares >= 2, "{:?}", ran.err);
        // The bars are gone at the end.
        assert!(ran.err.trim_end_matches("\u{1b}[1A").ends_with("\u{1b}[2K"), "{:?}", ran.err);
        assert!(!ran.text().contains('\u{1b}'), "{}", ran.text());
    }
    for arguments in ["get --manifest m.json --output out --force --quiet", "rm --manifest m.json --json"] {
        let ran = on_terminal(shop.stage.command(arguments), "xterm").succeeds();
        assert_eq!(ran.err, "", "{arguments}");
    }
}
