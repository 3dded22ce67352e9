//! Backends that aren't there when the store is opened.

use super::*;
use std::sync::Arc;
use xstore::backend::{ErrorKind, Factory, OpenError, OpenRequest, StorageBackend, async_trait};
use xstore::{Code, Store, registry};

/// Three folders, each with a namespace, of which the last one was away while the store was opened.
async fn with_one_away(home: &Home) -> (Store, PathBuf, PathBuf) {
    let all: String =
        ["red", "green", "blue"].map(|id| backend(id, &format!("file:{id}"), "namespace = \"a1\"")).concat();
    let config = home.config(&format!("write-quorum = 2\n{all}[retry]\nattempts = 1\n"));
    config.create(&registry()).await.unwrap();
    let (there, away) = (home.path("blue"), home.path("elsewhere"));
    std::fs::rename(&there, &away).unwrap();
    let store = config.open(&registry()).await.unwrap();
    (store, there, away)
}

#[tokio::test]
async fn one_that_is_away_doesnt_stop_the_others_and_comes_back() {
    let home = Home::new();
    let (store, there, away) = with_one_away(&home).await;
    let degraded = store.put("doc", "bytes").await.unwrap();
    assert_eq!(store.get(&degraded).await.unwrap(), b"bytes");
    assert_eq!(files_below(&away), 1, "the mark");

    let status = store.status().await;
    let blue = status.iter().find(|status| status.backend.as_str() == "blue").unwrap();
    let attempt = blue.reachable.as_ref().unwrap_err();
    assert_eq!(attempt.code, Code::BackendUnavailable);
    assert!(attempt.to_string().contains("it can't be opened"), "{attempt}");
    // What it can do is known all the same, and counts.
    assert!(blue.capability.durable && status.iter().filter(|status| status.is_good()).count() == 2);

    // Nothing was made in its place meanwhile.
    assert!(!there.exists());
    std::fs::rename(&away, &there).unwrap();
    let mut tries = 0;
    while !store.status().await.iter().all(xstore::BackendStatus::is_good) {
        tries += 1;
        assert!(tries < 100, "it doesn't come back: {:?}", store.status().await);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let whole = store.put("doc", "more bytes").await.unwrap();
    assert!(store.verify(&whole).await.unwrap().is_whole());
}

/// An unmounted disk looks like an empty folder.
#[tokio::test]
async fn an_empty_folder_in_its_place_isnt_taken_for_it() {
    let home = Home::new();
    let (store, there, _) = with_one_away(&home).await;
    std::fs::create_dir(&there).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    store.put("doc", "bytes").await.unwrap();
    assert_eq!(files_below(&there), 0);
    let status = store.status().await;
    let blue = status.iter().find(|status| status.backend.as_str() == "blue").unwrap();
    assert!(blue.reachable.as_ref().unwrap_err().to_string().contains("its mark is missing"), "{blue:?}");
}

#[tokio::test]
async fn none_at_all_is_a_store_that_says_so() {
    let home = Home::new();
    let all: String = ["red", "green", "blue"].map(|id| backend(id, &format!("sqlite:{id}/db"), "")).concat();
    let config = home.config(&format!("{all}[retry]\nattempts = 1\n"));
    let store = config.open(&registry()).await.unwrap();
    let error = store.put("doc", "bytes").await.unwrap_err();
    assert_eq!(error.category(), xstore::Category::Backend, "{error}");
    // One is enough to fail a put that needs all.
    assert!(!error.attempts().is_empty());
    assert!(error.to_string().contains("it can't be opened"), "{error}");
    let cause = error.attempts()[0].cause().downcast_ref::<xstore::backend::Error>().unwrap();
    assert_eq!((cause.kind(), cause.may_have_written()), (ErrorKind::Unavailable, false));
    let status = store.status().await;
    assert!(status.len() == 3 && status.iter().all(|status| status.reachable.is_err()), "{status:?}");
}

/// Opens nothing, and doesn't say so.
#[derive(Debug)]
struct Frozen;

#[async_trait]
impl Factory for Frozen {
    async fn open(&self, _: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_answer_costs_a_second() {
    let home = Home::new();
    let all: String = [("red", "file:red"), ("green", "file:green"), ("blue", "frozen:")]
        .map(|(id, url)| backend(id, url, ""))
        .concat();
    let config = home.config(&format!("write-quorum = 2\n{all}"));
    for folder in ["red", "green"] {
        std::fs::create_dir(home.path(folder)).unwrap();
    }
    let mut registry = registry();
    registry.register("frozen", Arc::new(Frozen));
    let begun = tokio::time::Instant::now();
    let store = config.open(&registry).await.unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(store);
}
