//! Several processes have the database open at once.

use crate::child::{KEPT, PRIZES, Process, Role};
use crate::support::{create, folder, get, names, put, value};
use xstore_backend::ErrorKind;

#[tokio::test]
async fn processes_at_once_lose_nothing_and_share_no_prize() {
    let (_folder, file) = folder();
    let backend = create(&file);
    let processes: Vec<_> = (0..3).map(|number| Process::start(Role::Contend, &file, number)).collect();
    let won: Vec<Vec<u64>> = processes
        .into_iter()
        .map(|process| process.finish().iter().map(|prize| prize.parse().unwrap()).collect())
        .collect();
    for prize in 0..PRIZES {
        let won_it = (0..).zip(&won).filter(|(_, prizes)| prizes.contains(&prize));
        let winners: Vec<u64> = won_it.map(|(number, _)| number).collect();
        assert_eq!(winners.len(), 1, "prize {prize}: {winners:?}");
        assert!(get(&backend, &format!("prize/{prize}")).await.unwrap() == value(winners[0], 3000));
    }
    for number in 0..3 {
        for at in 0..KEPT {
            let last = at + KEPT * ((PRIZES - 1 - at) / KEPT);
            let len = if last.is_multiple_of(10) { 300_000 } else { 500 };
            assert!(get(&backend, &format!("own/{number}/{at}")).await.unwrap() == value(last, len));
        }
    }
    assert_eq!(names(&backend, "own").await.unwrap().len() as u64, 3 * KEPT);
    assert_eq!(names(&backend, "passing").await.unwrap(), [""; 0]);
    assert_eq!(names(&backend, "").await.unwrap().len() as u64, 3 * KEPT + PRIZES);
}

/// The locks of a process on a file go when it closes any handle of it, unless SQLite knows of all.
#[cfg(unix)]
#[test]
fn opening_and_closing_once_more_gives_no_lock_away() {
    use crate::support::open;
    let (_folder, file) = folder();
    let backend = create(&file);
    let claim = || Process::start(Role::Claim, &file, 0).finish();
    assert_eq!(claim(), ["refused"]);
    for open in [open, create] {
        let again = open(&file);
        assert_eq!(claim(), ["refused"]);
        drop(again);
        assert_eq!(claim(), ["refused"]);
    }
    drop(backend);
    assert_eq!(claim(), ["claimed"]);
}

#[tokio::test]
async fn a_lock_that_somebody_keeps_is_unavailable_for_writes_only() {
    let (_folder, file) = folder();
    let config =
        xstore_backend_sqlite::Config::new(&file).with_busy_timeout(std::time::Duration::from_millis(20));
    let backend = xstore_backend_sqlite::SqliteBackend::create_with(crate::support::id(), config).unwrap();
    put(&backend, "a", value(1, 10)).await.unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = put(&backend, "b", value(2, 10)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
    assert!(!error.may_have_written());
    assert_eq!(error.to_string(), "db: put b: the database is locked by another process");
    assert_eq!(get(&backend, "a").await.unwrap(), value(1, 10));
    assert_eq!(get(&backend, "b").await.unwrap_err().kind(), ErrorKind::NotFound);
    other.execute_batch("ROLLBACK").unwrap();
    put(&backend, "b", value(2, 10)).await.unwrap();
}
