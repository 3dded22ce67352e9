//! Tokens, and the TLS that they need, against a service and a directory of the tests' own.
//!
//! Which authorities are trusted and which identity there is comes from the environment, so each case is a process of
//! its own.

// Other systems have no variable for the authorities that are trusted.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod child;
mod server;

use server::Server;
use std::process::Stdio;
use tokio::process::Command;

/// What no log and no error may show.
const TOKEN: &str = "canary-token-4f3e2d1c0b";
const SECRET: &str = "canary-secret-9a8b7c6d";
const WRONG_SECRET: &str = "canary-wrong-secret-5e6f";
const ASSERTION: &str = "canary-assertion-1a2b3c";
const HEADER: &str = "canary-header-77665544";

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/fixtures/ca.pem");

/// Lets a process do its task to a good end, and shows what it printed to nobody who looks for secrets.
async fn run(task: &str, server: &Server, variables: &[(&str, &str)]) {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "child::entry", "--nocapture"]).env(child::TASK, task);
    for inherited in ["AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "SSL_CERT_DIR"] {
        process.env_remove(inherited);
    }
    process.env("SSL_CERT_FILE", AUTHORITY).env("AZURE_AUTHORITY_HOST", server.url());
    process.env("XSTORE_TEST_SERVICE", server.url()).envs(variables.iter().copied());
    let done = process.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let text = [done.stdout, done.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(done.status.success() && text.contains(&format!("done: {task}")), "{text}");
    for secret in [TOKEN, SECRET, WRONG_SECRET, ASSERTION, HEADER] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("TRACE"), "nothing was listened to: {text}");
}

#[tokio::test]
async fn a_token_of_the_programs_own() {
    let server = Server::start().await;
    run("custom", &server, &[]).await;
    assert!(server.heads().iter().all(|head| head.contains(&format!("authorization: Bearer {TOKEN}\r\n"))));
    assert!(server.heads().len() >= 3);
}

#[tokio::test]
async fn an_application_with_a_secret() {
    let server = Server::start().await;
    run("client-secret", &server, &[]).await;
    let tokens =
        server.heads().iter().filter(|head| head.starts_with("POST /contoso.example/oauth2")).count();
    assert_eq!(tokens, 1, "a token is got once: {:?}", server.heads());
}

#[tokio::test]
async fn an_application_that_is_refused_or_has_to_wait() {
    let server = Server::start().await;
    run("no-token", &server, &[]).await;
    assert!(server.heads().iter().all(|head| head.starts_with("POST ")), "{:?}", server.heads());
}

#[tokio::test]
async fn a_pod_by_its_file() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, ASSERTION).unwrap();
    let variables = [
        ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
        ("AZURE_TENANT_ID", "contoso.example"),
        ("AZURE_CLIENT_ID", "0b1c2d3e"),
    ];
    run("environment", &server, &variables).await;
    assert!(server.heads().iter().any(|head| head.starts_with("POST /contoso.example/oauth2")));
}

#[tokio::test]
async fn an_app_by_its_identity() {
    let server = Server::start().await;
    let endpoint = format!("{}msi/token", server.url());
    run("environment", &server, &[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", HEADER)]).await;
    assert!(server.heads().iter().any(|head| head.starts_with("GET /msi/token?")));
}

#[tokio::test]
async fn a_token_that_the_service_refuses() {
    let server = Server::start().await;
    run("expired", &server, &[]).await;
}

#[tokio::test]
async fn a_service_that_nobody_vouches_for() {
    let server = Server::start().await;
    let nobody = tempfile::NamedTempFile::new().unwrap();
    // Somebody else's authority: the server's own certificate is none.
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/fixtures/server.pem"), nobody.path())
        .unwrap();
    run("untrusted", &server, &[("SSL_CERT_FILE", nobody.path().to_str().unwrap())]).await;
    assert!(server.heads().is_empty());
}
