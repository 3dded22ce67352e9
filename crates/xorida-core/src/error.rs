//! What can be wrong with a call. The variants carry numbers only, never bytes of a secret or a share.

/// Why a parameter, a plan or a call was refused. Nothing has been written to any output then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The threshold is below 2: one share alone would be the secret.
    #[error("threshold {k} is below 2")]
    ThresholdTooSmall {
        /// The threshold asked for.
        k: u8,
    },
    /// The threshold is above the number of shares, so the secret could never come back.
    #[error("threshold {k} is above the {n} shares")]
    ThresholdAboveShares {
        /// The threshold asked for.
        k: u8,
        /// The number of shares asked for.
        n: u8,
    },
    /// More shares than [`Threshold::MAX_SHARES`](crate::Threshold::MAX_SHARES).
    #[error("{n} shares are more than the limit of 64")]
    TooManyShares {
        /// The number of shares asked for.
        n: u8,
    },
    /// A text isn't a threshold such as `2-of-3`.
    #[error("not a threshold of the form 2-of-3")]
    ThresholdText,
    /// The modulus is even or composite. A composite one would lose data without a sign.
    #[error("{p} is not an odd prime")]
    NotAnOddPrime {
        /// The modulus asked for.
        p: u8,
    },
    /// The prime is below the number of shares.
    #[error("prime {p} is too small for {n} shares")]
    PrimeTooSmall {
        /// The prime.
        p: u8,
        /// The number of shares.
        n: u8,
    },
    /// The prime is above [`Scheme::MAX_PRIME`](crate::Scheme::MAX_PRIME).
    #[error("prime {p} is above the limit of 67")]
    PrimeTooLarge {
        /// The prime.
        p: u8,
    },
    /// An expansion asked for fewer shares than there are.
    #[error("expanding {from} shares to {to} would remove some")]
    ExpandRemoves {
        /// The number of shares now.
        from: u8,
        /// The number of shares asked for.
        to: u8,
    },
    /// A share index isn't below the scheme's number of shares.
    #[error("share index {index} is not below the {n} shares")]
    IndexOutOfRange {
        /// The index.
        index: u8,
        /// The scheme's number of shares.
        n: u8,
    },
    /// The same share index twice.
    #[error("share index {index} is given twice")]
    DuplicateIndex {
        /// The index.
        index: u8,
    },
    /// The share to rebuild is one of those that it is rebuilt from.
    #[error("share {index} is both a source and the target")]
    TargetAmongSources {
        /// The index.
        index: u8,
    },
    /// Not as many share indexes, or share buffers, as the scheme or the plan needs.
    #[error("{actual} shares given where {expected} are needed")]
    ShareCount {
        /// How many are needed: n to split, k to combine and to rebuild.
        expected: usize,
        /// How many were given.
        actual: usize,
    },
    /// A secret or share has no bytes or isn't a whole number of blocks.
    #[error("{length} bytes are not a positive multiple of {blocks} blocks")]
    NotWholeBlocks {
        /// Its length in bytes.
        length: usize,
        /// The number of blocks, p-1.
        blocks: usize,
    },
    /// The randomness isn't [`Scheme::randomness_blocks`](crate::Scheme::randomness_blocks) blocks.
    #[error("{actual} bytes of randomness given where {expected} are needed")]
    RandomnessLength {
        /// Bytes needed.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// A share buffer isn't as long as the secret, or as the first share.
    #[error("share buffer number {position} has {actual} bytes instead of {expected}")]
    ShareLength {
        /// Which one, counted from 0 in the order given.
        position: usize,
        /// Bytes needed.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// The output buffer isn't as long as each share.
    #[error("output buffer has {actual} bytes instead of {expected}")]
    OutputLength {
        /// Bytes needed.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
}
