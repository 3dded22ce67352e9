//! Which bucket it is, how it is used, and how a configuration says so.

use checks::{check_endpoint, place_of, word};
use std::time::Duration;
use xstore_backend::{BackendUrl, OpenError, Secret, SettingError};

mod checks;
mod settings;
#[cfg(test)]
mod tests;

/// Which bucket it is and how it is used.
///
/// ```
/// use xstore_backend::BackendUrl;
/// use xstore_backend_s3::Config;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = BackendUrl::new("s3://my-bucket/shares")?;
/// let config = Config::new(&url)?.with_endpoint("https://minio.example:9000")?.with_region("us-east-1")?;
/// assert!(config.path_style());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    bucket: String,
    prefix: String,
    region: Option<String>,
    endpoint: Option<String>,
    path_style: Option<bool>,
    identity: Identity,
    connect_timeout: Duration,
    checksum: Checksum,
    conditional_writes: bool,
    durable: bool,
    storage_class: Option<String>,
    encryption: Option<String>,
    kms_key_id: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Whoever the environment, files and services say, by the rules of AWS, with this profile.
    Chain(Option<String>),
    /// The holder of these keys.
    Keys(Keys),
}

/// An access key. Its `Debug` shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    access_key_id: Secret,
    secret_access_key: Secret,
    session_token: Option<Secret>,
}

impl Keys {
    /// The two parts of a key that doesn't expire.
    #[must_use]
    pub const fn new(access_key_id: Secret, secret_access_key: Secret) -> Self {
        Self { access_key_id, secret_access_key, session_token: None }
    }

    /// The token that belongs to a temporary key. Nothing renews it.
    #[must_use]
    pub fn with_session_token(mut self, token: Option<Secret>) -> Self {
        self.session_token = token;
        self
    }

    pub(crate) const fn access_key_id(&self) -> &Secret {
        &self.access_key_id
    }

    pub(crate) const fn secret_access_key(&self) -> &Secret {
        &self.secret_access_key
    }

    pub(crate) const fn session_token(&self) -> Option<&Secret> {
        self.session_token.as_ref()
    }
}

/// What a value is checked by on its way to the server and back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checksum {
    /// CRC-32, kept with the value: the server verifies what arrives, and reading it whole verifies what comes back.
    #[default]
    Crc32,
    /// MD5, for servers that know nothing newer: the server verifies what arrives. Nothing verifies what comes back.
    Md5,
    /// Nothing is computed, sent or asked for.
    None,
}

impl Config {
    /// How long a connection may take to come about unless set: 5 seconds.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The longest time for that that can be set: 10 minutes.
    pub const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(600);
    /// Bytes that a prefix may have at most.
    pub const MAX_PREFIX: usize = 256;

    /// The bucket of `s3://BUCKET` or `s3://BUCKET/PREFIX`, used as it is by default.
    ///
    /// # Errors
    /// [`OpenError::Url`].
    pub fn new(url: &BackendUrl) -> Result<Self, OpenError> {
        let (bucket, prefix) = place_of(url).map_err(|reason| OpenError::Url(reason.into()))?;
        Ok(Self {
            bucket,
            prefix,
            region: None,
            endpoint: None,
            path_style: None,
            identity: Identity::Chain(None),
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            checksum: Checksum::default(),
            conditional_writes: true,
            durable: true,
            storage_class: None,
            encryption: None,
            kms_key_id: None,
        })
    }

    /// In this region, as `eu-central-1`.
    ///
    /// # Errors
    /// Where it can't be the name of one.
    pub fn with_region(mut self, region: impl Into<String>) -> Result<Self, SettingError> {
        self.region = Some(word("region", region.into(), 64, "-_", "as eu-central-1")?);
        Ok(self)
    }

    /// At this server instead of AWS: `https://HOST`, with a port and a path where needed. Plain `http://` is taken
    /// where the host is this machine itself.
    ///
    /// # Errors
    /// Where it is no such address.
    pub fn with_endpoint(self, url: impl Into<String>) -> Result<Self, SettingError> {
        self.at_endpoint(url.into(), false)
    }

    /// As [`with_endpoint`](Self::with_endpoint), with plain `http://` to any host: whoever is on the way can read
    /// and change what is sent and read.
    ///
    /// # Errors
    /// As there.
    pub fn with_http_endpoint(self, url: impl Into<String>) -> Result<Self, SettingError> {
        self.at_endpoint(url.into(), true)
    }

    /// Puts the bucket's name into the path, not into the host's name. Unless set, this is done where an endpoint is
    /// given.
    #[must_use]
    pub const fn with_path_style(mut self, is_on: bool) -> Self {
        self.path_style = Some(is_on);
        self
    }

