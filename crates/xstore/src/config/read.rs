//! From text to a checked configuration.

use std::path::{Path, PathBuf};

use toml::de::DeTable;
use xorida_core::Threshold;
use xstore_core::Settings;
use xstore_share::{MAX_PART, PadSource};

use crate::config::error::{ConfigErrors, Position, Problem};
use crate::config::secret::Environment;
use crate::config::walk::{Section, Walk};
use crate::config::{Config, KEY_FILE_NAME, MAX_LEN};

mod backend;
mod placement;
pub(super) mod schema;
mod tuning;

/// The version of the file's format.
const VERSION: i64 = 1;

/// What reading needs besides the text.
pub(super) struct Surroundings<'a> {
    /// What relative paths are relative to: absolute, unless the current directory isn't known.
    pub(super) base: PathBuf,
    pub(super) environment: &'a Environment<'a>,
}

/// Reads a configuration.
pub(super) fn read(text: &str, base: &Path, environment: &Environment<'_>) -> Result<Config, ConfigErrors> {
    let mut walk = Walk::new(text);
    if text.len() as u64 > MAX_LEN {
        walk.note_file(Problem::TooLong(MAX_LEN));
        return Err(ConfigErrors::new(walk.into_errors()));
    }
    // Absolute from the start: the process may change its current directory before a backend is opened.
    let base = absolute(base);
    let (table, mistakes) = DeTable::parse_recoverable(text);
    // What was recovered is only good for guesses.
    if !mistakes.is_empty() {
        note_syntax(&mut walk, &mistakes);
        return Err(ConfigErrors::new(walk.into_errors()));
    }
    let config = document(&mut walk, table.get_ref(), Surroundings { base, environment });
    match config {
        Some(config) if walk.is_clean() => Ok(config),
        _ => Err(ConfigErrors::new(walk.into_errors())),
    }
}

fn absolute(base: &Path) -> PathBuf {
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    std::path::absolute(base).unwrap_or_else(|_| base.to_owned())
}

/// The first mistake in each line: the parser stumbles over what follows one.
fn note_syntax(walk: &mut Walk<'_>, mistakes: &[toml::de::Error]) {
    let mut lines = std::collections::BTreeSet::new();
    for mistake in mistakes {
        let at = mistake.span().map_or(0, |span| span.start);
        if lines.insert(walk.position(at).line) {
            walk.note(at, "", Problem::Syntax(mistake.message().to_owned()));
        }
    }
}

fn document<'a>(walk: &mut Walk<'_>, table: &'a DeTable<'a>, around: Surroundings<'_>) -> Option<Config> {
    let root = Section::root(table);
    version(walk, &root)?;
    let root = root.only(walk, schema::ROOT);

    let threshold = root.require(walk, "threshold", "threshold = \"2-of-3\"").and_then(|field| {
        let text = field.text(walk)?;
        walk.checked(&field, text.parse::<Threshold>())
    });
    let backends = backend::backends(walk, &root, &around);
    let key_file = root.field("key-file").map_or(Some(KEY_FILE_NAME), |field| {
        let path = field.text(walk)?;
        walk.checked(&field, if path.is_empty() { Err("it must be the path of a file") } else { Ok(path) })
    });
    let key_file_at = root.field("key-file").map_or(Position::FILE, |field| walk.position(field.at));
    let key_file = key_file.map(|path| around.base.join(path));
    let write_quorum = root.field("write-quorum").and_then(|field| {
        let (k, n) = threshold.map_or((2, Threshold::MAX_SHARES), |threshold| (threshold.k(), threshold.n()));
        field.integer(walk, k..=n)
    });
    let allow_volatile = root.field("allow-volatile").and_then(|field| field.flag(walk));
    let ttl = root.field("ttl").and_then(|field| {
        let ttl = field.duration(walk)?;
        let is_whole = ttl.subsec_nanos() == 0;
        walk.checked(&field, if is_whole { Ok(ttl) } else { Err("it must be whole seconds") })
    });
    let limits = tuning::limits(walk, &root);
    let settings = settings(walk, &root);
    tuning::require_time_to_upload(walk, &root, &settings);
    let placement = placement::placement(walk, &root, threshold, &backends);

    // Only now: how many there are isn't known while one of them is wrong.
    let (threshold, key_file) = (threshold?, key_file?);
    if walk.is_clean() && backends.len() < usize::from(threshold.n()) {
        let reason =
            format!("{threshold} needs {} backends, and there are {}", threshold.n(), backends.len());
        if let Some(field) = root.field("threshold") {
            walk.note(field.at, &field.path, Problem::Layout(reason));
        }
    }
    Some(Config {
        file: None,
        base: around.base,
        threshold,
        key_file,
        key_file_at,
        write_quorum,
        allow_volatile: allow_volatile.unwrap_or(false),
        ttl,
        settings,
        limits,
        placement: placement.unwrap_or_default(),
        backends,
    })
}

/// Notes another version, none, or something else in its place; nothing else can be said about the text then.
fn version(walk: &mut Walk<'_>, root: &Section<'_>) -> Option<()> {
    let Some(field) = root.field("version") else {
        walk.note(0, "version", Problem::Missing("version = 1"));
        return Some(());
    };
    let version = field.any_integer(walk)?;
    if version == VERSION {
        return Some(());
    }
    let reason =
        format!("this program reads version {VERSION} of the configuration; it may be too old for this one");
    walk.refuse(&field, reason);
    None
}

fn settings(walk: &mut Walk<'_>, root: &Section<'_>) -> Settings {
    let mut settings = Settings::default();
    if let Some(field) = root.field("part-size")
        && let Some(size) = field.size(walk)
    {
        let part = u32::try_from(size).ok().filter(|part| *part <= MAX_PART);
        let part = part.ok_or_else(|| format!("a part has at most {} MiB", MAX_PART >> 20));
        settings.part = walk.checked(&field, part).unwrap_or(settings.part);
    }
    if let Some(field) = root.field("pad-to")
        && let Some(step) = field.size(walk)
    {
        let divides = u64::from(settings.part).is_multiple_of(step);
        let step = if divides { Ok(step) } else { Err("it must divide part-size") };
        settings.pad_to = walk.checked(&field, step);
    }
    if root.field("os-randomness").and_then(|field| field.flag(walk)) == Some(true) {
        settings.pads = PadSource::OperatingSystem;
    }
    tuning::tune(walk, root, &mut settings);
    settings
}
