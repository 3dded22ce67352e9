//! Where the database is, how it is used, and how a configuration says so.

use percent_encoding::percent_decode_str;
use std::path::{Path, PathBuf};
use std::time::Duration;
use xstore_backend::{BackendUrl, OpenError, OpenRequest, SettingError, Settings};

#[cfg(test)]
mod tests;

/// Where the database is and how it is used.
///
/// ```
/// use xstore_backend_sqlite::Config;
/// let config = Config::new("shares.db").with_max_size(Some(10 << 30));
/// assert!(config.secure_delete());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    path: PathBuf,
    busy_timeout: Duration,
    max_size: Option<u64>,
    secure_delete: bool,
}

impl Config {
    /// How long another process's lock is waited for unless set: 5 seconds.
    pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
    /// The longest wait that can be set: 10 minutes.
    pub const MAX_BUSY_TIMEOUT: Duration = Duration::from_secs(600);
    /// The smallest limit of the database's size that can be set, in bytes: 1 MiB.
    pub const MIN_MAX_SIZE: u64 = 1 << 20;

    /// The database at this path, used as it is by default.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            busy_timeout: Self::DEFAULT_BUSY_TIMEOUT,
            max_size: None,
            secure_delete: true,
        }
    }

    /// Waits this long for the locks of other processes before an operation is
    /// [`Unavailable`](xstore_backend::ErrorKind::Unavailable); at most
    /// [`MAX_BUSY_TIMEOUT`](Self::MAX_BUSY_TIMEOUT).
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(Self::MAX_BUSY_TIMEOUT);
        self
    }

    /// Lets the database file grow to this many bytes, rounded down to whole pages, at least
    /// [`MIN_MAX_SIZE`](Self::MIN_MAX_SIZE); without it the file system is the limit. The write-ahead log beside it
    /// isn't counted. A file that is larger already doesn't grow.
    #[must_use]
    pub fn with_max_size(mut self, bytes: Option<u64>) -> Self {
        self.max_size = bytes.map(|bytes| bytes.max(Self::MIN_MAX_SIZE));
        self
    }

    /// Overwrites what is deleted or replaced with zeros, or leaves the bytes in the file until their place is
    /// needed. See the crate's documentation for what overwriting does not reach.
    #[must_use]
    pub fn with_secure_delete(mut self, is_on: bool) -> Self {
        self.secure_delete = is_on;
        self
    }

    /// The path of the database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// See [`with_busy_timeout`](Self::with_busy_timeout).
    #[must_use]
    pub const fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// See [`with_max_size`](Self::with_max_size).
    #[must_use]
    pub const fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// See [`with_secure_delete`](Self::with_secure_delete).
    #[must_use]
    pub const fn secure_delete(&self) -> bool {
        self.secure_delete
    }

    /// What a request names.
    pub(crate) fn from_request(request: &OpenRequest) -> Result<Self, OpenError> {
        let path = path_of(&request.url)?;
        Self::new(request.base.join(path)).with_settings(request.settings.clone()).map_err(OpenError::Setting)
    }

    fn with_settings(mut self, mut settings: Settings) -> Result<Self, SettingError> {
        let max_timeout = i64::try_from(Self::MAX_BUSY_TIMEOUT.as_millis()).unwrap_or(i64::MAX);
        if let Some(millis) = settings.integer("busy-timeout", 0, max_timeout)? {
            self = self.with_busy_timeout(Duration::from_millis(millis.unsigned_abs()));
        }
        let min_size = i64::try_from(Self::MIN_MAX_SIZE).unwrap_or(i64::MAX);
        if let Some(bytes) = settings.integer("max-size", min_size, i64::MAX)? {
            self = self.with_max_size(Some(bytes.unsigned_abs()));
        }
        if let Some(is_on) = settings.flag("secure-delete")? {
            self = self.with_secure_delete(is_on);
        }
        settings.finish()?;
        Ok(self)
    }
}

/// `sqlite:PATH` is taken as it stands, `sqlite:///PATH` as in a URL: absolute, with percent signs decoded.
fn path_of(url: &BackendUrl) -> Result<PathBuf, OpenError> {
    let path = match url.authority() {
        None => PathBuf::from(url.rest()),
        Some(host) if host.is_empty() || host.eq_ignore_ascii_case("localhost") => absolute(url.path())?,
        Some(_) => {
            return refuse(
                "the database is a file of this machine: write sqlite:PATH or sqlite:///ABSOLUTE/PATH",
            );
        }
    };
    if path.as_os_str().is_empty() || path == Path::new("/") {
        return refuse("it names no file: write sqlite:PATH or sqlite:///ABSOLUTE/PATH");
    }
    if path == Path::new(":memory:") {
        return refuse("a database in memory keeps nothing: name a file");
    }
    Ok(path)
}

fn refuse<T>(reason: &str) -> Result<T, OpenError> {
    Err(OpenError::Url(reason.to_owned()))
}

fn absolute(encoded: &str) -> Result<PathBuf, OpenError> {
    if encoded.contains(['?', '#']) {
        return refuse("in a sqlite:/// URL, ? and # are written %3F and %23");
    }
    // What decoding would leave as it stands, and what no name can have in it.
    let is_byte = |rest: &str| {
        let digits = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        !rest.starts_with('+') && digits.is_some_and(|byte| byte != 0 && byte != b'/')
    };
    if !encoded.split('%').skip(1).all(is_byte) {
        return refuse("in a sqlite:/// URL, % is followed by two hexadecimal digits, neither 00 nor 2F");
    }
    match path_of_bytes(percent_decode_str(encoded).collect()) {
        Some(path) => Ok(path),
        None => refuse("the path is not UTF-8"),
    }
}

#[cfg(unix)]
fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // `/C:/folder/file` is `C:/folder/file`.
    let is_drive = matches!(text.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    Some(PathBuf::from(if is_drive { &text[1..] } else { &text }))
}
