//! Whatever goes wrong, no secret is printed: not by the adapter, and not by anything below it that logs.

use crate::server::{id, open};
use crate::stub::{EMPTY_PAGE, Stub, answer, page, refusal};
use crate::tokens::{nobody, private_key, service_account, token, user};
use std::fmt::Write;
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use xstore_backend::{
    BackendUrl, Error, Key, OpenRequest, PutOptions, Registry, Secret, Setting, Settings, StorageBackend,
};
use xstore_backend_gcs::{Config, GcsBackend};

const CLIENT_SECRET: &str = "GOCSPX-CanaryClientSecret0123456789";
const REFRESH_TOKEN: &str = "1//0CanaryRefreshToken_abcdefghijklmnopqrstuvwxyz";
const ACCESS_TOKEN: &str = "ya29.CanaryAccessToken-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const VALUE: &str = "CanaryValue-of-a-share-0123456789";

/// Set where the process was started by the first test, for the second one.
const CHILD: &str = "XSTORE_TEST_CANARY";

/// In a process of its own, which captures everything from all crates.
#[test]
fn no_secret_is_printed() {
    let child = ["--exact", "canary::child_that_captures_everything", "--nocapture"];
    let done = Command::new(std::env::current_exe().unwrap()).args(child).env(CHILD, "1").output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn child_that_captures_everything() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .init();

    let mut secrets = Vec::new();
    let mut printed = String::new();
    let private_key = private_key();
    secrets.push(private_key.lines().nth(3).unwrap().to_owned());
    secrets.extend([CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN, VALUE].map(str::to_owned));

    let tokens = Stub::start(|_| token(ACCESS_TOKEN)).await;
    let good = [service_account(&private_key), user(tokens.endpoint(), CLIENT_SECRET, REFRESH_TOKEN)];
    for credentials in good {
        secrets.extend(fail_in_every_way(credentials, &mut printed).await);
    }
    fail_without_token(&private_key, &mut printed).await;

    let captured = captured.text();
    for expected in ["hyper_util::", "reqwest::", "rustls", "DEBUG", "TRACE"] {
        assert!(captured.contains(expected), "nothing of {expected} was captured");
    }
    assert!(printed.len() > 5000, "too little was printed");
    for (at, secret) in secrets.iter().enumerate() {
        for dress in dresses(secret) {
            assert!(!printed.contains(&dress), "secret {at} is printed by the adapter");
            let line = captured.lines().find(|line| line.contains(&dress));
            assert!(
                line.is_none(),
                "secret {at} is logged: {}",
                line.unwrap_or_default().replace(&dress, "<SECRET>")
            );
        }
    }
}

/// All answers that a server may give, to all operations. Returns the tokens that were sent.
async fn fail_in_every_way(credentials: Secret, printed: &mut String) -> Vec<String> {
    let good = [
        answer(200, "x-goog-generation: 1\r\nx-goog-hash: crc32c=AAAAAA==\r\n", VALUE),
        page(EMPTY_PAGE),
        Vec::new(),
    ];
    let refused = [301, 400, 401, 403, 404, 408, 409, 412, 413, 416, 429, 500, 503].map(|status| {
        refusal(status, "location: http://127.0.0.1:9/\r\nretry-after: 1\r\n", "reason", "Words.")
    });
    let strange = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx".to_vec(),
        b"no HTTP\r\n\r\n".to_vec(),
        answer(500, "", "text"),
    ];
    let mut sent = Vec::new();
    for bytes in good.into_iter().chain(refused).chain(strange) {
        let stub = Stub::with_bucket(move |_| bytes.clone()).await;
        let backend = open(config(stub.endpoint(), credentials.clone())).await;
        note(printed, &backend);
        let key = Key::new("a/b").unwrap();
        for options in [PutOptions::create_only(), PutOptions::replace()] {
            let put = backend.put(&key, VALUE.as_bytes().to_vec().into(), &options);
            fail(printed, within(put).await);
        }
        fail(printed, within(backend.get(&key, 1000)).await.map(drop));
        fail(printed, within(backend.get_range(&key, 1..5)).await.map(drop));
        fail(printed, within(backend.stat(&key)).await.map(drop));
        fail(printed, within(backend.delete(&key)).await);
        fail(printed, within(backend.list(&Default::default(), None)).await.map(drop));
        sent.extend(stub.heads().iter().filter_map(|head| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:"))?;
            Some(line.split_once("Bearer ")?.1.trim().to_owned())
        }));
    }
    assert!(sent.len() > 100, "too few requests had a token");
    sent.sort_unstable();
    sent.dedup();
    sent
}

