//! No secret and no stored byte in what is printed, whatever goes wrong.

use crate::certificates::CERTIFICATES;
use crate::server::{DURABLE, Server};
use crate::support::{get, id, key, open, put};
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use xstore_backend::{Bytes, Error, Secret, StorageBackend};
use xstore_backend_redis::{Config, RedisBackend};

const PASSWORD: &str = "CANARY-password-31415926535";
const VALUE: &[u8] = b"CANARY-value-27182818284";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0, |bits, &byte| bits << 8 | u32::from(byte));
        (0..4).rev().map(|at| char::from(LETTERS[(bits >> (6 * at) & 63) as usize])).collect::<String>()
    };
    bytes.chunks_exact(3).map(group).collect()
}

/// The text in every dress that a program gives it.
fn dresses(secret: &[u8]) -> Vec<String> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.iter().map(|byte| format!("%{byte:02X}")).collect();
    let list = format!("{secret:?}");
    let plain = String::from_utf8(secret.to_vec()).unwrap();
    // In base64 it depends on where the text begins.
    let shifts = (0..3).map(|shift| base64(&secret[shift..]));
    [plain, hex.to_uppercase(), hex, percent, list.trim_matches(['[', ']']).to_owned()]
        .into_iter()
        .chain(shifts)
        .collect()
}

/// The secret that the text shows, in its dress.
fn shown(text: &str) -> Option<String> {
    [PASSWORD.as_bytes(), VALUE].into_iter().flat_map(dresses).find(|dress| text.contains(dress.as_str()))
}

fn all(error: &Error, text: &mut String) {
    write!(text, "{error} {error:?} {error:#?}").unwrap();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
}

async fn fail(backend: &dyn StorageBackend, text: &mut String) {
    let value = Bytes::from_static(VALUE);
    for result in [
        put(backend, "v", value).await,
        get(backend, "v").await.map(drop),
        backend.get(&key("v"), 3).await.map(drop),
        backend.stat(&key("v")).await.map(drop),
        backend.delete(&key("v")).await,
        backend.list(&Default::default(), None).await.map(drop),
    ] {
        if let Err(error) = result {
            all(&error, text);
        }
    }
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    tracing::trace!("the log is read");
    let mut text = String::new();

    let mut arguments = DURABLE.to_vec();
    arguments.extend(["--requirepass", PASSWORD]);
    let server = Server::start(&arguments);
    let secret = || Secret::new(PASSWORD.to_owned());
    let config = server.config().with_credentials(None, secret());
    let backend = open(config.clone()).await;
    put(&backend, "v", Bytes::from_static(VALUE)).await.unwrap();
    write!(text, "{config:?} {config:#?} {backend:?} {backend:#?}").unwrap();
    fail(&backend, &mut text).await;
    // The wrong password is a secret, too: the right one of somebody else.
    for config in [
        server.config().with_credentials(None, Secret::new(format!("{PASSWORD}x"))),
        server.config().with_credentials(Some("nobody".to_owned()), secret()),
        Config::tls("127.0.0.1", server.port()).with_credentials(None, secret()),
        Config::tls("127.0.0.1", server.port())
            .with_ca_file(CERTIFICATES.path("ca.crt"))
            .with_credentials(None, secret())
            .with_connect_timeout(std::time::Duration::from_millis(300)),
    ] {
        all(&RedisBackend::open(id(), config).await.unwrap_err(), &mut text);
    }
    server.kill();
    fail(&backend, &mut text).await;

    // Servers that don't know a command quote what was sent with it.
    for command in ["SET", "AUTH", "GET"] {
        let server = Server::start(&["--rename-command", command, ""]);
        server.ask(&["CONFIG", "SET", "requirepass", PASSWORD]);
        match RedisBackend::open(id(), server.config().with_credentials(None, secret())).await {
            Ok(backend) => fail(&backend, &mut text).await,
            Err(error) => all(&error, &mut text),
        }
    }
    assert!(text.contains("doesn't know the command"));
    assert_eq!(shown(&text), None);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is read") && log.contains("the server isn't durable"));
    assert_eq!(shown(&log), None);
}

#[test]
fn a_canary_is_seen() {
    for secret in [PASSWORD.as_bytes(), VALUE] {
        for text in dresses(secret) {
            assert!(shown(&format!("so it is: {text}!")).is_some(), "{text}");
        }
    }
    assert_eq!(shown("CANARY-password"), None);
    assert_eq!(base64(b"foobar"), "Zm9vYmFy");
}
