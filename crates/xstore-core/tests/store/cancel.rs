//! Operations that are dropped at every await.

use crate::support::{backends, data, over, small_parts, values};
use crate::waiting::Waiting;
use xstore_testkit::poll_times;

#[tokio::test]
async fn a_put_dropped_anywhere_leaves_what_its_ticket_knows() {
    let backends = backends(4);
    let waiting: Vec<Waiting> = backends.iter().cloned().map(Waiting).collect();
    let store = over(2, 3, &waiting).settings(small_parts(500)).build().unwrap();
    let data = data(2600);
    let mut left_something = 0;
    for polls in 0.. {
        let ticket = store.begin("doc").unwrap();
        let put = store.put("doc", data.clone()).ticket(&ticket).into_future();
        if let Some(manifest) = poll_times(put, polls).await {
            let manifest = manifest.unwrap();
            assert!(store.get(&manifest).await.unwrap() == data);
            // Else the loop above tried next to nothing.
            assert!(polls > 10 && left_something > 5, "{polls} polls, {left_something} left something");
            assert!(matches!(store.delete(&manifest).await.unwrap(), xstore_core::Deleted::All));
            break;
        }
        left_something += u32::from(backends.iter().any(|backend| values(backend) > 0));
        // As another process would: from the text.
        let ticket = store.ticket(&ticket.to_text()).unwrap();
        let swept = store.sweep(&ticket).await.unwrap();
        assert!(swept.unconfirmed.is_empty(), "{swept:?}");
        let left: Vec<usize> = backends.iter().map(values).collect();
        assert_eq!(left, [0; 4], "after {polls} polls");
    }
    assert!(backends.iter().all(|backend| values(backend) == 0));
}

#[tokio::test]
async fn a_delete_dropped_anywhere_can_be_done_again() {
    let backends = backends(3);
    let waiting: Vec<Waiting> = backends.iter().cloned().map(Waiting).collect();
    let store = over(2, 3, &waiting).settings(small_parts(500)).build().unwrap();
    for polls in 0.. {
        let manifest = store.put("doc", data(1600)).await.unwrap();
        let done = poll_times(store.delete(&manifest).into_future(), polls).await.is_some();
        assert!(matches!(store.delete(&manifest).await.unwrap(), xstore_core::Deleted::All));
        assert!(backends.iter().all(|backend| values(backend) == 0), "after {polls} polls");
        if done {
            assert!(polls > 3);
            break;
        }
    }
}

#[tokio::test]
async fn a_read_dropped_anywhere_leaves_the_store_as_it_was() {
    let waiting: Vec<Waiting> = backends(3).into_iter().map(Waiting).collect();
    let store = over(2, 3, &waiting).settings(small_parts(500)).build().unwrap();
    let data = data(1600);
    let manifest = store.put("doc", data.clone()).await.unwrap();
    for polls in 0.. {
        let done = poll_times(store.get(&manifest).into_future(), polls).await;
        assert!(store.get(&manifest).await.unwrap() == data);
        if let Some(read) = done {
            assert!(read.unwrap() == data && polls > 3);
            break;
        }
    }
}
