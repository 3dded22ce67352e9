//! Whatever goes wrong, no secret is printed: not by the adapter, and not by anything below it that logs.

use crate::server::{id, key};
use crate::stub::{EMPTY_PAGE, Stub, answer, page, refusal};
use std::fmt::Write;
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use xstore_backend::{
    BackendUrl, Bytes, Error, OpenRequest, Payload, PutOptions, Registry, Secret, Setting, Settings,
    StorageBackend,
};
use xstore_backend_s3::{Config, Keys, S3Backend};

const ACCESS_KEY: &str = "AKIACANARYACCESSKEY0";
const SECRET_KEY: &str = "CanarySecretKey+abcdefghijklmnopqrst/0123";
const SESSION_TOKEN: &str = "FwoGCanarySessionToken/ABCDEFGHIJKLMNOPQRSTUVWXYZ==";
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

    let mut printed = String::new();
    fail_in_every_way(&mut printed).await;
    fail_to_open(&mut printed).await;

    let captured = captured.text();
    for expected in ["hyper", "DEBUG", "TRACE"] {
        assert!(captured.contains(expected), "nothing of {expected} was captured");
    }
    assert!(printed.len() > 5000, "too little was printed");
    for secret in [ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, VALUE] {
        for dress in dresses(secret) {
            assert!(!printed.contains(&dress), "{secret} is printed by the adapter");
            let line = captured.lines().find(|line| line.contains(&dress));
            assert!(line.is_none(), "{secret} is logged: {}", line.unwrap_or_default());
        }
    }
}

/// All answers that a server may give, to all operations.
async fn fail_in_every_way(printed: &mut String) {
    // Some servers repeat what was signed, to help.
    let echo = format!(
        "<Error><Code>SignatureDoesNotMatch</Code><Message>Wrong. {SESSION_TOKEN}</Message>\
         <AWSAccessKeyId>{ACCESS_KEY}</AWSAccessKeyId><CanonicalRequest>PUT\nx-amz-security-token:{SESSION_TOKEN}\n\
         {VALUE}</CanonicalRequest></Error>"
    );
    let good = [answer(200, "etag: x\r\n", VALUE), page(EMPTY_PAGE), Vec::new()];
    let refused = [301, 400, 401, 403, 404, 408, 409, 412, 413, 416, 429, 500, 503].map(|status| {
        refusal(status, "location: http://127.0.0.1:9/\r\nretry-after: 1\r\n", "Code", "Words.")
    });
    let strange = [
        answer(403, "content-type: application/xml\r\n", &echo),
        answer(200, "content-type: application/xml\r\n", &echo),
        b"HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 99\r\n\r\nx".to_vec(),
        b"no HTTP\r\n\r\n".to_vec(),
        answer(200, "etag: x\r\nx-amz-checksum-crc32: AAAAAA==\r\n", VALUE),
        answer(500, "", "text"),
    ];
    let mut heads = Vec::new();
    for bytes in good.into_iter().chain(refused).chain(strange) {
        let stub = Stub::with_bucket(move |_| bytes.clone()).await;
        let backend = S3Backend::open(id(), config(stub.endpoint())).await.unwrap();
        note(printed, &backend);
        let key = key("a/b");
        for options in [PutOptions::create_only(), PutOptions::replace()] {
            let value = Payload::from_chunks(vec![Bytes::from(VALUE), Bytes::from(VALUE)]);
            fail(printed, within(backend.put(&key, value, &options)).await);
        }
        fail(printed, within(backend.get(&key, 1000)).await.map(drop));
        fail(printed, within(backend.get_range(&key, 1..5)).await.map(drop));
        fail(printed, within(backend.stat(&key)).await.map(drop));
        fail(printed, within(backend.delete(&key)).await);
        fail(printed, within(backend.list(&Default::default(), None)).await.map(drop));
        heads.extend(stub.heads());
    }
    let sent = |text: &str| heads.iter().filter(|head| head.contains(text)).count();
    assert!(sent(SESSION_TOKEN) > 100 && sent(ACCESS_KEY) > 100, "the keys weren't used");
}

/// Servers that refuse from the beginning, and settings that are wrong.
async fn fail_to_open(printed: &mut String) {
    for bytes in
        [refusal(403, "", "InvalidAccessKeyId", ACCESS_KEY), Vec::new(), answer(500, "", SESSION_TOKEN)]
    {
        let stub = Stub::start(move |_| bytes.clone()).await;
        fail(printed, within(S3Backend::open(id(), config(stub.endpoint()))).await.map(drop));
        fail(printed, within(S3Backend::create(id(), config(stub.endpoint()))).await.map(drop));
    }
    fail(printed, S3Backend::open(id(), config("http://127.0.0.1:9")).await.map(drop));
    let mut registry = Registry::new();
    xstore_backend_s3::register(&mut registry);
    let broken = format!("{SECRET_KEY}\n");
    for setting in [Setting::Text(SECRET_KEY.to_owned()), Setting::Secret(Secret::new(broken))] {
        let settings = Settings::new()
            .with("access-key-id", Setting::Secret(Secret::new(ACCESS_KEY.to_owned())))
            .with("secret-access-key", setting);
        let request = OpenRequest::new(id(), BackendUrl::new("s3://bucket").unwrap()).with_settings(settings);
        // A text of the configuration is no secret to it, until the adapter asks for one.
        let error = registry.open(request).await.unwrap_err();
        note(printed, &error);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        write!(printed, "{error} {source:?}").unwrap();
    }
}

fn config(endpoint: &str) -> Config {
    let secret = |text: &str| Secret::new(text.to_owned());
    let keys =
        Keys::new(secret(ACCESS_KEY), secret(SECRET_KEY)).with_session_token(Some(secret(SESSION_TOKEN)));
    let config = Config::new(&BackendUrl::new("s3://bucket").unwrap()).unwrap();
    config.with_endpoint(endpoint).unwrap().with_keys(keys)
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
