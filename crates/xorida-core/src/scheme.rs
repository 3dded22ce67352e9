//! `Scheme`: a threshold with its prime, and the numbers of blocks that follow from them.

use crate::{Error, Threshold};

/// A [`Threshold`] and the odd prime p that the scheme calculates with; n <= p <= 67.
///
/// A secret is [`blocks`](Self::blocks) = p-1 blocks, a share the same number of pieces, all of one length
/// L. The prime is part of the data's format: shares combine only under the p that they were made with.
/// One that is larger than n needs leaves room to add shares later, see [`expand`](Self::expand).
///
/// ```
/// use xorida_core::{Scheme, Threshold};
///
/// let scheme = Scheme::new(Threshold::new(3, 8)?);
/// assert_eq!((scheme.p(), scheme.blocks(), scheme.randomness_blocks()), (11, 10, 21));
/// # Ok::<(), xorida_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scheme {
    threshold: Threshold,
    p: u8,
}

impl Scheme {
    /// The largest prime: the smallest that serves [`Threshold::MAX_SHARES`].
    pub const MAX_PRIME: u8 = 67;

    /// The scheme with the smallest odd prime that serves n shares.
    #[must_use]
    pub const fn new(threshold: Threshold) -> Self {
        let mut p = if threshold.n() < 3 { 3 } else { threshold.n() };
        // Ends at 67 at the latest, since n is at most 64.
        while !is_odd_prime(p) {
            p += 1;
        }
        Self { threshold, p }
    }

    /// The scheme with the prime `p`.
    ///
    /// # Errors
    /// [`Error::NotAnOddPrime`], [`Error::PrimeTooLarge`] or [`Error::PrimeTooSmall`], looked for in this
    /// order.
    pub const fn with_prime(threshold: Threshold, p: u8) -> Result<Self, Error> {
        if !is_odd_prime(p) {
            Err(Error::NotAnOddPrime { p })
        } else if p > Self::MAX_PRIME {
            Err(Error::PrimeTooLarge { p })
        } else if p < threshold.n() {
            Err(Error::PrimeTooSmall { p, n: threshold.n() })
        } else {
            Ok(Self { threshold, p })
        }
    }

    /// The same scheme with more shares: the ones that exist stay as they are, and
    /// [`RebuildPlan`](crate::RebuildPlan) makes the new ones from any k of them.
    ///
    /// # Errors
    /// [`Error::ExpandRemoves`] if `n` is below the present number; [`Error::TooManyShares`] above 64;
    /// [`Error::PrimeTooSmall`] if `n` is above p: the prime can't change.
    pub const fn expand(self, n: u8) -> Result<Self, Error> {
        if n < self.n() {
            return Err(Error::ExpandRemoves { from: self.n(), to: n });
        }
        match Threshold::new(self.k(), n) {
            Ok(threshold) => Self::with_prime(threshold, self.p),
            Err(error) => Err(error),
        }
    }

    /// The threshold.
    #[must_use]
    pub const fn threshold(self) -> Threshold {
        self.threshold
    }

    /// How many shares are enough.
    #[must_use]
    pub const fn k(self) -> u8 {
        self.threshold.k()
    }

    /// How many shares there are.
    #[must_use]
    pub const fn n(self) -> u8 {
        self.threshold.n()
    }

    /// The prime.
    #[must_use]
    pub const fn p(self) -> u8 {
        self.p
    }

    /// Blocks in a secret, and pieces in a share: p-1. Lengths of secrets are multiples of it.
    #[must_use]
    pub const fn blocks(self) -> usize {
        self.p as usize - 1
    }

    /// Random blocks that one split uses up: (k-1)p - 1.
    #[must_use]
    pub const fn randomness_blocks(self) -> usize {
        (self.k() as usize - 1) * self.p as usize - 1
    }
}

const fn is_odd_prime(p: u8) -> bool {
    if p < 3 || p.is_multiple_of(2) {
        return false;
    }
    let mut divisor = 3;
    while divisor < p {
        if p.is_multiple_of(divisor) {
            return false;
        }
        divisor += 2;
    }
    true
}
