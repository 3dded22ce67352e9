//! Six places, each with a proxy or a faulty layer before it, and stores over them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use xstore::Store;
use xstore::backend::layer::Retrying;
use xstore::backend::retry::RetryPolicy;
use xstore::backend::{
    BackendId, Bytes, Capability, Factory, Key, OpenError, OpenRequest, Prefix, Registry, StorageBackend,
    async_trait,
};
use xstore::config::Config;
use xstore::keys::{Date, Entropy, IntegrityKey, KeyRing, file};
use xstore_testkit::faulty::{Faults, FaultyBackend};

use crate::disk::Disk;
use crate::kind::{Kind, Trouble};
use crate::proxy::{Protocol, Proxy};

/// The largest value that is read, in bytes.
pub(crate) const LARGEST: usize = 64 << 20;

/// What everything that is left to chance is taken from.
const SEED: u64 = 20_261_129;

/// Short patience, so that trials are short; everything else is as it is by default.
const TUNING: &str = r#"
[timeouts]
attempt = "1500ms"
min-rate = "1MiB/s"
share = "8s"

[retry]
attempts = 4
initial-delay = "20ms"
max-delay = "200ms"
"#;

/// The places of one run. They go when this is dropped, but for what a server keeps.
#[derive(Debug)]
pub struct Mix {
    run: String,
    registry: Registry,
    handles: Handles,
    proxies: BTreeMap<Kind, Proxy>,
    pub(crate) disks: BTreeMap<Kind, Disk>,
    direct: BTreeMap<Kind, Arc<dyn StorageBackend>>,
    // Goes last: disks are mounted below it.
    home: TempDir,
}

impl Mix {
    /// Begins a run of its own over the servers that the environment names.
    ///
    /// # Errors
    /// If a server can't be reached, or a variable isn't set.
    pub async fn start() -> Result<Self, Trouble> {
        let home = tempfile::tempdir()?;
        // The folder's name is one that nobody else has now.
        let name = home.path().file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let run = format!("run-{}", name.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
        let (mut proxies, mut disks, mut direct) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let plain = xstore::registry();
        for kind in Kind::ALL {
            let server = kind.server()?;
            let folder = home.path().join(kind.name());
            if let Some(server) = server {
                let protocol = if kind == Kind::Redis { Protocol::Redis } else { Protocol::Http };
                proxies.insert(kind, Proxy::start(server, protocol, SEED).await?);
            } else {
                disks.insert(kind, Disk::new(&folder)?);
            }
            let opened = plain.open(kind.request(&run, server, &folder)?).await?;
            // A connection that was broken while things went wrong is no finding.
            let patient: Arc<dyn StorageBackend> = Arc::new(Retrying::new(opened, RetryPolicy::default()));
            direct.insert(kind, patient);
        }
        let (registry, handles) = faulty_registry();
        let mix = Self { run, registry, handles, proxies, disks, direct, home };
        mix.write_keys()?;
        mix.config(&Kind::ALL, 3)?.create(&mix.registry).await?;
        Ok(mix)
    }

    /// A new store over these places, in this order, any k of which give an object back. Two may be missing when
    /// something is put, but never so many that fewer than k have it.
    ///
    /// # Errors
    /// If it can't be opened.
    pub async fn open(&self, kinds: &[Kind], k: u8) -> Result<Store, Trouble> {
        Ok(self.config(kinds, k)?.open(&self.registry).await?)
    }

    fn config(&self, kinds: &[Kind], k: u8) -> Result<Config, Trouble> {
        let n = u8::try_from(kinds.len())?;
        let quorum = k.max(n.saturating_sub(2));
        let mut text = format!("version = 1\nthreshold = \"{k}-of-{n}\"\nwrite-quorum = {quorum}\n{TUNING}");
        for kind in kinds {
            let address = self.proxies.get(kind).map(Proxy::address);
            text += &kind.toml(&self.run, address, &self.folder(*kind))?;
        }
        let path = self.home.path().join("xstore.toml");
        std::fs::write(&path, text)?;
        Ok(Config::load(&path)?)
    }

    fn write_keys(&self) -> Result<(), Trouble> {
        let mut ring = KeyRing::default();
        ring.add(IntegrityKey::generate(&mut Entropy::os())?, Date::new(2026, 11, 29)?)?;
        file::create(&self.home.path().join("xstore.key"), &ring)?;
        Ok(())
    }

    /// Where a local place keeps its files.
    pub(crate) fn folder(&self, kind: Kind) -> PathBuf {
        self.home.path().join(kind.name())
    }

    /// The proxy before a server.
    #[must_use]
    pub fn proxy(&self, kind: Kind) -> Option<&Proxy> {
        self.proxies.get(&kind)
    }

    /// The place itself, with nothing before it.
    pub(crate) fn direct(&self, kind: Kind) -> &Arc<dyn StorageBackend> {
        &self.direct[&kind]
    }

    /// Forgets the faulty layers of stores that aren't used any more, with all the values that these keep.
    pub(crate) fn forget(&self) {
        self.handles.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What tells the faulty layers of a local place, one of each store, what to do.
    pub(crate) fn faults(&self, kind: Kind) -> Vec<Faults> {
        self.handles.of(kind.name())
    }

    /// All values of this run on a place, asked for directly.
    ///
    /// # Errors
    /// If it doesn't answer.
    pub async fn values(&self, kind: Kind) -> Result<Vec<Bytes>, Trouble> {
        let mut values = Vec::new();
        for key in self.keys(kind).await? {
            values.push(self.direct(kind).get(&key, LARGEST).await?);
        }
        Ok(values)
    }

    /// All keys of this run on a place, asked for directly.
    ///
    /// # Errors
    /// If it doesn't answer.
    pub async fn keys(&self, kind: Kind) -> Result<BTreeSet<Key>, Trouble> {
        let (mut keys, mut cursor) = (BTreeSet::new(), None);
        loop {
            let page = self.direct(kind).list(&Prefix::all(), cursor.as_ref()).await?;
            keys.extend(page.entries.into_iter().map(|entry| entry.key));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(keys);
            }
        }
    }
}

/// The layers that were opened, by the names of their backends.
#[derive(Debug, Clone, Default)]
struct Handles(Arc<Mutex<HashMap<String, Vec<Faults>>>>);

impl Handles {
    fn of(&self, name: &str) -> Vec<Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    fn add(&self, id: &BackendId, faults: Faults) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(id.as_str().to_owned()).or_default().push(faults);
    }
}

/// A registry that opens folders and databases with a faulty layer before them, as nothing else can come between.
fn faulty_registry() -> (Registry, Handles) {
    let mut registry = xstore::registry();
    let handles = Handles::default();
    let factories: [(&'static str, Arc<dyn Factory>); 2] =
        [("file", Arc::new(xstore::fs::FsFactory)), ("sqlite", Arc::new(xstore::sqlite::SqliteFactory))];
    for (scheme, inner) in factories {
        registry.register(scheme, Arc::new(FaultyFactory { inner, handles: handles.clone() }));
    }
    (registry, handles)
}

#[derive(Debug)]
struct FaultyFactory {
    inner: Arc<dyn Factory>,
    handles: Handles,
}

#[async_trait]
impl Factory for FaultyFactory {
    async fn open(&self, request: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
        let id = request.id.clone();
        let backend = FaultyBackend::new(self.inner.open(request).await?, SEED);
        self.handles.add(&id, backend.faults().clone());
        Ok(Arc::new(backend))
    }

    fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
        self.inner.check(request)
    }

    fn capability(&self, request: &OpenRequest) -> Capability {
        self.inner.capability(request)
    }
}
