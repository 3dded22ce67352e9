//! What an operation tells of itself.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_whole_operation_keeps_the_grammar() {
    let (progress, events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Get, 3, Some(1000));
    for part in 0..2 {
        for index in 0..3 {
            let share = share(index, part);
            reporter.share(&share, Status::Downloading, 0, Some(600), None);
            tokio::time::advance(Duration::from_millis(5)).await;
            reporter.share(&share, Status::Downloading, 300, Some(600), None);
            match index {
                0 => reporter.share(&share, Status::Complete, 600, Some(600), None),
                1 => {
                    reporter.share(&share, Status::Retrying, 0, Some(600), None);
                    reporter.share(&share, Status::Verifying, 600, Some(600), None);
                    reporter.share(&share, Status::Complete, 600, Some(600), None);
                }
                _ => reporter.share(&share, Status::Failed, 0, Some(600), Some("SHARE_NOT_FOUND")),
            }
        }
        reporter.advance(500);
    }
    reporter.finish(None);
    let events = all(events).await;
    assert_eq!(check(&events), Ok(()));
    assert_eq!(events.len(), 2 * (3 * 3 + 2 + 1) + 2);
    let last = events.last().unwrap();
    assert_eq!((last.status, last.terminal, last.bytes), (Status::Complete, true, 1000));
    assert_eq!((last.elapsed, last.lagged, last.code), (Duration::from_millis(30), 0, None));
    assert!(last.is_of_operation() && events.iter().filter(|event| event.terminal).count() == 1);
    let moved: Vec<u64> =
        events.iter().filter(|event| event.is_of_operation()).map(|event| event.bytes).collect();
    assert_eq!(moved, [0, 500, 1000, 1000]);
}

#[tokio::test]
async fn attempts_are_counted_for_each_share() {
    let (progress, events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    let told = [
        (0, Status::Uploading, 1),
        (1, Status::Uploading, 1),
        (0, Status::Retrying, 2),
        (0, Status::Uploading, 2),
        (0, Status::Retrying, 3),
        (1, Status::Complete, 1),
        (0, Status::Failed, 3),
        (0, Status::Uploading, 4),
        (0, Status::Uploading, 4),
        (0, Status::Failed, 4),
        (0, Status::Retrying, 5),
        (0, Status::Complete, 5),
        (2, Status::Failed, 1),
        (2, Status::Pending, 2),
    ];
    for (index, status, _) in told {
        let code = (status == Status::Failed).then_some("BACKEND_TIMEOUT");
        reporter.share(&share(index, 0), status, 0, None, code);
    }
    reporter.finish(None);
    let events = all(events).await;
    assert_eq!(check(&events), Ok(()));
    let attempts: Vec<u32> = events[1..=told.len()].iter().map(|event| event.attempt).collect();
    assert_eq!(attempts, told.map(|(_, _, attempt)| attempt));
}

#[tokio::test]
async fn counting_attempts_takes_bounded_memory() {
    let (progress, mut events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    events.next().await.unwrap();
    let mut last = 0;
    for part in 0..5000 {
        reporter.share(&share(0, part), Status::Retrying, 0, None, None);
        last = events.next().await.unwrap().attempt;
    }
    assert_eq!(last, 2);
    for (part, attempt) in [(0, 2), (4999, 3), (1000, 3)] {
        reporter.share(&share(0, part), Status::Retrying, 0, None, None);
        assert_eq!(events.next().await.unwrap().attempt, attempt, "{part}");
    }
    // What is complete makes room.
    let (progress, mut events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    for part in 0..5000 {
        reporter.share(&share(0, part), Status::Retrying, 0, None, None);
        if part > 0 {
            reporter.share(&share(0, part), Status::Complete, 0, None, None);
            events.next().await.unwrap();
        }
        events.next().await.unwrap();
    }
    events.next().await.unwrap();
    reporter.share(&share(0, 0), Status::Retrying, 0, None, None);
    assert_eq!(events.next().await.unwrap().attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_operation_ends_as_cancelled() {
    let (progress, events) = Progress::channel();
    let operation = async {
        let reporter = Reporter::new(progress, OperationKind::Put, 3, Some(9));
        reporter.share(&share(0, 0), Status::Uploading, 0, None, None);
        std::future::pending::<()>().await;
        reporter.finish(None);
    };
    assert!(tokio::time::timeout(Duration::from_secs(7), operation).await.is_err());
    let events = all(events).await;
    assert_eq!(check(&events), Ok(()));
    let last = events.last().unwrap();
    assert_eq!((last.status, last.code, last.terminal), (Status::Failed, Some("CANCELLED"), true));
    assert_eq!((events.len(), last.elapsed), (3, Duration::from_secs(7)));
}

#[tokio::test]
async fn an_operation_is_dropped_when_its_last_clone_is() {
    let (progress, mut events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, None);
    let clone = reporter.clone();
    events.next().await.unwrap();
    drop(reporter);
    clone.advance(1);
    assert!(!events.next().await.unwrap().terminal);
    drop(clone);
    assert!(events.next().await.unwrap().terminal);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn nothing_follows_the_end() {
    let (progress, events) = Progress::channel();
    let reporter = Reporter::new(progress.clone(), OperationKind::Put, 3, None);
    let clone = reporter.clone();
    reporter.finish(None);
    clone.advance(1);
    clone.share(&share(0, 0), Status::Uploading, 0, None, None);
    clone.finish(Some("CANCELLED"));
    // Not of another operation either.
    Reporter::new(progress, OperationKind::Get, 3, None).finish(None);
    let events = all(events).await;
    assert_eq!(check(&events), Ok(()));
    assert_eq!((events.len(), events[1].status), (2, Status::Complete));
}

#[test]
fn without_a_listener_nothing_happens_and_no_runtime_is_needed() {
    let reporter = Reporter::new(Progress::none(), OperationKind::Put, 3, None);
    reporter.advance(1);
    reporter.share(&share(0, 0), Status::Failed, 0, None, Some("BACKEND_TIMEOUT"));
    assert!(format!("{reporter:?} {:?}", Progress::none()).contains("none"));
    reporter.finish(None);
}
