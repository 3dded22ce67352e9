//! Secrets appear in no error and in no log of any crate, at the finest level.

use std::cell::Cell;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use xstore_backend::{ErrorKind, OpenError, Prefix, PutOptions, Secret, StorageBackend};
use xstore_backend_opendal::{Config, OpendalBackend};

use crate::proxy::Proxy;
use crate::stub::{Stub, answer, multistatus};
use crate::webdav::{Folder, id, key, open, url};

const USER: &str = "alice";
/// With characters that look different when they are escaped.
const PASSWORD: &str = "CANARY+password/3141592653?";
const TOKEN: &str = "CANARY-token-2718281828";

thread_local! {
    static IS_HEARD: Cell<bool> = const { Cell::new(false) };
}

/// Whatever is logged on this thread.
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

/// All dresses in which the secrets might appear.
fn dresses() -> Vec<String> {
    let mut dresses = Vec::new();
    for secret in [PASSWORD, TOKEN, "alice:CANARY+password/3141592653?"] {
        let escaped = secret.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() {
                text.push(byte.into())
            } else {
                write!(text, "%{byte:02X}").unwrap()
            }
            text
        });
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        // As it stands in a longer text, too.
        let base64: Vec<String> = (0..3).map(|shift| base64(&secret.as_bytes()[shift..])).collect();
        dresses.extend([secret.to_owned(), escaped, hex]);
        dresses.extend(base64.into_iter().map(|text| text[..text.len() - 4].to_owned()));
    }
    dresses
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let number =
            chunk.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..4).map(move |at| LETTERS[(number >> (18 - 6 * at)) as usize & 63] as char)
    });
    letters.collect()
}

fn secret(config: Config) -> [Config; 2] {
    let password = config.clone().with_option("username", USER);
    [
        password.with_secret("password", Secret::new(PASSWORD.into())),
        config.with_secret("token", Secret::new(TOKEN.into())),
    ]
}

/// All that an error prints, in every way, with its causes.
fn printed(error: &(dyn StdError + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut next = error.source();
    while let Some(cause) = next {
        write!(text, " {cause} {cause:?} {cause:#?}").unwrap();
        next = cause.source();
    }
    text
}

/// Everything that can be asked, with what it prints when it fails; returns how many failed.
async fn ask_all(config: Config, said: &mut String) -> usize {
    write!(said, "{config:?} {config:#?}").unwrap();
    let opened = tokio::time::timeout(Duration::from_secs(2), OpendalBackend::open(id(), config)).await;
    let backend = match opened {
        Ok(Ok(backend)) => backend,
        Ok(Err(error)) => {
            said.push_str(&printed(&error));
            return 1;
        }
        Err(_) => return 1,
    };
    write!(said, "{backend:?} {backend:#?}").unwrap();
    let (v, w) = (key("v"), key("w"));
    let put = |options| backend.put(&w, vec![1; 200_000].into(), options);
    let (replace, create) = (PutOptions::replace(), PutOptions::create_only());
    let results = [
        backend.get(&v, 5).await.map(drop),
        backend.get_range(&v, 1..3).await.map(drop),
        backend.stat(&v).await.map(drop),
        put(&replace).await,
        put(&create).await,
        backend.delete(&v).await,
        backend.list(&Prefix::all(), None).await.map(drop),
    ];
    let failed: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    failed.iter().for_each(|error| said.push_str(&printed(error)));
    failed.len()
}

#[tokio::test]
async fn secrets_are_printed_and_logged_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    // For all threads, since what is logged where nobody listens isn't looked at again; but only this one is heard.
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let heard = dynamic_filter_fn(|_, _| IS_HEARD.get());
    tracing_subscriber::registry().with(layer.with_filter(heard)).init();
    IS_HEARD.set(true);
    let (mut said, mut failed, mut heads) = (String::new(), 0, Vec::new());

    // A server that tells what it was told: in a refusal, in what it lists, in an address.
    let echoes: [fn(&str) -> Vec<u8>; 4] = [
        |head| answer(401, "www-authenticate: Basic realm=\"x\"\r\n", head),
        |head| answer(418, "", head),
        |head| multistatus(authorization(head), "<D:resourcetype/>"),
        |head| answer(302, &format!("location: http://x.invalid/?{}\r\n", authorization(head)), head),
    ];
    for echo in echoes {
        let stubs = [Stub::start(echo).await, Stub::with_value(echo).await];
        for stub in &stubs {
            for config in secret(stub.config()) {
                failed += ask_all(config, &mut said).await;
            }
            heads.extend(stub.heads());
        }
    }
    // A server that isn't there, one that is silent, one whose connections break, and one that does its work.
    let mut proxy = Proxy::start(url().trim_start_matches("http://")).await;
    let folder = Folder::new().await;
    let silent = Stub::start(|_| Vec::new()).await;
    for config in secret(folder.config_at(&format!("http://{}", proxy.address()))) {
        for cut in [100, 1000, 5000, i64::MAX] {
            proxy.cut_up_after(cut);
            failed += ask_all(config.clone(), &mut said).await;
        }
        proxy.stop().await;
        failed += ask_all(config, &mut said).await;
        proxy.listen_again().await;
    }
    for config in secret(silent.config()) {
        failed += ask_all(config, &mut said).await;
    }

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    // The secrets were sent, failures were seen, and the log speaks of requests, those of OpenDAL's too.
    assert!(heads.iter().any(|head| head.contains(TOKEN)), "{heads:?}");
    assert!(failed > 40, "{failed}");
    for part in ["TRACE", "hyper_util", "opendal"] {
        assert!(log.contains(part), "nothing of {part} among {} bytes of log", log.len());
    }
    for dress in dresses() {
        assert!(!said.contains(&dress), "an error shows {dress}");
        if let Some(at) = log.find(&dress) {
            panic!("the log shows {dress}: {}", &log[at.saturating_sub(200)..at]);
        }
    }
}

/// What was sent to be let in.
fn authorization(head: &str) -> &str {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization: "));
    line.map_or("", |line| &line["authorization: ".len()..])
}

#[tokio::test]
async fn a_wrong_password_is_refused_access() {
    let expected = format!("Basic {}", "Ym9iOnNlY3JldA==");
    let stub = Stub::start(move |head| {
        if authorization(head) == expected {
            multistatus("/root/", "<D:resourcetype><D:collection/></D:resourcetype>")
        } else {
            answer(401, "www-authenticate: Basic realm=\"x\"\r\n", "")
        }
    })
    .await;
    let with = |password: &str| {
        stub.config().with_option("username", "bob").with_secret("password", Secret::new(password.into()))
    };
    open(with("secret")).await;
    let OpenError::Backend(error) = OpendalBackend::open(id(), with("wrong")).await.unwrap_err() else {
        panic!()
    };
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::AuthFailed, false));
}
