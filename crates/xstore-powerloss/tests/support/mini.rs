//! A small store over files, right or with one planted defect.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Entry, Error, ErrorKind, Key, Page, Payload, Prefix, PutOptions,
    Result, Stat, StorageBackend, async_trait,
};

use crate::sweep::Subject;

/// What is wrong with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Nothing.
    None,
    /// A value isn't synced.
    NoSync,
    /// The folder of a value isn't synced after a put.
    NoFolderSync,
    /// Nor after a delete.
    NoSyncOfDelete,
    /// A folder is made and the one that it is in isn't synced.
    NoSyncOfNewFolder,
    /// The value gets its name, and is synced afterwards.
    NameFirst,
    /// What is there is removed, and the new value gets its name afterwards.
    RemoveFirst,
    /// The value is written over the old one.
    InPlace,
    /// A sync that fails is tried again, and taken for good when it succeeds.
    SyncAgain,
    /// A write that fails goes unnoticed.
    IgnoredWriteError,
    /// A value that exists is reported without being made durable.
    ExistsUnsynced,
    /// Temporary files have names that are keys.
    VisibleTemporary,
}

#[derive(Debug)]
struct Mini {
    id: BackendId,
    root: PathBuf,
    bug: Bug,
}

#[async_trait]
impl Subject for Bug {
    async fn create(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        self.open(dir).await
    }

    async fn open(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        fs::metadata(dir).map_err(error)?;
        let id = BackendId::new("mini").unwrap();
        Ok(Arc::new(Mini { id, root: dir.to_owned(), bug: *self }))
    }
}

#[async_trait]
impl StorageBackend for Mini {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        Capability::MINIMAL.with_durable(true).with_list(true)
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        let path = self.root.join(key.as_str());
        let folder = path.parent().unwrap_or(&self.root);
        self.make_folders(folder).map_err(error)?;
        if options.create_only && path.try_exists().map_err(error)? {
            if self.bug != Bug::ExistsUnsynced {
                sync(&path).and_then(|()| sync(folder)).map_err(error)?;
            }
            return Err(Error::new(ErrorKind::AlreadyExists, ""));
        }
        self.write(&path, folder, &data.to_bytes()).map_err(error)
    }

    async fn get(&self, key: &Key, _: usize) -> Result<Bytes> {
        match fs::read(self.root.join(key.as_str())) {
            Ok(bytes) => Ok(bytes.into()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(Error::new(ErrorKind::NotFound, "")),
            Err(cause) => Err(error(cause)),
        }
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let path = self.root.join(key.as_str());
        match fs::remove_file(&path) {
            Ok(()) if self.bug == Bug::NoSyncOfDelete => return Ok(()),
            Ok(()) => {}
            // Whoever removed it may have been killed before it was durable.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(error(cause)),
        }
        match path.parent().map(sync) {
            Some(Err(cause)) if cause.kind() != io::ErrorKind::NotFound => Err(error(cause)),
            _ => Ok(()),
        }
    }

    async fn list(&self, _: &Prefix, _: Option<&Cursor>) -> Result<Page> {
        let (mut entries, mut open) = (Vec::new(), vec![self.root.clone()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).map_err(error)? {
                let entry = entry.map_err(error)?;
                if entry.file_type().map_err(error)?.is_dir() {
                    open.push(entry.path());
                } else if let Some(Ok(key)) =
                    entry.path().strip_prefix(&self.root).unwrap().to_str().map(Key::new)
                {
                    entries.push(Entry::new(key, Stat::new(entry.metadata().map_err(error)?.len())));
                }
            }
        }
        Ok(Page::new(entries, None))
    }
}

impl Mini {
    fn write(&self, path: &Path, folder: &Path, data: &[u8]) -> io::Result<()> {
        if self.bug == Bug::InPlace {
            fill(&mut File::create(path)?, data, self.bug)?;
            return sync(folder);
        }
        let temporary =
            folder.join(if self.bug == Bug::VisibleTemporary { "temporary" } else { ".temporary" });
        let written = self.give(&temporary, path, data);
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        if self.bug == Bug::NoFolderSync { Ok(()) } else { sync(folder) }
    }

    fn give(&self, temporary: &Path, path: &Path, data: &[u8]) -> io::Result<()> {
        let mut file = File::create(temporary)?;
        if self.bug == Bug::NameFirst {
            fs::rename(temporary, path)?;
        }
        fill(&mut file, data, self.bug)?;
        if self.bug == Bug::RemoveFirst && path.try_exists()? {
            fs::remove_file(path)?;
        }
        if self.bug == Bug::NameFirst { Ok(()) } else { fs::rename(temporary, path) }
    }

    /// Also syncs folders that exist: whoever made them may have been killed before they were durable.
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        let mut parent = self.root.clone();
        for name in folder.strip_prefix(&self.root).unwrap() {
            let child = parent.join(name);
            match fs::create_dir(&child) {
                Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
                _ => {}
            }
            if self.bug != Bug::NoSyncOfNewFolder {
                sync(&parent)?;
            }
            parent = child;
        }
        Ok(())
    }
}

fn fill(file: &mut File, data: &[u8], bug: Bug) -> io::Result<()> {
    match file.write_all(data) {
        Err(_) if bug == Bug::IgnoredWriteError => {}
        result => result?,
    }
    match bug {
        Bug::NoSync => Ok(()),
        Bug::SyncAgain => file.sync_all().or_else(|_| file.sync_all()),
        _ => file.sync_all(),
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn error(cause: io::Error) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::QuotaExceeded,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "").with_source(cause)
}
