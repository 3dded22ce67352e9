//! The server under test, and what the tests do to it behind the backend's back.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::env;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::{BackendId, Key, Payload, PutOptions, Secret, StorageBackend};
use xstore_backend_azure::{AccountKey, AzureBackend, Config, Credential, Sas};

/// Keys of a page, so that a few dozen make several.
const PAGE: NonZeroU16 = NonZeroU16::new(7).unwrap();

/// An Azurite, and the account that the tests use.
#[derive(Debug, Clone)]
pub(crate) struct Emulator {
    /// With the account as its path.
    pub(crate) endpoint: String,
    pub(crate) account: String,
    pub(crate) key: String,
    /// One that is there.
    pub(crate) container: String,
}

impl Emulator {
    /// The one that `cargo xtask itest` has started.
    pub(crate) fn running() -> Self {
        let read = |name: &str| {
            let name = format!("XSTORE_ITEST_AZURE_{name}");
            env::var(&name).unwrap_or_else(|_| panic!("{name} is missing: run `cargo xtask itest azure`"))
        };
        Self {
            endpoint: read("ENDPOINT").trim_end_matches('/').to_owned(),
            account: read("ACCOUNT"),
            key: read("KEY"),
            container: read("CONTAINER"),
        }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        let rest = self.endpoint.split_once("://").unwrap().1;
        rest.split_once('/').map_or(rest, |(address, _)| address)
    }

    /// The same behind another address.
    pub(crate) fn through(&self, address: impl std::fmt::Display) -> Self {
        let endpoint = format!("http://{address}/{}", self.account);
        Self { endpoint, ..self.clone() }
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::AccountKey(AccountKey::new(&Secret::new(self.key.clone())).unwrap())
    }

    pub(crate) fn config(&self, container: &str) -> Config {
        self.config_with(container, self.credential())
    }

    pub(crate) fn config_with(&self, container: &str, credential: Credential) -> Config {
        let config = Config::new(&self.account, container, credential).unwrap();
        config.with_endpoint(&self.endpoint).unwrap().with_page_size(PAGE)
    }

    /// The container that is there.
    pub(crate) async fn open(&self) -> AzureBackend {
        AzureBackend::create(id(), self.config(&self.container)).await.unwrap()
    }

    /// A container that nobody else has.
    pub(crate) async fn fresh_container(&self) -> String {
        let name = format!("xst-{:016x}", fastrand::u64(..));
        self.make_container(&name).await;
        name
    }

    pub(crate) async fn make_container(&self, name: &str) {
        let made = self.call("PUT", &format!("/{name}"), "restype=container", &[], Vec::new()).await;
        assert_eq!(made.status(), 201, "making {name}: {made:?}");
    }

    pub(crate) async fn drop_container(&self, name: &str) {
        let gone = self.call("DELETE", &format!("/{name}"), "restype=container", &[], Vec::new()).await;
        assert_eq!(gone.status(), 202, "dropping {name}: {gone:?}");
    }

    /// A request of the tests' own, with a signature that lets it do everything.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Response {
        let all = self.account_sas("rwdlacup", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z");
        let url = format!("{}{path}?{query}&{all}", self.endpoint);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method.parse().unwrap(), url).header("x-ms-version", "2021-08-06");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let length = body.len().to_string();
        request.header("content-length", length).body(body).send().await.unwrap()
    }

    /// A shared access signature for the account, by "Create an account SAS" in the reference.
    pub(crate) fn account_sas(&self, permissions: &str, from: &str, until: &str) -> String {
        let (version, services, types, protocols) = ("2021-08-06", "b", "sco", "https,http");
        let account = &self.account;
        let text = format!(
            "{account}\n{permissions}\n{services}\n{types}\n{from}\n{until}\n\n{protocols}\n{version}\n\n"
        );
        let key = BASE64.decode(self.key.as_bytes()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(text.as_bytes());
        let signature = BASE64.encode(&mac.finalize().into_bytes());
        let escape =
            |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace(':', "%3A");
        format!(
            "sv={version}&ss={services}&srt={types}&sp={permissions}&st={}&se={}&spr={}&sig={}",
            escape(from),
            escape(until),
            protocols,
            escape(&signature)
        )
    }
}

pub(crate) fn id() -> BackendId {
    BackendId::new("azure").unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// A key that nobody else has.
pub(crate) fn fresh_key() -> Key {
    key(&format!("t/{:016x}", fastrand::u64(..)))
}

/// Bytes that don't repeat.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(len as u64).fill(&mut bytes);
    bytes
}

pub(crate) fn sas(text: &str) -> Credential {
    Credential::Sas(Sas::new(&Secret::new(text.to_owned())).unwrap())
}

pub(crate) async fn put(backend: &AzureBackend, key: &Key, value: &[u8]) {
    backend.put(key, Payload::from(value.to_vec()), &PutOptions::replace()).await.unwrap();
}

/// Everything below a backend, to be brought back later.
pub(crate) async fn everything(backend: &Arc<AzureBackend>) -> Vec<(Key, Payload)> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = backend.list(&Default::default(), cursor.as_ref()).await.unwrap();
        for entry in page.entries {
            let value = backend.get(&entry.key, usize::MAX).await.unwrap();
            all.push((entry.key, value.into()));
        }
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

/// Long enough for anything that ends at all.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it hangs")
}
