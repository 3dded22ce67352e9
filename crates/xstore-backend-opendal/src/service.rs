//! What is true of each service: the one place where it is written down.

use std::fmt;

#[cfg(test)]
mod tests;

/// A service that OpenDAL reaches and that keeps the contract of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// A bucket of Backblaze B2, by its own interface.
    B2,
    /// A folder of this machine. [`xstore-backend-fs`](https://docs.rs/xstore-backend-fs) does it better: durably, and
    /// without following links.
    Fs,
    /// The memory of this process, for tests.
    Memory,
    /// A folder behind SSH.
    Sftp,
    /// A folder of a WebDAV server.
    Webdav,
}

/// What a service is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opt {
    /// OpenDAL's name of it.
    pub(crate) name: &'static str,
    pub(crate) kind: OptKind,
    pub(crate) is_required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptKind {
    Text,
    Flag,
    /// Comes by environment variable or file, and is printed nowhere.
    Secret,
}

/// Where the values of a service are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a folder that may be missing. Writing would make it anew, so it is looked for first.
    Folder,
    /// In a bucket that may be missing. Names in it only look like folders.
    Bucket,
    /// Always there.
    Sure,
}

/// How a value becomes visible at once and whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// The service does it.
    AtOnce,
    /// Written under another name, and then renamed. A rename replaces at once.
    Renamed,
    /// The same, but a rename over a value takes it away first. So the new one stands beside it meanwhile.
    RenamedTwice,
}

/// What is true of a service.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) options: &'static [Opt],
    pub(crate) place: Place,
    pub(crate) whole: Whole,
    /// Whether [`create_only`](xstore_backend::PutOptions::create_only) is decided by the service in one step.
    pub(crate) create_only: bool,
    /// Whether its documentation says that what it acknowledged survives a loss of power.
    pub(crate) durable: bool,
    /// Whether it can be said of a place of this kind that it is durable, by who knows it.
    pub(crate) may_be_durable: bool,
    /// How many operations run at once, and to their end, where a connection is too dear to be broken off.
    pub(crate) turns: Option<usize>,
    /// Bytes of the largest value.
    pub(crate) max_put: u64,
}

const fn text(name: &'static str) -> Opt {
    Opt { name, kind: OptKind::Text, is_required: false }
}

const fn flag(name: &'static str) -> Opt {
    Opt { name, kind: OptKind::Flag, is_required: false }
}

const fn secret(name: &'static str) -> Opt {
    Opt { name, kind: OptKind::Secret, is_required: false }
}

const fn required(mut option: Opt) -> Opt {
    option.is_required = true;
    option
}

/// The name of the option that says in which folder the values are. It isn't OpenDAL that looks after it: it would
/// make it where it is missing.
pub(crate) const ROOT: &str = "root";

/// What fits into one file everywhere.
const FILE: u64 = u32::MAX as u64;

const B2: Facts = Facts {
    name: "b2",
    options: &[
        text(ROOT),
        required(text("bucket")),
        required(text("bucket_id")),
        required(text("application_key_id")),
        required(secret("application_key")),
    ],
    place: Place::Bucket,
    whole: Whole::AtOnce,
    create_only: false,
    durable: true,
    may_be_durable: true,
    turns: None,
    // What `b2_upload_file` takes.
    max_put: 5_000_000_000,
};

const FS: Facts = Facts {
    name: "fs",
    options: &[required(text(ROOT))],
    place: Place::Folder,
    whole: Whole::Renamed,
    create_only: false,
    // Nothing is synced.
    durable: false,
    may_be_durable: false,
    turns: None,
    max_put: FILE,
};

const MEMORY: Facts = Facts {
    name: "memory",
    options: &[],
    place: Place::Sure,
    whole: Whole::AtOnce,
    create_only: true,
    durable: false,
    may_be_durable: false,
    turns: None,
    max_put: 1 << 30,
};

const SFTP: Facts = Facts {
    name: "sftp",
    options: &[
        required(text("endpoint")),
        required(text(ROOT)),
        text("user"),
        text("key"),
        text("known_hosts_strategy"),
    ],
    place: Place::Folder,
    whole: Whole::Renamed,
    create_only: false,
    // OpenDAL doesn't ask the server to sync.
    durable: false,
    may_be_durable: true,
    turns: Some(4),
    max_put: FILE,
};

const WEBDAV: Facts = Facts {
    name: "webdav",
    options: &[
        required(text("endpoint")),
        text(ROOT),
        text("username"),
        secret("password"),
        secret("token"),
        flag("disable_create_dir"),
    ],
    place: Place::Folder,
    whole: Whole::RenamedTwice,
    create_only: false,
    durable: false,
    may_be_durable: true,
    turns: None,
    max_put: FILE,
};

/// Those that somebody will ask for, and why they aren't there.
const REFUSED: &[(&str, &str)] = &[
    (
        "gdrive",
        "in a Google Drive two files may have the same name, so a value that was replaced or deleted may come back",
    ),
    (
        "dropbox",
        "OpenDAL 0.59 lists names without their folders, so that a folder can't be told from one of that name in it",
    ),
    (
        "onedrive",
        "nobody has tried it yet against the real service, with connections that break in the middle of a write",
    ),
    ("s3", "xStore has an adapter of its own: s3://BUCKET"),
    ("azblob", "xStore has an adapter of its own for Azure Blob Storage"),
    ("gcs", "xStore has an adapter of its own for Google Cloud Storage"),
    ("redis", "xStore has an adapter of its own: redis://HOST"),
    ("sqlite", "xStore has an adapter of its own: sqlite:FILE"),
    ("ftp", "FTP sends passwords and values in the clear, and a value may be seen while it grows"),
    ("http", "it can only be read"),
];

impl Service {
    /// Those that this program was built with, in the order of their names.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "b2")]
        Self::B2,
        #[cfg(all(feature = "fs", unix))]
        Self::Fs,
        Self::Memory,
        #[cfg(all(feature = "sftp", unix))]
        Self::Sftp,
        #[cfg(feature = "webdav")]
        Self::Webdav,
    ];

    /// Finds a service by the name that OpenDAL gives it.
    ///
    /// # Errors
    /// Why there is none, and which there are.
    pub(crate) fn by_name(name: &str) -> Result<Self, String> {
        if let Some(service) = Self::ALL.iter().find(|service| service.name() == name) {
            return Ok(*service);
        }
        if let Some((name, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return Err(format!("{name} isn't served: {why}"));
        }
        let known: Vec<&str> = Self::ALL.iter().map(|service| service.name()).collect();
        let known = known.join(", ");
        Err(match [B2, FS, SFTP, WEBDAV].iter().find(|facts| facts.name == name) {
            Some(facts) => format!("this program was built without {}, only with {known}", facts.name),
            None => format!("there is no such service: write opendal:SERVICE with one of {known}"),
        })
    }

    /// The name that OpenDAL gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    pub(crate) const fn facts(self) -> &'static Facts {
        match self {
            Self::B2 => &B2,
            Self::Fs => &FS,
            Self::Memory => &MEMORY,
            Self::Sftp => &SFTP,
            Self::Webdav => &WEBDAV,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
