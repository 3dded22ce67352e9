//! What makes a request count: a signature with the account's key, or one that was made beforehand.
//!
//! By "Authorize with Shared Key" in the reference of Azure Storage, for versions from 2015-02-21 on.

use crate::{AccountKey, Sas};
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Method, Request, Url};
use azure_core::time::{OffsetDateTime, to_rfc7231};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use xstore_backend::async_trait;

#[cfg(test)]
mod tests;

/// Headers that are signed by their place, in this order.
const PLACED: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// Signs each request with the account's key, at the time when it is sent.
pub(crate) struct SharedKey {
    account: String,
    key: AccountKey,
}

/// Adds the signature that was made beforehand, to what is sent and to nothing else.
pub(crate) struct SharedAccessSignature(pub(crate) Sas);

/// Has the service compare what arrives with the checksum that it is to keep. The SDK sends the latter only.
#[derive(Debug)]
pub(crate) struct CheckedUpload;

impl SharedKey {
    pub(crate) fn new(account: &str, key: &AccountKey) -> Self {
        Self { account: account.to_owned(), key: key.clone() }
    }

    fn authorization(&self, request: &Request) -> String {
        let text = string_to_sign(&self.account, request.method(), request.url(), request.headers());
        #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.bytes()).expect("any length");
        mac.update(text.as_bytes());
        format!("SharedKey {}:{}", self.account, BASE64.encode(&mac.finalize().into_bytes()))
    }
}

#[async_trait]
impl Policy for SharedKey {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        request.insert_header("x-ms-date", to_rfc7231(&OffsetDateTime::now_utc()));
        let authorization = self.authorization(request);
        request.insert_header("authorization", authorization);
        pass(context, request, next).await
    }
}

#[async_trait]
impl Policy for SharedAccessSignature {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let mut sent = request.clone();
        let query = match request.url().query() {
            Some(query) if !query.is_empty() => format!("{query}&{}", self.0.query()),
            _ => self.0.query().to_owned(),
        };
        sent.url_mut().set_query(Some(&query));
        pass(context, &mut sent, next).await
    }
}

#[async_trait]
impl Policy for CheckedUpload {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let kept = request.headers().get_optional_string(&HeaderName::from_static("x-ms-blob-content-md5"));
        if let Some(checksum) = kept {
            request.insert_header("content-md5", checksum);
        }
        pass(context, request, next).await
    }
}

/// These are never the last: behind them there is at least the transport.
async fn pass(context: &Context<'_>, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
    next[0].send(context, request, &next[1..]).await
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("account", &self.account).finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedAccessSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedAccessSignature(..)")
    }
}

/// What the signature is about: method, some headers by their place, all of the service's own, account, path, query.
fn string_to_sign(account: &str, method: Method, url: &Url, headers: &Headers) -> String {
    let header =
        |name: &'static str| headers.get_optional_str(&HeaderName::from_static(name)).unwrap_or_default();
    // The service's own date counts, and then the other one has to be left out.
    let is_dated = !header("x-ms-date").is_empty();
    let mut text = format!("{}\n", method.as_ref());
    for name in PLACED {
        let is_left_out = match name {
            "content-length" => header(name) == "0",
            "date" => is_dated,
            _ => false,
        };
        text.push_str(if is_left_out { "" } else { header(name).trim() });
        text.push('\n');
    }
    push_own_headers(&mut text, headers);
    push_resource(&mut text, account, url);
    text
}

/// The headers that begin with `x-ms-`, in order, with runs of white space as one space.
fn push_own_headers(text: &mut String, headers: &Headers) {
    let own = headers.iter().map(|(name, value)| (name.as_str().to_ascii_lowercase(), value.as_str()));
    let own: BTreeMap<_, _> = own.filter(|(name, _)| name.starts_with("x-ms-")).collect();
    for (name, value) in own {
        text.push_str(&name);
        text.push(':');
        for (at, word) in value.split_ascii_whitespace().enumerate() {
            text.push_str(if at == 0 { "" } else { " " });
            text.push_str(word);
        }
        text.push('\n');
    }
}

/// Account and path as they are sent, then the decoded parameters in order, those of one name together.
fn push_resource(text: &mut String, account: &str, url: &Url) {
    text.push('/');
    text.push_str(account);
    text.push_str(url.path());
    let mut parameters = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in url.query_pairs() {
        parameters.entry(name.to_lowercase()).or_default().push(value.into_owned());
    }
    for (name, mut values) in parameters {
        values.sort_unstable();
        // Writing to a text can't fail.
        let _ = write!(text, "\n{name}:{}", values.join(","));
    }
}