    /// As the holder of these keys, and nobody else: neither environment nor files are looked at.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.identity = Identity::Keys(keys);
        self
    }

    /// As whoever this profile in the files of AWS is.
    #[must_use]
    pub fn with_profile(mut self, name: impl Into<String>) -> Self {
        self.identity = Identity::Chain(Some(name.into()));
        self
    }

    /// Waits this long for a connection, from 1 millisecond to [`MAX_CONNECT_TIMEOUT`](Self::MAX_CONNECT_TIMEOUT).
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.clamp(Duration::from_millis(1), Self::MAX_CONNECT_TIMEOUT);
        self
    }

    /// Checks values in this way.
    #[must_use]
    pub const fn with_checksum(mut self, checksum: Checksum) -> Self {
        self.checksum = checksum;
        self
    }

    /// Whether the server decides itself that a value is created once (`If-None-Match`). Where it can't, the adapter
    /// looks first, and two writers at once may both succeed.
    #[must_use]
    pub const fn with_conditional_writes(mut self, is_on: bool) -> Self {
        self.conditional_writes = is_on;
        self
    }

    /// Whether the server keeps what it has acknowledged, also after a power loss.
    #[must_use]
    pub const fn with_durable(mut self, is_durable: bool) -> Self {
        self.durable = is_durable;
        self
    }

    /// Stores values in this class, as `STANDARD_IA`.
    ///
    /// # Errors
    /// Where it can't be the name of one, and for archives whose values can't be read at once.
    pub fn with_storage_class(mut self, class: impl Into<String>) -> Result<Self, SettingError> {
        let class = word("storage-class", class.into(), 64, "_-", "as STANDARD_IA")?;
        if matches!(class.as_str(), "GLACIER" | "DEEP_ARCHIVE") {
            return Err(SettingError::value("storage-class", "values in an archive can't be read at once"));
        }
        self.storage_class = Some(class);
        Ok(self)
    }

    /// Has the server encrypt values in this way: `AES256`, `aws:kms` or `aws:kms:dsse`, the latter two with this
    /// key, or with the account's own.
    ///
    /// # Errors
    /// Where it is none of these, or a key is given that has no use.
    pub fn with_encryption(
        mut self,
        algorithm: impl Into<String>,
        kms_key_id: Option<String>,
    ) -> Result<Self, SettingError> {
        let algorithm = algorithm.into();
        let takes_key = match algorithm.as_str() {
            "AES256" => false,
            "aws:kms" | "aws:kms:dsse" => true,
            _ => {
                let reason = "it is AES256, aws:kms or aws:kms:dsse";
                return Err(SettingError::value("server-side-encryption", reason));
            }
        };
        if kms_key_id.is_some() && !takes_key {
            return Err(SettingError::value("kms-key-id", "AES256 has no key to choose"));
        }
        let checked = |id| word("kms-key-id", id, 2048, ":/-_", "an id, alias or ARN");
        self.kms_key_id = kms_key_id.map(checked).transpose()?;
        self.encryption = Some(algorithm);
        Ok(self)
    }

    /// The name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What stands before the keys in the bucket, without a slash at its end; empty for nothing.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// See [`with_region`](Self::with_region).
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// See [`with_endpoint`](Self::with_endpoint).
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// See [`with_path_style`](Self::with_path_style).
    #[must_use]
    pub fn path_style(&self) -> bool {
        self.path_style.unwrap_or(self.endpoint.is_some())
    }

    /// See [`with_connect_timeout`](Self::with_connect_timeout).
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// See [`with_checksum`](Self::with_checksum).
    #[must_use]
    pub const fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// See [`with_conditional_writes`](Self::with_conditional_writes).
    #[must_use]
    pub const fn conditional_writes(&self) -> bool {
        self.conditional_writes
    }

    /// See [`with_durable`](Self::with_durable).
    #[must_use]
    pub const fn durable(&self) -> bool {
        self.durable
    }

    /// See [`with_storage_class`](Self::with_storage_class).
    #[must_use]
    pub fn storage_class(&self) -> Option<&str> {
        self.storage_class.as_deref()
    }

    /// See [`with_encryption`](Self::with_encryption).
    #[must_use]
    pub fn encryption(&self) -> Option<&str> {
        self.encryption.as_deref()
    }

    /// See [`with_encryption`](Self::with_encryption).
    #[must_use]
    pub fn kms_key_id(&self) -> Option<&str> {
        self.kms_key_id.as_deref()
    }

    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    fn at_endpoint(mut self, url: String, allow_http: bool) -> Result<Self, SettingError> {
        check_endpoint(&url, allow_http).map_err(|reason| SettingError::value("endpoint", reason))?;
        self.endpoint = Some(url);
        Ok(self)
    }
}
