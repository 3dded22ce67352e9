//! Credentials: good ones, broken ones, refused ones and none. No test asks a server of Google's for a token.

use crate::server::{endpoint, fresh, id, open};
use crate::stub::{EMPTY_PAGE, Stub, answer, page, refusal};
use std::process::Command;
use tokio::net::TcpListener;
use xstore_backend::{ErrorKind, Key, PutOptions, Secret, StorageBackend};
use xstore_backend_gcs::{Config, GcsBackend};

/// A new RSA key.
pub(crate) fn private_key() -> String {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output();
    let made = made.expect("the command openssl makes the keys of this test");
    assert!(made.status.success());
    String::from_utf8(made.stdout).unwrap()
}

pub(crate) fn service_account(private_key: &str) -> Secret {
    let json = serde_json::json!({
        "type": "service_account", "project_id": "test", "private_key_id": "1", "private_key": private_key,
        "client_email": "test@test.iam.gserviceaccount.com", "client_id": "1",
        "auth_uri": "http://127.0.0.1:9/auth", "token_uri": "http://127.0.0.1:9/token",
    });
    Secret::new(json.to_string())
}

pub(crate) fn user(token_server: &str, client_secret: &str, refresh_token: &str) -> Secret {
    let json = serde_json::json!({
        "type": "authorized_user", "client_id": "1", "client_secret": client_secret,
        "refresh_token": refresh_token, "token_uri": format!("{token_server}/token"),
    });
    Secret::new(json.to_string())
}

/// A token's answer, as all servers of tokens give it.
pub(crate) fn token(text: &str) -> Vec<u8> {
    page(&format!(r#"{{"access_token": "{text}", "expires_in": 3600, "token_type": "Bearer"}}"#))
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("127.0.0.1:{}", listener.local_addr().unwrap().port())
}

fn config(endpoint: &str, credentials: Secret) -> Config {
    Config::new("bucket").unwrap().with_endpoint(endpoint).unwrap().with_credentials(credentials).unwrap()
}

fn key() -> Key {
    Key::new("a/b").unwrap()
}

fn authorizations(stub: &Stub) -> Vec<String> {
    let of = |head: &String| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization: "));
        line.unwrap_or_default().to_owned()
    };
    stub.heads().iter().map(of).collect()
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let stub = Stub::with_bucket(|_| refusal(503, "", "backendError", "x")).await;
    let backend = open(config(stub.endpoint(), service_account(&private_key()))).await;
    crate::connections::every_operation(&backend, &key()).await;
    let all = authorizations(&stub);
    assert_eq!(all.len(), 7);
    let bearer = all[0].split_once("Bearer ").unwrap().1;
    assert!(all.iter().all(|line| line.ends_with(bearer)), "one token for both clients");
    let claims = bearer.split('.').nth(1).unwrap();
    // `devstorage.read_write`, wherever it stands among groups of three bytes.
    let found =
        ["ZGV2c3RvcmFnZS5yZWFkX3dyaXRl", "RldnN0b3JhZ2UucmVhZF93cml0Z", "kZXZzdG9yYWdlLnJlYWRfd3JpdG"];
    assert!(found.iter().any(|text| claims.contains(text)), "the scope is another one");
    assert_eq!(bearer.split('.').count(), 3);
}

#[tokio::test]
async fn a_service_account_works_with_a_server_that_takes_it() {
    let bucket = std::env::var("XSTORE_ITEST_GCS_BUCKET").unwrap();
    let config = Config::new(&bucket).unwrap().with_endpoint(&endpoint()).unwrap();
    let backend = open(config.with_credentials(service_account(&private_key())).unwrap()).await;
    let key = Key::new(&fresh("t/tokens")).unwrap();
    backend.put(&key, b"value".to_vec().into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(backend.get(&key, 5).await.unwrap(), "value");
    backend.delete(&key).await.unwrap();
}

#[tokio::test]
async fn a_broken_key_is_refused_before_anything_is_sent() {
    let whole = private_key();
    let broken = [
        "no key at all".to_owned(),
        whole.replace("PRIVATE KEY", "PUBLIC KEY"),
        whole[..whole.len() / 2].to_owned(),
        whole.replacen("A", "B", 40),
    ];
    for key in broken {
        let stub = Stub::start(|_| page(EMPTY_PAGE)).await;
        let error = GcsBackend::open(id(), config(stub.endpoint(), service_account(&key))).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, false), "{error:?}");
        assert!(error.to_string().contains("the setting credentials"), "{error}");
        assert_eq!(stub.heads().len(), 0);
    }
}

