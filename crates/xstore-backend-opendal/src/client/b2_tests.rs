//! OpenDAL's client of B2, and what is asked of it here, against B2's interface as its documentation describes it: the
//! real service has no address that could be changed.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::header::{AUTHORIZATION, CONTENT_LENGTH, RANGE};
use http::{Request, Response, StatusCode, Uri};
use opendal_core::{HttpBody, HttpTransport, HttpTransporter, OperationContext};
use serde_json::{Value as Json, json};
use xstore_backend::{BackendId, Bytes, Key, PutOptions, Secret, StorageBackend};
use xstore_testkit::{Fixture, backend_conformance};

use super::*;
use crate::OpendalBackend;

/// An account with one bucket.
#[derive(Clone, Default)]
struct Account(Arc<Mutex<Bucket>>);

#[derive(Default)]
struct Bucket {
    files: BTreeMap<String, Bytes>,
    is_gone: bool,
    calls: Vec<String>,
}

const BUCKET: &str = "my-bucket";
const BUCKET_ID: &str = "e73ede9969c64427a54f0a1b";

fn ok(body: &Json) -> Response<HttpBody> {
    answer(StatusCode::OK, body.to_string().into())
}

fn refused(status: u16, code: &str) -> Response<HttpBody> {
    let body = json!({"status": status, "code": code, "message": "words"});
    answer(StatusCode::from_u16(status).unwrap(), body.to_string().into())
}

fn answer(status: StatusCode, body: Bytes) -> Response<HttpBody> {
    let len = body.len() as u64;
    let stream = futures_util::stream::iter([Ok(Buffer::from(body))]);
    Response::builder()
        .status(status)
        .header(CONTENT_LENGTH, len)
        .body(HttpBody::new(stream, Some(len)))
        .unwrap()
}

fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()?;
    Some(value.replace("%2F", "/"))
}

impl HttpTransport for Account {
    async fn fetch(&self, request: Request<Buffer>) -> opendal_core::Result<Response<HttpBody>> {
        // So that futures are dropped in between.
        tokio::task::yield_now().await;
        let reply = self.0.lock().unwrap().serve(&request);
        tokio::task::yield_now().await;
        Ok(reply)
    }
}

impl Bucket {
    fn serve(&mut self, request: &Request<Buffer>) -> Response<HttpBody> {
        let (uri, headers) = (request.uri(), request.headers());
        let path = uri.path();
        self.calls.push(path.rsplit('/').next().unwrap().to_owned());
        if !headers.contains_key(AUTHORIZATION) {
            return refused(401, "unauthorized");
        }
        if path == "/b2api/v2/b2_authorize_account" {
            let url = "https://api.example";
            return ok(&json!({"authorizationToken": "token", "apiUrl": url, "downloadUrl": url}));
        }
        if self.is_gone {
            return if path.starts_with("/file/") {
                refused(404, "not_found")
            } else {
                refused(400, "bad_bucket_id")
            };
        }
        match path {
            "/b2api/v2/b2_get_upload_url" => {
                assert_eq!(query(uri, "bucketId").as_deref(), Some(BUCKET_ID));
                ok(&json!({"authorizationToken": "once", "uploadUrl": "https://pod.example/upload"}))
            }
            "/upload" => {
                let name = headers["X-Bz-File-Name"].to_str().unwrap().to_owned();
                let bytes = request.body().to_bytes();
                let file = file(&name, &bytes);
                self.files.insert(name, bytes);
                ok(&file)
            }
            "/b2api/v2/b2_list_file_names" => ok(&self.list(uri)),
            "/b2api/v2/b2_hide_file" => {
                let body: Json = serde_json::from_slice(&request.body().to_bytes()).unwrap();
                match self.files.remove(body["fileName"].as_str().unwrap()) {
                    Some(_) => ok(&json!({"action": "hide"})),
                    None => refused(400, "no_such_file"),
                }
            }
            _ => {
                let name = path.strip_prefix("/file/my-bucket/").unwrap();
                let Some(value) = self.files.get(name) else { return refused(404, "not_found") };
                let Some(range) = headers.get(RANGE) else { return answer(StatusCode::OK, value.clone()) };
                let (start, end) =
                    range.to_str().unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                let (start, end) = (start.parse::<usize>().unwrap(), end.parse().unwrap_or(usize::MAX - 1));
                if start >= value.len() {
                    return refused(416, "range_not_satisfiable");
                }
                answer(StatusCode::PARTIAL_CONTENT, value.slice(start..value.len().min(end + 1)))
            }
        }
    }

