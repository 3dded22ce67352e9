//! Several writers of one value.

use super::*;
use std::sync::Barrier;

#[test]
fn one_creator_wins_whichever_ways_they_take() {
    const WRITERS: usize = 8;
    for (way, ways) in EACH_WAY {
        for round in 0..25 {
            let scratch = Scratch::new();
            let start = Barrier::new(WRITERS);
            let write = |number: usize| {
                // As in another process, which remembers nothing in common.
                let root = Root::open(scratch.folder.path()).unwrap();
                start.wait();
                let value = payload(&[b'0' + u8::try_from(number).unwrap(); 100]);
                let how = How { sync: false, sync_folder: false, ..how(true, ways) };
                values::put(&root, &key(), &value, how)
            };
            let results: Vec<Result<()>> = std::thread::scope(|scope| {
                let writers: Vec<_> = (0..WRITERS).map(|number| scope.spawn(move || write(number))).collect();
                writers.into_iter().map(|writer| writer.join().unwrap()).collect()
            });
            let winners: Vec<usize> = (0..WRITERS).filter(|number| results[*number].is_ok()).collect();
            let [winner] = winners[..] else { panic!("{way}, round {round}: {results:?}") };
            for (number, result) in results.into_iter().enumerate() {
                let expected = (number != winner).then_some(ErrorKind::AlreadyExists);
                assert_eq!(kind(result), expected, "{way}");
            }
            assert_eq!(scratch.value().unwrap(), vec![b'0' + u8::try_from(winner).unwrap(); 100], "{way}");
            assert_eq!(scratch.leftovers(), [] as [PathBuf; 0], "{way}");
        }
    }
}

#[test]
fn readers_see_one_of_the_values_whole_while_it_is_replaced() {
    for (way, ways) in EACH_WAY {
        let scratch = Scratch::new();
        let how = How { sync: false, sync_folder: false, ..how(false, ways) };
        scratch.put(&[0; 9999], how).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for value in 1..=100 {
                    scratch.put(&[value; 9999], how).unwrap();
                }
            });
            let mut last = 0;
            while !writer.is_finished() {
                let value = scratch.value().unwrap();
                assert!(value.len() == 9999 && value.iter().all(|byte| *byte == value[0]), "{way}");
                assert!(value[0] >= last, "{way}: an older value came back");
                last = value[0];
            }
        });
        assert_eq!(scratch.value().unwrap(), vec![100; 9999]);
    }
}

#[test]
fn where_a_lock_decides_it_is_waited_for() {
    let lock_only = EACH_WAY[3].1;
    for _ in 0..20 {
        let scratch = Scratch::new();
        let volatile = |create_only, ways| How { sync: false, sync_folder: false, ..how(create_only, ways) };
        let folder = scratch.root.make("ns/m", false).unwrap();
        let lock = folder.reopened().unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
        std::thread::scope(|scope| {
            let root = Root::open(scratch.folder.path()).unwrap();
            let late =
                scope.spawn(move || values::put(&root, &key(), &payload(NEW), volatile(true, lock_only)));
            // Its temporary file is there, so it is about to become the value; without a lock it would be soon.
            while scratch.leftovers().is_empty() && !late.is_finished() {
                std::thread::yield_now();
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
            scratch.put(OLD, volatile(true, Ways::ALL)).unwrap();
            drop(lock);
            assert_eq!(kind(late.join().unwrap()), Some(ErrorKind::AlreadyExists));
        });
        assert_eq!(scratch.value().unwrap(), OLD);
    }
}
