//! Encrypted connections, and who is refused one.

use crate::certificates::CERTIFICATES;
use crate::server::{DURABLE, Server};
use crate::support::{chain, get, id, open, put, value};
use std::time::Duration;
use xstore_backend::ErrorKind;
use xstore_backend_redis::{Config, RedisBackend};

/// A server that speaks TLS only.
pub(crate) fn secured(further: &[&str]) -> (Server, Config) {
    let server = with_certificate("server", further);
    let config = Config::tls("127.0.0.1", server.port()).with_ca_file(CERTIFICATES.path("ca.crt"));
    (server, config)
}

fn with_certificate(name: &str, further: &[&str]) -> Server {
    let path = |name: &str| CERTIFICATES.path(name).to_str().unwrap().to_owned();
    let (certificate, key, ca) = (path(&format!("{name}.crt")), path(&format!("{name}.key")), path("ca.crt"));
    let mut arguments = DURABLE.to_vec();
    arguments.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &ca]);
    if further.is_empty() {
        arguments.extend(["--tls-auth-clients", "no"]);
    }
    arguments.extend(further);
    Server::start_in(tempfile::tempdir().unwrap(), &arguments, |port| {
        vec!["--port".into(), "0".into(), "--tls-port".into(), port.to_string()]
    })
}

async fn refused(config: Config, kind: ErrorKind, words: &str) {
    let error = RedisBackend::open(id(), config).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_written()), (kind, false), "{}", chain(&error));
    assert!(error.to_string().contains(words), "{}", chain(&error));
}

#[tokio::test]
async fn by_name_and_by_address() {
    let (server, by_address) = secured(&[]);
    let by_name = Config::tls("localhost", server.port()).with_ca_file(CERTIFICATES.path("ca.crt"));
    for (at, config) in [by_address, by_name].into_iter().enumerate() {
        let backend = open(config).await;
        let large = value(at as u64, 3 << 20);
        put(&backend, &format!("v{at}"), large.clone()).await.unwrap();
        assert_eq!(get(&backend, &format!("v{at}")).await.unwrap(), large);
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_refused() {
    let (server, config) = secured(&[]);
    let trust = "the server's certificate isn't trusted";
    refused(config.with_ca_file(CERTIFICATES.path("other-ca.crt")), ErrorKind::AuthFailed, trust).await;
    refused(Config::tls("127.0.0.1", server.port()), ErrorKind::AuthFailed, trust).await;
    let elsewhere = with_certificate("elsewhere", &[]);
    let config = Config::tls("127.0.0.1", elsewhere.port()).with_ca_file(CERTIFICATES.path("ca.crt"));
    refused(config, ErrorKind::AuthFailed, trust).await;
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let (_server, config) = secured(&["--tls-auth-clients", "yes"]);
    refused(config.clone(), ErrorKind::AuthFailed, "the server refuses our certificate").await;
    let (chain, key) = (CERTIFICATES.path("client.crt"), CERTIFICATES.path("client.key"));
    let backend = open(config.clone().with_client_certificate(&chain, key)).await;
    put(&backend, "v", value(1, 100)).await.unwrap();
    let foreign = config.with_client_certificate(chain, CERTIFICATES.path("server.key"));
    refused(foreign, ErrorKind::AuthFailed, "don't go together").await;
}

#[tokio::test]
async fn tls_and_plain_text_are_not_mixed_up() {
    let plain = Server::start(DURABLE);
    // It waits for the end of what it takes for a command.
    let config = Config::tls("127.0.0.1", plain.port()).with_ca_file(CERTIFICATES.path("ca.crt"));
    let config = config.with_connect_timeout(Duration::from_millis(500));
    refused(config, ErrorKind::Timeout, "does it speak TLS on this port?").await;
    let (secured, _) = secured(&[]);
    let error = RedisBackend::open(id(), Config::tcp("127.0.0.1", secured.port())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", chain(&error));
}

#[tokio::test]
async fn files_that_can_t_be_read_are_named() {
    let (_server, config) = secured(&[]);
    let missing = CERTIFICATES.path("missing");
    refused(config.clone().with_ca_file(&missing), ErrorKind::AuthFailed, "ca-file").await;
    let no_certificate = config.clone().with_ca_file(CERTIFICATES.path("ca.key"));
    refused(no_certificate, ErrorKind::AuthFailed, "ca-file").await;
    let client = CERTIFICATES.path("client.crt");
    let no_key = config.clone().with_client_certificate(&client, &client);
    refused(no_key, ErrorKind::AuthFailed, "client-key-file").await;
    let no_chain = config.with_client_certificate(missing, CERTIFICATES.path("client.key"));
    refused(no_chain, ErrorKind::AuthFailed, "client-certificate-file").await;
}
