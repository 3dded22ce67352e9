//! The digests inside the split, and the sixteen bytes that tell segments apart.

use crate::layout::{Kind, to_u32};
use xstore_keys::sha256_each;

/// `le64 m || le32 length || u8 kind || 0[3]`: the end of everything that is digested or tagged.
pub(crate) fn suffix(m: u64, length: usize, kind: Kind) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&m.to_le_bytes());
    bytes[8..12].copy_from_slice(&to_u32(length).to_le_bytes());
    bytes[12] = kind as u8;
    bytes
}

/// One digest per field: `D_m = SHA-256(P_m || sharing id || suffix)` for the segments from `first` on.
pub(crate) fn digest_fields(
    fields: &[&[u8]],
    sharing: &[u8; 16],
    first: u64,
    kind: Kind,
    out: &mut [[u8; 32]],
) {
    let suffixes: Vec<[u8; 16]> =
        fields.iter().zip(first..).map(|(field, m)| suffix(m, field.len(), kind)).collect();
    let parts: Vec<[&[u8]; 3]> =
        fields.iter().zip(&suffixes).map(|(field, suffix)| [*field, &sharing[..], &suffix[..]]).collect();
    let messages: Vec<&[&[u8]]> = parts.iter().map(|parts| &parts[..]).collect();
    sha256_each(&messages, out);
}
