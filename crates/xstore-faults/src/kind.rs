//! The six places of the mix: what each is called, where it is and what its adapter has to be told.

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use xstore::backend::{BackendId, BackendUrl, OpenRequest, Secret, Setting, Settings};

/// Anything that keeps a trial from being made. What a trial finds out isn't one.
pub type Trouble = Box<dyn Error + Send + Sync>;

/// One of the places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A bucket of an S3 server.
    S3,
    /// A container of Azure Blob Storage.
    Azure,
    /// A bucket of Google Cloud Storage.
    Gcs,
    /// A Redis server.
    Redis,
    /// A folder.
    Fs,
    /// A database file.
    Sqlite,
}

/// A setting as it stands in a configuration.
#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Flag(bool),
    /// A secret in this environment variable.
    Env(&'static str),
}

/// A URL, and settings with their names.
type Entry = (String, Vec<(&'static str, Value)>);

impl Kind {
    /// All.
    pub const ALL: [Self; 6] = [Self::S3, Self::Azure, Self::Gcs, Self::Redis, Self::Fs, Self::Sqlite];

    /// The backend's id.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "azure",
            Self::Gcs => "gcs",
            Self::Redis => "redis",
            Self::Fs => "fs",
            Self::Sqlite => "sqlite",
        }
    }

    /// Whether it is a server behind a connection.
    #[must_use]
    pub fn is_remote(self) -> bool {
        !matches!(self, Self::Fs | Self::Sqlite)
    }

    /// Where its server is, as `cargo xtask itest` says; none for what has no server.
    ///
    /// # Errors
    /// If the variable isn't set or holds no address.
    pub fn server(self) -> Result<Option<SocketAddr>, Trouble> {
        let (name, scheme) = match self {
            Self::S3 => ("XSTORE_ITEST_S3_ENDPOINT", "http://"),
            Self::Azure => ("XSTORE_ITEST_AZURE_ENDPOINT", "http://"),
            Self::Gcs => ("XSTORE_ITEST_GCS_ENDPOINT", "http://"),
            Self::Redis => ("XSTORE_ITEST_REDIS_URL", "redis://"),
            Self::Fs | Self::Sqlite => return Ok(None),
        };
        let value = variable(name)?;
        let rest = value.strip_prefix(scheme).unwrap_or_default();
        let address = rest.split('/').next().unwrap_or_default();
        address.parse().map(Some).map_err(|_| format!("{name} holds no address: {value}").into())
    }

    /// The URL of what belongs to `run`, and the settings, of a server that is reached at `address` or of files below
    /// `folder`.
    fn entry(self, run: &str, address: Option<SocketAddr>, folder: &Path) -> Result<Entry, Trouble> {
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let endpoint = ("endpoint", Value::Text(format!("http://{address}")));
        Ok(match self {
            Self::S3 => {
                let settings = vec![
                    endpoint,
                    ("region", Value::Text("us-east-1".into())),
                    ("access-key-id", Value::Env("XSTORE_ITEST_S3_ACCESS_KEY")),
                    ("secret-access-key", Value::Env("XSTORE_ITEST_S3_SECRET_KEY")),
                ];
                (format!("s3://{}/{run}", variable("XSTORE_ITEST_S3_BUCKET")?), settings)
            }
            Self::Azure => {
                let account = variable("XSTORE_ITEST_AZURE_ACCOUNT")?;
                let settings = vec![
                    ("endpoint", Value::Text(format!("http://{address}/{account}"))),
                    ("account-key", Value::Env("XSTORE_ITEST_AZURE_KEY")),
                ];
                (format!("azblob://{account}/{}/{run}", variable("XSTORE_ITEST_AZURE_CONTAINER")?), settings)
            }
            Self::Gcs => {
                let settings = vec![endpoint, ("anonymous", Value::Flag(true))];
                (format!("gs://{}/{run}", variable("XSTORE_ITEST_GCS_BUCKET")?), settings)
            }
            Self::Redis => (format!("redis://{address}"), vec![("prefix", Value::Text(run.into()))]),
            Self::Fs => (format!("file:{}", folder.join("values").display()), Vec::new()),
            Self::Sqlite => (format!("sqlite:{}", folder.join("values.db").display()), Vec::new()),
        })
    }

    /// Its entry in `xstore.toml`.
    ///
    /// # Errors
    /// If a variable isn't set.
    pub fn toml(self, run: &str, address: Option<SocketAddr>, folder: &Path) -> Result<String, Trouble> {
        let (url, settings) = self.entry(run, address, folder)?;
        let name = self.name();
        let mut text = format!(
            "\n[[backend]]\nid = \"{name}\"\nurl = \"{url}\"\nnamespace = \"faults\"\n[backend.settings]\n"
        );
        for (name, value) in settings {
            text += &match value {
                Value::Text(value) => format!("{name} = \"{value}\"\n"),
                Value::Flag(value) => format!("{name} = {value}\n"),
                Value::Env(variable) => format!("{name} = {{ env = \"{variable}\" }}\n"),
            };
        }
        Ok(text)
    }

    /// How to open it without a configuration.
    ///
    /// # Errors
    /// If a variable isn't set.
    pub fn request(
        self,
        run: &str,
        address: Option<SocketAddr>,
        folder: &Path,
    ) -> Result<OpenRequest, Trouble> {
        let (url, settings) = self.entry(run, address, folder)?;
        let mut all = Settings::new();
        for (name, value) in settings {
            let value = match value {
                Value::Text(text) => Setting::Text(text),
                Value::Flag(flag) => Setting::Flag(flag),
                Value::Env(name) => Setting::Secret(Secret::new(variable(name)?)),
            };
            all = all.with(name, value);
        }
        let request = OpenRequest::new(BackendId::new(self.name())?, BackendUrl::new(&url)?);
        Ok(request.with_settings(all).creating())
    }
}

fn variable(name: &str) -> Result<String, Trouble> {
    env::var(name).map_err(|_| format!("{name} isn't set: run `cargo xtask itest faults`").into())
}
