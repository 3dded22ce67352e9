//! What the cases share: checks that tell what differs without printing values, and values themselves.

use crate::{CaseResult, Stop};
use std::fmt::Display;
use xstore_backend::{Bytes, Error, ErrorKind};

/// Fails the case unless the condition holds.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::Stop::fail(format!($($message)+)));
        }
    };
}
pub(crate) use check;

/// `len` bytes that look random and are the same for the same seed.
pub(crate) fn value(len: usize, seed: u64) -> Bytes {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes.into()
}

/// `len` times the same byte: whoever reads a mix of two such values sees it.
pub(crate) fn uniform(len: usize, byte: u8) -> Bytes {
    vec![byte; len].into()
}

/// Fails unless the bytes are equal.
#[track_caller]
pub(crate) fn same(actual: &[u8], expected: &[u8], what: impl Display) -> CaseResult {
    if actual == expected {
        return Ok(());
    }
    let equal = actual.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let (came, wanted) = (actual.len(), expected.len());
    Err(Stop::fail(format!("{what}: {came} bytes came instead of {wanted}, the first {equal} are right")))
}

/// Fails unless the operation failed with this kind.
#[track_caller]
pub(crate) fn refused<T>(result: Result<T, Error>, kind: ErrorKind, what: impl Display) -> CaseResult<Error> {
    match result {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => {
            let message = format!("{what}: must fail with {kind:?}, failed with {:?}", error.kind());
            Err(Stop::failed_with(message, error))
        }
        Ok(_) => Err(Stop::fail(format!("{what}: must fail with {kind:?}, succeeded"))),
    }
}

/// Fails unless the operation found that there is no such value.
#[track_caller]
pub(crate) fn not_found<T>(result: Result<T, Error>, what: impl Display) -> CaseResult<Error> {
    refused(result, ErrorKind::NotFound, what)
}