/// Servers of tokens that refuse, and repeat what they were sent; keys that are broken.
async fn fail_without_token(private_key: &str, printed: &mut String) {
    let echo =
        format!(r#"{{"error": "invalid_grant", "error_description": "{CLIENT_SECRET} {REFRESH_TOKEN}"}}"#);
    for status in [400, 401, 500] {
        let echo = echo.clone();
        let tokens = Stub::start(move |_| answer(status, "", &echo)).await;
        let user = user(tokens.endpoint(), CLIENT_SECRET, REFRESH_TOKEN);
        fail(printed, GcsBackend::open(id(), config(tokens.endpoint(), user)).await.map(drop));
    }
    let nobody = format!("http://{}", nobody().await);
    let accounts = [
        user(&nobody, CLIENT_SECRET, REFRESH_TOKEN),
        service_account(private_key),
        service_account(&private_key[..private_key.len() - 300]),
        service_account(&private_key.replace("PRIVATE", "EC PRIVATE")),
        Secret::new(
            service_account(private_key).expose().replace("\"private_key\":\"", "\"private_key\":5,\"x\":\""),
        ),
    ];
    for credentials in accounts {
        fail(printed, GcsBackend::open(id(), config(&nobody, credentials)).await.map(drop));
    }
    // As text in a configuration, and as something that is no JSON.
    let mut registry = Registry::new();
    xstore_backend_gcs::register(&mut registry);
    for setting in
        [Setting::Text(CLIENT_SECRET.to_owned()), Setting::Secret(Secret::new(CLIENT_SECRET.to_owned()))]
    {
        let request = OpenRequest::new(id(), BackendUrl::new("gs://bucket").unwrap());
        let request = request.with_settings(Settings::new().with("credentials", setting));
        let error = registry.open(request).await.unwrap_err();
        note(printed, &error);
        write!(printed, "{error}").unwrap();
    }
}

fn config(endpoint: &str, credentials: Secret) -> Config {
    Config::new("bucket").unwrap().with_endpoint(endpoint).unwrap().with_credentials(credentials).unwrap()
}

/// A server that never answers is among them.
async fn within<T>(operation: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let limit = std::time::Duration::from_millis(500);
    tokio::time::timeout(limit, operation)
        .await
        .unwrap_or_else(|_| Err(Error::new(xstore_backend::ErrorKind::Timeout, "")))
}

fn note(printed: &mut String, value: &impl std::fmt::Debug) {
    write!(printed, "{value:?}\n{value:#?}\n").unwrap();
}

fn fail(printed: &mut String, result: Result<(), Error>) {
    let Err(error) = result else { return };
    note(printed, &error);
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        write!(printed, "{error}\n{error:?}\n").unwrap();
        next = error.source();
    }
}

/// A secret as it may look where it is printed.
fn dresses(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let escaped: String = bytes
        .iter()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
        })
        .collect();
    // In base64 it stands at one of three places among groups of three bytes; its ends depend on its neighbours.
    let base64 = (0..3).map(|skipped| base64(&bytes[skipped..skipped + (bytes.len() - skipped) / 3 * 3]));
    [secret.to_owned(), hex.to_uppercase(), hex, escaped, numbers.join(", ")]
        .into_iter()
        .chain(base64)
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |group: &[u8]| {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    };
    bytes.chunks_exact(3).flat_map(letters).collect()
}

#[test]
fn dresses_are_what_they_are() {
    let all = dresses("abc?de");
    for dress in ["abc?de", "6162633f6465", "abc%3Fde", "97, 98, 99, 63, 100, 101", "YWJjP2Rl", "YmM/"] {
        assert!(all.iter().any(|found| found == dress), "{dress}: {all:?}");
    }
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
