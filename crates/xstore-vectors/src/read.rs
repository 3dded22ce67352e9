//! Reading an object as section 8 of `docs/format.md` says, from a manifest's text and values in memory.

mod part;

use crate::Values;
use part::PartRead;
pub(crate) use part::{Open, open as open_share, runs};
use std::ops::Range;
use std::sync::Arc;
use xorida_core::{Scheme, Threshold};
use xstore_keys::KeyRing;
use xstore_manifest::{Body, Manifest, Timestamp};
use xstore_share::{DecodeError, Layout, ObjectCheck, PartShape, Plans, ShareFault};

/// What the caller asks for besides the bytes.
#[derive(Debug, Clone, Default)]
pub struct Request<'a> {
    /// The time; None: expiry isn't looked at.
    pub now: Option<Timestamp>,
    /// The name of the object that the caller wants.
    pub name: Option<&'a str>,
    /// Bytes `start..end` of the object's payload, cut at its end; None: all of it.
    pub range: Option<Range<u64>>,
}

/// What came of a read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What was handed on: where the result is an error, what was before it.
    pub released: Vec<u8>,
    /// How it ended.
    pub result: Result<(), ReadError>,
    /// What was found wrong with single shares, each once, in the order of parts and indexes.
    pub faults: Vec<Fault>,
}

impl Reading {
    /// The payload, where the whole read went well.
    ///
    /// # Errors
    /// The read's.
    pub fn payload(&self) -> Result<&[u8], &ReadError> {
        self.result.as_ref().map(|()| &self.released[..])
    }

    /// `ok`, or the code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.result.as_ref().err().map_or("ok", ReadError::code)
    }
}

/// Something wrong with a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The part.
    pub part: u32,
    /// The share.
    pub index: u8,
    /// What it is.
    pub kind: FaultKind,
}

/// What is wrong with a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The manifest names it, but there is no value under its key.
    Missing,
    /// Its bytes are refused.
    Refused(ShareFault),
}

impl FaultKind {
    /// The stable machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "SHARE_NOT_FOUND",
            Self::Refused(fault) => fault.code(),
        }
    }
}

/// Why an object wasn't read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The manifest is refused.
    #[error("the manifest is refused")]
    Manifest(#[from] xstore_manifest::Error),
    /// The manifest's numbers make no layout. A manifest that is accepted never causes it.
    #[error("the manifest's numbers make no layout")]
    Layout,
    /// Fewer than k shares of a part are pinned to keys that the ring verifies with.
    #[error("part {part}: the keys of its shares are unknown or revoked")]
    KeyUnavailable {
        /// The part.
        part: u32,
    },
    /// A part is refused.
    #[error("part {part} is refused")]
    Part {
        /// The part.
        part: u32,
        /// Why.
        source: DecodeError,
    },
}

impl ReadError {
    /// The stable machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Manifest(error) => error.code(),
            Self::Layout => "MANIFEST_INVALID",
            Self::KeyUnavailable { .. } => "KEY_UNAVAILABLE",
            Self::Part { source, .. } => source.code(),
        }
    }
}

/// Reads an object from all shares that are there: every one is checked, also where k good ones would do.
#[must_use]
pub fn read(manifest: &[u8], values: &Values, ring: &KeyRing, request: &Request<'_>) -> Reading {
    let mut reading = Reading { released: Vec::new(), result: Ok(()), faults: Vec::new() };
    reading.result = read_into(manifest, values, ring, request, &mut reading.released, &mut reading.faults);
    reading
}

/// The same from a manifest that was verified before.
#[must_use]
pub fn read_object(manifest: &Manifest, values: &Values, ring: &KeyRing, request: &Request<'_>) -> Reading {
    let mut reading = Reading { released: Vec::new(), result: Ok(()), faults: Vec::new() };
    reading.result = object_into(manifest, values, ring, request, &mut reading.released, &mut reading.faults);
    reading
}

fn read_into(
    text: &[u8],
    values: &Values,
    ring: &KeyRing,
    request: &Request<'_>,
    released: &mut Vec<u8>,
    faults: &mut Vec<Fault>,
) -> Result<(), ReadError> {
    let manifest = Manifest::from_json(text, ring)?;
    object_into(&manifest, values, ring, request, released, faults)
}

fn object_into(
    manifest: &Manifest,
    values: &Values,
    ring: &KeyRing,
    request: &Request<'_>,
    released: &mut Vec<u8>,
    faults: &mut Vec<Fault>,
) -> Result<(), ReadError> {
    if let Some(name) = request.name {
        manifest.require_name(name)?;
    }
    if let Some(now) = request.now {
        manifest.check_expiry(now)?;
    }
    let body = manifest.body();
    let scheme = scheme(body).ok_or(ReadError::Layout)?;
    let plans = Arc::new(Plans::new(scheme));
    let mut object = ObjectCheck::new(body.part);
    for (number, part) in (0..).zip(&body.parts) {
        let range = request.range.as_ref().map(|range| within(range, number, body.part));
        if range.as_ref().is_some_and(Range::is_empty) {
            continue;
        }
        let shape = shape(body, scheme, part).ok_or(ReadError::Layout)?;
        let refused = |source| ReadError::Part { part: number, source };
        let mut read = PartRead::open(body, number, shape, values, ring, faults)?;
        let result = match range {
            None => read.whole(&plans, ring, &mut object, released),
            Some(range) => read.range(&plans, ring, range, released),
        };
        read.report(faults);
        result.map_err(refused)?;
    }
    Ok(())
}

/// The scheme of a manifest; None where its numbers make none.
pub(crate) fn scheme(body: &Body) -> Option<Scheme> {
    Scheme::with_prime(Threshold::new(body.threshold.k, body.threshold.n).ok()?, body.p).ok()
}

/// The shape of a part.
pub(crate) fn shape(body: &Body, scheme: Scheme, part: &xstore_manifest::Part) -> Option<PartShape> {
    Layout::new(scheme, body.segment, part.trailer).ok()?.part(part.bytes).ok()
}

/// A range of the object as one of part `number`.
fn within(range: &Range<u64>, number: u32, part: u32) -> Range<u64> {
    let start = u64::from(number) * u64::from(part);
    let inside = |at: u64| at.saturating_sub(start).min(u64::from(part));
    inside(range.start)..inside(range.end)
}
