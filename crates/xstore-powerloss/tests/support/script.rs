//! What is done to a backend while the power goes.

use std::fmt;

use xstore_backend::{Bytes, Key, Payload, PutOptions, Result, StorageBackend};

use crate::table::scale;

/// What one process after the other does: each opens the backend, makes its calls and closes it.
pub(crate) type Script = Vec<Vec<Step>>;

/// One call. Its text shows no bytes.
#[derive(Clone)]
pub(crate) enum Step {
    Put { key: Key, value: Bytes, create_only: bool },
    Delete { key: Key },
}

impl Step {
    pub(crate) fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// What the key holds afterwards.
    pub(crate) fn effect(&self) -> Option<Bytes> {
        match self {
            Self::Put { value, .. } => Some(value.clone()),
            Self::Delete { .. } => None,
        }
    }

    pub(crate) async fn run(&self, backend: &dyn StorageBackend) -> Result<()> {
        match self {
            Self::Put { key, value, create_only } => {
                let options = if *create_only { PutOptions::create_only() } else { PutOptions::replace() };
                backend.put(key, Payload::from(value.clone()), &options).await
            }
            Self::Delete { key } => backend.delete(key).await,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value, create_only: true } => write!(f, "create {key} ({} bytes)", value.len()),
            Self::Put { key, value, create_only: false } => {
                write!(f, "replace {key} ({} bytes)", value.len())
            }
            Self::Delete { key } => write!(f, "delete {key}"),
        }
    }
}

pub(crate) fn create(key: &str, len: usize) -> Step {
    Step::Put { key: name(key), value: value(len), create_only: true }
}

pub(crate) fn replace(key: &str, len: usize) -> Step {
    Step::Put { key: name(key), value: value(len), create_only: false }
}

pub(crate) fn delete(key: &str) -> Step {
    Step::Delete { key: name(key) }
}

pub(crate) fn name(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// Bytes that differ everywhere from those of every other length, so that no mixture of two values passes for one.
pub(crate) fn value(len: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(len as u64);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}

/// The script, and for a long run nine drawn ones of this length besides.
pub(crate) fn scripts(script: Script, length: usize) -> Vec<Script> {
    let drawn = (1..scale()).map(|seed| drawn(seed, length));
    std::iter::once(script).chain(drawn).collect()
}

fn drawn(seed: u64, length: usize) -> Script {
    let mut random = fastrand::Rng::with_seed(seed);
    let step = || {
        let key = ["a", "d/e", "d/f", "g/h/i"][random.usize(..4)];
        let len = [0..10, 10..5_000, 5_000..20_000, 20_000..80_000][random.usize(..4)].clone();
        let len = random.usize(len);
        match random.usize(..5) {
            0 | 1 => create(key, len),
            2 | 3 => replace(key, len),
            _ => delete(key),
        }
    };
    let mut first: Vec<_> = std::iter::repeat_with(step).take(length).collect();
    let second = first.split_off(length / 2);
    vec![first, second]
}

/// Puts of new values, replacements of longer and shorter ones, deletes, in folders and out of them, and calls that
/// change nothing.
pub(crate) fn script() -> Script {
    let first = vec![
        create("a", 10_000),
        create("d/e", 0),
        replace("a", 5_000),
        create("g/h/i", 9_000),
        delete("d/e"),
        create("d/e", 70_001),
        replace("g/h/i", 12),
        create("a", 30),
        delete("a"),
        replace("a", 4_096),
        delete("d/none"),
        create("d/f", 777),
        replace("d/e", 8_192),
        delete("g/h/i"),
    ];
    let second = vec![
        replace("d/e", 20_000),
        create("g/j", 130_000),
        replace("g/j", 131_072),
        create("a", 50),
        delete("d/f"),
        create("d/f", 66_000),
        replace("a", 40_000),
        delete("g/j"),
    ];
    vec![first, second]
}

/// One of each, for a backend that takes many operations for one call.
pub(crate) fn short_script() -> Script {
    let first = vec![
        create("a", 9_000),
        create("d/e", 0),
        replace("a", 20_000),
        delete("d/e"),
        create("a", 30),
        create("d/e", 300),
    ];
    let second = vec![replace("d/e", 5_000), delete("a"), create("d/f", 1)];
    vec![first, second]
}
