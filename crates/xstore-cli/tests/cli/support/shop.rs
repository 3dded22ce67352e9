//! A store that was set up by the command, to be used, damaged and looked into.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use xstore::backend::{OpenRequest, Prefix, StorageBackendExt};
use xstore::config::Config;

use super::{Ran, Stage};

/// The backends of most tests.
pub(crate) const URLS: &str = "file:red file:blue file:green";
/// More keys than any test leaves.
const MANY: usize = 10_000;

/// A stage with a store in it.
pub(crate) struct Shop {
    pub(crate) stage: Stage,
    pub(crate) data: Vec<u8>,
}

impl Shop {
    /// A 2-of-3 store over three folders, `red`, `blue` and `green`.
    pub(crate) fn new() -> Self {
        Self::over("2-of-3", URLS, "")
    }

    /// A store over other backends, with further lines at the beginning of its configuration.
    pub(crate) fn over(threshold: &str, urls: &str, lines: &str) -> Self {
        let stage = Stage::bare();
        stage.run(&format!("init --quiet --threshold {threshold} {urls}")).succeeds().says("");
        let shop = Self { stage, data: Vec::new() };
        shop.configure("version = 1\n", &format!("version = 1\n{lines}\n"));
        shop
    }

    /// The same with an object in it: `file`, with the manifest `m.json`.
    pub(crate) fn holding(self, data: Vec<u8>) -> Self {
        self.stage.write("file", &data);
        self.stage.run("put file --quiet --manifest m.json").succeeds().says("");
        Self { data, ..self }
    }

    /// Changes the configuration.
    #[track_caller]
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let text = String::from_utf8(self.stage.read("xstore.toml")).expect("a configuration is text");
        assert!(text.contains(from), "no `{from}` in {text}");
        self.stage.write("xstore.toml", text.replacen(from, to, 1));
    }

    /// The namespace of a backend.
    pub(crate) fn namespace(&self, id: &str) -> String {
        let config = Config::load(&self.stage.path("xstore.toml")).expect("the configuration is good");
        let backend = config.backends().iter().find(|backend| backend.id().as_str() == id);
        backend.and_then(|backend| backend.namespace()).expect("each has one").to_owned()
    }

    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.stage.run(arguments)
    }

    /// The manifest.
    pub(crate) fn manifest(&self) -> Value {
        serde_json::from_slice(&self.stage.read("m.json")).expect("a manifest is JSON")
    }

    /// The file of a share in a folder that is named like its backend.
    pub(crate) fn share(&self, part: usize, index: usize) -> PathBuf {
        let manifest = self.manifest();
        let share = &manifest["parts"][part]["shares"][index];
        let (id, key) = (share["backendId"].as_str(), share["key"].as_str());
        self.stage.path(id.expect("a share has a backend")).join(key.expect("a share has a key"))
    }

    /// Changes the bytes of a share.
    pub(crate) fn change(&self, part: usize, index: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.share(part, index);
        let mut bytes = fs::read(&path).expect("the share can be read");
        let before = bytes.clone();
        change(&mut bytes);
        assert_ne!(bytes, before, "a change changes something");
        fs::write(&path, bytes).expect("the share can be written");
    }

    /// Takes a backend away.
    pub(crate) fn take(&self, folder: &str) {
        let away = self.stage.path(format!("{folder}.away"));
        fs::rename(self.stage.path(folder), away).expect("a folder can be renamed");
    }

    /// Brings it back.
    pub(crate) fn bring_back(&self, folder: &str) {
        let away = self.stage.path(format!("{folder}.away"));
        fs::rename(away, self.stage.path(folder)).expect("a folder can be renamed");
    }

    /// Reads the object; insists on the right bytes.
    #[track_caller]
    pub(crate) fn gets(&self) -> Ran {
        let ran = self.run("get --manifest m.json --output out --force").succeeds();
        assert!(self.stage.read("out") == self.data, "other bytes");
        ran
    }

    /// Fails to read the object, in this way; insists that nothing is written.
    #[track_caller]
    pub(crate) fn refuses(&self, exit: i32, code: &str) -> Ran {
        let before = self.stage.names(".");
        let ran = self.run("get --manifest m.json --output never").fails_with(exit, code);
        assert_eq!(self.stage.names("."), before);
        ran
    }

    /// The names of all values below the namespaces but the marks, asked of the backends themselves.
    #[track_caller]
    pub(crate) fn values(&self) -> Vec<String> {
        let config = Config::load(&self.stage.path("xstore.toml")).expect("the configuration is good");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut values = Vec::new();
            for backend in config.backends() {
                let request = OpenRequest::new(backend.id().clone(), backend.url().clone())
                    .with_base(self.stage.path(""));
                let opened = xstore::registry().open(request).await.expect("the backend can be opened");
                let entries = opened.list_all(&Prefix::all(), MANY).await.expect("it can be listed");
                let mark = format!("{}/mark", backend.namespace().expect("a namespace"));
                assert!(entries.iter().any(|entry| entry.key.as_str() == mark), "the mark is there");
                // Stores may share a place; each has a mark.
                let others = entries.into_iter().filter(|entry| !entry.key.as_str().ends_with("/mark"));
                values.extend(others.map(|entry| format!("{}: {}", backend.id(), entry.key)));
            }
            values
        })
    }

    /// Nothing but marks is stored.
    #[track_caller]
    pub(crate) fn is_empty(&self) {
        assert_eq!(self.values(), [""; 0]);
    }
}
