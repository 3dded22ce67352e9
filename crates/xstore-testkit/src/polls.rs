//! Futures that are dropped half-way, for tests of cancellation.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls `future` at most `polls` times and then drops it; its result where it came to one before that.
///
/// Between two polls the future's own waker is waited for, as under any runtime, so that the polls count the awaits
/// at which it really waited. A future that never wakes its task is waited for without end.
///
/// # Cancel safety
/// Dropping this drops the future, wherever it is.
pub async fn poll_times<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Drops a new future after no poll, another after one, and so on, until one comes to an end by itself: returns how
/// many polls that took, and its result. None where `limit` polls are not enough.
///
/// So a future is dropped at every await that it has, once each. `make` gets the number of polls that the future
/// will have at most; it can use another key for each.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use tokio::task::yield_now;
/// use xstore_testkit::drop_after_polls;
/// let mut started = 0;
/// let end = drop_after_polls(
///     |_| {
///         started += 1;
///         async {
///             yield_now().await;
///             yield_now().await;
///             "done"
///         }
///     },
///     100,
/// );
/// assert_eq!(end.await, Some((3, "done")));
/// assert_eq!(started, 4); // dropped after 0, 1 and 2 polls, then done
/// # }
/// ```
///
/// # Cancel safety
/// Dropping this drops the future that is being polled.
pub async fn drop_after_polls<F: Future>(
    mut make: impl FnMut(usize) -> F,
    limit: usize,
) -> Option<(usize, F::Output)> {
    for polls in 0..=limit {
        if let Some(output) = poll_times(make(polls), polls).await {
            return Some((polls, output));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::task::yield_now;

    struct CountsDrops<'a>(&'a Cell<usize>);

    impl Drop for CountsDrops<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[tokio::test]
    async fn the_future_is_dropped_at_the_await_that_was_counted() {
        let (reached, drops) = (Cell::new(0), Cell::new(0));
        for polls in 0..=5 {
            reached.set(0);
            let future = async {
                let _counts = CountsDrops(&drops);
                for step in 1..=3 {
                    reached.set(step);
                    yield_now().await;
                }
                "done"
            };
            let end = poll_times(future, polls).await;
            assert_eq!(end, (polls > 3).then_some("done"), "{polls}");
            assert_eq!(reached.get(), polls.min(3), "{polls}");
        }
        // The one that was never polled had nothing to drop.
        assert_eq!(drops.get(), 5);
    }

    #[tokio::test]
    async fn a_future_that_waits_longer_than_the_limit_has_no_end() {
        let endless = |_| async {
            loop {
                yield_now().await;
            }
        };
        assert_eq!(drop_after_polls::<_>(endless, 20).await.map(|(polls, ())| polls), None);
    }
}
