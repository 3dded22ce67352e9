//! Sizes, their names, and buffers with something in them.

/// 2^10 bytes.
pub(crate) const KIB: usize = 1 << 10;
/// 2^20 bytes.
pub(crate) const MIB: usize = 1 << 20;
/// 2^30 bytes.
pub(crate) const GIB: usize = 1 << 30;

/// The sizes at which everything of ours is measured, in bytes. A part holds no more than the last.
pub(crate) const SIZES: [usize; 4] = [KIB, 64 * KIB, MIB, 64 * MIB];

/// A size as people write it.
pub(crate) fn size_name(bytes: usize) -> String {
    if bytes >= GIB && bytes.is_multiple_of(GIB) {
        format!("{} GiB", bytes / GIB)
    } else if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else if bytes >= KIB && bytes.is_multiple_of(KIB) {
        format!("{} KiB", bytes / KIB)
    } else {
        format!("{bytes} B")
    }
}

/// `len` bytes that look random and are the same in every run. Writing them also brings their pages into memory,
/// which would otherwise be paid for by whoever writes first.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
    let mut state = seed;
    let mut out = vec![0; len];
    for chunk in out.chunks_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^= word >> 31;
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
    out
}

/// `len` bytes that are in memory but of no interest: somebody is about to write there.
pub(crate) fn room(len: usize) -> Vec<u8> {
    // Zeros could be pages that don't exist yet.
    vec![0x5A; len]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_named_in_the_largest_whole_unit() {
        assert_eq!(SIZES.map(size_name), ["1 KiB", "64 KiB", "1 MiB", "64 MiB"]);
        assert_eq!(size_name(1536 * KIB), "1536 KiB");
        assert_eq!((size_name(3 * GIB).as_str(), size_name(1025 * MIB).as_str()), ("3 GiB", "1025 MiB"));
        assert_eq!(size_name(1000), "1000 B");
    }

    #[test]
    fn noise_repeats_by_seed_and_not_within() {
        // The first two outputs that SplitMix64 gives for seed 0, as its reference implementation prints them.
        assert_eq!(noise(12, 0), [0xAF, 0xCD, 0x1D, 0x7B, 0x39, 0xA8, 0x20, 0xE2, 0xF4, 0x65, 0xB9, 0xA1]);
        assert_ne!(noise(64, 1), noise(64, 2));
    }
}
