//! The rules of a manifest's values, one variant each.

/// A broken rule. Constructors of single values return it as it is; a whole manifest adds the place
/// ([`Error::Invalid`](crate::Error::Invalid)).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    // --- form ---
    /// A value of another JSON type.
    #[error("must be {expected}")]
    Type {
        /// What the format names.
        expected: &'static str,
    },
    /// A member that the format doesn't name. The place is the object that has it.
    #[error("has an unknown member \"{name}\"; remove it, or put it in `ext`")]
    UnknownMember {
        /// The member's name: at most 40 characters, then `...`; what isn't printable ASCII is escaped.
        name: String,
    },
    /// A member stands twice in one object.
    #[error("stands more than once in its object")]
    RepeatedMember,
    /// A member is missing.
    #[error("is missing")]
    MissingMember,
    /// A number below zero, with a fraction or an exponent, or above 2^53-1.
    #[error("must be an integer from 0 to 9007199254740991 in plain decimal digits")]
    Integer,
    /// An integer outside its limits.
    #[error("is {value}, but must be {min} to {max}")]
    OutOfRange {
        /// The value found.
        value: u64,
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// A list or an object with too few or too many entries.
    #[error("must have {min} to {max} entries")]
    Count {
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// A version that this reader doesn't know.
    #[error("is {found}, but this reader knows 1 only; use a newer xStore")]
    Version {
        /// The version found.
        found: u64,
    },
    /// A scheme that this reader doesn't know.
    #[error("is {found}, but this reader knows 1 (XorIDA) only; use a newer xStore")]
    Suite {
        /// The suite found.
        found: u64,
    },
    /// Not hex of the right length.
    #[error("must be {digits} lower-case hex digits")]
    Hex {
        /// Digits that the value has.
        digits: usize,
    },
    /// Not a time, or not in the one form.
    #[error("must be a time `YYYY-MM-DDTHH:MM:SS.mmmZ` of the years 1970 to 9999")]
    Timestamp,
    /// Not one of the words.
    #[error("must be {allowed}")]
    Word {
        /// The words.
        allowed: &'static str,
    },
    /// Not an object's name.
    #[error("must be 1 to 1,024 bytes of UTF-8 without control characters")]
    Name,
    /// Not a backend id.
    #[error("must be 1 to 64 of the characters a-z 0-9 . _ -, beginning with a letter or digit")]
    BackendId,
    /// Not a namespace.
    #[error("must be 1 to 64 of the characters a-z 0-9 -, beginning with a letter or digit")]
    Namespace,
    /// Not a key of a share.
    #[error("must be `<namespace>/<lane>/<name>`: a-z 0-9 -, then m, v or c, then 32 of a-z 2-7")]
    ShareKey,
    /// Not the name of an entry of `ext`.
    #[error("has an entry whose name isn't 1 to 64 of the characters a-z 0-9 . _ -")]
    ExtName,
    /// A value in `ext` is too long.
    #[error("has {length} bytes, but may have 4,096")]
    ExtValue {
        /// Bytes of the value.
        length: usize,
    },

    // --- numbers that must fit each other ---
    /// The threshold is above the number of shares.
    #[error("is {k}, above the {n} shares that there are")]
    ThresholdAboveShares {
        /// The threshold.
        k: u8,
        /// The number of shares.
        n: u8,
    },
    /// p isn't an odd prime: such a scheme loses data silently.
    #[error("is {p}, which isn't an odd prime")]
    NotPrime {
        /// The value found.
        p: u8,
    },
    /// p is too small for n shares.
    #[error("is {p}, below the number of shares, {n}")]
    PrimeBelowShares {
        /// The prime.
        p: u8,
        /// The number of shares.
        n: u8,
    },
    /// A length that can't be cut into p-1 pieces.
    #[error("is {value}, but must be a multiple of p-1 = {of}")]
    NotMultiple {
        /// The value found.
        value: u64,
        /// p-1.
        of: u64,
    },
    /// A part that isn't the last has another padded length than a full part.
    #[error("is {bytes}, but a full part has {expected}")]
    FullPart {
        /// The value found.
        bytes: u64,
        /// The least multiple of p-1 that is greater than `part`.
        expected: u64,
    },
    /// `length` isn't the sum of the parts.
    #[error("is {found}, but the parts have {sum} bytes together")]
    Length {
        /// The value found.
        found: u64,
        /// The sum.
        sum: u64,
    },
    /// A part has another number of entries in `shares` than n.
    #[error("has {found} entries, but `threshold.n` is {n}")]
    ShareCount {
        /// Entries found.
        found: usize,
        /// The number of shares.
        n: u8,
    },
    /// A share stands at another place than its index.
    #[error("is {index}, but the share stands at place {place}")]
    ShareIndex {
        /// The value found.
        index: u8,
        /// The place in `shares`.
        place: usize,
    },
    /// Too few shares are stored to get the part back.
    #[error("has {stored} shares that aren't null, but {needed} are needed")]
    TooFewShares {
        /// Entries that aren't null.
        stored: usize,
        /// The threshold, or 2 where the text is refused before the threshold is known.
        needed: u8,
    },
    /// A share is missing from a manifest that says it is complete.
    #[error("is null, but `state` is \"committed\"; it must be \"degraded\"")]
    NullInCommitted,

    // --- places that must differ ---
    /// Two parts have one sharing id.
    #[error("is also the sharing id of part {first}")]
    RepeatedSharing {
        /// The part that has it first.
        first: usize,
    },
    /// Two shares of a part are on one backend.
    #[error("also holds share {other} of this part; a backend holds one share")]
    BackendRepeated {
        /// The index of the earlier share.
        other: u8,
    },
    /// A backend was sent an index and holds, or was sent, another of the same part.
    #[error("stands with index {other} of this part as well; a backend sees one index")]
    BackendTwoIndexes {
        /// The other index.
        other: u8,
    },
    /// A past place is the share's present place.
    #[error("is the share's present place, so it isn't past")]
    PastIsPresent,
    /// A past place stands twice.
    #[error("repeats an entry of `past`")]
    PastRepeated,
    /// Past places are out of order.
    #[error("is out of order; `past` ascends by index, then by backend id")]
    PastOrder,
}
