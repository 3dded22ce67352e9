//! Streams that are wrong.

use super::*;

/// An event of a share, or of the operation as a whole.
fn event(share: Option<(u8, u32)>, status: Status) -> Event {
    let is_end = matches!(status, Status::Complete | Status::Failed);
    Event {
        operation: OperationKind::Put,
        backend: share.map(|_| id("red")),
        share_index: share.map(|(index, _)| index),
        total_shares: 3,
        part: share.map(|(_, part)| part),
        status,
        bytes: 0,
        total_bytes: Some(100),
        elapsed: Duration::ZERO,
        attempt: 1,
        code: (status == Status::Failed).then_some("BACKEND_TIMEOUT"),
        terminal: share.is_none() && is_end,
        lagged: 0,
    }
}

fn of_share(status: Status) -> Event {
    event(Some((0, 0)), status)
}

/// Events between a good begin and a good end.
fn between(events: &[Event]) -> Result<(), Violation> {
    let (begin, end) = (event(None, Status::Pending), event(None, Status::Complete));
    check(&[std::slice::from_ref(&begin), events, std::slice::from_ref(&end)].concat())
}

/// The statuses of one share, with attempts counted as they should be.
fn shares(statuses: &[Status]) -> Vec<Event> {
    let mut attempt = 1;
    let mut last = None;
    let with_attempt = |&status: &Status| {
        if status == Status::Retrying || last == Some(Status::Failed) {
            attempt += 1;
        }
        last = Some(status);
        Event { attempt, ..of_share(status) }
    };
    statuses.iter().map(with_attempt).collect()
}

#[test]
fn begin_and_end() {
    let (begin, end) = (event(None, Status::Pending), event(None, Status::Complete));
    let failed = event(None, Status::Failed);
    assert_eq!(check(&[begin.clone(), end.clone()]), Ok(()));
    assert_eq!(check(&[begin.clone(), failed.clone()]), Ok(()));
    assert_eq!(check(&[]), Err(Violation::NotEnded));
    assert_eq!(check(std::slice::from_ref(&begin)), Err(Violation::NotEnded));
    assert_eq!(check(std::slice::from_ref(&end)), Err(Violation::NotBegun));
    assert_eq!(check(&[of_share(Status::Pending), begin.clone(), end.clone()]), Err(Violation::NotBegun));
    let late = Event { lagged: 1, ..begin.clone() };
    assert_eq!(check(&[late, end.clone()]), Err(Violation::NotBegun));
    assert_eq!(check(&[begin.clone(), begin.clone(), end.clone()]), Err(Violation::BegunTwice));
    assert_eq!(check(&[begin.clone(), end.clone(), failed]), Err(Violation::AfterEnd));
    assert_eq!(check(&[begin, end, of_share(Status::Uploading)]), Err(Violation::AfterEnd));
}

#[test]
fn only_the_end_is_terminal() {
    let terminal = |event: Event| Event { terminal: true, ..event };
    assert_eq!(between(&[terminal(event(None, Status::Uploading))]), Err(Violation::Terminal));
    assert_eq!(between(&[terminal(of_share(Status::Failed))]), Err(Violation::Terminal));
    let quiet = Event { terminal: false, ..event(None, Status::Complete) };
    assert_eq!(between(&[quiet]), Err(Violation::Terminal));
}

#[test]
fn all_are_of_one_operation() {
    let other = Event { operation: OperationKind::Get, ..of_share(Status::Uploading) };
    assert_eq!(between(&[other]), Err(Violation::Mixed));
    let other = Event { total_shares: 4, ..of_share(Status::Uploading) };
    assert_eq!(between(&[other]), Err(Violation::Mixed));
}

#[test]
fn a_share_goes_its_way() {
    use Status::{Complete, Deleting, Downloading, Failed, Pending, Retrying, Uploading, Verifying};
    let good: [&[Status]; 12] = [
        &[Uploading, Complete],
        &[Pending, Uploading, Uploading, Complete],
        &[Deleting, Complete],
        &[Downloading, Verifying, Verifying, Complete],
        &[Downloading, Retrying, Complete],
        &[Downloading, Retrying, Retrying, Downloading, Verifying, Failed],
        &[Downloading, Verifying, Retrying, Downloading, Verifying, Complete],
        &[Failed],
        &[Pending, Failed],
        &[Uploading, Failed, Uploading, Complete],
        &[Uploading, Failed, Retrying, Failed, Pending, Uploading, Complete],
        &[Uploading],
    ];
    for statuses in good {
        assert_eq!(between(&shares(statuses)), Ok(()), "{statuses:?}");
    }
    let bad: [(&[Status], Option<Status>); 14] = [
        (&[Complete], None),
        (&[Retrying], None),
        (&[Verifying], None),
        (&[Pending, Pending], Some(Pending)),
        (&[Pending, Complete], Some(Pending)),
        (&[Pending, Retrying], Some(Pending)),
        (&[Uploading, Pending], Some(Uploading)),
        (&[Uploading, Downloading], Some(Uploading)),
        (&[Downloading, Verifying, Downloading], Some(Verifying)),
        (&[Uploading, Complete, Complete], Some(Complete)),
        (&[Uploading, Complete, Failed], Some(Complete)),
        (&[Uploading, Complete, Uploading], Some(Complete)),
        (&[Uploading, Failed, Failed], Some(Failed)),
        (&[Uploading, Failed, Complete], Some(Failed)),
    ];
    for (statuses, from) in bad {
        let to = *statuses.last().unwrap();
        assert_eq!(between(&shares(statuses)), Err(Violation::Order { from, to }), "{statuses:?}");
    }
    // Another share, another part and another backend go their own ways.
    let done = shares(&[Uploading, Complete]);
    let on_blue: Vec<Event> =
        done.iter().map(|event| Event { backend: Some(id("blue")), ..event.clone() }).collect();
    let other = |share| [event(Some(share), Uploading), event(Some(share), Complete)];
    assert_eq!(between(&[done, on_blue, other((1, 0)).to_vec(), other((0, 1)).to_vec()].concat()), Ok(()));
    let retrying = event(None, Retrying);
    assert_eq!(between(&[retrying]), Err(Violation::Order { from: None, to: Retrying }));
}

