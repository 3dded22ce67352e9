use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;
use xstore_testkit::poll_times;

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_comes_to_its_end_or_is_given_up() {
    let turns = Turns::new(1);
    let (go, done) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let work = || {
        let (go, done) = (Arc::clone(&go), Arc::clone(&done));
        async move {
            go.notified().await;
            done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    };
    assert!(poll_times(turns.run(work()), 1).await.is_none());
    // The turn is taken: this one never begins.
    assert!(poll_times(turns.run(work()), 1).await.is_none());
    go.notify_one();
    turns.run(async { Ok(()) }).await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);

    assert!(poll_times(turns.run(work()), 1).await.is_none());
    let begun = tokio::time::Instant::now();
    turns.run(async { Ok(()) }).await.unwrap();
    assert_eq!((begun.elapsed(), done.load(Ordering::SeqCst)), (GRACE, 1));
}

#[tokio::test]
async fn a_panic_is_an_error() {
    let error = Turns::new(1).run::<()>(async { panic!("CANARY") }).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Other, false));
    assert!(!format!("{error:?}").contains("CANARY"));
}
