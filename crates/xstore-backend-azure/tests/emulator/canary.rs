//! No secret appears anywhere, whatever goes wrong and whoever listens.

use crate::proxy::Proxy;
use crate::stub::{Stub, answer, refusal};
use crate::support::{Emulator, fresh_key, id, key, noise, sas};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use std::fmt::{Debug, Display, Write as _};
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use xstore_backend::StorageBackend;
use xstore_backend::{
    BackendUrl, Error, OpenRequest, Prefix, PutOptions, Registry, Secret, Setting, Settings,
};
use xstore_backend_azure::{AccountKey, AzureBackend, Config, Credential, Token};

/// All that was logged, printed or said.
#[derive(Debug, Clone, Default)]
struct Record(Arc<Mutex<Vec<u8>>>);

impl io::Write for Record {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Record {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Record {
    fn note(&self, what: &(impl Debug + ?Sized)) {
        let mut text = String::new();
        writeln!(text, "{what:?} {what:#?}").unwrap();
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn note_chain(&self, error: &(dyn std::error::Error + 'static)) {
        let mut text = String::new();
        let mut next = Some(error);
        while let Some(error) = next {
            writeln!(text, "{error} {error:?} {error:#?}").unwrap();
            next = error.source();
        }
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn note_result<T, E: std::error::Error + 'static>(&self, result: Result<T, E>) {
        if let Err(error) = result {
            self.note_chain(&error);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// A secret in all the forms in which it could slip out.
fn forms(secret: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(secret);
    let escaped: String = secret.iter().fold(String::new(), |mut all, byte| {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                all.push(char::from(*byte));
            }
            _ => write!(all, "%{byte:02X}").unwrap(),
        }
        all
    });
    let mut forms = vec![
        HEXLOWER.encode(secret),
        HEXLOWER.encode(secret).to_uppercase(),
        BASE64_NOPAD.encode(secret),
        BASE64URL_NOPAD.encode(secret),
        escaped.to_lowercase(),
        escaped,
        format!("{secret:?}"),
    ];
    if !text.contains('\u{fffd}') {
        forms.push(text.into_owned());
    }
    forms
}

#[track_caller]
fn assert_absent(record: &Record, secret: &[u8]) {
    let text = record.text();
    for form in forms(secret) {
        let found = text.find(&form).map(|at| {
            text[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect::<String>()
        });
        assert!(found.is_none(), "a secret follows behind {found:?}");
    }
}

/// Listens to everything of this thread, whatever the level and the crate.
fn listening() -> (Record, impl Drop) {
    let record = Record::default();
    let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(record.clone());
    let guard = all.with_ansi(false).finish().set_default();
    (record, guard)
}

/// Every operation, well and badly.
async fn everything(record: &Record, backend: &AzureBackend) {
    record.note(backend);
    record.note(backend.config());
    let key = fresh_key();
    for options in [PutOptions::create_only(), PutOptions::create_only(), PutOptions::replace()] {
        record.note_result(backend.put(&key, noise(100_000).into(), &options).await);
    }
    record.note_result(backend.get(&key, 10).await);
    record.note_result(backend.get(&key, usize::MAX).await);
    record.note_result(backend.get_range(&key, 5..50).await);
    record.note_result(backend.stat(&key).await);
    record.note_result(backend.list(&Prefix::all(), None).await);
    for _ in 0..2 {
        record.note_result(backend.delete(&key).await);
    }
    record.note_result(backend.get(&key, 10).await);
}

/// All the ways of failing, with this credential.
async fn failures(record: &Record, emulator: &Emulator, credential: &Credential) {
    let open = async |emulator: &Emulator, container: &str| {
        let config = emulator.config_with(container, credential.clone());
        record.note(&config);
        let opened = AzureBackend::open(id(), config).await;
        if let Err(error) = &opened {
            record.note_chain(error);
        }
        opened
    };
    if let Ok(backend) = open(emulator, &emulator.container).await {
        everything(record, &backend).await;
    }
    let _ = open(emulator, "no-such-container").await;
    let mut proxy = Proxy::to(emulator.address()).await;
    let through = emulator.through(proxy.address());
    if let Ok(backend) = open(&through, &emulator.container).await {
        for (up, down) in [(100, i64::MAX), (20_000, i64::MAX), (i64::MAX, 0), (i64::MAX, 100)] {
            proxy.up.cut_after(up);
            proxy.down.cut_after(down);
            everything(record, &backend).await;
        }
        proxy.stop().await;
        everything(record, &backend).await;
    }
    let answers: [fn(&str) -> Vec<u8>; 6] = [
        |_| refusal(503, "ServerBusy"),
        |_| refusal(403, "AuthenticationFailed"),
        |_| answer(307, "location: http://127.0.0.1:1/elsewhere?x=y\r\n", b""),
        |_| answer(200, "", b"<html>"),
        |_| b"nonsense\r\n\r\n".to_vec(),
        // A service that repeats all that it was sent.
        |head| {
            answer(
                400,
                "x-ms-error-code: InvalidInput\r\n",
                format!("<Error><Code>{head}</Code></Error>").as_bytes(),
            )
        },
    ];
    for answers in answers {
        let stub = Stub::start(answers).await;
        if let Ok(backend) = open(&emulator.through(stub.address()), &emulator.container).await {
            everything(record, &backend).await;
        }
    }
}

#[tokio::test]
async fn the_key_of_an_account() {
    let emulator = Emulator::running();
    emulator.open().await;
    let (record, _guard) = listening();
    failures(&record, &emulator, &emulator.credential()).await;
    let forged = [0xc5; 64].map(|byte: u8| byte ^ 0x0f);
    let wrong = AccountKey::new(&Secret::new(BASE64.encode(&forged))).unwrap();
    failures(&record, &emulator, &Credential::AccountKey(wrong)).await;
    assert_absent(&record, &BASE64.decode(emulator.key.as_bytes()).unwrap());
    assert_absent(&record, &forged);
    // What was listened to was worth it.
    for expected in ["hyper_util", "reqwest", "typespec_client_core", "AuthorizationFailure", "ServerBusy"] {
        assert!(record.text().contains(expected), "{expected}");
    }
}

#[tokio::test]
async fn a_shared_access_signature() {
    let emulator = Emulator::running();
    emulator.open().await;
    let (record, _guard) = listening();
    let good = emulator.account_sas("rwdlc", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z");
    let over = emulator.account_sas("rwdlc", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z");
    for text in [&good, &over] {
        failures(&record, &emulator, &sas(text)).await;
        let signature = text.split_once("sig=").unwrap().1;
        let plain = signature.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        assert_absent(&record, &BASE64.decode(plain.as_bytes()).unwrap());
        assert_absent(&record, signature.as_bytes());
        assert_absent(&record, plain.as_bytes());
    }
    assert!(record.text().contains("AuthorizationFailure") && record.text().contains("ServerBusy"));
}

/// Settings that are refused, and tokens that can't be had.
#[tokio::test]
async fn secrets_in_settings() {
    const CANARY: &str = "canary-9f8e7d6c5b4a-secret";
    let (record, _guard) = listening();
    let mut registry = Registry::new();
    xstore_backend_azure::register(&mut registry);
    let secret = || Setting::Secret(Secret::new(CANARY.to_owned()));
    let text = |text: &str| Setting::Text(text.to_owned());
    let application = || {
        let settings =
            Settings::new().with("credential", text("client-secret")).with("client-secret", secret());
        settings.with("tenant-id", text("contoso.example")).with("client-id", text("0b1c2d3e"))
    };
    for settings in [
        Settings::new().with("account-key", secret()),
        Settings::new().with("sas", secret()),
        Settings::new().with("account-key", text(CANARY)),
        Settings::new().with("account-key", secret()).with("sas", secret()),
        Settings::new().with("client-secret", secret()),
        application().with("endpoint", text("http://127.0.0.1:9/account")),
        application().with("endpoint", text("https://user:canary-9f8e7d6c5b4a-secret@host/")),
        application().with("endpoint", text("https://host/?sig=canary-9f8e7d6c5b4a-secret")),
    ] {
        let request = OpenRequest::new(id(), BackendUrl::new("azblob://account/container").unwrap());
        record.note_chain(&registry.open(request.with_settings(settings)).await.unwrap_err());
    }
    let token = Token::ClientSecret {
        tenant_id: "contoso.example".to_owned(),
        client_id: "0b1c2d3e".to_owned(),
        secret: Secret::new(CANARY.to_owned()),
    };
    record.note(&Config::new("account", "container", Credential::Token(token)).unwrap());
    assert_absent(&record, CANARY.as_bytes());
    assert!(record.text().contains("a setting is refused"));
}

/// Keys and containers may be told; this is to see that the record would show a secret.
#[tokio::test]
async fn the_record_shows_what_is_sent() {
    let emulator = Emulator::running();
    let backend = emulator.open().await;
    let (record, _guard) = listening();
    let error: Error = backend.get(&key("canary-key"), 10).await.unwrap_err();
    record.note_chain(&error);
    let shown: &dyn Display = &error;
    assert!(shown.to_string().contains("canary-key") && record.text().contains("canary-key"));
    assert!(forms(b"a/b+").contains(&"a%2Fb%2B".to_owned()));
}
