//! Where the server is, how it is used, and how a configuration says so.

use std::path::{Path, PathBuf};
use std::time::Duration;
use xstore_backend::{OpenError, OpenRequest, Prefix, Secret, SettingError, Settings};

#[cfg(test)]
mod tests;
mod url;

/// Where the server is and how it is used.
///
/// ```
/// use xstore_backend::Secret;
/// use xstore_backend_redis::Config;
/// let config = Config::tls("cache.example", 6380)
///     .with_credentials(Some("xstore".to_owned()), Secret::new("from somewhere safe".to_owned()))
///     .with_prefix("shares".parse()?);
/// assert!(config.durable() && !config.expiry());
/// # Ok::<(), xstore_backend::InvalidKey>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    address: Address,
    database: u32,
    username: Option<String>,
    password: Option<Secret>,
    ca_file: Option<PathBuf>,
    client_certificate: Option<(PathBuf, PathBuf)>,
    prefix: Prefix,
    expiry: bool,
    durable: bool,
    connect_timeout: Duration,
    connections: usize,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp { host: String, port: u16, is_tls: bool },
    Unix(PathBuf),
}

impl Config {
    /// The port where nothing else is said.
    pub const DEFAULT_PORT: u16 = 6379;
    /// How long opening a connection may take unless set: 5 seconds.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The longest time that can be set: 10 minutes.
    pub const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(600);
    /// Connections at once unless set.
    pub const DEFAULT_CONNECTIONS: usize = 8;
    /// The most connections that can be set.
    pub const MAX_CONNECTIONS: usize = 256;

