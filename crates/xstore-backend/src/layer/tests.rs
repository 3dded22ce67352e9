use super::*;
use crate::memory::MemoryBackend;
use crate::retry::RetryPolicy;
use crate::scripted::{Scripted, Step, call_all};
use crate::{BackendId, Capability, Error, ErrorKind, Key, Payload, Prefix, PutOptions, StorageBackend};
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

const CREATE_ONLY: &PutOptions = &PutOptions::create_only();
const CALLS: [&str; 7] = ["put", "get", "get_range", "stat", "list", "space", "delete"];

/// One of each over the same trait object, and the bare `Arc`.
fn all_layers(inner: &Arc<dyn StorageBackend>) -> Vec<Box<dyn StorageBackend>> {
    let limits = Limits::new(NonZeroUsize::new(3).unwrap());
    let (up, down) = (NonZeroU64::new(1 << 20).unwrap(), NonZeroU64::new(1 << 20).unwrap());
    let limiter = Limiter::new(limits.with_upload(up).with_download(down));
    vec![
        Box::new(inner.clone()),
        Box::new(Arc::new(inner.clone())),
        Box::new(Retrying::new(inner.clone(), RetryPolicy::default())),
        Box::new(TimingOut::new(inner.clone(), Timeouts::default())),
        Box::new(Limited::new(inner.clone(), limiter)),
        Box::new(Prefixed::new(inner.clone(), Prefix::all())),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_layer_passes_every_operation_on_and_its_result_back() {
    let key = Key::new("a/b").unwrap();
    let bare = Scripted::new([]);
    let expected = call_all(&bare, &key, "value").await;
    assert_eq!((expected.iter().all(Result::is_ok), bare.calls()), (true, CALLS.to_vec()));
    let count = all_layers(&(Arc::new(bare) as Arc<dyn StorageBackend>)).len();
    for at in 0..count {
        let capability = Capability::MINIMAL.with_list(true).with_durable(true).with_max_put(77);
        let scripted = Scripted::new([]).with_capability(capability);
        let inner: Arc<dyn StorageBackend> = Arc::new(scripted.clone());
        let layers = all_layers(&inner);
        let layer = &*layers[at];
        assert_eq!((layer.id().as_str(), layer.capability()), ("m1", capability));
        let actual = call_all(layer, &key, "value").await;
        for (actual, expected) in actual.iter().zip(&expected) {
            assert_eq!(actual.as_ref().unwrap(), expected.as_ref().unwrap(), "{layer:?}");
        }
        assert_eq!(scripted.calls(), CALLS, "{layer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_layer_passes_errors_back() {
    let key = Key::new("a/b").unwrap();
    for at in 0..all_layers(&(Arc::new(Scripted::new([])) as Arc<dyn StorageBackend>)).len() {
        let fails = (0..7).map(|_| Step::Fail(Error::new(ErrorKind::AuthFailed, "as told")));
        let inner: Arc<dyn StorageBackend> = Arc::new(Scripted::new(fails));
        let layers = all_layers(&inner);
        for result in call_all(&*layers[at], &key, "value").await {
            assert_eq!(result.unwrap_err().to_string(), "as told");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn options_and_cursors_get_through() {
    let memory = MemoryBackend::new(BackendId::new("m1").unwrap()).with_page_size(NonZeroUsize::MIN);
    let inner: Arc<dyn StorageBackend> = Arc::new(memory.clone());
    for layer in all_layers(&inner) {
        memory.clear();
        for text in ["a/1", "a/2", "b"] {
            layer.put(&Key::new(text).unwrap(), Payload::default(), CREATE_ONLY).await.unwrap();
        }
        let again = layer.put(&Key::new("b").unwrap(), Payload::default(), CREATE_ONLY).await;
        assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
        let prefix = Prefix::new("a").unwrap();
        let first = layer.list(&prefix, None).await.unwrap();
        let second = layer.list(&prefix, first.next.as_ref()).await.unwrap();
        assert_eq!((second.entries[0].key.as_str(), second.next), ("a/2", None), "{layer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_recommended_stack_retries_what_hung_without_holding_a_permit_meanwhile() {
    let scripted = Scripted::new([Step::Hang]);
    let second = NonZeroU64::new(1 << 20).unwrap();
    let timed = TimingOut::new(scripted.clone(), Timeouts::new(Duration::from_secs(1), second));
    let limited = Limited::new(timed, Limiter::new(Limits::new(NonZeroUsize::MIN)));
    let backend = Retrying::new(limited.clone(), RetryPolicy::default().with_seed(1));
    let key = Key::new("a/b").unwrap();
    let put = backend.put(&key, Payload::from(&b"value"[..]), CREATE_ONLY);
    // The hung attempt holds the only permit for its second; the other operation comes in right after it.
    let other = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        limited.stat(&Key::new("c").unwrap()).await
    };
    let (put, other) = tokio::join!(put, other);
    assert!(put.is_ok());
    assert_eq!(other.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(scripted.calls(), ["put", "stat", "put"]);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_permit_is_no_timeout_of_the_backend() {
    let scripted = Scripted::new([]).with_latency(Duration::from_secs(9));
    let rate = NonZeroU64::new(1 << 20).unwrap();
    let timed = TimingOut::new(scripted.clone(), Timeouts::new(Duration::from_secs(10), rate));
    let backend = Limited::new(timed, Limiter::new(Limits::new(NonZeroUsize::MIN)));
    let key = Key::new("a/b").unwrap();
    let (first, second, third) =
        tokio::join!(backend.delete(&key), backend.delete(&key), backend.delete(&key));
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
}
