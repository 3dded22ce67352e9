//! Slow, blocked, broken and absent listeners.

use std::sync::mpsc;
use std::thread;

use futures_util::StreamExt;

use super::*;

/// Tells of a put with so many events of shares, and ends it.
fn tell(progress: Progress, count: usize) {
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    for at in 0..count {
        reporter.share(&share(0, 0), Status::Uploading, at as u64, None, None);
    }
    reporter.finish(None);
}

#[tokio::test]
async fn a_slow_listener_gets_what_had_room_and_the_end() {
    let (progress, events) = Progress::channel();
    tell(progress, 10_000);
    let events = all(events).await;
    assert_eq!(check(&events), Ok(()));
    assert_eq!(events.len(), LIMIT + 1);
    let last = events.last().unwrap();
    assert!(last.terminal);
    assert_eq!(events[LIMIT - 1].lagged, 0);
    assert_eq!(last.lagged, 10_000 + 2 - (LIMIT as u64 + 1));
}

#[tokio::test]
async fn what_was_left_out_is_told_once_with_the_next_event() {
    let (progress, mut events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    let upload = |bytes| reporter.share(&share(0, 0), Status::Uploading, bytes, None, None);
    (0..LIMIT as u64 + 6).for_each(upload);
    let mut grammar = Grammar::new();
    for _ in 0..LIMIT {
        let event = events.next().await.unwrap();
        assert_eq!((event.lagged, grammar.check(&event)), (0, Ok(())));
    }
    upload(7000);
    upload(7001);
    for (bytes, lagged) in [(7000, 7), (7001, 0)] {
        let event = events.next().await.unwrap();
        assert_eq!((event.bytes, event.lagged), (bytes, lagged));
        assert_eq!(grammar.check(&event), Ok(()));
    }
    reporter.finish(None);
    let end = events.next().await.unwrap();
    assert_eq!((end.lagged, grammar.check(&end), grammar.end()), (0, Ok(()), Ok(())));
}

#[test]
fn a_blocked_callback_blocks_nobody_else() {
    let (release, blocked) = mpsc::channel::<()>();
    let (send, received) = mpsc::channel();
    let progress = Progress::callback(move |event| {
        let _ = blocked.recv();
        let _ = send.send(event);
    });
    // All of it happens while the listener is stuck in its first event.
    tell(progress, 10_000);
    drop(release);
    let events: Vec<Event> = received.iter().collect();
    assert_eq!(check(&events), Ok(()));
    assert!((LIMIT..=LIMIT + 2).contains(&events.len()));
    let lagged: u64 = events.iter().map(|event| event.lagged).sum();
    assert_eq!(events.len() as u64 + lagged, 10_002);
}

#[test]
fn a_callback_runs_on_a_thread_of_its_own_that_ends_with_the_operation() {
    let (send, received) = mpsc::channel();
    let progress = Progress::callback(move |_| send.send(thread::current().id()).unwrap());
    let kept = progress.clone();
    tell(progress, 10);
    // Ends when the callback is dropped with its thread, although the progress is still there.
    let threads: Vec<_> = received.iter().collect();
    assert_eq!(threads.len(), 12);
    assert!(threads.iter().all(|id| *id == threads[0] && *id != thread::current().id()));
    drop(kept);
}

#[test]
fn a_callback_of_an_operation_that_never_begins_ends() {
    let (send, received) = mpsc::channel::<Event>();
    drop(Progress::callback(move |event| send.send(event).unwrap()));
    assert!(received.recv().is_err());
}

#[test]
fn a_panic_in_a_callback_harms_nobody() {
    let (send, received) = mpsc::channel();
    let mut count = 0;
    let progress = Progress::callback(move |event| {
        count += 1;
        send.send(event).unwrap();
        // Unwinds as a panic does, but without the words.
        if count == 3 {
            std::panic::resume_unwind(Box::new("enough"));
        }
    });
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    for _ in 0..10 {
        reporter.advance(1);
    }
    assert_eq!(received.iter().count(), 3);
    reporter.advance(1);
    reporter.finish(None);
}

#[tokio::test]
async fn a_listener_that_left_is_not_missed() {
    let (progress, mut events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    assert!(events.next().await.is_some());
    drop(events);
    reporter.advance(1);
    reporter.share(&share(0, 0), Status::Uploading, 0, None, None);
    reporter.finish(None);
    let (progress, events) = Progress::channel();
    drop(events);
    tell(progress, 10);
}

#[tokio::test]
async fn a_stream_without_an_operation_ends() {
    let (progress, mut events) = Progress::channel();
    let clone = progress.clone();
    drop(progress);
    let waiting = tokio::spawn(async move { events.next().await });
    tokio::task::yield_now().await;
    drop(clone);
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test]
async fn a_waiting_listener_is_woken_and_a_dropped_wait_loses_nothing() {
    let (progress, mut events) = Progress::channel();
    {
        let mut wait = Box::pin(events.next());
        assert!(futures_util::poll!(&mut wait).is_pending());
    }
    let teller = tokio::spawn(async move { tell(progress, 1) });
    let received: Vec<Event> = events.by_ref().collect().await;
    teller.await.unwrap();
    assert_eq!((received.len(), check(&received)), (3, Ok(())));
    assert_eq!(StreamExt::next(&mut events).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_comes_last_and_nothing_is_lost_uncounted_with_many_senders() {
    let (progress, events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    let tellers: Vec<_> = (0..8)
        .map(|index| {
            let reporter = reporter.clone();
            thread::spawn(move || {
                for bytes in 0..2000 {
                    reporter.share(&share(index, 0), Status::Uploading, bytes, None, None);
                }
            })
        })
        .collect();
    let listener = tokio::spawn(all(events));
    tellers.into_iter().for_each(|teller| teller.join().unwrap());
    reporter.finish(None);
    let events = listener.await.unwrap();
    assert_eq!(check(&events), Ok(()));
    let lagged: u64 = events.iter().map(|event| event.lagged).sum();
    assert_eq!(events.len() as u64 + lagged, 8 * 2000 + 2);
}
