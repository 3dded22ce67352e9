//! What killed processes left is removed, what live ones write is not.

use super::*;
use crate::atomic::unix::Temporary;
use std::fs;

#[test]
fn a_list_removes_what_nobody_holds() {
    let scratch = Scratch::new();
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    for path in
        [".xstore-tmp-0123456789abcdef", "ns/.xstore-tmp-1", "ns/m/.xstore-tmp-2", "ns/m/.xstore-tmp-3"]
    {
        fs::write(scratch.folder.path().join(path), "half a val").unwrap();
    }
    assert_eq!(scratch.list(), [key()]);
    assert_eq!(scratch.leftovers(), [] as [PathBuf; 0]);
    assert_eq!(scratch.value().unwrap(), OLD);
}

#[test]
fn a_list_spares_what_a_writer_holds_and_what_is_not_ours() {
    let scratch = Scratch::new();
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    let at = |path: &str| scratch.folder.path().join(path);
    let folder = scratch.root.folder("ns/m").unwrap().unwrap();
    let temporary = Temporary::new(&folder).unwrap();
    fs::create_dir(at("ns/m/.xstore-tmp-folder")).unwrap();
    fs::write(at("victim"), "x").unwrap();
    std::os::unix::fs::symlink("../../victim", at("ns/m/.xstore-tmp-link")).unwrap();
    fs::write(at("ns/m/.xstore-other"), "x").unwrap();
    assert_eq!(scratch.list(), [key(), Key::new("victim").unwrap()]);
    let there = || fs::read_dir(at("ns/m")).unwrap().count();
    assert_eq!(there(), 5);
    assert!(at("victim").exists());

    // The writer finishes in its own time.
    drop(temporary.become_new("other", Ways::ALL).unwrap());
    assert_eq!(scratch.list().len(), 3);
    assert_eq!(there(), 5);
}

#[test]
fn a_writer_that_was_taken_for_dead_starts_anew() {
    let scratch = Scratch::new();
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    // Somebody lists without a pause, and so also between a file's creation and its lock.
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    scratch.list();
                }
            });
        }
        let how = How { sync: false, sync_folder: false, ..how(false, EACH_WAY[1].1) };
        let results: Vec<_> = (0..1000_u32).map(|number| scratch.put(&number.to_be_bytes(), how)).collect();
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        for result in results {
            result.unwrap();
        }
    });
    assert_eq!(scratch.value().unwrap(), 999_u32.to_be_bytes()[..]);
    assert_eq!(scratch.leftovers(), [] as [PathBuf; 0]);
}

#[test]
fn a_list_at_the_last_moment_does_not_take_a_value_for_a_leftover() {
    for (way, ways) in EACH_WAY {
        let scratch = Scratch::new();
        scratch.put(OLD, how(false, Ways::ALL)).unwrap();
        let (log, _) = run(Plan::Record, || scratch.put(OLD, how(false, ways)));
        for at in 0..log.len() {
            let root = Root::open(scratch.folder.path()).unwrap();
            let list = move || drop(Lists::new(Limits::USUAL).page(&root, &Prefix::all(), None).unwrap());
            let (_, result) = run(Plan::Meanwhile(at, Box::new(list)), || scratch.put(NEW, how(false, ways)));
            result.unwrap_or_else(|error| panic!("{way}, {at}: {error:?}"));
            assert_eq!(scratch.value().unwrap(), NEW, "{way}, {at}");
        }
    }
}
