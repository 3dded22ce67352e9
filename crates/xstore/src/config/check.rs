//! Everything that can be found wrong without opening a backend.

use std::collections::BTreeMap;
use std::sync::Arc;

use xstore_core::Error;
use xstore_core::backend::{
    Error as BackendError, ErrorKind, OpenError, OpenRequest, Registry, Secret, Setting, SettingError,
    SettingProblem,
};
use xstore_core::keys::{KeyRing, file};

use crate::config::alias::{self, Place};
use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::open::Sorted;
use crate::config::{Backend, Config};
use crate::deferred::Deferred;

/// Rounds of asking an adapter about one backend: each finds a mistake or tries one stand-in.
const MAX_ROUNDS: usize = 200;

impl Config {
    /// Finds the mistakes that only the adapters know of, in URLs and settings, without opening anything: no backend
    /// is asked.
    ///
    /// An adapter names one mistake at a time. So it is asked again without the setting that it complained about, and
    /// with something in the place of one that is missing, until it has no complaint that it didn't have before. What
    /// it says of another setting's value then counts only if it says the same whatever was put there.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake.
    pub fn check(&self, registry: &Registry) -> Result<(), ConfigErrors> {
        let mistakes: Vec<ConfigError> =
            self.backends().iter().flat_map(|backend| backend.mistakes(self, registry)).collect();
        if mistakes.is_empty() { Ok(()) } else { Err(self.errors(mistakes)) }
    }

    /// Whether these backends make a store, as far as their adapters know without opening them what they can do: that
    /// enough of them survive a power loss and take values that are as long as shares.
    ///
    /// # Errors
    /// As [`StoreBuilder::build`](xstore_core::StoreBuilder::build).
    pub fn check_layout(&self, registry: &Registry) -> Result<(), Error> {
        let limit = self.settings().timeouts.of(0);
        let member = |backend: &Backend| {
            let error = BackendError::new(ErrorKind::Unavailable, "it wasn't opened");
            let closed = Deferred::new(registry.clone(), backend.request(self), limit, error);
            self.member(backend, Arc::new(closed))
        };
        let members = self.backends().iter().map(member).collect();
        // Nothing is signed.
        self.assemble(members, KeyRing::default()).build().map(drop)
    }

    /// Backends on this machine inside whose folder the key file is. Asks the file system.
    #[must_use]
    pub fn backends_around_keys(&self) -> Vec<&Backend> {
        let key_file = alias::resolved(self.key_file());
        let is_around = |backend: &&Backend| match alias::place(backend.url(), &self.base) {
            Some(Place::Path(_, path)) => key_file.starts_with(path),
            _ => false,
        };
        self.backends().iter().filter(is_around).collect()
    }

    /// Reads the key file, its permissions checked. Blocks.
    ///
    /// # Errors
    /// [`file::FileError`].
    pub fn load_keys(&self) -> Result<KeyRing, file::FileError> {
        file::load(self.key_file())
    }
}

impl Backend {
    /// All that the adapter finds wrong; `first` at least.
    pub(super) fn all_mistakes(
        &self,
        first: ConfigError,
        config: &Config,
        registry: &Registry,
    ) -> Vec<ConfigError> {
        let all = self.mistakes(config, registry);
        if all.contains(&first) { all } else { std::iter::once(first).chain(all).collect() }
    }

    /// All that the adapter finds wrong without opening anything.
    fn mistakes(&self, config: &Config, registry: &Registry) -> Vec<ConfigError> {
        let mut mistakes = Vec::new();
        let mut request = self.request(config);
        // How many stand-ins were tried for each setting that something was wrong with.
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..MAX_ROUNDS {
            let Err(error) = registry.check(&request) else { break };
            let has_stand_ins = tried.values().any(|count| *count > 0);
            let OpenError::Setting(setting) = &error else {
                if !has_stand_ins && let Sorted::Mistake(mistake) = self.sort(error, registry) {
                    mistakes.push(mistake);
                }
                break;
            };
            let name = setting.name.clone();
            if let Some(count) = tried.get_mut(&name) {
                // It is needed, or the stand-in is of another type.
                let Some(stand_in) = stand_ins("x", 1).into_iter().nth(*count) else { break };
                *count += 1;
                request.settings = request.settings.with(name, stand_in);
                continue;
            }
            let is_certain = match setting.problem {
                SettingProblem::Value(_) => {
                    !has_stand_ins || is_independent(setting, &request, &tried, registry)
                }
                _ => true,
            };
            if is_certain && let Sorted::Mistake(mistake) = self.sort(error, registry) {
                mistakes.push(mistake);
            }
            // Whatever type is asked for, it is taken out.
            let _ = request.settings.text(&name);
            tried.insert(name, 0);
        }
        mistakes
    }
}

