//! The process is killed at every step of every way.

use super::*;
use std::process::{Command, Stdio};

/// Set where this is the process that dies: where, at which step, creating or replacing, and by which way.
const TASK: &str = "XSTORE_FS_DIE";

#[test]
fn a_kill_at_any_step_leaves_the_old_value_or_the_new_one_and_nothing_after_a_list() {
    if let Some(task) = std::env::var_os(TASK) {
        die(task.to_str().unwrap());
        return;
    }
    let (mut old, mut new, mut swept) = (0, 0, 0);
    for (way, (name, _)) in EACH_WAY.iter().enumerate() {
        for create_only in [true, false] {
            for at in 0.. {
                let mut scratch = Scratch::new();
                if !create_only {
                    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
                }
                let task = format!("{at} {create_only} {way} {}", scratch.folder.path().display());
                if survives(&task) {
                    // There is no such step any more.
                    assert!(at >= 4);
                    break;
                }
                scratch.reopened();
                let context = format!("{name}, create_only {create_only}, step {at}");
                match scratch.value().as_deref() {
                    Some(NEW) => new += 1,
                    Some(OLD) if !create_only => old += 1,
                    None if create_only => old += 1,
                    other => panic!("{context}: {other:?}"),
                }
                swept += scratch.leftovers().len();
                scratch.list();
                assert_eq!(scratch.leftovers(), [] as [PathBuf; 0], "{context}");
                // And life goes on.
                scratch.put(b"another", how(false, Ways::ALL)).unwrap();
                assert_eq!(scratch.value().unwrap(), &b"another"[..]);
            }
        }
    }
    println!("killed {} times: {old} old, {new} new, {swept} temporary files swept, 0 wrong", old + new);
    assert!(old >= 30 && new >= 4 && swept >= 10, "{old} {new} {swept}");
}

/// Runs the task in a process; whether that comes to its end.
fn survives(task: &str) -> bool {
    let name = "atomic::tests::killed::a_kill_at_any_step_leaves_the_old_value_or_the_new_one_and_nothing_after_a_list";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(TASK, task)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    match (status.success(), std::os::unix::process::ExitStatusExt::signal(&status)) {
        (true, _) => true,
        (false, Some(9)) => false,
        _ => panic!("{status}"),
    }
}

fn die(task: &str) {
    let mut words = task.splitn(4, ' ');
    let mut word = || words.next().unwrap();
    let at = word().parse().unwrap();
    let create_only = word().parse().unwrap();
    let (_, ways) = EACH_WAY[word().parse::<usize>().unwrap()];
    let root = Root::open(Path::new(word())).unwrap();
    let (_, result) =
        run(Plan::Die(at), || values::put(&root, &key(), &payload(NEW), how(create_only, ways)));
    result.unwrap();
}
