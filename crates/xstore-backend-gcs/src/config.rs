//! Which bucket it is, how it is used, and how a configuration says so.

use crate::credentials::{self, Credentials};
use reqwest::Url;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;
use xstore_backend::{BackendUrl, Key, OpenError, OpenRequest, Secret, SettingError, Settings};

#[cfg(test)]
mod tests;

/// Bytes of the longest name that an object may have.
const MAX_NAME: usize = 1024;

/// Which bucket it is and how it is used.
///
/// ```
/// use xstore_backend_gcs::Config;
/// let config = Config::new("company-shares")?.with_prefix("xstore")?.with_quota_project("my-project")?;
/// assert_eq!((config.bucket(), config.prefix()), ("company-shares", "xstore"));
/// # Ok::<(), xstore_backend::OpenError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    bucket: String,
    prefix: String,
    endpoint: Option<Url>,
    credentials: Credentials,
    quota_project: Option<String>,
    connect_timeout: Duration,
    page_size: NonZeroU16,
}

impl Config {
    /// How long connecting may take unless set: 5 seconds.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The shortest time for connecting that can be set: 1 millisecond.
    pub const MIN_CONNECT_TIMEOUT: Duration = Duration::from_millis(1);
    /// The longest time for connecting that can be set: 10 minutes.
    pub const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(600);
    /// Keys on a page of a listing unless set, and at most: 1000, the service's own limit.
    pub const MAX_PAGE_SIZE: NonZeroU16 = NonZeroU16::new(1000).unwrap();

