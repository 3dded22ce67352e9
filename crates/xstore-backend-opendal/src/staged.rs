//! Names beside the values: of what is being written, and of what is about to take a value's place.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use opendal_core::Operator;
use tokio::runtime::Handle;
use xstore_backend::Key;

/// What a value is called while it is written. No part of a key begins with a dot.
const TEMPORARY: &str = ".xstore-tmp-";
/// What stands before the name of a value that has its bytes already and is about to take its place.
const SUCCESSOR: &str = ".xstore-new-";

/// How long the removal of what is left may take.
const CLEANING: Duration = Duration::from_secs(30);

/// A name for a value that is being written. What is there is removed when this is dropped.
pub(crate) struct Temporary {
    operator: Operator,
    path: String,
    is_there: bool,
}

impl Temporary {
    /// A new name in the folder of `path`.
    pub(crate) fn new(operator: &Operator, path: &str) -> Self {
        let (folder, _) = split(path);
        // Each `RandomState` hashes differently.
        let random = RandomState::new().hash_one(std::process::id());
        Self { operator: operator.clone(), path: format!("{folder}{TEMPORARY}{random:016x}"), is_there: true }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// It has its name now.
    pub(crate) fn renamed(mut self) {
        self.is_there = false;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else { return };
        if self.is_there {
            let (operator, path) = (self.operator.clone(), std::mem::take(&mut self.path));
            // Nobody waits for it. What it misses is removed by a listing, later.
            runtime.spawn(async move { tokio::time::timeout(CLEANING, operator.delete(&path)).await });
        }
    }
}

/// Whether a name is that of something that is being written, by whoever.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_prefix(TEMPORARY)
        .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The name of what is about to take the place of the value at `path`.
pub(crate) fn successor(path: &str) -> String {
    let (folder, name) = split(path);
    format!("{folder}{SUCCESSOR}{name}")
}

/// The name of the value whose place is about to be taken by what has this name.
pub(crate) fn succeeded(name: &str) -> Option<&str> {
    name.strip_prefix(SUCCESSOR).filter(|name| Key::new(name).is_ok_and(|key| key.segments().count() == 1))
}

/// Folder with its slash, and name.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |slash| slash + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beside_a_value_are_no_keys_and_lead_back_to_it() {
        let operator = Operator::new(opendal_core::services::Memory::default()).unwrap();
        for (path, folder, name) in [("a/b/c", "a/b/", "c"), ("v.x", "", "v.x")] {
            let temporary = Temporary::new(&operator, path);
            let name_of = temporary.path().strip_prefix(folder).unwrap();
            assert!(is_temporary(name_of) && Key::new(name_of).is_err(), "{name_of}");
            assert_ne!(temporary.path(), Temporary::new(&operator, path).path());
            let beside = successor(path);
            let name_of = beside.strip_prefix(folder).unwrap();
            assert_eq!(succeeded(name_of), Some(name));
            assert!(Key::new(name_of).is_err() && !is_temporary(name_of));
        }
        for foreign in [".xstore-tmp-", ".xstore-tmp-000000000000000z", "xstore-tmp-0000000000000000", ".x"] {
            assert!(!is_temporary(foreign), "{foreign}");
        }
        for foreign in [".xstore-new-", ".xstore-new-A", ".xstore-new-a/b", ".xstore-new-.xstore-new-a"] {
            assert_eq!(succeeded(foreign), None, "{foreign}");
        }
    }
}
