//! What the service itself refuses.

use crate::support::{Emulator, fresh_key, id, noise, put, sas};
use std::error::Error as _;
use xstore_backend::{BackendUrl, Key, Secret, Setting, Settings};
use xstore_backend::{
    Error, ErrorKind, OpenError, OpenRequest, Payload, Prefix, PutOptions, Registry, StorageBackend,
};
use xstore_backend_azure::{AccountKey, AzureBackend, Config, Credential, ServiceError};

const PAST: &str = "2020-01-01T00:00:00Z";
const FUTURE: &str = "2099-01-01T00:00:00Z";

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, code: &str) -> Error {
    let error = result.unwrap_err();
    let answer = error.source().and_then(|source| source.downcast_ref::<ServiceError>());
    assert_eq!((error.kind(), answer.and_then(ServiceError::code)), (kind, Some(code)), "{error:?}");
    assert!(!error.is_retryable() && !error.may_have_written(), "{error:?}");
    error
}

async fn open(config: Config) -> Result<AzureBackend, Error> {
    match AzureBackend::open(id(), config).await {
        Ok(backend) => Ok(backend),
        Err(OpenError::Backend(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_key() {
    let emulator = Emulator::running();
    let wrong = AccountKey::new(&Secret::new("d3Jvbmcga2V5IHdyb25nIGtleQ==".to_owned())).unwrap();
    let config = emulator.config_with(&emulator.container, Credential::AccountKey(wrong));
    refused(open(config).await, ErrorKind::AuthFailed, "AuthorizationFailure");
}

#[tokio::test]
async fn an_unknown_account() {
    let emulator = Emulator::running();
    let config = Config::new("nosuchaccount", &emulator.container, emulator.credential()).unwrap();
    let endpoint = format!("http://{}/nosuchaccount", emulator.address());
    let config = config.with_endpoint(&endpoint).unwrap();
    refused(open(config).await, ErrorKind::Unavailable, "ResourceNotFound");
}

#[tokio::test]
async fn signatures_that_are_over_not_yet_valid_or_forged() {
    let emulator = Emulator::running();
    let open_with = async |text: &str| open(emulator.config_with(&emulator.container, sas(text))).await;
    emulator.open().await;
    open_with(&emulator.account_sas("rwdlc", PAST, FUTURE)).await.unwrap();
    let over = emulator.account_sas("rwdlc", PAST, "2020-01-02T00:00:00Z");
    refused(open_with(&over).await, ErrorKind::AuthFailed, "AuthorizationFailure");
    let early = emulator.account_sas("rwdlc", "2098-01-01T00:00:00Z", FUTURE);
    refused(open_with(&early).await, ErrorKind::AuthFailed, "AuthorizationFailure");
    let forged = emulator.account_sas("rwdlc", PAST, FUTURE).replace("sp=rwdlc", "sp=rwdlacup");
    refused(open_with(&forged).await, ErrorKind::AuthFailed, "AuthorizationFailure");
}

#[tokio::test]
async fn a_signature_that_allows_only_reading() {
    let emulator = Emulator::running();
    let (key, value) = (fresh_key(), noise(1000));
    let owner = emulator.open().await;
    put(&owner, &key, &value).await;
    let reading = emulator.account_sas("rl", PAST, FUTURE);
    let reader = open(emulator.config_with(&emulator.container, sas(&reading))).await.unwrap();
    assert_eq!(reader.get(&key, 1000).await.unwrap(), value);
    let code = "AuthorizationPermissionMismatch";
    for options in [PutOptions::create_only(), PutOptions::replace()] {
        let refusal = reader.put(&fresh_key(), value.clone().into(), &options).await;
        refused(refusal, ErrorKind::AuthFailed, code);
    }
    refused(reader.delete(&key).await, ErrorKind::AuthFailed, code);
    let writing = emulator.account_sas("rwd", PAST, FUTURE);
    let writer = open(emulator.config_with(&emulator.container, sas(&writing))).await.unwrap();
    refused(writer.list(&Prefix::all(), None).await, ErrorKind::AuthFailed, code);
    assert_eq!(owner.get(&key, 1000).await.unwrap(), value);
}

#[tokio::test]
async fn a_container_that_is_missing_is_made_only_on_demand() {
    let emulator = Emulator::running();
    let config = emulator.config(&format!("xst-{:016x}", fastrand::u64(..)));
    refused(open(config.clone()).await, ErrorKind::Unavailable, "ContainerNotFound");
    refused(open(config.clone()).await, ErrorKind::Unavailable, "ContainerNotFound");
    let made = AzureBackend::create(id(), config.clone()).await.unwrap();
    put(&made, &fresh_key(), b"value").await;
    AzureBackend::create(id(), config.clone()).await.unwrap();
    assert_eq!(open(config).await.unwrap().list(&Prefix::all(), None).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn by_url_and_settings() {
    let emulator = Emulator::running();
    emulator.open().await;
    let mut registry = Registry::new();
    xstore_backend_azure::register(&mut registry);
    let url = format!("azblob://{}/{}/by/url", emulator.account, emulator.container);
    let open = async |settings: Settings| {
        let settings = settings.with("endpoint", Setting::Text(emulator.endpoint.clone()));
        let request = OpenRequest::new(id(), BackendUrl::new(&url).unwrap()).with_settings(settings);
        registry.open(request).await
    };
    let key = Secret::new(emulator.key.clone());
    let by_key = open(Settings::new().with("account-key", Setting::Secret(key))).await.unwrap();
    let name = fresh_key();
    by_key.put(&name, b"value"[..].into(), &PutOptions::create_only()).await.unwrap();
    let text = Secret::new(format!("?{}\n", emulator.account_sas("rwdlc", PAST, FUTURE)));
    let by_sas = open(Settings::new().with("sas", Setting::Secret(text))).await.unwrap();
    assert_eq!(by_sas.get(&name, 10).await.unwrap(), "value");
    let by_default = open(Settings::new().with("emulator", Setting::Flag(true))).await.unwrap();
    assert_eq!(by_default.get(&name, 10).await.unwrap(), "value");
    let whole = emulator.open().await;
    assert_eq!(whole.get(&Key::new(&format!("by/url/{name}")).unwrap(), 10).await.unwrap(), "value");
}

#[tokio::test]
async fn a_lease_holds_a_blob() {
    let emulator = Emulator::running();
    let (backend, key) = (emulator.open().await, fresh_key());
    put(&backend, &key, b"value").await;
    let path = format!("/{}/{key}", emulator.container);
    let headers = [("x-ms-lease-action", "acquire"), ("x-ms-lease-duration", "-1")];
    assert_eq!(emulator.call("PUT", &path, "comp=lease", &headers, Vec::new()).await.status(), 201);
    let replaced = backend.put(&key, b"other"[..].into(), &PutOptions::replace()).await;
    refused(replaced, ErrorKind::Unavailable, "LeaseIdMissing");
    refused(backend.delete(&key).await, ErrorKind::Unavailable, "LeaseIdMissing");
    let created = backend.put(&key, b"other"[..].into(), &PutOptions::create_only()).await.unwrap_err();
    assert_eq!((created.kind(), created.may_have_written()), (ErrorKind::AlreadyExists, false));
    assert_eq!(backend.get(&key, 10).await.unwrap(), "value");
}

#[tokio::test]
async fn snapshots_go_with_their_blob() {
    let emulator = Emulator::running();
    let (backend, key) = (emulator.open().await, fresh_key());
    put(&backend, &key, b"value").await;
    let path = format!("/{}/{key}", emulator.container);
    assert_eq!(emulator.call("PUT", &path, "comp=snapshot", &[], Vec::new()).await.status(), 201);
    backend.delete(&key).await.unwrap();
    backend.delete(&key).await.unwrap();
    let query = format!("restype=container&comp=list&include=snapshots&prefix={key}");
    let left = emulator.call("GET", &format!("/{}", emulator.container), &query, &[], Vec::new()).await;
    assert!(!left.text().await.unwrap().contains("<Blob>"));
}

#[tokio::test]
async fn an_archived_blob_is_there_but_out_of_reach() {
    let emulator = Emulator::running();
    let (backend, key) = (emulator.open().await, fresh_key());
    put(&backend, &key, b"value").await;
    let path = format!("/{}/{key}", emulator.container);
    let tier = emulator.call("PUT", &path, "comp=tier", &[("x-ms-access-tier", "Archive")], Vec::new()).await;
    assert!(tier.status().is_success(), "{tier:?}");
    refused(backend.get(&key, 10).await, ErrorKind::Unavailable, "BlobArchived");
    assert_eq!(backend.stat(&key).await.unwrap().size, 5);
    backend.delete(&key).await.unwrap();
}

#[tokio::test]
async fn names_that_are_no_keys_and_folders_are_left_out() {
    let emulator = Emulator::running();
    let container = emulator.fresh_container().await;
    let blob = [("x-ms-blob-type", "BlockBlob")];
    for name in ["d/Upper", "d/a%20b", "d/%C3%A9", "d//x", "d/.hidden", "d/z.", "dx/y", "d", "d/k"] {
        let made =
            emulator.call("PUT", &format!("/{container}/{name}"), "", &blob, b"foreign".to_vec()).await;
        assert_eq!(made.status(), 201, "{name}");
    }
    let folder = [("x-ms-blob-type", "BlockBlob"), ("x-ms-meta-hdi_isfolder", "true")];
    emulator.call("PUT", &format!("/{container}/d/folder"), "", &folder, Vec::new()).await;
    let backend = open(emulator.config(&container)).await.unwrap();
    put(&backend, &Key::new("d/own").unwrap(), b"own").await;
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = backend.list(&Prefix::new("d").unwrap(), cursor.as_ref()).await.unwrap();
        names.extend(page.entries.iter().map(|entry| entry.key.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, ["d/k", "d/own"]);
}

#[tokio::test]
async fn a_put_leaves_no_blocks_and_keeps_its_checksum() {
    let emulator = Emulator::running();
    let container = emulator.fresh_container().await;
    let backend = open(emulator.config(&container)).await.unwrap();
    let (key, value) = (fresh_key(), noise(20 << 20));
    let pieces = value.chunks(3 << 20).map(|piece| piece.to_vec().into()).collect();
    backend.put(&key, Payload::from_chunks(pieces), &PutOptions::create_only()).await.unwrap();
    assert!(backend.get(&key, usize::MAX).await.unwrap() == value);
    let path = format!("/{container}/{key}");
    let blocks = emulator.call("GET", &path, "comp=blocklist&blocklisttype=all", &[], Vec::new()).await;
    assert!(!blocks.text().await.unwrap().contains("<Name>"));
    let kept = emulator.call("HEAD", &path, "", &[], Vec::new()).await;
    assert_eq!(kept.headers()["content-type"], "application/octet-stream");
    assert!(kept.headers().contains_key("content-md5"));
}
