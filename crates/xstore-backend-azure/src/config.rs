//! Where the container is, how it is reached, and how a configuration says so.

use crate::{AccountKey, Credential, Token};
use azure_core::http::Url;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;
use xstore_backend::{OpenError, OpenRequest, Prefix, Secret, SettingError};

mod request;
#[cfg(test)]
mod tests;

/// The account and key that every Azurite has. They are public: Microsoft's documentation prints them.
const EMULATOR_ACCOUNT: &str = "devstoreaccount1";
const EMULATOR_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const EMULATOR_ENDPOINT: &str = "http://127.0.0.1:10000/devstoreaccount1";

/// Which container of which account, and how it is reached.
///
/// ```
/// use xstore_backend_azure::{Config, Credential, Token};
/// # fn main() -> Result<(), xstore_backend::OpenError> {
/// let config = Config::new("shares1", "archive", Credential::Token(Token::DeveloperTools))?;
/// assert_eq!(config.endpoint().as_str(), "https://shares1.blob.core.windows.net/");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    account: String,
    container: String,
    prefix: Prefix,
    endpoint: Url,
    credential: Credential,
    allow_http: bool,
    connect_timeout: Duration,
    page_size: NonZeroU16,
}

impl Config {
    /// How long a connection may take unless set: 5 seconds.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The longest that can be set: 10 minutes.
    pub const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(600);
    /// Keys of a page unless set: 1000.
    pub const DEFAULT_PAGE_SIZE: NonZeroU16 = NonZeroU16::new(1000).expect("not zero");
    /// The longest page, in keys: the service gives no more.
    pub const MAX_PAGE_SIZE: NonZeroU16 = NonZeroU16::new(5000).expect("not zero");
    /// Bytes of the longest prefix.
    pub const MAX_PREFIX: usize = 256;

    /// This container of this account, in the public cloud.
    ///
    /// # Errors
    /// [`OpenError::Url`] where the service takes no such names.
    pub fn new(account: &str, container: &str, credential: Credential) -> Result<Self, OpenError> {
        if !is_account(account) {
            return refuse("an account's name has 3 to 24 small letters and digits");
        }
        if !is_container(container) {
            return refuse(
                "a container's name has 3 to 63 small letters, digits and single hyphens, and neither begins nor \
                 ends with a hyphen",
            );
        }
        let endpoint = format!("https://{account}.blob.core.windows.net/");
        let endpoint = Url::parse(&endpoint).map_err(|_| OpenError::Url("it makes no host name".into()))?;
        Ok(Self {
            account: account.to_owned(),
            container: container.to_owned(),
            prefix: Prefix::all(),
            endpoint,
            credential,
            allow_http: false,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            page_size: Self::DEFAULT_PAGE_SIZE,
        })
    }

    /// This container in an Azurite on this machine, at its usual port, with the account and key that everybody has.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn emulator(container: &str) -> Result<Self, OpenError> {
        let key = AccountKey::new(&Secret::new(EMULATOR_KEY.to_owned()))?;
        let config = Self::new(EMULATOR_ACCOUNT, container, Credential::AccountKey(key))?;
        Ok(config.with_endpoint(EMULATOR_ENDPOINT)?)
    }

    /// Only blobs below this prefix, which the keys don't show. At most [`MAX_PREFIX`](Self::MAX_PREFIX) bytes.
    ///
    /// # Errors
    /// [`OpenError::Url`] where it is longer.
    pub fn with_prefix(mut self, prefix: Prefix) -> Result<Self, OpenError> {
        if prefix.as_str().len() > Self::MAX_PREFIX {
            return refuse("the prefix is longer than 256 bytes");
        }
        self.prefix = prefix;
        Ok(self)
    }

    /// Another address of the blob service: a sovereign cloud, a private endpoint, an emulator. Where the account
    /// isn't in the host's name it is the path, as in `http://127.0.0.1:10000/devstoreaccount1`.
    ///
    /// # Errors
    /// [`SettingError`] for `endpoint` where it is no URL of http or https, or has a user name, a query or a fragment.
    pub fn with_endpoint(mut self, endpoint: &str) -> Result<Self, SettingError> {
        let refuse = |reason: &str| Err(SettingError::value("endpoint", reason));
        let Ok(url) = Url::parse(endpoint) else {
            return refuse("it is no URL; write it as https://ACCOUNT.blob.core.windows.net");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return refuse("it begins with https:// and a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it has no user name or password; the credential is a setting of its own");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it has no ? or #; a shared access signature is the setting sas");
        }
        self.endpoint = url;
        Ok(self)
    }

    /// Lets requests go unencrypted to other machines, too. Whoever is in between can then read a shared access
    /// signature and all values, and change what isn't checked.
    #[must_use]
    pub const fn with_allow_http(mut self, is_allowed: bool) -> Self {
        self.allow_http = is_allowed;
        self
    }

    /// Lets a connection take this long, from 1 millisecond to [`MAX_CONNECT_TIMEOUT`](Self::MAX_CONNECT_TIMEOUT).
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.clamp(Duration::from_millis(1), Self::MAX_CONNECT_TIMEOUT);
        self
    }

    /// Lists so many keys a page, at most [`MAX_PAGE_SIZE`](Self::MAX_PAGE_SIZE).
    #[must_use]
    pub fn with_page_size(mut self, keys: NonZeroU16) -> Self {
        self.page_size = keys.min(Self::MAX_PAGE_SIZE);
        self
    }

    /// The storage account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The container.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// See [`with_prefix`](Self::with_prefix).
    #[must_use]
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// See [`with_endpoint`](Self::with_endpoint).
    #[must_use]
    pub const fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// How requests are authorised.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// See [`with_connect_timeout`](Self::with_connect_timeout).
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// See [`with_page_size`](Self::with_page_size).
    #[must_use]
    pub const fn page_size(&self) -> NonZeroU16 {
        self.page_size
    }

    /// Whether the service is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.endpoint.host_str().unwrap_or_default();
        // An address of the sixth version stands in brackets.
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// What only shows when all is set.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let is_plain = self.endpoint.scheme() == "http";
        if is_plain && matches!(self.credential, Credential::Token(_)) {
            return Err(SettingError::value("endpoint", "tokens are sent over https only"));
        }
        if is_plain && !self.allow_http && !self.is_local() {
            return Err(SettingError::value(
                "endpoint",
                "http is for this machine only; write https, or set allow-http = true where the network can be trusted",
            ));
        }
        Ok(())
    }

    /// What a request names.
    pub(crate) fn from_request(request: &OpenRequest) -> Result<Self, OpenError> {
        request::read(&request.url, request.settings.clone())
    }
}

impl Default for Credential {
    fn default() -> Self {
        Self::Token(Token::default())
    }
}

fn refuse<T>(reason: &str) -> Result<T, OpenError> {
    Err(OpenError::Url(reason.into()))
}

fn is_account(name: &str) -> bool {
    (3..=24).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The containers with a dollar sign in front have other rules, and no place for keys with slashes.
fn is_container(name: &str) -> bool {
    let is_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=63).contains(&name.len())
        && name.bytes().all(is_char)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}