/// Whether an adapter says the same of a setting with other stand-ins.
fn is_independent(
    said: &SettingError,
    request: &OpenRequest,
    tried: &BTreeMap<String, usize>,
    registry: &Registry,
) -> bool {
    let mut other = request.clone();
    for (name, count) in tried {
        if let Some(stand_in) = count.checked_sub(1).and_then(|at| stand_ins("yy", 2).into_iter().nth(at)) {
            other.settings = other.settings.with(name, stand_in);
        }
    }
    matches!(registry.check(&other), Err(OpenError::Setting(again)) if again == *said)
}

/// A value of each type.
fn stand_ins(text: &str, number: i64) -> [Setting; 4] {
    [
        Setting::Text(text.to_owned()),
        Setting::Secret(Secret::new(text.to_owned())),
        Setting::Flag(number > 1),
        Setting::Integer(number),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use xstore_core::backend::{Factory, StorageBackend, async_trait};

    /// Wants a region, a key that is a secret and a count from 3 to 5, and never opens.
    #[derive(Debug)]
    struct Strict;

    #[async_trait]
    impl Factory for Strict {
        async fn open(&self, _: OpenRequest) -> Result<Arc<dyn StorageBackend>, OpenError> {
            panic!("nothing is opened")
        }

        fn check(&self, request: &OpenRequest) -> Result<(), OpenError> {
            if request.url.rest() == "bad" {
                return Err(OpenError::Url("bad".into()));
            }
            let mut settings = request.settings.clone();
            let region = settings.text("region")?.ok_or_else(|| SettingError::missing("region"))?;
            if region.len() > 3 {
                return Err(SettingError::value("region", "too long").into());
            }
            settings.secret("key")?.ok_or_else(|| SettingError::missing("key"))?;
            settings.integer("count", 3, 5)?;
            if settings.flag("fast")? == Some(true) && region == "x" {
                return Err(SettingError::value("fast", "not in this region").into());
            }
            settings.finish().map_err(OpenError::Setting)
        }
    }

    fn found(url: &str, settings: &str) -> Vec<String> {
        let mut registry = Registry::new();
        registry.register("strict", Arc::new(Strict));
        registry.register("mem", Arc::new(Strict));
        let text = format!(
            "version = 1\nthreshold = \"2-of-2\"\n[[backend]]\nid = \"a\"\nurl = \"{url}\"\nsettings = {{ {settings} }}\n\
             [[backend]]\nid = \"b\"\nurl = \"strict:other\"\nsettings = {{ region = \"r\", key = {{ env = \"PATH\" }} }}\n"
        );
        let config = Config::from_text(&text, "".as_ref()).unwrap();
        match config.check(&registry) {
            Ok(()) => Vec::new(),
            Err(errors) => errors
                .errors()
                .iter()
                .map(|error| {
                    assert_eq!(
                        error.position.line,
                        if error.field.ends_with("url") { 5 } else { error.position.line }
                    );
                    let field = error.field.rsplit('.').next().unwrap();
                    format!("{field}: {}", error.problem)
                })
                .collect(),
        }
    }

    #[test]
    fn mistakes_of_a_backend_are_found_at_once() {
        let none: [&str; 0] = [];
        assert_eq!(found("strict:", "region = 'r', key = { env = 'PATH' }, count = 4"), none);
        assert_eq!(found("strict:", "region = 'r', count = 9, key = 'plain', y = 'x'").len(), 3);
        // Whether it can be fast where the region is another one, nobody knows.
        assert_eq!(
            found("strict:", "z = 1, region = 'long', count = 9, key = 'plain', fast = true, y = 'x'"),
            [
                "z: this kind of backend has no such setting",
                "region: too long",
                "count: it must be 3 to 5",
                "key: it is a secret: write { env = \"VARIABLE\" } or { file = \"PATH\" }, never the secret itself",
                "y: this kind of backend has no such setting",
            ]
        );
    }

    #[test]
    fn what_is_missing_hides_nothing() {
        assert_eq!(
            found("strict:", "count = 'x', y = 1"),
            [
                "key: this kind of backend needs it, and it is missing",
                "region: this kind of backend needs it, and it is missing",
                "count: it must be a whole number, not text",
                "y: this kind of backend has no such setting",
            ]
        );
    }

    #[test]
    fn a_url_is_judged_first() {
        assert_eq!(found("strict:bad", "y = 1"), ["url: bad"]);
        assert!(found("stric:", "y = 1")[0].contains("no backend is known for stric:"));
    }
}