    /// A server without TLS: what is sent, the password too, can be read on the way.
    #[must_use]
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::new(Address::Tcp { host: host.into(), port, is_tls: false })
    }

    /// A server with TLS, whose certificate must be for this host.
    #[must_use]
    pub fn tls(host: impl Into<String>, port: u16) -> Self {
        Self::new(Address::Tcp { host: host.into(), port, is_tls: true })
    }

    /// A server of this machine by its socket in the file system. On systems without such sockets opening fails.
    #[must_use]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::new(Address::Unix(path.into()))
    }

    fn new(address: Address) -> Self {
        Self {
            address,
            database: 0,
            username: None,
            password: None,
            ca_file: None,
            client_certificate: None,
            prefix: Prefix::all(),
            expiry: false,
            durable: true,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            connections: Self::DEFAULT_CONNECTIONS,
        }
    }

    /// Uses this database of the server; without it number 0.
    #[must_use]
    pub const fn with_database(mut self, number: u32) -> Self {
        self.database = number;
        self
    }

    /// Logs in with this password, as this user of the access control list or as the default one.
    #[must_use]
    pub fn with_credentials(mut self, username: Option<String>, password: Secret) -> Self {
        (self.username, self.password) = (username, Some(password));
        self
    }

    /// Trusts the certificates of this PEM file, instead of those that the system trusts.
    #[must_use]
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Shows this certificate to the server: the chain and the private key, each in a PEM file.
    #[must_use]
    pub fn with_client_certificate(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client_certificate = Some((chain.into(), key.into()));
        self
    }

    /// Puts `PREFIX:` in front of every key. No key has a colon, so that stores with different prefixes never meet.
    #[must_use]
    pub fn with_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Lets the server remove values after their time to live; without it they stay.
    #[must_use]
    pub const fn with_expiry(mut self, is_on: bool) -> Self {
        self.expiry = is_on;
        self
    }

    /// Waits for the disk where the server can tell, and promises what the server's settings allow to promise: so by
    /// default. Without it nothing is waited for, and nothing is promised.
    #[must_use]
    pub const fn with_durable(mut self, is_on: bool) -> Self {
        self.durable = is_on;
        self
    }

    /// Gives up a connection that isn't ready after this time; at most
    /// [`MAX_CONNECT_TIMEOUT`](Self::MAX_CONNECT_TIMEOUT).
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(Self::MAX_CONNECT_TIMEOUT);
        self
    }

    /// Opens up to so many connections at once, 1 to [`MAX_CONNECTIONS`](Self::MAX_CONNECTIONS). Each serves one
    /// operation at a time; further operations wait.
    #[must_use]
    pub fn with_connections(mut self, count: usize) -> Self {
        self.connections = count.clamp(1, Self::MAX_CONNECTIONS);
        self
    }

    /// See [`with_database`](Self::with_database).
    #[must_use]
    pub const fn database(&self) -> u32 {
        self.database
    }

    /// See [`with_credentials`](Self::with_credentials).
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// See [`with_ca_file`](Self::with_ca_file).
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// See [`with_client_certificate`](Self::with_client_certificate).
    #[must_use]
    pub fn client_certificate(&self) -> Option<(&Path, &Path)> {
        self.client_certificate.as_ref().map(|(chain, key)| (chain.as_path(), key.as_path()))
    }

    /// See [`with_prefix`](Self::with_prefix).
    #[must_use]
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// See [`with_expiry`](Self::with_expiry).
    #[must_use]
    pub const fn expiry(&self) -> bool {
        self.expiry
    }

    /// See [`with_durable`](Self::with_durable).
    #[must_use]
    pub const fn durable(&self) -> bool {
        self.durable
    }

    /// See [`with_connect_timeout`](Self::with_connect_timeout).
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// See [`with_connections`](Self::with_connections).
    #[must_use]
    pub const fn connections(&self) -> usize {
        self.connections
    }

    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) const fn is_tls(&self) -> bool {
        matches!(self.address, Address::Tcp { is_tls: true, .. })
    }

    pub(crate) const fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// What a request names.
    pub(crate) fn from_request(request: &OpenRequest) -> Result<Self, OpenError> {
        let (address, database) = url::parse(&request.url, &request.base).map_err(OpenError::Url)?;
        let config = Self::new(address).with_database(database.unwrap_or(0));
        Ok(config.with_settings(request.settings.clone(), &request.base, database.is_some())?)
    }

    fn with_settings(
        mut self,
        mut settings: Settings,
        base: &Path,
        has_database: bool,
    ) -> Result<Self, SettingError> {
        if let Some(number) = settings.integer("database", 0, i64::from(u32::MAX))? {
            if has_database {
                return Err(SettingError::value("database", "the URL names one already"));
            }
            self.database = u32::try_from(number).unwrap_or(u32::MAX);
        }
        let username = settings.text("username")?;
        match (username, settings.secret("password")?) {
            (username, Some(password)) => self = self.with_credentials(username, password),
            (Some(_), None) => return Err(SettingError::missing("password")),
            (None, None) => {}
        }
        self = self.with_tls_settings(&mut settings, base)?;
        if let Some(text) = settings.text("prefix")? {
            let prefix = text.parse().map_err(|error| SettingError::value("prefix", format!("{error}")))?;
            self = self.with_prefix(prefix);
        }
        if let Some(is_on) = settings.flag("expiry")? {
            self = self.with_expiry(is_on);
        }
        if let Some(is_on) = settings.flag("durable")? {
            self = self.with_durable(is_on);
        }
        let max_timeout = i64::try_from(Self::MAX_CONNECT_TIMEOUT.as_millis()).unwrap_or(i64::MAX);
        if let Some(millis) = settings.integer("connect-timeout", 1, max_timeout)? {
            self = self.with_connect_timeout(Duration::from_millis(millis.unsigned_abs()));
        }
        let max_connections = i64::try_from(Self::MAX_CONNECTIONS).unwrap_or(i64::MAX);
        if let Some(count) = settings.integer("connections", 1, max_connections)? {
            self = self.with_connections(usize::try_from(count).unwrap_or(usize::MAX));
        }
        settings.finish()?;
        Ok(self)
    }

    fn with_tls_settings(mut self, settings: &mut Settings, base: &Path) -> Result<Self, SettingError> {
        let is_tls = self.is_tls();
        let mut file = |name: &str| match settings.text(name)? {
            Some(_) if !is_tls => Err(SettingError::value(name, "there is TLS with rediss:// only")),
            path => Ok(path.map(|path| base.join(path))),
        };
        if let Some(path) = file("ca-file")? {
            self = self.with_ca_file(path);
        }
        match (file("client-certificate-file")?, file("client-key-file")?) {
            (Some(chain), Some(key)) => self = self.with_client_certificate(chain, key),
            (Some(_), None) => return Err(SettingError::missing("client-key-file")),
            (None, Some(_)) => return Err(SettingError::missing("client-certificate-file")),
            (None, None) => {}
        }
        Ok(self)
    }
}
