//! What the last part's trailer says of the whole object, as canonical JSON.

use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest metadata, in bytes of its JSON text.
pub const MAX_METADATA: usize = 64 << 10;
const MAX_USER: usize = 64;
const MAX_USER_NAME: usize = 64;
const MAX_USER_VALUE: usize = 4096;

/// The metadata of an object. It travels inside the split, so `Debug` shows only how much of it there is.
#[derive(Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Payload bytes of the whole object.
    pub length: u64,
    /// HMAC over the parts' payload tags and the length.
    pub object_tag: [u8; 32],
    /// Number of parts.
    pub parts: u32,
    /// The application's own: at most 64 members; names of 1 to 64 of `a-z 0-9 . _ -`, values of at most 4,096 bytes.
    pub user: BTreeMap<String, String>,
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("length", &self.length)
            .field("parts", &self.parts)
            .field("user", &self.user.len())
            .finish_non_exhaustive()
    }
}

// Members in the order of their names, so that serde_json's compact text is the canonical form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    length: u64,
    #[serde(rename = "objectTag")]
    object_tag: String,
    parts: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    user: BTreeMap<String, String>,
}

/// The largest integer that every JSON reader keeps exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

impl Metadata {
    /// The canonical JSON text, or None where a limit is exceeded.
    #[must_use]
    pub fn to_json(&self) -> Option<String> {
        let user_fits = self.user.len() <= MAX_USER
            && self.user.iter().all(|(name, value)| is_user_name(name) && value.len() <= MAX_USER_VALUE);
        if !user_fits || self.length > MAX_INTEGER {
            return None;
        }
        let text = Text {
            length: self.length,
            object_tag: data_encoding::HEXLOWER.encode(&self.object_tag),
            parts: self.parts,
            user: self.user.clone(),
        };
        serde_json::to_string(&text).ok().filter(|json| json.len() <= MAX_METADATA)
    }

    /// Reads canonical JSON; any other text of the same content is refused.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        if json.len() > MAX_METADATA {
            return None;
        }
        let text: Text = serde_json::from_slice(json).ok()?;
        let object_tag = data_encoding::HEXLOWER.decode(text.object_tag.as_bytes()).ok()?.try_into().ok()?;
        let metadata = Self { length: text.length, object_tag, parts: text.parts, user: text.user };
        // Comparing with what this value is written as refuses repeated members, white space and all else at once.
        (metadata.to_json()?.as_bytes() == json).then_some(metadata)
    }
}

fn is_user_name(name: &str) -> bool {
    (1..=MAX_USER_NAME).contains(&name.len())
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
}
