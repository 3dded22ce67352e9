//! Which service, and what it is told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use xstore_backend::{OpenError, OpenRequest, Secret, SettingError, Settings};

use crate::Service;
use crate::service::{Facts, Opt, OptKind, Place, ROOT};

#[cfg(test)]
mod tests;

/// Which service, what it is told, and what is known about it. The secrets in it are never printed.
///
/// ```
/// # #[cfg(feature = "webdav")] {
/// use xstore_backend::Secret;
/// use xstore_backend_opendal::{Config, Service};
///
/// let config = Config::new(Service::Webdav)
///     .with_option("endpoint", "https://cloud.example/dav")
///     .with_option("username", "alice")
///     .with_secret("password", Secret::new("hunter2".into()));
/// assert!(!format!("{config:?}").contains("hunter2"));
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    service: Service,
    options: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret>,
    connect_timeout: Duration,
    durable: Option<bool>,
}

impl Config {
    /// How long a connection may take to come about unless set: 5 seconds.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// The longest that can be set: 10 minutes.
    pub const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(600);

    /// The service, told nothing yet.
    #[must_use]
    pub const fn new(service: Service) -> Self {
        Self {
            service,
            options: BTreeMap::new(),
            secrets: BTreeMap::new(),
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            durable: None,
        }
    }

    /// Sets an option by OpenDAL's name of it. Whether the service has it, and takes it, shows when it is opened.
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// Sets an option that is a secret.
    #[must_use]
    pub fn with_secret(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.secrets.insert(name.into(), value);
        self
    }

    /// Lets a connection take this long to come about, at most [`MAX_CONNECT_TIMEOUT`](Self::MAX_CONNECT_TIMEOUT). SFTP
    /// has 10 seconds in any case.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.clamp(Duration::from_millis(1), Self::MAX_CONNECT_TIMEOUT);
        self
    }

    /// Says that what this server acknowledges survives a loss of power, or that it doesn't. None for what is known of
    /// the service in general.
    #[must_use]
    pub const fn with_durable(mut self, durable: Option<bool>) -> Self {
        self.durable = durable;
        self
    }

    /// The service.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// See [`with_connect_timeout`](Self::with_connect_timeout).
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Whether what is acknowledged counts as surviving a loss of power.
    #[must_use]
    pub fn durable(&self) -> bool {
        self.durable.unwrap_or(self.service.facts().durable)
    }

    /// What a request names, checked.
    pub(crate) fn from_request(request: &OpenRequest) -> Result<Self, OpenError> {
        let name = match request.url.authority() {
            None => request.url.rest(),
            Some(_) => "",
        };
        if name.is_empty() {
            let known = Service::ALL.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ");
            return Err(OpenError::Url(format!(
                "write opendal:SERVICE, with one of {known}, and where it is among the settings"
            )));
        }
        let service = Service::by_name(name).map_err(OpenError::Url)?;
        let mut config = Self::new(service).with_settings(request.settings.clone())?;
        if service == Service::Fs
            && let Some(root) = config.options.get_mut(ROOT)
        {
            let path = std::path::absolute(request.base.join(&*root));
            let path = path.ok().and_then(|path| path.into_os_string().into_string().ok());
            *root =
                path.ok_or_else(|| SettingError::value(ROOT, "it is no path that can be written as text"))?;
        }
        config.check()?;
        Ok(config)
    }

    fn with_settings(mut self, mut settings: Settings) -> Result<Self, SettingError> {
        let facts = self.service.facts();
        for Opt { name, kind, .. } in facts.options {
            match kind {
                OptKind::Text => {
                    if let Some(text) = settings.text(name)? {
                        self = self.with_option(*name, text);
                    }
                }
                OptKind::Flag => {
                    if let Some(flag) = settings.flag(name)? {
                        self = self.with_option(*name, flag.to_string());
                    }
                }
                OptKind::Secret => {
                    if let Some(secret) = settings.secret(name)? {
                        self = self.with_secret(*name, secret);
                    }
                }
            }
        }
        let max = i64::try_from(Self::MAX_CONNECT_TIMEOUT.as_millis()).unwrap_or(i64::MAX);
        if let Some(millis) = settings.integer("connect-timeout", 1, max)? {
            self = self.with_connect_timeout(Duration::from_millis(millis.unsigned_abs()));
        }
        self.durable = settings.flag("durable")?;
        settings.finish().map_err(|error| unknown(&error.name, facts))?;
        Ok(self)
    }

    /// Refuses what the service doesn't know or can't do.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let facts = self.service.facts();
        let is = |name: &str, is_secret: bool| {
            facts
                .options
                .iter()
                .any(|option| option.name == name && (option.kind == OptKind::Secret) == is_secret)
        };
        if let Some(name) = self.options.keys().find(|name| !is(name, false)) {
            // One that is a secret mustn't stand here as text.
            return Err(if is(name, true) { SettingError::plain(name) } else { unknown(name, facts) });
        }
        if let Some(name) = self.secrets.keys().find(|name| !is(name, true)) {
            return Err(unknown(name, facts));
        }
        for Opt { name, .. } in facts.options.iter().filter(|option| option.is_required) {
            if !self.options.contains_key(*name) && !self.secrets.contains_key(*name) {
                return Err(SettingError::missing(name));
            }
        }
        if self.durable == Some(true) && !facts.may_be_durable {
            let reason = format!("{} keeps nothing through a loss of power", facts.name);
            return Err(SettingError::value("durable", reason));
        }
        for (name, value) in &self.options {
            check_value(self.service, name, value).map_err(|reason| SettingError::value(name, reason))?;
        }
        Ok(())
    }

    /// What stands before each key in OpenDAL's names: nothing, or a folder and its slash.
    pub(crate) fn prefix(&self) -> String {
        match self.options.get(ROOT).map_or("", |root| root.trim_matches('/')) {
            "" => String::new(),
            root => format!("{root}/"),
        }
    }

    /// What OpenDAL is told. It begins at the root of everything, so that it finds no folder to make.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let options = self.options.iter().filter(|(name, _)| *name != ROOT);
        let mut told: Vec<_> = options.map(|(name, value)| (name.clone(), value.clone())).collect();
        told.extend(self.secrets.iter().map(|(name, secret)| (name.clone(), secret.expose().to_owned())));
        if self.service.facts().place != Place::Sure {
            told.push((ROOT.to_owned(), "/".to_owned()));
        }
        told
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("service", &self.service)
            .field("options", &self.options)
            .field("secrets", &self.secrets)
            .field("connect_timeout", &self.connect_timeout)
            .field("durable", &self.durable)
            .finish()
    }
}

