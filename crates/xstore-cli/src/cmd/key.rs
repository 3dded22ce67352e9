//! `xstore key`.

use super::ring;
use crate::args::{Key, KeyCommand};
use crate::clock;
use crate::failure::Failure;
use crate::output::Output;
use serde::Serialize;
use std::fs::File;
use std::path::Path;
use xstore_keys::{Date, Entropy, IntegrityKey, KeyId, KeyRing, KeyState, file};

const MAKE_ONE: &str = "make a key first: xstore key new";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    key_id: String,
    state: &'static str,
    changed: String,
}

pub(super) fn run(args: &Key, out: Output) -> Result<(), Failure> {
    let path = &*args.keys.key_file;
    let today =
        clock::today().ok_or_else(|| Failure::new("CONFIG_INVALID", "the system's clock is out of range"))?;
    match &args.command {
        KeyCommand::New { rotate: false } => create(path, today, out),
        KeyCommand::New { rotate: true } => rotate(path, today, out),
        KeyCommand::List => {
            let lines = lines(&ring::load(path, MAKE_ONE)?);
            out.result(&lines, || table(&lines))
        }
        KeyCommand::Retire { id } => change(path, id, out, |ring, id| ring.retire(&id, today)),
        KeyCommand::Revoke { id } => change(path, id, out, |ring, id| ring.revoke(&id, today)),
    }
}

fn fresh() -> Result<IntegrityKey, Failure> {
    IntegrityKey::generate(&mut Entropy::os())
        .map_err(|error| Failure::new("SOURCE_FAILED", "the system's random source failed").caused_by(error))
}

fn create(path: &Path, today: Date, out: Output) -> Result<(), Failure> {
    let mut ring = KeyRing::default();
    ring.add(fresh()?, today).map_err(refused)?;
    file::create(path, &ring).map_err(|error| {
        let exists = path.symlink_metadata().is_ok();
        let code = if exists { "KEY_EXISTS" } else { "SINK_FAILED" };
        let failure = Failure::new(code, format!("can't make the key file {}", path.display()));
        let failure = failure.caused_by(error);
        if exists {
            failure
                .help("it is never overwritten; to add a fresh key to it, repeat the command with --rotate")
        } else {
            failure
        }
    })?;
    done(path, &ring, out)
}

fn rotate(path: &Path, today: Date, out: Output) -> Result<(), Failure> {
    let _alone = lock(path)?;
    let mut ring = ring::load(path, MAKE_ONE)?;
    ring.add(fresh()?, today).map_err(refused)?;
    save(path, &ring)?;
    done(path, &ring, out)
}

fn change(
    path: &Path,
    id: &str,
    out: Output,
    apply: impl FnOnce(&mut KeyRing, KeyId) -> Result<(), xstore_keys::RingError>,
) -> Result<(), Failure> {
    let _alone = lock(path)?;
    let mut ring = ring::load(path, MAKE_ONE)?;
    let matching: Vec<KeyId> = ring
        .entries()
        .map(|entry| entry.id)
        .filter(|known| !id.is_empty() && known.to_string().starts_with(id))
        .collect();
    let [id] = matching[..] else {
        let problem = if matching.is_empty() { "no key's id begins" } else { "several keys' ids begin" };
        return Err(
            Failure::usage(format!("{problem} with `{id}`")).help("see the ids with: xstore key list")
        );
    };
    apply(&mut ring, id).map_err(refused)?;
    save(path, &ring)?;
    done(path, &ring, out)
}

/// Keeps others from changing the key file between its reading and its rewriting: a key that one of them adds would
/// be lost. The lock is on the file itself, which a rewriting replaces; who waited for the old one begins again.
#[cfg(unix)]
fn lock(path: &Path) -> Result<Option<File>, Failure> {
    use rustix::fs::{FlockOperation, flock};
    use std::os::unix::fs::MetadataExt;
    let fail = |error: std::io::Error| Failure::io("KEY_UNAVAILABLE", "lock the key file", path, error);
    loop {
        // What is wrong with the file is for the loading to say.
        let Ok(file) = File::open(path) else { return Ok(None) };
        flock(&file, FlockOperation::LockExclusive).map_err(|error| fail(error.into()))?;
        let locked = file.metadata().map_err(fail)?;
        let now = path.metadata().map_err(fail)?;
        if (locked.dev(), locked.ino()) == (now.dev(), now.ino()) {
            return Ok(Some(file));
        }
    }
}

#[cfg(not(unix))]
fn lock(_: &Path) -> Result<Option<File>, Failure> {
    Ok(None)
}

fn save(path: &Path, ring: &KeyRing) -> Result<(), Failure> {
    file::replace(path, ring).map_err(|error| {
        Failure::new(
            "SINK_FAILED",
            format!(
                "can't rewrite the key file {}; see with `key list` whether the change is in it",
                path.display()
            ),
        )
        .caused_by(error)
    })
}

fn refused(error: xstore_keys::RingError) -> Failure {
    Failure::new("KEY_UNAVAILABLE", "the key ring doesn't allow that").caused_by(error)
}

fn done(path: &Path, ring: &KeyRing, out: Output) -> Result<(), Failure> {
    let lines = lines(ring);
    out.result(&lines, || {
        format!(
            "{}\nKey file: {}. Keep a copy of it in a safe place, apart from the shares.",
            table(&lines),
            path.display()
        )
    })
}

fn lines(ring: &KeyRing) -> Vec<Line> {
    let state = |state| match state {
        KeyState::Current => "current",
        KeyState::Retired => "retired",
        KeyState::Revoked => "revoked",
    };
    ring.entries()
        .map(|entry| Line {
            key_id: entry.id.to_string(),
            state: state(entry.state),
            changed: entry.changed.to_string(),
        })
        .collect()
}

fn table(lines: &[Line]) -> String {
    let lines: Vec<String> =
        lines.iter().map(|line| format!("{}  {:<7}  {}", line.key_id, line.state, line.changed)).collect();
    lines.join("\n")
}
