//! The limits of format 1 (section 12 of the format), in bytes unless said otherwise.

use std::ops::RangeInclusive;

/// Bytes of the longest manifest text that is read or written: 64 MiB. Callers cap their own reads with it.
pub const TEXT: usize = 64 << 20;
/// Part of the length that any text may have, whatever it declares.
pub(crate) const TEXT_BASE: usize = 64 << 10;
/// What each part and each entry of `shares` adds to [`TEXT_BASE`].
pub(crate) const TEXT_PER_ENTRY: usize = 1 << 10;

/// Largest integer that a manifest holds: 2^53-1, the largest that every JSON reader keeps exactly.
pub const INTEGER: u64 = (1 << 53) - 1;

/// The threshold k.
pub const K: RangeInclusive<u64> = 2..=64;
/// The number of shares n.
pub const N: RangeInclusive<u64> = 2..=64;
/// The prime p. It must also be at least n.
pub const P: RangeInclusive<u64> = 3..=67;
/// Number of parts of an object.
pub const PARTS: RangeInclusive<u64> = 1..=1 << 24;
/// Payload bytes of every part but the last.
pub const PART: RangeInclusive<u64> = 1..=64 << 20;
/// Longest segment. The shortest has p-1 bytes.
pub const SEGMENT: u64 = 4 << 20;
/// Longest secret of a trailer.
pub const TRAILER: u64 = 128 << 10;
/// Bytes that a trailer needs beside its digest room d.
pub(crate) const TRAILER_BASE: u64 = 136;
/// Bytes of an object's name.
pub const NAME: RangeInclusive<usize> = 1..=1024;

/// Characters of a backend id.
pub const BACKEND_ID: RangeInclusive<usize> = 1..=64;
/// Characters of a namespace on a backend.
pub const NAMESPACE: RangeInclusive<usize> = 1..=64;
/// Entries of `ext`.
pub const EXT_ENTRIES: usize = 64;
/// Characters of the name of an entry of `ext`.
pub const EXT_NAME: RangeInclusive<usize> = 1..=64;
/// Bytes of a value in `ext`.
pub const EXT_VALUE: usize = 4096;

/// Bytes of the longest text that may declare so many parts and entries of `shares`.
pub(crate) fn text(parts: usize, entries: usize) -> usize {
    let declared = parts.saturating_add(entries).saturating_mul(TEXT_PER_ENTRY);
    TEXT_BASE.saturating_add(declared).min(TEXT)
}

/// Room d for a 32-byte digest in a segment's secret, a multiple of p-1 (section 5). `p` is at least 2.
pub(crate) fn digest_room(p: u64) -> u64 {
    (p - 1) * 32_u64.div_ceil(p - 1)
}

/// Bytes B of a part that holds `payload` bytes and no fill: the least multiple of p-1 that is greater.
pub(crate) fn padded(payload: u64, p: u64) -> u64 {
    (payload / (p - 1) + 1) * (p - 1)
}
