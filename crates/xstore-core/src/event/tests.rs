use std::time::Duration;

use xstore_backend::BackendId;

use super::{
    Event, Events, Grammar, LIMIT, OperationKind, Progress, Reporter, ShareEvent, Status, Violation,
};

mod grammar;
mod listeners;
mod reports;

fn id(text: &str) -> BackendId {
    BackendId::new(text).unwrap()
}

fn share(index: u8, part: u32) -> ShareEvent {
    ShareEvent { backend: id("red"), index, part }
}

/// All events of an operation that is over.
async fn all(mut events: Events) -> Vec<Event> {
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        all.push(event);
    }
    all
}

fn check(events: &[Event]) -> Result<(), Violation> {
    let mut grammar = Grammar::new();
    events.iter().try_for_each(|event| grammar.check(event))?;
    grammar.end()
}

#[tokio::test(start_paused = true)]
async fn events_are_lines() {
    let (progress, events) = Progress::channel();
    let reporter = Reporter::new(progress, OperationKind::Put, 3, Some(1000));
    tokio::time::advance(Duration::from_millis(1250)).await;
    reporter.share(&share(1, 7), Status::Uploading, 10, Some(500), None);
    reporter.share(&share(1, 7), Status::Retrying, 0, Some(500), Some("BACKEND_TIMEOUT"));
    reporter.finish(Some("SHARE_UPLOAD_FAILED"));
    let mut events = all(events).await;
    events[2].lagged = 9;
    let lines: Vec<String> = events.iter().map(Event::to_string).collect();
    assert_eq!(
        lines,
        [
            "put: pending, 0 of 1000 bytes, after 0.000 s",
            "put share 1 of 3 of part 7 on red: uploading, 10 of 500 bytes, after 1.250 s",
            "put share 1 of 3 of part 7 on red: retrying (BACKEND_TIMEOUT), 0 of 500 bytes, attempt 2, after 1.250 s, \
             9 events left out before",
            "put: failed (SHARE_UPLOAD_FAILED), 0 of 1000 bytes, after 1.250 s",
        ]
    );
}

#[test]
fn words_are_the_same_everywhere() {
    let kinds = [
        OperationKind::Put,
        OperationKind::Get,
        OperationKind::Delete,
        OperationKind::Verify,
        OperationKind::Sweep,
    ];
    assert_eq!(kinds.map(OperationKind::as_str), ["put", "get", "delete", "verify", "sweep"]);
    let statuses = [
        Status::Pending,
        Status::Uploading,
        Status::Downloading,
        Status::Verifying,
        Status::Deleting,
        Status::Retrying,
        Status::Complete,
        Status::Failed,
    ];
    let words =
        ["pending", "uploading", "downloading", "verifying", "deleting", "retrying", "complete", "failed"];
    assert_eq!(statuses.map(Status::as_str), words);
    assert_eq!(statuses.map(|status| status.to_string()), words);
}
