//! The trailer: what a part says of itself, inside the split.

use crate::error::{DecodeError, EncodeError};
use crate::header::{SUITE, array};
use crate::layout::{Layout, to_u32};
use crate::metadata::Metadata;
use core::fmt;
use xstore_keys::hkdf::extract;
use xstore_keys::{KeyId, Keys, MacKey, Tag};
use zeroize::Zeroizing;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 1024;

const MAGIC: &[u8; 8] = b"xStoreTr";
const FIXED: usize = 104;
const NO_TTL: u64 = u64::MAX;
const LAST_PART: u8 = 1;

/// What an object is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ObjectKind {
    /// What a user stored.
    Object = 0,
    /// Many small objects in one.
    Pack = 1,
    /// A catalog's backup.
    Checkpoint = 2,
}

/// What only the last part of an object carries.
///
/// `Debug` shows neither name nor metadata: they are part of what is split.
#[derive(Clone, PartialEq, Eq)]
pub struct LastPart {
    /// The object's name: 1 to 1,024 bytes of UTF-8 without control characters.
    pub name: String,
    /// What is said of the whole object.
    pub metadata: Metadata,
}

impl fmt::Debug for LastPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastPart").finish_non_exhaustive()
    }
}

/// A part's trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// The sharing that the part is.
    pub sharing: [u8; 16],
    /// The object that the part belongs to.
    pub object: [u8; 16],
    /// The object's version, from 1.
    pub generation: u64,
    /// Which part this is, from 0.
    pub part: u32,
    /// n when the part was written.
    pub n: u8,
    /// What the object is for.
    pub kind: ObjectKind,
    /// The key of the payload tag.
    pub payload_key: KeyId,
    /// Payload bytes of this part.
    pub length: u64,
    /// When the object was written, in milliseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// Time to live in seconds.
    pub ttl: Option<u64>,
    /// Name and metadata, on the last part.
    pub last: Option<LastPart>,
}

/// K_pay: the key of one part's payload tag. It depends on the sharing id, which exists inside the split only.
#[derive(Clone)]
pub struct PayloadKey(MacKey);

impl PayloadKey {
    /// Derives the key of a part.
    #[must_use]
    pub fn derive(layout: &Layout, sharing: &[u8; 16], keys: &Keys) -> Self {
        let scheme = layout.scheme();
        let mut okm = Zeroizing::new([0; 32]);
        extract(sharing, keys.payload()).expand(
            &[
                &b"xStore/1/payload"[..],
                &SUITE.to_le_bytes(),
                &[scheme.k(), scheme.p()],
                &layout.segment().to_le_bytes(),
                &layout.trailer().to_le_bytes(),
            ],
            &mut okm[..],
        );
        Self(MacKey::new(&okm[..]))
    }

    /// The payload tag of a part whose trailer begins with `head`, with these segment digests.
    fn payload_tag(&self, head: &[u8], digests: &[[u8; 32]]) -> Tag {
        self.0.tag(&[head, digests.as_flattened()])
    }

    /// The tag of the whole object; this is the key of the last part, `earlier` holds the payload tags of the parts
    /// before it.
    #[must_use]
    pub fn object_tag(&self, earlier: &[[u8; 32]], length: u64) -> Tag {
        self.0.tag(&[earlier.as_flattened(), &length.to_le_bytes()])
    }
}

/// A trailer as read: its fields are checked, its payload tag isn't yet.
pub(crate) struct Read {
    pub(crate) trailer: Trailer,
    tag: [u8; 32],
    head: usize,
}

impl Read {
    /// Checks the payload tag over the trailer's plaintext and all digests.
    pub(crate) fn check_tag(
        &self,
        plaintext: &[u8],
        key: &PayloadKey,
        digests: &[[u8; 32]],
    ) -> Result<Tag, DecodeError> {
        let tag = key.payload_tag(&plaintext[..self.head], digests);
        if tag.matches(&self.tag) { Ok(tag) } else { Err(DecodeError::PayloadTag) }
    }
}

impl Trailer {
    /// Checks the payload's length against `part`, the payload bytes of every part but the last. Range reads depend on
    /// it as full ones do: a part that is shorter than its place moves everything behind it.
    ///
    /// # Errors
    /// [`DecodeError::Trailer`] where a part that isn't the last has another length, or the last one is longer, or is
    /// empty although others are before it.
    pub fn fits(&self, part: u32) -> Result<(), DecodeError> {
        let part = u64::from(part);
        let fits = match self.last {
            None => self.length == part,
            Some(_) => self.length <= part && (self.length > 0 || self.part == 0),
        };
        if fits { Ok(()) } else { Err(DecodeError::Trailer("payload length")) }
    }

