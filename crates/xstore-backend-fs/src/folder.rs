//! One opened folder below the root, and what can stand in it.

use std::time::SystemTime;

use xstore_backend::{Error, Stat};

use crate::error;

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use portable::Folder;
#[cfg(unix)]
pub(crate) use unix::{Folder, is_same};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A regular file: a value.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, which is never followed.
    Link,
    /// A pipe, a socket or a device.
    Special,
    /// The file system tells only when asked for the file itself.
    Unknown,
}

/// What is known about a name without opening it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
}

impl Found {
    pub(crate) const fn stat(&self) -> Stat {
        Stat::new(self.size).with_modified(self.modified)
    }

    /// The value itself, if it is one: a folder is no value, as long as nobody wants to put one there.
    pub(crate) fn value(self) -> Result<Option<Self>, Error> {
        if self.kind == Kind::Folder { Ok(None) } else { self.require_file().map(|()| Some(self)) }
    }

    /// Refuses all but a regular file in a value's place.
    pub(crate) fn require_file(&self) -> Result<(), Error> {
        match self.kind {
            Kind::File => Ok(()),
            kind => Err(error::refused(format!("{} stands where the value should be", kind.noun()))),
        }
    }
}

impl Kind {
    /// Refuses all but a folder in a folder's place.
    pub(crate) fn refuse_as_folder(self, path: &str) -> Error {
        error::refused(format!("{} stands where the folder {path} should be", self.noun()))
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link, which is never followed,",
            Self::Special | Self::Unknown => "a pipe, socket or device",
        }
    }
}

/// How the names of temporary files begin. No key's segment begins with a dot.
pub(crate) const TEMPORARY: &str = ".xstore-tmp-";

/// The path of `name` in the folder `path`; both are relative to the root, whose own path is empty.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