#[tokio::test]
async fn an_unknown_account_and_a_missing_role() {
    for (status, reason, message) in [
        (401, "authError", "Invalid Credentials"),
        (
            403,
            "forbidden",
            "test@test.iam.gserviceaccount.com does not have storage.objects.list access to the bucket.",
        ),
    ] {
        let stub = Stub::start(move |_| refusal(status, "", reason, message)).await;
        let opening = GcsBackend::open(id(), config(stub.endpoint(), service_account(&private_key())));
        let error = opening.await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, false));
        assert!(std::error::Error::source(&error).unwrap().to_string().contains(message), "{error:?}");
    }
}

#[tokio::test]
async fn a_user_gets_a_token_and_both_clients_use_it() {
    let tokens = Stub::start(|_| token("an-access-token")).await;
    let stub = Stub::with_bucket(|_| refusal(503, "", "backendError", "x")).await;
    let backend = open(config(stub.endpoint(), user(tokens.endpoint(), "secret", "refresh"))).await;
    crate::connections::every_operation(&backend, &key()).await;
    let all = authorizations(&stub);
    assert!(all.len() == 7 && all.iter().all(|line| line.ends_with("Bearer an-access-token")), "{all:?}");
    assert_eq!(tokens.heads().len(), 1, "the token is kept");
}

#[tokio::test]
async fn a_user_whose_token_is_refused_or_cant_be_had() {
    let revoked = r#"{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}"#;
    for (status, body, kind, is_retryable) in [
        (400, revoked, ErrorKind::AuthFailed, false),
        (401, "{}", ErrorKind::AuthFailed, false),
        (403, "{}", ErrorKind::AuthFailed, false),
        (200, "<html>", ErrorKind::AuthFailed, false),
        (429, "{}", ErrorKind::Unavailable, true),
        (503, "{}", ErrorKind::Unavailable, true),
    ] {
        let tokens = Stub::start(move |_| answer(status, "", body)).await;
        let stub = Stub::start(|_| page(EMPTY_PAGE)).await;
        let opening =
            GcsBackend::open(id(), config(stub.endpoint(), user(tokens.endpoint(), "secret", "refresh")));
        let error = opening.await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{status}: {error:?}");
        assert_eq!(stub.heads().len(), 0);
    }
    let stub = Stub::start(|_| page(EMPTY_PAGE)).await;
    let nobody = format!("http://{}", nobody().await);
    let opening = GcsBackend::open(id(), config(stub.endpoint(), user(&nobody, "secret", "refresh")));
    let error = opening.await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
}

/// What a machine without a file of credentials does, in a process whose environment says so.
#[tokio::test(flavor = "multi_thread")]
async fn default_credentials() {
    let metadata = Stub::start(|_| token("a-token-of-the-machine")).await;
    let metadata = metadata.endpoint().strip_prefix("http://").unwrap().to_owned();
    let no_metadata = nobody().await;
    for (expected, metadata, file) in [
        ("Ok", &metadata, None),
        ("Unavailable", &no_metadata, None),
        ("AuthFailed", &metadata, Some("/nowhere/credentials.json")),
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "tokens::child_with_default_credentials", "--nocapture"]);
        child.env("HOME", "/nowhere").env("APPDATA", "/nowhere").env("GCE_METADATA_HOST", metadata);
        child.env_remove("GOOGLE_APPLICATION_CREDENTIALS").env("XSTORE_TEST_EXPECTED", expected);
        if let Some(file) = file {
            child.env("GOOGLE_APPLICATION_CREDENTIALS", file);
        }
        let done = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success() && said.contains("1 passed"), "{expected}: {said}");
    }
}

#[tokio::test]
async fn child_with_default_credentials() {
    let Ok(expected) = std::env::var("XSTORE_TEST_EXPECTED") else { return };
    let stub = Stub::start(|_| page(EMPTY_PAGE)).await;
    let config = Config::new("bucket").unwrap().with_endpoint(stub.endpoint()).unwrap();
    match GcsBackend::open(id(), config).await {
        Ok(_) => {
            assert_eq!(expected, "Ok");
            assert!(authorizations(&stub)[0].ends_with("Bearer a-token-of-the-machine"));
        }
        Err(error) => {
            assert_eq!(format!("{:?}", error.kind()), expected, "{error:?}");
            assert!(error.to_string().contains("gcloud auth application-default login"), "{error}");
            assert_eq!(stub.heads().len(), 0);
        }
    }
}
