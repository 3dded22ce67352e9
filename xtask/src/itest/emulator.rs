//! The servers that stand in for the clouds, and what is the same for each however it is run.

use std::io;
use std::path::{Path, PathBuf};

use crate::guard::Spec;
use crate::itest::{azure, http};

/// Credentials that exist on this machine's loopback only.
pub(crate) const ACCESS_KEY: &str = "AKIATESTKEY";
pub(crate) const SECRET_KEY: &str = "testsecret";

/// Every bucket and container is called so.
pub(crate) const BUCKET: &str = "testbucket";

/// Memory that Azurite may keep blobs in, in MiB.
pub(crate) const AZURITE_MEMORY: &str = "2048";

/// One server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Emulator {
    /// Amazon S3.
    S3,
    /// Azure Blob Storage.
    Azure,
    /// Google Cloud Storage.
    Gcs,
    /// Redis, which is itself and no emulator.
    Redis,
    /// WebDAV, itself too.
    WebDav,
}

impl Emulator {
    /// What it is called in messages and file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "azure",
            Self::Gcs => "gcs",
            Self::Redis => "redis",
            Self::WebDav => "webdav",
        }
    }

    /// What the tests are told about one that listens at `port`.
    pub(crate) fn variables(self, port: u16) -> Vec<(&'static str, String)> {
        let at = format!("127.0.0.1:{port}");
        match self {
            Self::S3 => vec![
                ("XSTORE_ITEST_S3_ENDPOINT", format!("http://{at}")),
                ("XSTORE_ITEST_S3_ACCESS_KEY", ACCESS_KEY.into()),
                ("XSTORE_ITEST_S3_SECRET_KEY", SECRET_KEY.into()),
                ("XSTORE_ITEST_S3_BUCKET", BUCKET.into()),
            ],
            Self::Azure => vec![
                ("XSTORE_ITEST_AZURE_ENDPOINT", format!("http://{at}/{}", azure::ACCOUNT)),
                ("XSTORE_ITEST_AZURE_ACCOUNT", azure::ACCOUNT.into()),
                ("XSTORE_ITEST_AZURE_KEY", azure::KEY.into()),
                ("XSTORE_ITEST_AZURE_CONTAINER", BUCKET.into()),
            ],
            Self::Gcs => vec![
                ("XSTORE_ITEST_GCS_ENDPOINT", format!("http://{at}")),
                ("XSTORE_ITEST_GCS_BUCKET", BUCKET.into()),
            ],
            Self::Redis => vec![("XSTORE_ITEST_REDIS_URL", format!("redis://{at}"))],
            Self::WebDav => vec![("XSTORE_ITEST_WEBDAV_URL", format!("http://{at}/"))],
        }
    }

    /// What has to be made in a fresh one before the tests begin.
    ///
    /// # Errors
    /// If the server doesn't do it.
    pub(crate) fn furnish(self, port: u16) -> io::Result<()> {
        match self {
            // S3 servers are started with their bucket; the others have none.
            Self::S3 | Self::Redis | Self::WebDav => Ok(()),
            Self::Azure => azure::make_container(port, BUCKET),
            Self::Gcs => {
                let body = format!("{{\"name\":\"{BUCKET}\"}}");
                let json = [("content-type", "application/json")];
                let answer = http::ask(port, "POST", "/storage/v1/b?project=test", &json, &body)?;
                match answer.status {
                    200 | 409 => Ok(()),
                    status => Err(io::Error::other(format!("it answers {status} to a request for a bucket"))),
                }
            }
        }
    }
}

/// How one server is started: everything that is decided before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Launch {
    /// The program, under guard.
    pub(crate) spec: Spec,
    /// Where the tests find it.
    pub(crate) port: u16,
    /// What has to be true before it is ready.
    pub(crate) ready: Vec<Probe>,
}

/// A question to which a server that is ready gives the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// `GET` is answered by 200.
    Ok { port: u16, target: &'static str },
    /// `GET` is answered by any status, from a server that calls itself so.
    Server { port: u16, target: &'static str, name: &'static str },
    /// `PING` is answered by `PONG`.
    Redis { port: u16 },
}

impl Probe {
    /// Whether the answer is right.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn holds(&self) -> io::Result<bool> {
        match self {
            Self::Ok { port, target } => Ok(http::ask(*port, "GET", target, &[], "")?.status == 200),
            Self::Server { port, target, name } => {
                Ok(http::ask(*port, "GET", target, &[], "")?.has_header("server", name))
            }
            Self::Redis { port } => Ok(http::exchange(*port, b"PING\r\nQUIT\r\n")?.starts_with("+PONG")),
        }
    }
}

/// The arguments of Azurite's blob service that don't depend on where it runs.
pub(crate) fn azurite_arguments() -> Vec<String> {
    let words = [
        // The SDK speaks a newer version than Azurite knows.
        "--skipApiVersionCheck",
        "--disableProductStyleUrl",
        "--disableTelemetry",
        "--silent",
        "--inMemoryPersistence",
        "--extentMemoryLimit",
        AZURITE_MEMORY,
    ];
    words.map(str::to_owned).to_vec()
}

/// The arguments of fake-gcs-server. It tells clients where it is, so it has to know the port that they see.
pub(crate) fn fake_gcs_arguments(host: &str, port: u16) -> Vec<String> {
    let words = format!(
        "-scheme http -host {host} -port {port} -backend memory -external-url http://127.0.0.1:{port} \
         -public-host 127.0.0.1:{port}"
    );
    words.split_whitespace().map(str::to_owned).collect()
}

/// The arguments of Redis that make it durable.
pub(crate) fn redis_arguments() -> Vec<String> {
    ["--save", "", "--appendonly", "yes", "--appendfsync", "always"].map(str::to_owned).to_vec()
}

/// Where the emulators of one run keep their data and their logs.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    folder: PathBuf,
}

impl Places {
    /// Below this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The data of one.
    pub(crate) fn data(&self, emulator: Emulator) -> PathBuf {
        self.folder.join(emulator.name())
    }

    /// The log of one.
    pub(crate) fn log(&self, emulator: Emulator) -> PathBuf {
        self.folder.join(format!("{}.log", emulator.name()))
    }
}
