//! The lines of a ticket.

use super::invalid;
use crate::code::Code;
use crate::error::{Error, Result};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use xstore_keys::{KeyId, KeyRing, Keys};
use xstore_manifest::{BackendId, Name, ObjectId, SharingId, Timestamp};

/// Keeps the tags of tickets apart from everything else under the same key.
const LABEL: &[u8] = b"xStore/1/ticket";
/// The longest line: a sharing with 64 places takes less than 8 KiB.
const MAX_LINE: usize = 16 << 10;
const DIGITS: usize = 64;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) object: ObjectId,
    pub(crate) name: Name,
    pub(crate) created: Timestamp,
    pub(crate) key: KeyId,
}

/// A further line: where the shares of a sharing are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) sharing: SharingId,
    pub(crate) at: Timestamp,
    pub(crate) places: Vec<Place>,
}

/// One share and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) index: u8,
    pub(crate) attempt: u32,
    pub(crate) backend: BackendId,
}

pub(super) enum Record {
    Head(Head),
    Sent(Sent),
    Committed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadText {
    ticket: u8,
    object: String,
    name: String,
    created: String,
    #[serde(rename = "keyId")]
    key_id: String,
}

/// The last line of a put that succeeded, once its manifest is safe.
const COMMITTED: &str = "{\"committed\":true}";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentText {
    sharing: String,
    at: String,
    shares: Vec<PlaceText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceText {
    index: u8,
    #[serde(default, skip_serializing_if = "is_zero")]
    attempt: u32,
    #[serde(rename = "backendId")]
    backend: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
const fn is_zero(attempt: &u32) -> bool {
    *attempt == 0
}

impl Record {
    /// The line with its tag and line break.
    pub(super) fn line(&self, object: &ObjectId, number: u64, keys: &Keys) -> String {
        let json = match self {
            Self::Head(head) => serde_json::to_string(&HeadText {
                ticket: 1,
                object: head.object.to_string(),
                name: head.name.as_str().to_owned(),
                created: head.created.to_string(),
                key_id: head.key.to_string(),
            }),
            Self::Sent(sent) => serde_json::to_string(&SentText {
                sharing: sent.sharing.to_string(),
                at: sent.at.to_string(),
                shares: sent.places.iter().map(Place::text).collect(),
            }),
            Self::Committed => Ok(COMMITTED.to_owned()),
        };
        // Plain data without maps or floats: serialising it can't fail.
        let json = json.unwrap_or_default();
        format!("{} {json}\n", HEXLOWER.encode(&tag(object, number, &json, keys)))
    }
}

fn tag(object: &ObjectId, number: u64, json: &str, keys: &Keys) -> [u8; 32] {
    keys.manifest().tag(&[LABEL, &object.to_bytes(), &number.to_le_bytes(), json.as_bytes()]).into_bytes()
}

fn cut(line: &str) -> Result<(&str, &str)> {
    match (line.get(..DIGITS), line.get(DIGITS..DIGITS + 1), line.get(DIGITS + 1..)) {
        (Some(digits), Some(" "), Some(json)) if json.len() <= MAX_LINE => Ok((digits, json)),
        _ => Err(invalid("a line has another form")),
    }
}

fn check(digits: &str, object: &ObjectId, number: u64, json: &str, keys: &Keys) -> Result<()> {
    let stored = HEXLOWER.decode(digits.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let computed = keys.manifest().tag(&[LABEL, &object.to_bytes(), &number.to_le_bytes(), json.as_bytes()]);
    match stored {
        Some(stored) if computed.matches(&stored) => Ok(()),
        _ => Err(invalid("a line was changed")),
    }
}

fn wrong<E>(_: E) -> Error {
    invalid("a line has another form")
}

impl Head {
    pub(super) fn read(line: &str, ring: &KeyRing) -> Result<Self> {
        let (digits, json) = cut(line)?;
        let text: HeadText = serde_json::from_str(json).map_err(wrong)?;
        if text.ticket != 1 {
            return Err(invalid("it is of a newer version of xStore"));
        }
        let head = Self {
            object: text.object.parse().map_err(wrong)?,
            name: Name::new(&text.name).map_err(wrong)?,
            created: text.created.parse().map_err(wrong)?,
            key: text.key_id.parse().map_err(wrong)?,
        };
        let keys = ring.verifying(&head.key).map_err(|error| {
            Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error)
        })?;
        check(digits, &head.object, 0, json, keys)?;
        Ok(head)
    }
}

impl Record {
    /// A line behind the first one.
    pub(super) fn read(line: &str, head: &Head, number: u64, keys: &Keys) -> Result<Self> {
        let (digits, json) = cut(line)?;
        check(digits, &head.object, number, json, keys)?;
        if json == COMMITTED { Ok(Self::Committed) } else { Sent::parse(json).map(Self::Sent) }
    }
}

impl Sent {
    fn parse(json: &str) -> Result<Self> {
        let text: SentText = serde_json::from_str(json).map_err(wrong)?;
        let places = text.shares.into_iter().map(|place| {
            let backend = BackendId::new(&place.backend).map_err(wrong)?;
            Ok(Place { index: place.index, attempt: place.attempt, backend })
        });
        Ok(Self {
            sharing: text.sharing.parse().map_err(wrong)?,
            at: text.at.parse().map_err(wrong)?,
            places: places.collect::<Result<_>>()?,
        })
    }
}

impl Place {
    fn text(&self) -> PlaceText {
        PlaceText { index: self.index, attempt: self.attempt, backend: self.backend.as_str().to_owned() }
    }
}
