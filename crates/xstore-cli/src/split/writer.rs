//! One thread per folder: creates, writes and syncs the files of its shares, one after the other.

use crate::failure::Failure;
use crate::files::sync_folder;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use xstore_manifest::{BackendId, ShareKey};

/// Messages that may wait. One is enough to keep the thread busy; each may hold a buffer.
const QUEUE: usize = 1;

enum Message {
    /// A new share begins.
    Begin(ShareKey),
    /// Its next bytes.
    Bytes(Vec<u8>),
    /// It is complete.
    End,
}

/// The handle of a folder's thread.
pub(crate) struct Writer {
    backend: BackendId,
    namespace: String,
    messages: SyncSender<Message>,
    thread: JoinHandle<Result<(), Failure>>,
    /// Buffers that were written and can be used again.
    spare: Mutex<Receiver<Vec<u8>>>,
}

impl Writer {
    pub(crate) fn start(folder: &Path, namespace: &str, backend: BackendId) -> Self {
        let (messages, inbox) = sync_channel(QUEUE);
        let (give_back, spare) = channel();
        let root = folder.to_owned();
        let space = namespace.to_owned();
        let thread = std::thread::spawn(move || {
            let mut files = Files { root: &root, namespace: &space, open: None };
            for message in inbox {
                match message {
                    Message::Begin(key) => files.begin(&key)?,
                    Message::Bytes(bytes) => {
                        files.write(&bytes)?;
                        let _ = give_back.send(bytes);
                    }
                    Message::End => files.end()?,
                }
            }
            files.sync_folders()
        });
        Self { backend, namespace: namespace.to_owned(), messages, thread, spare: Mutex::new(spare) }
    }

    pub(crate) const fn backend(&self) -> &BackendId {
        &self.backend
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A buffer of `len` bytes; its content is arbitrary.
    pub(crate) fn buffer(&self, len: usize) -> Vec<u8> {
        let spare = self.spare.lock().ok().and_then(|spare| spare.try_recv().ok());
        let mut buffer = spare.unwrap_or_default();
        buffer.resize(len, 0);
        buffer
    }

    pub(crate) fn begin(&self, key: ShareKey) -> Result<(), Failure> {
        self.send(Message::Begin(key))
    }

    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.send(Message::Bytes(bytes))
    }

    pub(crate) fn end(&self) -> Result<(), Failure> {
        self.send(Message::End)
    }

    /// Waits until everything is on the disk.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        drop(self.messages);
        self.thread.join().unwrap_or_else(|_| Err(gone()))
    }

    fn send(&self, message: Message) -> Result<(), Failure> {
        self.messages.send(message).map_err(|_| gone())
    }
}

/// Only seen where the thread's own error can't be had.
fn gone() -> Failure {
    Failure::new("SINK_FAILED", "a writer stopped")
}

struct Files<'a> {
    root: &'a Path,
    namespace: &'a str,
    open: Option<(File, PathBuf)>,
}

impl Files<'_> {
    /// The namespace is new and this split's own, so the final name is free, and nobody reads it before the manifest
    /// names it.
    fn begin(&mut self, key: &ShareKey) -> Result<(), Failure> {
        let path = self.root.join(key.as_str());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| Failure::io("SINK_FAILED", "create", &path, error))?;
        self.open = Some((file, path));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.open {
            Some((file, path)) => {
                file.write_all(bytes).map_err(|error| Failure::io("SINK_FAILED", "write", path, error))
            }
            None => Err(gone()),
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        match self.open.take() {
            Some((file, path)) => {
                file.sync_all().map_err(|error| Failure::io("SINK_FAILED", "sync", &path, error))
            }
            None => Err(gone()),
        }
    }

    fn sync_folders(&self) -> Result<(), Failure> {
        let inner = self.root.join(self.namespace);
        for folder in [inner.join("m"), inner, self.root.to_owned()] {
            sync_folder(&folder).map_err(|error| Failure::io("SINK_FAILED", "sync", &folder, error))?;
        }
        Ok(())
    }
}