    /// The whole bucket, with application default credentials.
    ///
    /// # Errors
    /// [`OpenError::Url`] where no bucket can have this name.
    pub fn new(bucket: &str) -> Result<Self, OpenError> {
        if !is_bucket(bucket) {
            return refuse("a bucket's name has 3 to 63 of the characters a-z 0-9 - _ . (222 with dots)");
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: String::new(),
            endpoint: None,
            credentials: Credentials::Default,
            quota_project: None,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            page_size: Self::MAX_PAGE_SIZE,
        })
    }

    /// Below this prefix of the bucket only: segments of letters, digits and `. _ - ~ =`, joined by slashes. Empty
    /// for the whole bucket.
    ///
    /// # Errors
    /// [`OpenError::Url`] where it is no such prefix, or too long for the longest key below it.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, OpenError> {
        if !prefix.is_empty() && !prefix.split('/').all(is_segment) {
            return refuse(
                "a prefix is one or more names joined by single slashes, of letters, digits and . _ - ~ =, none of \
                 them . or ..",
            );
        }
        if prefix.len() + 1 + Key::MAX_LEN > MAX_NAME {
            return refuse("the prefix is too long: it has at most 511 bytes");
        }
        prefix.clone_into(&mut self.prefix);
        Ok(self)
    }

    /// Sends requests to this server instead of Google's: `https://HOST[:PORT]`, or `http://` where the host is this
    /// machine.
    ///
    /// # Errors
    /// [`SettingError`] for the setting `endpoint`.
    pub fn with_endpoint(self, endpoint: &str) -> Result<Self, SettingError> {
        self.with_checked_endpoint(endpoint, false)
    }

    /// As [`with_endpoint`](Self::with_endpoint), but `http://` may lead to any host: credentials and values are
    /// sent so that everybody on the way can read them.
    ///
    /// # Errors
    /// [`SettingError`] for the setting `endpoint`.
    pub fn with_http_endpoint(self, endpoint: &str) -> Result<Self, SettingError> {
        self.with_checked_endpoint(endpoint, true)
    }

    /// Uses the credentials of this JSON: the key of a service account, or one of the other kinds of credential
    /// files.
    ///
    /// # Errors
    /// [`SettingError`] for the setting `credentials`; nothing of the JSON is in it.
    pub fn with_credentials(mut self, json: Secret) -> Result<Self, SettingError> {
        credentials::check(&json).map_err(|reason| SettingError::value("credentials", reason))?;
        self.credentials = Credentials::Json(json);
        Ok(self)
    }

    /// Sends no credentials at all, as for a public bucket or an emulator.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.credentials = Credentials::Anonymous;
        self
    }

    /// Has requests counted and paid for by this project, as buckets need where the requester pays.
    ///
    /// # Errors
    /// [`SettingError`] for the setting `quota-project`.
    pub fn with_quota_project(mut self, project: &str) -> Result<Self, SettingError> {
        let is_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.');
        if !(1..=100).contains(&project.len()) || !project.bytes().all(is_char) {
            let reason = "a project's id has up to 100 of the characters a-z 0-9 - : .";
            return Err(SettingError::value("quota-project", reason));
        }
        self.quota_project = Some(project.to_owned());
        Ok(self)
    }

    /// Gives up connecting after this time, from [`MIN_CONNECT_TIMEOUT`](Self::MIN_CONNECT_TIMEOUT) to
    /// [`MAX_CONNECT_TIMEOUT`](Self::MAX_CONNECT_TIMEOUT). See the crate's documentation for where it holds.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.clamp(Self::MIN_CONNECT_TIMEOUT, Self::MAX_CONNECT_TIMEOUT);
        self
    }

    /// Asks for this many keys a page when it lists, at most [`MAX_PAGE_SIZE`](Self::MAX_PAGE_SIZE).
    #[must_use]
    pub fn with_page_size(mut self, keys: NonZeroU16) -> Self {
        self.page_size = keys.min(Self::MAX_PAGE_SIZE);
        self
    }

    /// The name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// See [`with_prefix`](Self::with_prefix).
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// See [`with_endpoint`](Self::with_endpoint).
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_ref().map(Url::as_str)
    }

    /// See [`with_quota_project`](Self::with_quota_project).
    #[must_use]
    pub fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
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

    pub(crate) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// What a request names.
    pub(crate) fn from_request(request: &OpenRequest) -> Result<Self, OpenError> {
        Ok(Self::from_url(&request.url)?.with_settings(request.settings.clone())?)
    }

    fn from_url(url: &BackendUrl) -> Result<Self, OpenError> {
        const FORM: &str = "write gs://BUCKET or gs://BUCKET/PREFIX";
        let Some(bucket) = url.authority().filter(|bucket| !bucket.is_empty()) else {
            return refuse(&format!("it names no bucket: {FORM}"));
        };
        if bucket.contains(':') {
            return refuse(&format!("a server stands in the setting endpoint, not in the URL: {FORM}"));
        }
        let path = url.path();
        if path.contains(['?', '#', '%']) {
            return refuse(&format!("it has no parameters, no fragment and no percent signs: {FORM}"));
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        Self::new(bucket)?.with_prefix(path.strip_suffix('/').unwrap_or(path))
    }

    fn with_settings(mut self, mut settings: Settings) -> Result<Self, SettingError> {
        let is_http_allowed = settings.flag("allow-http")?.unwrap_or(false);
        if let Some(endpoint) = settings.text("endpoint")? {
            self = self.with_checked_endpoint(&endpoint, is_http_allowed)?;
        }
        if settings.flag("anonymous")?.unwrap_or(false) {
            self = self.anonymous();
        }
        if let Some(json) = settings.secret("credentials")? {
            if matches!(self.credentials, Credentials::Anonymous) {
                let reason = "it makes no sense together with anonymous = true";
                return Err(SettingError::value("credentials", reason));
            }
            self = self.with_credentials(json)?;
        }
        if let Some(project) = settings.text("quota-project")? {
            self = self.with_quota_project(&project)?;
        }
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let (min, max) = (millis(Self::MIN_CONNECT_TIMEOUT), millis(Self::MAX_CONNECT_TIMEOUT));
        if let Some(timeout) = settings.integer("connect-timeout", min, max)? {
            self = self.with_connect_timeout(Duration::from_millis(timeout.unsigned_abs()));
        }
        settings.finish()?;
        Ok(self)
    }

    fn with_checked_endpoint(mut self, text: &str, is_http_allowed: bool) -> Result<Self, SettingError> {
        let refused = |reason| SettingError::value("endpoint", reason);
        let Ok(url) = Url::parse(text) else { return Err(refused(ENDPOINT)) };
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
            return Err(refused(ENDPOINT));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_http_allowed || is_loopback(&url) => {}
            "http" => {
                return Err(refused(
                    "http sends credentials and values unencrypted, and the host is not this machine: use https, or \
                     say allow-http = true",
                ));
            }
            _ => return Err(refused(ENDPOINT)),
        }
        self.endpoint = Some(url);
        Ok(self)
    }
}

const ENDPOINT: &str = "write https://HOST or https://HOST:PORT, without a path";

fn refuse<T>(reason: &str) -> Result<T, OpenError> {
    Err(OpenError::Url(reason.to_owned()))
}

fn is_bucket(name: &str) -> bool {
    let is_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let is_end = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=222).contains(&name.len())
        && name.bytes().all(is_char)
        && is_end(name.bytes().next())
        && is_end(name.bytes().last())
        && name.split('.').all(|part| (1..=63).contains(&part.len()))
}

fn is_segment(segment: &str) -> bool {
    let is_char = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'~' | b'=');
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_char)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