    /// Files, and folders where there is a delimiter, in the order of their names.
    fn list(&self, uri: &Uri) -> Json {
        let prefix = query(uri, "prefix").unwrap_or_default();
        let start = query(uri, "startFileName").unwrap_or_default();
        let max = query(uri, "maxFileCount").map_or(100, |max| max.parse().unwrap());
        let has_folders = query(uri, "delimiter").is_some();
        let mut files: BTreeMap<String, Json> = BTreeMap::new();
        for (name, value) in self.files.iter().filter(|(name, _)| name.starts_with(&prefix)) {
            let folder = name[prefix.len()..].find('/').filter(|_| has_folders);
            let (shown, file) = match folder {
                Some(slash) => {
                    let folder = name[..=prefix.len() + slash].to_owned();
                    let file = json!({"fileName": folder, "contentLength": 0, "action": "folder"});
                    (folder, file)
                }
                None => (name.clone(), file(name, value)),
            };
            if *shown >= *start {
                files.entry(shown).or_insert(file);
            }
        }
        let next = files.keys().nth(max).cloned();
        json!({"files": files.into_values().take(max).collect::<Vec<_>>(), "nextFileName": next})
    }
}

fn file(name: &str, value: &Bytes) -> Json {
    json!({"fileName": name, "fileId": "id", "contentLength": value.len(), "contentType": "x/y", "action": "upload"})
}

fn config() -> Config {
    Config::new(Service::B2)
        .with_option("bucket", BUCKET)
        .with_option("bucket_id", BUCKET_ID)
        .with_option("application_key_id", "0011")
        .with_option("root", "some/root")
        .with_secret("application_key", Secret::new("hunter2".into()))
}

fn backend(account: &Account) -> OpendalBackend {
    let mut client = Client::new(&config()).unwrap();
    // What the real transport says about a range is said by it here, too.
    let transporter = HttpTransporter::new(Ranged(account.clone()));
    client.operator = client.operator.with_context(OperationContext::new().with_http_transport(transporter));
    OpendalBackend::over(BackendId::new("bucket").unwrap(), client, config())
}

struct Ranged(Account);

impl HttpTransport for Ranged {
    async fn fetch(&self, request: Request<Buffer>) -> opendal_core::Result<Response<HttpBody>> {
        let response = self.0.fetch(request).await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            return Err(opendal_core::Error::new(Theirs::RangeNotSatisfied, ""));
        }
        Ok(response)
    }
}

async fn fixture() -> Fixture {
    let account = Account::default();
    let (again, broken, mended) = (account.clone(), account.clone(), account.clone());
    Fixture::new(Arc::new(backend(&account)))
        .refusing_by_length()
        .with_reopen(move || {
            let again = Arc::new(backend(&again));
            async move { again as Arc<dyn StorageBackend> }
        })
        .with_break_root(move || {
            broken.0.lock().unwrap().is_gone = true;
            async {}
        })
        .with_mend_root(move || {
            mended.0.lock().unwrap().is_gone = false;
            async {}
        })
}

backend_conformance!(over_b2, fixture);

#[tokio::test]
async fn a_name_that_only_begins_like_it_is_another_value() {
    let account = Account::default();
    let backend = backend(&account);
    let key = |text: &str| Key::new(text).unwrap();
    backend.put(&key("ab"), b"other".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(backend.stat(&key("a")).await.unwrap_err().kind(), ErrorKind::NotFound);
    backend.put(&key("a"), b"x".as_slice().into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(backend.stat(&key("a")).await.unwrap().size, 1);
    let names: Vec<String> = account.0.lock().unwrap().files.keys().cloned().collect();
    assert_eq!(names, ["some/root/a", "some/root/ab"]);
}

/// What the page says about the cost.
#[tokio::test]
async fn requests_are_counted() {
    let account = Account::default();
    let backend = backend(&account);
    let calls = || std::mem::take(&mut account.0.lock().unwrap().calls);
    let a = Key::new("a").unwrap();
    backend.put(&a, b"x".as_slice().into(), &PutOptions::replace()).await.unwrap();
    assert_eq!(calls(), ["b2_authorize_account", "b2_get_upload_url", "upload"].map(str::to_owned)[..]);
    backend.get(&a, 1).await.unwrap();
    assert_eq!(calls(), ["a"]);
    backend.delete(&a).await.unwrap();
    assert_eq!(calls(), ["b2_list_file_names", "b2_hide_file"]);
}
