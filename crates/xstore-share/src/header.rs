//! The first 128 bytes of a share.

use crate::error::ShareFault;
use crate::layout::Layout;
use core::fmt;
use xstore_keys::KeyId;

/// Bytes of a share's header.
pub const HEADER_LEN: usize = 128;
/// The format number that this crate reads and writes.
pub const FORMAT: u16 = 1;
/// The suite number of XorIDA.
pub const SUITE: u16 = 1;

const MAGIC: &[u8; 8] = b"xStoreSh";
/// The header's beginning, which the header tag and the share's key cover.
pub(crate) const BOUND: usize = 64;

/// A header as it stands in a share: read, but neither compared with a manifest nor authenticated.
///
/// `Debug` leaves out the salt, the tag and the masked id: they must not leave the share.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Threshold.
    pub k: u8,
    /// The scheme's prime.
    pub p: u8,
    /// Which share this is, 0 to n - 1.
    pub index: u8,
    /// S, payload bytes of a full segment.
    pub segment: u32,
    /// t, bytes of the trailer's secret.
    pub trailer: u32,
    /// The integrity key that the share names. Compared, never obeyed.
    pub key_id: KeyId,
    pub(crate) masked: [u8; 16],
    pub(crate) salt: [u8; 32],
    pub(crate) tag: [u8; 32],
    reserved: [u8; 9],
}

impl Header {
    /// Reads a header's fields. Only magic, format and suite are checked.
    ///
    /// # Errors
    /// [`ShareFault::Magic`], [`ShareFault::Format`], [`ShareFault::Suite`].
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self, ShareFault> {
        if bytes[..8] != MAGIC[..] {
            return Err(ShareFault::Magic);
        }
        let format = u16::from_le_bytes(array(bytes, 8));
        if format != FORMAT {
            return Err(ShareFault::Format(format));
        }
        let suite = u16::from_le_bytes(array(bytes, 10));
        if suite != SUITE {
            return Err(ShareFault::Suite(suite));
        }
        let mut reserved = [0; 9];
        reserved[0] = bytes[15];
        reserved[1..].copy_from_slice(&bytes[24..32]);
        Ok(Self {
            k: bytes[12],
            p: bytes[13],
            index: bytes[14],
            segment: u32::from_le_bytes(array(bytes, 16)),
            trailer: u32::from_le_bytes(array(bytes, 20)),
            key_id: KeyId::from_bytes(array(bytes, 32)),
            masked: array(bytes, 48),
            salt: array(bytes, 64),
            tag: array(bytes, 96),
            reserved,
        })
    }

    /// Compares every field with what a manifest implies.
    pub(crate) fn expect(&self, layout: &Layout, index: u8, key_id: KeyId) -> Result<(), ShareFault> {
        let scheme = layout.scheme();
        let fields = [
            ("k", self.k == scheme.k()),
            ("p", self.p == scheme.p()),
            ("index", self.index == index),
            ("segment", self.segment == layout.segment()),
            ("trailer", self.trailer == layout.trailer()),
            ("reserved", self.reserved == [0; 9]),
            ("keyId", self.key_id == key_id),
        ];
        match fields.iter().find(|(_, equal)| !equal) {
            Some((name, _)) => Err(ShareFault::HeaderField(name)),
            None => Ok(()),
        }
    }

    /// Whether flags and reserved bytes are zero, as format 1 asks.
    #[must_use]
    pub fn reserved_is_zero(&self) -> bool {
        self.reserved == [0; 9]
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("k", &self.k)
            .field("p", &self.p)
            .field("index", &self.index)
            .field("segment", &self.segment)
            .field("trailer", &self.trailer)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Bytes 0 to 63 of a header.
pub(crate) fn bound_fields(layout: &Layout, index: u8, key_id: KeyId, masked: &[u8; 16]) -> [u8; BOUND] {
    let mut bytes = [0; BOUND];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[10..12].copy_from_slice(&SUITE.to_le_bytes());
    bytes[12] = layout.scheme().k();
    bytes[13] = layout.scheme().p();
    bytes[14] = index;
    bytes[16..20].copy_from_slice(&layout.segment().to_le_bytes());
    bytes[20..24].copy_from_slice(&layout.trailer().to_le_bytes());
    bytes[32..48].copy_from_slice(key_id.as_bytes());
    bytes[48..64].copy_from_slice(masked);
    bytes
}

/// N bytes at `offset`; the callers' offsets are constants within the slice.
pub(crate) fn array<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[offset..offset + N]);
    out
}
