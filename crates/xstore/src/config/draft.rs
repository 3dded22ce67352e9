//! A new configuration file, with comments for whoever opens it next.

use std::fmt::{self, Write};

use toml_writer::{TomlKeyBuilder, TomlStringBuilder, TomlWrite};
use xorida_core::Threshold;
use xstore_core::Labels;
use xstore_core::backend::{BackendId, BackendUrl};

use crate::config::KEY_FILE_NAME;

/// What a new configuration file is to say.
///
/// ```
/// use xstore::backend::{BackendId, BackendUrl};
/// use xstore::config::{Config, Draft, DraftBackend};
/// let mut draft = Draft::new("2-of-2".parse()?);
/// for (id, url, namespace) in [("disk", "file:/mnt/disk", "kq3v7w"), ("db", "sqlite:db", "x5a2pm")] {
///     let backend = DraftBackend::new(BackendId::new(id)?, BackendUrl::new(url)?).namespace(namespace);
///     draft = draft.backend(backend);
/// }
/// let config = Config::from_text(&draft.to_text(), "".as_ref())?;
/// assert_eq!(config.backends()[1].namespace(), Some("x5a2pm"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Draft {
    threshold: Threshold,
    key_file: String,
    backends: Vec<DraftBackend>,
}

/// A backend in a [`Draft`].
#[derive(Debug, Clone)]
pub struct DraftBackend {
    id: BackendId,
    url: BackendUrl,
    namespace: Option<String>,
    labels: Labels,
    is_removable: bool,
}

impl Draft {
    /// Without backends yet, and with the key file [`KEY_FILE_NAME`].
    #[must_use]
    pub fn new(threshold: Threshold) -> Self {
        Self { threshold, key_file: KEY_FILE_NAME.to_owned(), backends: Vec::new() }
    }

    /// Another key file, relative to the configuration's folder.
    #[must_use]
    pub fn key_file(mut self, path: impl Into<String>) -> Self {
        self.key_file = path.into();
        self
    }

    /// Adds a backend.
    #[must_use]
    pub fn backend(mut self, backend: DraftBackend) -> Self {
        self.backends.push(backend);
        self
    }

    /// The text of the file. [`Config::from_text`](crate::config::Config::from_text) takes it if there are backends
    /// enough, and their names, places and namespaces are in order.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        let (k, n) = (self.threshold.k(), self.threshold.n());
        let less = match k - 1 {
            1 => "one alone is noise".to_owned(),
            less => format!("{less} of them are noise"),
        };
        let fewer = k.max(n - 1);
        write!(
            text,
            "\
# An xStore: the backends that hold the shares of its objects, and how they are used. docs/configuration.md explains
# every field. Relative paths are relative to the folder of this file.
#
# No secret belongs in here. A backend's settings take it from elsewhere: {{ env = \"VARIABLE\" }}, {{ file = \"PATH\" }}.
version = 1

# Any {k} of the {n} shares of an object give it back; {less}. Objects keep the threshold that they
# were written with.
threshold = \"{k}-of-{n}\"

# The integrity keys, which tell true shares from forged ones. Keep a copy of that file, and never beside the shares.
key-file = {key_file}

# A put succeeds when all {n} shares are stored; with this, also when fewer are, and it says that the object is degraded.
# write-quorum = {fewer}

# Objects expire after this time.
# ttl = \"30d\"

# Round lengths up to a multiple of this, so that the shares' lengths say less. It must divide part-size.
# pad-to = \"64KiB\"
",
            key_file = quoted(&self.key_file),
        )?;
        for (at, backend) in self.backends.iter().enumerate() {
            backend.write(text, at == 0)?;
        }
        text.push_str(REST);
        Ok(())
    }
}

/// What may be wanted later.
const REST: &str = "
# Rules on which backend may get which share, by their labels: at most k-1 shares of an object under one value of each
# label in `spread`; only backends with one of the values for each label in `only`.
# [placement]
# spread = [\"site\"]
# only = { jurisdiction = [\"eu\", \"ch\"] }

# What each backend may be asked at most: operations at once, bytes a second to it and from it.
# [limits]
# concurrency = 8
# up = \"2MiB/s\"
# down = \"20MiB/s\"
";

impl DraftBackend {
    /// A backend without a namespace of its own, labels or absence.
    #[must_use]
    pub fn new(id: BackendId, url: BackendUrl) -> Self {
        Self { id, url, namespace: None, labels: Labels::default(), is_removable: false }
    }

    /// All its keys begin with this: 1 to 64 of the characters `a-z 0-9 -`, best drawn at random.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// With these labels.
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// It is a medium that is often absent.
    #[must_use]
    pub fn removable(mut self) -> Self {
        self.is_removable = true;
        self
    }

    fn write(&self, text: &mut String, is_first: bool) -> fmt::Result {
        text.push('\n');
        if is_first {
            text.push_str(BACKENDS);
        }
        writeln!(
            text,
            "[[backend]]\nid = {}\nurl = {}",
            quoted(self.id.as_str()),
            quoted(self.url.as_str())
        )?;
        if let Some(namespace) = &self.namespace {
            writeln!(text, "namespace = {}", quoted(namespace))?;
        }
        let mut labels = self.labels.iter().peekable();
        if labels.peek().is_some() {
            let labels: Vec<_> =
                labels.map(|(name, value)| format!("{} = {}", key(name), quoted(value))).collect();
            writeln!(text, "labels = {{ {} }}", labels.join(", "))?;
        }
        if self.is_removable {
            text.push_str("removable = true\n");
        }
        Ok(())
    }
}

/// What is said once, above the first of them.
const BACKENDS: &str = "\
# The backends. Each gets one share of an object; further ones are spares. Manifests name backends by their id and find
# shares below the namespace: neither may change while there are objects. The URL may, when the shares have moved.
# Optional: labels = { site = \"home\" }, and removable = true for a medium that is often away.
";

/// A text with quotation marks, in one line.
fn quoted(text: &str) -> String {
    let builder = TomlStringBuilder::new(text);
    let quoted =
        builder.as_basic_pretty().or_else(|| builder.as_literal()).unwrap_or_else(|| builder.as_basic());
    let mut written = String::new();
    // Writing to a string can't fail.
    let _ = written.value(quoted);
    written
}

/// A key, with quotation marks where it needs them.
fn key(name: &str) -> String {
    let mut written = String::new();
    let _ = written.key(TomlKeyBuilder::new(name).as_default());
    written
}
