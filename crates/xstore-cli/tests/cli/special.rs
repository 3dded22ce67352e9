//! What a folder may hold under a share's name on Unix, and inputs that are no plain files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Child, Object, Ran, Report, Stage, payload, skip};

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

/// Joins with a guard against hanging.
fn join(object: &Object) -> Report {
    let command = object.stage.command("join --json --manifest m.json --from f0 f1 f2 --output out --force");
    let ran = Child::start(command).ends().succeeds();
    assert!(object.stage.read("out") == object.data);
    Report(ran.json())
}

#[test]
fn links_pipes_and_devices_are_not_followed() {
    let object = Object::new(2, 3, payload(100_000, 1), "");
    let elsewhere = object.stage.path("elsewhere");
    let share = object.share(0, 1);
    fs::rename(&share, &elsewhere).expect("a share can be moved");
    let told = |what: &str| {
        let report = join(&object);
        let problem = report.names("f1", "bad", &["BACKEND_UNAVAILABLE"])["problems"][0].clone();
        assert_eq!(problem, format!("{}: not a plain file", object.key(0, 1)), "{what}");
        fs::remove_file(&share).expect("it can be removed");
    };
    symlink(&elsewhere, &share).expect("a link");
    told("a link to the intact share");
    symlink("nowhere", &share).expect("a link");
    told("a link to nothing");
    make_fifo(&share);
    told("a pipe");
    symlink("/dev/zero", &share).expect("a link");
    told("a link to a device");
    let socket = std::os::unix::net::UnixListener::bind(&share);
    match socket {
        Ok(_) => told("a socket"),
        Err(error) => skip("a socket in the place of a share", &error.to_string()),
    }
    fs::rename(&elsewhere, &share).expect("a share can be moved back");
    join(&object).all_good();
}

/// What runs a command as somebody whom permissions bind. Root's commands run as another user, from a copy of the
/// binary that this user can reach.
fn as_somebody(object: &Object, arguments: &str) -> Option<Command> {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        return Some(object.stage.command(arguments));
    }
    let program = object.stage.path("program");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_xstore"), &program).expect("a file can be copied");
    }
    give(&object.stage.path("."), NOBODY);
    let mut command = Command::new(&program);
    command.args(arguments.split_whitespace()).uid(NOBODY).gid(NOBODY);
    object.stage.prepare(&mut command);
    let mut probe = Command::new(&program);
    probe.arg("--version").uid(NOBODY).gid(NOBODY).stdout(Stdio::null()).stderr(Stdio::null());
    match probe.status() {
        Ok(status) if status.success() => Some(command),
        _ => {
            skip("unreadable shares", "running as root, and no command can be run as somebody else");
            None
        }
    }
}

/// Gives a folder and all that is in it to a user.
fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).expect("root can give files away");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            give(&entry.expect("a name").path(), user);
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
}

#[test]
fn what_must_not_be_read_is_named() {
    let object = Object::new(2, 3, payload(100_000, 2), "");
    let arguments = "join --json --manifest m.json --from f0 f1 f2 --output out --force";
    for (path, mode, intact) in [
        (object.share(0, 1), 0o000, 0o600),
        (object.stage.path("f1"), 0o000, 0o755),
        (object.share(0, 1).parent().expect("a folder").to_owned(), 0o600, 0o755),
    ] {
        set_mode(&path, mode);
        let Some(command) = as_somebody(&object, arguments) else { return };
        let ran = Ran::of(command).succeeds();
        let report = Report(ran.json());
        let told = report.names("f1", "bad", &["BACKEND_UNAVAILABLE"]);
        assert!(
            told["problems"][0].as_str().is_some_and(|told| told.contains("Permission denied")),
            "{told}"
        );
        assert!(object.stage.read("out") == object.data);
        set_mode(&path, intact);
    }
}

#[test]
fn what_must_not_be_written_is_named() {
    let object = Object::new(2, 2, payload(100, 3), "");
    fs::create_dir(object.stage.path("closed")).expect("a folder");
    set_mode(&object.stage.path("closed"), 0o500);
    for (arguments, place) in [
        ("split file --threshold 2-of-2 --into a closed --manifest n.json", "closed"),
        ("split file --threshold 2-of-2 --into a closed/b --manifest n.json", "closed/b"),
        ("split file --threshold 2-of-2 --into a b --manifest closed/n.json", "closed/n.json"),
        ("join --manifest m.json --from f0 f1 --output closed/out", "closed/out"),
    ] {
        let Some(command) = as_somebody(&object, arguments) else { return };
        let ran = Ran::of(command).fails_with(1, "SINK_FAILED");
        ran.mentions(&format!("{place}: Permission denied"))
            .mentions("\nhelp: check who owns it and its permissions");
        assert!(!object.stage.has("a") && !object.stage.has("b") && !object.stage.has("n.json"));
        assert_eq!(object.stage.names("closed"), [""; 0]);
    }
}

#[test]
fn an_input_that_must_not_be_read_is_named() {
    let object = Object::new(2, 2, payload(100, 4), "");
    set_mode(&object.stage.path("file"), 0o000);
    let arguments = "split file --threshold 2-of-2 --into a b --manifest n.json";
    let Some(command) = as_somebody(&object, arguments) else { return };
    Ran::of(command).fails_with(1, "SOURCE_FAILED").mentions("can't read file: Permission denied");
}

#[test]
fn a_named_pipe_can_be_split() {
    let stage = Stage::new();
    make_fifo(&stage.path("pipe"));
    let child =
        Child::start(stage.command("split pipe -q --threshold 2-of-3 --into a b c --manifest m.json"));
    let data = payload(300_000, 5);
    // Opening it waits for the command.
    fs::write(stage.path("pipe"), &data).expect("the command reads");
    child.ends().succeeds();
    assert!(stage.run("join -q --manifest m.json --from a b --output - --name pipe").succeeds().out == data);
}

#[test]
fn a_named_pipe_is_nothing_to_inspect() {
    let stage = Stage::new();
    make_fifo(&stage.path("pipe"));
    Child::start(stage.command("inspect pipe")).ends().fails_with(2, "USAGE").mentions("pipe is not a file");
}

#[test]
fn a_device_can_be_split() {
    let stage = Stage::new();
    stage.run("split /dev/null -q --threshold 2-of-3 --into a b c --manifest m.json").succeeds();
    assert_eq!(stage.run("join -q --manifest m.json --from a b --output -").succeeds().out, b"");
}
