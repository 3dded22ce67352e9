//! Every step of every way fails once, with every kind of error.

use super::*;
use rustix::io::Errno;

const ERRORS: [(Errno, ErrorKind); 4] = [
    (Errno::IO, ErrorKind::Unavailable),
    (Errno::NOSPC, ErrorKind::QuotaExceeded),
    (Errno::DQUOT, ErrorKind::QuotaExceeded),
    (Errno::MFILE, ErrorKind::Unavailable),
];

/// The steps of a put that works.
fn steps(scratch: &Scratch, how: How) -> Log {
    let (log, result) = run(Plan::Record, || scratch.put(NEW, how));
    result.unwrap();
    log
}

#[test]
fn a_failed_creation_leaves_nothing_and_can_be_repeated() {
    let mut attempts = 0;
    for (way, ways) in EACH_WAY {
        let how = how(true, ways);
        let all = steps(&Scratch::new(), how);
        for (at, (step, _)) in all.iter().enumerate() {
            for (error, expected) in ERRORS {
                let scratch = Scratch::new();
                let context = format!("{way}: {error:?} at {step:?}, number {at}");
                let (log, result) = run(Plan::Fail(at, error.raw_os_error()), || scratch.put(NEW, how));
                let failure = result.unwrap_err();
                assert_eq!(failure.kind(), expected, "{context}");
                let is_named = all[..=at].iter().any(|(step, _)| matches!(step, Step::Name | Step::Park));
                assert_eq!(failure.may_have_written(), is_named, "{context}");
                // Nothing is tried again, least of all a sync.
                assert_eq!(log.len(), at + 1, "{context}: {log:?}");
                assert_eq!(scratch.value(), None, "{context}");
                assert_eq!(scratch.leftovers(), [] as [PathBuf; 0], "{context}");
                // So another attempt does all of it anew, and doesn't rely on what the failed one left.
                let (again, result) = run(Plan::Record, || scratch.put(NEW, how));
                result.unwrap();
                if *step == Step::SyncFolder && at + 1 < all.len() {
                    assert_eq!(again, all, "{context}");
                }
                assert_eq!(scratch.value().unwrap(), NEW, "{context}");
                attempts += 1;
            }
        }
    }
    assert!(attempts >= 4 * 8 * 4, "{attempts}");
}

#[test]
fn a_failed_replacement_leaves_the_old_value_or_the_new_one() {
    for (way, ways) in EACH_WAY {
        let how = how(false, ways);
        let with_old = || {
            let scratch = Scratch::new();
            scratch.put(OLD, how).unwrap();
            scratch
        };
        let all = steps(&with_old(), how);
        for (at, (step, _)) in all.iter().enumerate() {
            for (error, expected) in ERRORS {
                let scratch = with_old();
                let context = format!("{way}: {error:?} at {step:?}, number {at}");
                let (log, result) = run(Plan::Fail(at, error.raw_os_error()), || scratch.put(NEW, how));
                let failure = result.unwrap_err();
                assert_eq!(failure.kind(), expected, "{context}");
                let is_named = all[..=at].iter().any(|(step, _)| matches!(step, Step::Name | Step::Park));
                assert_eq!(failure.may_have_written(), is_named, "{context}");
                assert_eq!(log.len(), at + 1, "{context}");
                // The last sync comes after the name has changed hands.
                let value = if at + 1 == all.len() { NEW } else { OLD };
                assert_eq!(scratch.value().unwrap(), value, "{context}");
                assert_eq!(scratch.leftovers(), [] as [PathBuf; 0], "{context}");
            }
        }
    }
}

#[test]
fn a_late_failure_of_access_does_not_promise_that_nothing_was_written() {
    let scratch = Scratch::new();
    scratch.put(OLD, how(false, Ways::ALL)).unwrap();
    let all = steps(&scratch, how(false, Ways::ALL));
    let plan = Plan::Fail(all.len() - 1, Errno::ACCESS.raw_os_error());
    let (_, result) = run(plan, || scratch.put(OLD, how(false, Ways::ALL)));
    assert_eq!(kind(result), Some(ErrorKind::Unavailable));
    assert_eq!(scratch.value().unwrap(), OLD);
}

#[test]
fn a_failed_delete_says_so() {
    for (at, is_there) in [(0, true), (1, false)] {
        let scratch = Scratch::new();
        scratch.put(OLD, how(true, Ways::ALL)).unwrap();
        let plan = Plan::Fail(at, Errno::IO.raw_os_error());
        let (_, result) = run(plan, || values::delete(&scratch.root, &key(), true));
        assert_eq!(kind(result), Some(ErrorKind::Unavailable));
        assert_eq!(scratch.value().is_some(), is_there);
    }
}

#[test]
fn what_exists_is_not_vouched_for_if_it_cannot_be_synced() {
    for at in [0, 1] {
        let scratch = Scratch::new();
        scratch.put(OLD, how(true, Ways::ALL)).unwrap();
        let plan = Plan::Fail(at, Errno::IO.raw_os_error());
        let (_, result) = run(plan, || scratch.put(OLD, how(true, Ways::ALL)));
        assert_eq!(kind(result), Some(ErrorKind::Unavailable));
        assert_eq!(scratch.value().unwrap(), OLD);
    }
}

#[test]
fn only_its_own_value_is_taken_back() {
    let scratch = Scratch::new();
    scratch.put(OLD, how(true, Ways::ALL)).unwrap();
    let folder = scratch.root.folder("ns/m").unwrap().unwrap();
    let file = folder.open("value").unwrap().unwrap();
    scratch.put(NEW, how(false, Ways::ALL)).unwrap();
    crate::atomic::unix::take_back(&folder, "value", &file).unwrap();
    assert_eq!(scratch.value().unwrap(), NEW);
    let file = folder.open("value").unwrap().unwrap();
    crate::atomic::unix::take_back(&folder, "value", &file).unwrap();
    assert_eq!(scratch.value(), None);
}

#[test]
fn a_write_that_lands_where_the_path_no_longer_leads_is_not_acknowledged() {
    let delete = |scratch: &Scratch| values::delete(&scratch.root, &key(), true);
    let put = |scratch: &Scratch| scratch.put(NEW, how(false, Ways::ALL));
    for (write, at) in [(&put as &dyn Fn(&Scratch) -> Result<()>, 0), (&put, 2), (&delete, 0)] {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("root");
        let root = Root::create(&path).unwrap();
        let scratch = Scratch { folder: outer, root };
        scratch.put(OLD, how(true, Ways::ALL)).unwrap();
        let unmount = {
            let aside = scratch.folder.path().join("aside");
            let path = path.clone();
            move || {
                std::fs::rename(&path, aside).unwrap();
                std::fs::create_dir(path).unwrap();
            }
        };
        let (_, result) = run(Plan::Meanwhile(at, Box::new(unmount)), || write(&scratch));
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.may_have_written(), "it did");
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
    }
}
