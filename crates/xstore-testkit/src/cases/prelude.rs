//! What every file of cases uses.

pub(super) use crate::check::{check, not_found, refused, same, uniform, value};
pub(super) use crate::{CaseResult, Fixture, Skip, Stop};
pub(super) use xstore_backend::{Bytes, Entry, ErrorKind, Key, Payload, Prefix, PutOptions};

use crate::fixture::shorthand::list_all;
use std::collections::BTreeSet;
use std::panic::Location;
use xstore_backend::StorageBackend;

pub(super) const REPLACE: PutOptions = PutOptions::replace();

/// Fails unless exactly these keys lie below the prefix.
#[track_caller]
pub(super) fn expect_names(
    fixture: &Fixture,
    prefix: &Prefix,
    expected: &[Key],
) -> impl Future<Output = CaseResult> + Send {
    expect_names_on(&**fixture.backend(), prefix, expected)
}

/// The same on another handle.
#[track_caller]
pub(super) fn expect_names_on(
    backend: &dyn StorageBackend,
    prefix: &Prefix,
    expected: &[Key],
) -> impl Future<Output = CaseResult> + Send {
    let caller = Location::caller();
    let listing = list_all(backend, prefix);
    async move {
        let found: BTreeSet<Key> = listing.await?.into_iter().map(|entry| entry.key).collect();
        let expected: BTreeSet<Key> = expected.iter().cloned().collect();
        if found == expected {
            return Ok(());
        }
        let (missing, foreign) = (expected.difference(&found).next(), found.difference(&expected).next());
        let message = format!(
            "{} keys are listed instead of {}; missing: {missing:?}, foreign: {foreign:?}",
            found.len(),
            expected.len()
        );
        Err(Stop::failed_at(caller, message, None))
    }
}