#[test]
fn attempts_follow_each_other() {
    let with = |status, attempt| Event { attempt, ..of_share(status) };
    let attempt = |expected, actual| Err(Violation::Attempt { expected, actual });
    assert_eq!(between(&[with(Status::Uploading, 2)]), attempt(1, 2));
    assert_eq!(between(&[with(Status::Uploading, 1), with(Status::Complete, 2)]), attempt(1, 2));
    assert_eq!(between(&[with(Status::Uploading, 1), with(Status::Retrying, 1)]), attempt(2, 1));
    let again = [with(Status::Failed, 1), with(Status::Uploading, 1)];
    assert_eq!(between(&again), attempt(2, 1));
    let of_operation = Event { attempt: 2, ..event(None, Status::Uploading) };
    assert_eq!(between(&[of_operation]), attempt(1, 2));
}

#[test]
fn bytes_only_become_more() {
    let with = |status, bytes| Event { bytes, ..of_share(status) };
    assert_eq!(between(&[with(Status::Uploading, 9), with(Status::Uploading, 8)]), Err(Violation::Bytes));
    assert_eq!(between(&[with(Status::Uploading, 9), with(Status::Complete, 8)]), Err(Violation::Bytes));
    assert_eq!(between(&[with(Status::Uploading, 101)]), Err(Violation::Bytes));
    assert_eq!(between(&[with(Status::Uploading, 9), with(Status::Failed, 0)]), Ok(()));
    let again = Event { attempt: 2, ..with(Status::Retrying, 0) };
    let from_zero = Event { attempt: 2, ..with(Status::Uploading, 5) };
    assert_eq!(between(&[with(Status::Uploading, 9), again, from_zero]), Ok(()));
    let moved = |bytes| Event { bytes, ..event(None, Status::Uploading) };
    assert_eq!(between(&[moved(9), moved(8)]), Err(Violation::Bytes));
    assert_eq!(between(&[moved(101)]), Err(Violation::Bytes));
    assert_eq!(between(&[moved(9)]), Err(Violation::Bytes), "the end has 0");
}

#[test]
fn failures_have_codes() {
    let with = |status, code| Event { code, ..of_share(status) };
    assert_eq!(between(&[with(Status::Failed, None)]), Err(Violation::Code));
    assert_eq!(between(&[with(Status::Uploading, Some("CANCELLED"))]), Err(Violation::Code));
    let mut retried = shares(&[Status::Uploading, Status::Retrying]);
    retried[1].code = Some("BACKEND_TIMEOUT");
    assert_eq!(between(&retried), Ok(()));
    let end = Event { code: None, ..event(None, Status::Failed) };
    assert_eq!(check(&[event(None, Status::Pending), end]), Err(Violation::Code));
}

#[test]
fn what_was_left_out_may_have_been_anything_but_what_cannot_be() {
    let lagged = |event: Event| Event { lagged: 3, ..event };
    let late = |status, attempt, bytes| Event { attempt, bytes, ..of_share(status) };
    // Of a share that was under way, and of one that wasn't seen before.
    let after =
        [of_share(Status::Uploading), lagged(late(Status::Verifying, 4, 7)), late(Status::Complete, 4, 7)];
    assert_eq!(between(&after), Ok(()));
    let other = Event { attempt: 2, ..event(Some((1, 5)), Status::Complete) };
    assert_eq!(between(&[lagged(of_share(Status::Uploading)), other]), Ok(()));
    // What is seen again counts again.
    let wrong =
        [of_share(Status::Uploading), lagged(late(Status::Verifying, 4, 7)), late(Status::Complete, 5, 7)];
    assert_eq!(between(&wrong), Err(Violation::Attempt { expected: 4, actual: 5 }));
    let order = Violation::Order { from: Some(Status::Complete), to: Status::Uploading };
    let wrong = [
        of_share(Status::Uploading),
        of_share(Status::Complete),
        lagged(event(Some((1, 0)), Status::Uploading)),
        of_share(Status::Uploading),
    ];
    assert_eq!(between(&wrong), Err(order));
    // Without a gap, the beginning is missing.
    let unseen = event(Some((1, 5)), Status::Complete);
    assert!(between(&[of_share(Status::Uploading), unseen]).is_err());
}

#[test]
fn violations_are_sentences() {
    let words = [
        (Violation::NotBegun, "the first event must be that the operation is pending"),
        (Violation::BegunTwice, "the operation is pending a second time"),
        (Violation::AfterEnd, "an event follows the terminal one"),
        (Violation::NotEnded, "the terminal event is missing"),
        (Violation::Terminal, "exactly the operation's end must be terminal"),
        (Violation::Mixed, "the event is of another operation"),
        (Violation::Order { from: None, to: Status::Retrying }, "retrying can't come here"),
        (
            Violation::Order { from: Some(Status::Complete), to: Status::Failed },
            "failed can't follow complete",
        ),
        (Violation::Attempt { expected: 1, actual: 2 }, "attempt 2 instead of 1"),
        (Violation::Bytes, "bytes become fewer, or more than there are"),
        (Violation::Code, "a failure has a code, and nothing else has one"),
    ];
    for (violation, text) in words {
        assert_eq!(violation.to_string(), text);
    }
}
