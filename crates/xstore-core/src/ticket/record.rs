//! The lines of a ticket.

use super::invalid;
use crate::code::Code;
use crate::error::{Error, Result};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use xstore_keys::{KeyId, KeyRing, Keys};
use xstore_manifest::{BackendId, Name, ObjectId, ShareKey, SharingId, Timestamp};

/// Keeps the tags of tickets apart from everything else under the same key.
const LABEL: &[u8] = b"xStore/1/ticket";
/// The longest line: what was stored of a sharing with 64 shares takes less than 32 KiB.
const MAX_LINE: usize = 64 << 10;
const DIGITS: usize = 64;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) object: ObjectId,
    pub(crate) name: Name,
    pub(crate) created: Timestamp,
    pub(crate) key: KeyId,
    /// Where a change begins. None for a put.
    pub(crate) base: Option<Base>,
}

/// The manifest that a change begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) revision: u64,
    /// Its signature.
    pub(crate) hmac: [u8; 32],
    /// The attempt under which all of the change's shares are named: random, so that it meets no other's.
    pub(crate) attempt: u32,
}

/// The manifest that a change has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) revision: u64,
    /// Its signature.
    pub(crate) hmac: [u8; 32],
}

/// A further line: what a change has stored and verified of a sharing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) sharing: SharingId,
    pub(crate) shares: Vec<StoredShare>,
}

/// A share that is stored, and the value that isn't needed any more then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredShare {
    pub(crate) share: xstore_manifest::Share,
    pub(crate) old: Option<Old>,
}

/// A value that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Old {
    pub(crate) backend: BackendId,
    pub(crate) key: ShareKey,
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
    Stored(Stored),
    Made(Made),
    /// A sweep has begun, and no manifest was made.
    Swept,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<BaseText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaseText {
    revision: u64,
    hmac: String,
    attempt: u32,
}

/// The line of a put or a change whose manifest is safe.
const COMMITTED: &str = "{\"committed\":true}";
/// The line of a change that is being undone.
const SWEPT: &str = "{\"swept\":true}";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeText {
    revision: u64,
    hmac: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredText {
    sharing: String,
    stored: Vec<StoredShareText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredShareText {
    index: u8,
    #[serde(rename = "backendId")]
    backend: String,
    key: String,
    hmac: String,
    #[serde(rename = "keyId")]
    key_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old: Option<OldText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OldText {
    #[serde(rename = "backendId")]
    backend: String,
    key: String,
}

/// A line behind the first one, told apart by its members.
#[derive(Deserialize)]
#[serde(untagged)]
enum LineText {
    Sent(SentText),
    Stored(StoredText),
    Made(MadeText),
}

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
                change: head.base.as_ref().map(|base| BaseText {
                    revision: base.revision,
                    hmac: HEXLOWER.encode(&base.hmac),
                    attempt: base.attempt,
                }),
            }),
            Self::Stored(stored) => serde_json::to_string(&StoredText {
                sharing: stored.sharing.to_string(),
                stored: stored.shares.iter().map(StoredShare::text).collect(),
            }),
            Self::Made(made) => serde_json::to_string(&MadeText {
                revision: made.revision,
                hmac: HEXLOWER.encode(&made.hmac),
            }),
            Self::Swept => Ok(SWEPT.to_owned()),
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
            base: text.change.map(|base| Base::read(&base)).transpose()?,
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
        match json {
            COMMITTED => return Ok(Self::Committed),
            SWEPT => return Ok(Self::Swept),
            _ => {}
        }
        match serde_json::from_str(json).map_err(wrong)? {
            LineText::Sent(text) => Sent::read(text).map(Self::Sent),
            LineText::Stored(text) => Stored::read(&text).map(Self::Stored),
            LineText::Made(text) => {
                Ok(Self::Made(Made { revision: text.revision, hmac: digest(&text.hmac)? }))
            }
        }
    }
}

fn digest(hex: &str) -> Result<[u8; 32]> {
    let bytes = HEXLOWER.decode(hex.as_bytes()).map_err(wrong)?;
    bytes.try_into().map_err(wrong)
}

impl Base {
    fn read(text: &BaseText) -> Result<Self> {
        Ok(Self { revision: text.revision, hmac: digest(&text.hmac)?, attempt: text.attempt })
    }
}

impl Stored {
    fn read(text: &StoredText) -> Result<Self> {
        let shares = text.stored.iter().map(StoredShare::read);
        Ok(Self { sharing: text.sharing.parse().map_err(wrong)?, shares: shares.collect::<Result<_>>()? })
    }
}

impl StoredShare {
    fn read(text: &StoredShareText) -> Result<Self> {
        let share = xstore_manifest::Share {
            backend: BackendId::new(&text.backend).map_err(wrong)?,
            hmac: digest(&text.hmac)?,
            index: text.index,
            key: ShareKey::new(&text.key).map_err(wrong)?,
            key_id: text.key_id.parse().map_err(wrong)?,
        };
        let old = text.old.as_ref().map(|old| {
            let backend = BackendId::new(&old.backend).map_err(wrong)?;
            Ok::<_, Error>(Old { backend, key: ShareKey::new(&old.key).map_err(wrong)? })
        });
        Ok(Self { share, old: old.transpose()? })
    }

    fn text(&self) -> StoredShareText {
        StoredShareText {
            index: self.share.index,
            backend: self.share.backend.as_str().to_owned(),
            key: self.share.key.as_str().to_owned(),
            hmac: HEXLOWER.encode(&self.share.hmac),
            key_id: self.share.key_id.to_string(),
            old: self.old.as_ref().map(|old| OldText {
                backend: old.backend.as_str().to_owned(),
                key: old.key.as_str().to_owned(),
            }),
        }
    }
}

impl Sent {
    fn read(text: SentText) -> Result<Self> {
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