fn unknown(name: &str, facts: &Facts) -> SettingError {
    let options: Vec<&str> = facts.options.iter().map(|option| option.name).collect();
    let has = if options.is_empty() { "none".to_owned() } else { options.join(", ") };
    let reason = format!("{} has no such option, only {has}; and connect-timeout and durable", facts.name);
    SettingError::value(name, reason)
}

fn check_value(service: Service, name: &str, value: &str) -> Result<(), &'static str> {
    if value.is_empty() {
        return Err("it is empty: leave it out");
    }
    if value.len() > 4096 || value.chars().any(char::is_control) {
        return Err("it has more than 4096 bytes or control characters");
    }
    match (service, name) {
        (Service::Fs | Service::Sftp, ROOT) if !value.starts_with('/') => {
            Err("write an absolute folder: /FOLDER")
        }
        (_, ROOT) => check_root(value),
        (Service::Webdav, "endpoint") => check_http(value),
        (Service::Sftp, "endpoint" | "user") => check_ssh(value),
        (Service::B2, "bucket" | "bucket_id") => check_label(value),
        _ => Ok(()),
    }
}

fn check_root(root: &str) -> Result<(), &'static str> {
    let inner = root.trim_matches('/');
    if inner.split('/').any(|part| matches!(part, "." | "..")) || inner.contains("//") {
        return Err("write it without . and .. and double slashes");
    }
    Ok(())
}

/// A URL without what would be printed with it, or change its meaning.
fn check_http(endpoint: &str) -> Result<(), &'static str> {
    let rest = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    let rest = rest.ok_or("write https://HOST/PATH")?;
    let host = rest.split('/').next().unwrap_or(rest);
    if host.is_empty() {
        return Err("it names no host");
    }
    if host.contains('@') {
        return Err("it has a user name or password: there are options of their own for them");
    }
    if rest.contains(['?', '#']) {
        return Err("it has a question mark or a hash: write https://HOST/PATH");
    }
    Ok(())
}

/// Goes onto the command line of `ssh`, where a dash would begin an option of that program.
fn check_ssh(text: &str) -> Result<(), &'static str> {
    let bare = text.strip_prefix("ssh://").unwrap_or(text);
    let is_good = |b: u8| b.is_ascii_alphanumeric() || b".-_:@[]%".contains(&b);
    if bare.is_empty() || !bare.bytes().all(is_good) || bare.split('@').any(|part| part.starts_with('-')) {
        return Err("write HOST or ssh://HOST:PORT, and the user as the option user");
    }
    Ok(())
}

/// Becomes a part of a URL.
fn check_label(text: &str) -> Result<(), &'static str> {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Ok(())
    } else {
        Err("it has only letters, digits and dashes")
    }
}
