//! Vector files: their shapes, and whether the crates decide them as they say.
//!
//! `vectors/README.md` describes the shapes for implementers in other languages.

mod decide;

use crate::hex::{hex, unhex};
use crate::{Fault, Values};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use xstore_keys::{Date, IntegrityKey, KeyRing, KeyState};

/// A vector file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Vector {
    /// A manifest and values: reading the object.
    Object(ObjectVector),
    /// One share against what a manifest says of it: steps 1 to 3 of section 8.
    Share(ShareVector),
    /// Shares without manifest and keys.
    Unverified(UnverifiedVector),
    /// The generator of section 9.
    Pads(PadsVector),
}

/// Reading an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectVector {
    /// What it is, in a line.
    pub title: String,
    /// Why it ends as it does.
    pub comment: String,
    /// `ok`, or the code of the error.
    pub expect: String,
    /// The reader's key ring.
    pub keys: Vec<Key>,
    /// The manifest's text.
    pub manifest: String,
    /// The reader's time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub now: Option<String>,
    /// The name of the object that the reader wants.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Bytes `[start, end)` of the payload, where not all of it is read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range: Option<[u64; 2]>,
    /// The values on the backends, in hex; null: the backend doesn't have it.
    pub values: BTreeMap<String, Option<String>>,
    /// What is read, for `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<Payload>,
    /// What a reader that looks at every share finds wrong with them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub faults: Vec<FaultNote>,
    /// Intermediate values by part.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intermediates: Option<Value>,
}

/// A key of the reader's ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The 32 bytes of the integrity key, in hex.
    pub key: String,
    /// `current`, `retired` or `revoked`.
    pub state: String,
}

/// A payload, or its digest where it is long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Payload {
    /// In hex.
    Hex(String),
    /// Its digest and length.
    #[serde(rename_all = "camelCase")]
    Digest {
        /// SHA-256, in hex.
        sha256: String,
        /// Bytes.
        length: u64,
    },
}

/// A share that is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultNote {
    /// The part.
    pub part: u32,
    /// The share.
    pub index: u8,
    /// The code.
    pub code: String,
}

/// One share by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShareVector {
    /// What it is, in a line.
    pub title: String,
    /// Why it ends as it does.
    pub comment: String,
    /// `ok`, or the code of the error.
    pub expect: String,
    /// The reader's key ring.
    pub keys: Vec<Key>,
    /// What the manifest says.
    pub manifest: SharePin,
    /// The value, in hex.
    pub value: String,
    /// How the share came about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intermediates: Option<Value>,
}

/// What a manifest says of one share.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of docs/format.md")]
pub struct SharePin {
    pub k: u8,
    pub n: u8,
    pub p: u8,
    pub segment: u32,
    pub trailer: u32,
    pub bytes: u64,
    pub sharing: String,
    pub index: u8,
    pub key_id: String,
    pub hmac: String,
}

/// Shares without manifest and keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnverifiedVector {
    /// What it is, in a line.
    pub title: String,
    /// Why it ends as it does.
    pub comment: String,
    /// `ok`, or the code of the error.
    pub expect: String,
    /// The values, in hex, in no particular order.
    pub values: Vec<String>,
    /// The part's payload, for `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<Payload>,
    /// What its trailer says, for `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub says: Option<Says>,
}

/// Some of what a trailer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of docs/format.md")]
pub struct Says {
    pub sharing: String,
    pub object: String,
    pub generation: u64,
    pub part: u32,
    /// On the last part only.
    pub name: Option<String>,
}

/// The generator of section 9.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of docs/format.md")]
pub struct PadsVector {
    pub title: String,
    pub comment: String,
    pub expect: String,
    /// The integrity key.
    pub key: String,
    pub seed: String,
    pub sharing: String,
    pub m: u64,
    /// The segment's kind.
    pub segment_kind: u8,
    pub digest: String,
    /// Bytes of the pad.
    pub length: usize,
    pub k_obj: String,
    pub k_m: String,
    pub pad: String,
}

/// A file that isn't of the shape.
#[derive(Debug, thiserror::Error)]
#[error("not a vector file")]
pub struct ShapeError(#[from] serde_json::Error);

impl Vector {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`ShapeError`].
    pub fn from_text(text: &str) -> Result<Self, ShapeError> {
        Ok(serde_json::from_str(text)?)
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`ShapeError`], never in practice.
    pub fn to_text(&self) -> Result<String, ShapeError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// `ok`, or the code of the error that is expected.
    #[must_use]
    pub fn expect(&self) -> &str {
        match self {
            Self::Object(vector) => &vector.expect,
            Self::Share(vector) => &vector.expect,
            Self::Unverified(vector) => &vector.expect,
            Self::Pads(vector) => &vector.expect,
        }
    }

    /// Lets the crates decide.
    ///
    /// # Errors
    /// What is otherwise than the vector says.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Object(vector) => decide::object(vector),
            Self::Share(vector) => decide::share(vector),
            Self::Unverified(vector) => decide::unverified(vector),
            Self::Pads(vector) => decide::pads(vector),
        }
    }
}

impl ObjectVector {
    /// The values that are there; None where one isn't hex.
    #[must_use]
    pub fn stored(&self) -> Option<Values> {
        let there = self.values.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        there.map(|(key, value)| Some((key.clone(), unhex(value)?))).collect()
    }

    /// The range as the reader takes it.
    #[must_use]
    pub fn range(&self) -> Option<Range<u64>> {
        self.range.map(|[start, end]| start..end)
    }
}

impl Payload {
    /// In full up to 256 bytes, by its digest beyond.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.len() <= 256 {
            Self::Hex(hex(bytes))
        } else {
            Self::Digest { sha256: hex(&crate::book::crypto::sha256(&[bytes])), length: bytes.len() as u64 }
        }
    }
}

impl FaultNote {
    /// The faults of a reading by their codes, each once.
    #[must_use]
    pub fn of(faults: &[Fault]) -> Vec<Self> {
        let note =
            |fault: &Fault| Self { part: fault.part, index: fault.index, code: fault.kind.code().to_owned() };
        let mut notes: Vec<Self> = faults.iter().map(note).collect();
        notes.sort();
        notes.dedup();
        notes
    }
}

/// The key ring of a vector.
///
/// # Errors
/// What is wrong with a key, a state or the ring.
pub fn ring(keys: &[Key]) -> Result<KeyRing, String> {
    let day = Date::new(2026, 1, 1).map_err(|error| error.to_string())?;
    let mut ring = KeyRing::default();
    for key in keys {
        let bytes: [u8; 32] =
            unhex(&key.key).and_then(|bytes| bytes.try_into().ok()).ok_or("a key isn't 64 hex digits")?;
        let state: KeyState = key.state.parse().map_err(|_| "a state is unknown")?;
        let key = IntegrityKey::from_bytes(&bytes).map_err(|error| error.to_string())?;
        ring.insert(key, state, day).map_err(|error| error.to_string())?;
    }
    Ok(ring)
}
