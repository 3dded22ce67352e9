//! Section 7: the trailer's plaintext, field by field, so that each can be wrong by itself.

use super::Numbers;
use super::crypto::{expand, extract, hmac};

/// The fields of a trailer as they will stand in it; nothing is checked.
#[derive(Clone)]
pub struct Fields {
    /// Bytes 0 to 7.
    pub magic: [u8; 8],
    /// Sharing id.
    pub sharing: [u8; 16],
    /// Object id.
    pub object: [u8; 16],
    /// Generation.
    pub generation: u64,
    /// Part number.
    pub part: u32,
    /// Bit 0: last part.
    pub flags: u8,
    /// n.
    pub n: u8,
    /// Kind of object.
    pub kind: u8,
    /// Byte 55.
    pub zero: u8,
    /// Payload key id.
    pub payload_key: [u8; 16],
    /// Payload bytes of the part.
    pub length: u64,
    /// Milliseconds.
    pub created: i64,
    /// Seconds, all ones for none.
    pub ttl: u64,
    /// What the length of the name is said to be; None: what it is.
    pub name_length: Option<u32>,
    /// What the length of the metadata is said to be; None: what it is.
    pub metadata_length: Option<u32>,
    /// The name's bytes.
    pub name: Vec<u8>,
    /// The metadata's bytes.
    pub metadata: Vec<u8>,
}

impl Fields {
    /// Bytes 0 to 104 + |name| + |metadata|, which the payload tag covers.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut out = Vec::new();
        out.extend(self.magic);
        out.extend(self.sharing);
        out.extend(self.object);
        out.extend(self.generation.to_le_bytes());
        out.extend(self.part.to_le_bytes());
        out.extend([self.flags, self.n, self.kind, self.zero]);
        out.extend(self.payload_key);
        out.extend(self.length.to_le_bytes());
        out.extend(self.created.to_le_bytes());
        out.extend(self.ttl.to_le_bytes());
        out.extend(self.name_length.unwrap_or_else(|| length(&self.name)).to_le_bytes());
        out.extend(self.metadata_length.unwrap_or_else(|| length(&self.metadata)).to_le_bytes());
        out.extend(&self.name);
        out.extend(&self.metadata);
        out
    }
}

/// `K_pay` of a part.
#[must_use]
pub fn payload_key(numbers: &Numbers, sharing: &[u8; 16], k_payload: &[u8; 32]) -> [u8; 32] {
    expand(
        &extract(sharing, k_payload),
        &[
            b"xStore/1/payload",
            &1_u16.to_le_bytes(),
            &[numbers.k, numbers.p],
            &numbers.segment.to_le_bytes(),
            &numbers.trailer.to_le_bytes(),
        ],
    )
}

/// The payload tag.
#[must_use]
pub fn payload_tag(k_pay: &[u8; 32], head: &[u8], digests: &[[u8; 32]]) -> [u8; 32] {
    hmac(k_pay, &[head, digests.as_flattened()])
}

/// `objectTag`, under the `K_pay` of the last part.
#[must_use]
pub fn object_tag(k_pay: &[u8; 32], earlier: &[[u8; 32]], length: u64) -> [u8; 32] {
    hmac(k_pay, &[earlier.as_flattened(), &length.to_le_bytes()])
}
