use super::*;
use crate::scripted::{Scripted, Step};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn timeouts(base: u64, rate: u64) -> Timeouts {
    Timeouts::new(Duration::from_secs(base), NonZeroU64::new(rate).unwrap())
}

fn key() -> Key {
    Key::new("a/b").unwrap()
}

#[test]
fn times_are_exact_and_never_overflow() {
    assert_eq!(timeouts(2, 100).of(0), 2 * SECOND);
    assert_eq!(timeouts(2, 100).of(250), Duration::from_millis(4500));
    assert_eq!(timeouts(0, 1 << 40).of(1 << 39), Duration::from_millis(500));
    assert_eq!(timeouts(0, u64::MAX).of(u64::MAX - 1), Duration::from_nanos(999_999_999));
    assert_eq!(Timeouts::new(Duration::MAX, NonZeroU64::MIN).of(u64::MAX), Duration::MAX);
    assert_eq!(Timeouts::default().of(80 << 20), Duration::from_secs(30 + 1280));
}

/// How long the operation takes on a backend that never answers.
async fn time_of<T: std::fmt::Debug>(operation: impl Future<Output = Result<T>>) -> (Duration, Error) {
    let start = Instant::now();
    let error = operation.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_retryable() && error.may_have_written());
    assert_eq!(error.backend().map(BackendId::as_str), Some("m1"));
    (start.elapsed(), error)
}

#[tokio::test(start_paused = true)]
async fn each_operation_ends_at_its_own_time() {
    let backend =
        Scripted::new((0..9).map(|_| Step::Hang)).with_capability(Capability::MINIMAL.with_max_put(1000));
    let backend = TimingOut::new(backend, timeouts(10, 100));
    let data = Payload::from(vec![0; 300]);
    let (time, error) = time_of(backend.put(&key(), data, &PutOptions::replace())).await;
    assert_eq!(time, 13 * SECOND);
    assert_eq!(error.to_string(), "m1: put a/b: no answer within 13s");
    let (time, error) = time_of(backend.get(&key(), 500)).await;
    assert_eq!((time, error.operation()), (15 * SECOND, Some(Operation::Get)));
    // No value is longer than the backend takes.
    assert_eq!(time_of(backend.get(&key(), usize::MAX)).await.0, 20 * SECOND);
    assert_eq!(time_of(backend.get_range(&key(), 100..400)).await.0, 13 * SECOND);
    assert_eq!(time_of(backend.get_range(&key(), 7..u64::MAX)).await.0, 20 * SECOND);
    let (time, error) = time_of(backend.delete(&key())).await;
    assert_eq!((time, error.operation()), (10 * SECOND, Some(Operation::Delete)));
    let (time, error) = time_of(backend.stat(&key())).await;
    assert_eq!((time, error.operation()), (10 * SECOND, Some(Operation::Stat)));
    let (time, error) = time_of(backend.list(&Prefix::all(), None)).await;
    assert_eq!((time, error.operation(), error.key()), (10 * SECOND, Some(Operation::List), None));
    let (time, error) = time_of(backend.space()).await;
    assert_eq!((time, error.operation()), (10 * SECOND, Some(Operation::Space)));
    assert_eq!(backend.inner().in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_answers_in_time_is_left_alone() {
    let backend = Scripted::new([Step::Wait(Duration::from_millis(9999))]);
    backend.memory.put(&key(), Payload::from(&b"x"[..]), &PutOptions::replace()).await.unwrap();
    let backend = TimingOut::new(backend, timeouts(10, 100));
    assert_eq!(backend.get(&key(), 0).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(backend.get(&key(), 1).await.unwrap(), "x");
}