    /// Writes the plaintext with its payload tag into `out`, which has t - d bytes.
    pub(crate) fn write(
        &self,
        key: &PayloadKey,
        digests: &[[u8; 32]],
        out: &mut [u8],
    ) -> Result<Tag, EncodeError> {
        let (name, metadata) = match &self.last {
            None => ("", String::new()),
            Some(last) => {
                if !is_name(&last.name) {
                    return Err(EncodeError::Trailer("a name is 1 to 1024 bytes without control characters"));
                }
                let json = last.metadata.to_json();
                (&last.name[..], json.ok_or(EncodeError::Trailer("the metadata exceeds its limits"))?)
            }
        };
        if self.ttl == Some(NO_TTL) {
            return Err(EncodeError::Trailer("this time to live is the mark for none"));
        }
        let head = FIXED + name.len() + metadata.len();
        if head + 32 > out.len() {
            return Err(EncodeError::Trailer("name and metadata don't fit into the trailer length"));
        }
        out.fill(0);
        out[..8].copy_from_slice(MAGIC);
        out[8..24].copy_from_slice(&self.sharing);
        out[24..40].copy_from_slice(&self.object);
        out[40..48].copy_from_slice(&self.generation.to_le_bytes());
        out[48..52].copy_from_slice(&self.part.to_le_bytes());
        out[52] = if self.last.is_some() { LAST_PART } else { 0 };
        out[53] = self.n;
        out[54] = self.kind as u8;
        out[56..72].copy_from_slice(self.payload_key.as_bytes());
        out[72..80].copy_from_slice(&self.length.to_le_bytes());
        out[80..88].copy_from_slice(&self.created.to_le_bytes());
        out[88..96].copy_from_slice(&self.ttl.unwrap_or(NO_TTL).to_le_bytes());
        out[96..100].copy_from_slice(&to_u32(name.len()).to_le_bytes());
        out[100..104].copy_from_slice(&to_u32(metadata.len()).to_le_bytes());
        out[FIXED..FIXED + name.len()].copy_from_slice(name.as_bytes());
        out[FIXED + name.len()..head].copy_from_slice(metadata.as_bytes());
        let tag = key.payload_tag(&out[..head], digests);
        out[head..head + 32].copy_from_slice(tag.as_bytes());
        Ok(tag)
    }

    /// Reads the plaintext of t - d bytes; everything but the payload tag is checked for form.
    pub(crate) fn read(bytes: &[u8]) -> Result<Read, DecodeError> {
        let bad = DecodeError::Trailer;
        if bytes.len() < FIXED + 32 || bytes[..8] != MAGIC[..] {
            return Err(bad("magic"));
        }
        if bytes[52] & !LAST_PART != 0 || bytes[55] != 0 {
            return Err(bad("reserved bytes"));
        }
        let kind = match bytes[54] {
            0 => ObjectKind::Object,
            1 => ObjectKind::Pack,
            2 => ObjectKind::Checkpoint,
            // Section 8 names one code for whatever isn't kind 0.
            _ => return Err(DecodeError::Identity("kind")),
        };
        let name_len = u32::from_le_bytes(array(bytes, 96)) as usize;
        let metadata_len = u32::from_le_bytes(array(bytes, 100)) as usize;
        if name_len > MAX_NAME || metadata_len > crate::MAX_METADATA {
            return Err(bad("lengths"));
        }
        let head = FIXED + name_len + metadata_len;
        if head + 32 > bytes.len() {
            return Err(bad("lengths"));
        }
        if bytes[head + 32..].iter().any(|&b| b != 0) {
            return Err(bad("fill"));
        }
        let last = if bytes[52] & LAST_PART == 0 {
            if head != FIXED {
                return Err(bad("name or metadata before the last part"));
            }
            None
        } else {
            let name =
                core::str::from_utf8(&bytes[FIXED..FIXED + name_len]).ok().filter(|name| is_name(name));
            let metadata = Metadata::from_json(&bytes[FIXED + name_len..head]);
            Some(LastPart {
                name: name.ok_or(bad("name"))?.to_owned(),
                metadata: metadata.ok_or(bad("metadata"))?,
            })
        };
        let ttl = u64::from_le_bytes(array(bytes, 88));
        let trailer = Self {
            sharing: array(bytes, 8),
            object: array(bytes, 24),
            generation: u64::from_le_bytes(array(bytes, 40)),
            part: u32::from_le_bytes(array(bytes, 48)),
            n: bytes[53],
            kind,
            payload_key: KeyId::from_bytes(array(bytes, 56)),
            length: u64::from_le_bytes(array(bytes, 72)),
            created: i64::from_le_bytes(array(bytes, 80)),
            ttl: (ttl != NO_TTL).then_some(ttl),
            last,
        };
        Ok(Read { trailer, tag: array(bytes, head), head })
    }
}

/// 1 to [`MAX_NAME`] bytes without control characters: a name ends up in terminals and logs.
fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control)
}
