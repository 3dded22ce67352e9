//! `Threshold`: how many shares there are, and how many of them are enough.

use core::fmt;
use core::str::FromStr;

use crate::Error;

/// k of n: any k shares give the secret back, k-1 say nothing about it. 2 <= k <= n <= 64.
///
/// It prints and parses as `2-of-3`.
///
/// ```
/// use xorida_core::Threshold;
///
/// let threshold: Threshold = "2-of-3".parse()?;
/// assert_eq!(threshold, Threshold::new(2, 3)?);
/// assert_eq!(threshold.to_string(), "2-of-3");
/// assert!(Threshold::new(1, 3).is_err());
/// # Ok::<(), xorida_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Threshold {
    k: u8,
    n: u8,
}

impl Threshold {
    /// The smallest k. With k = 1 every share would be the secret in another form.
    pub const MIN_THRESHOLD: u8 = 2;
    /// The largest n.
    pub const MAX_SHARES: u8 = 64;

    /// k shares of n are enough.
    ///
    /// # Errors
    /// [`Error::ThresholdTooSmall`], [`Error::TooManyShares`] or [`Error::ThresholdAboveShares`], looked
    /// for in this order.
    pub const fn new(k: u8, n: u8) -> Result<Self, Error> {
        if k < Self::MIN_THRESHOLD {
            Err(Error::ThresholdTooSmall { k })
        } else if n > Self::MAX_SHARES {
            Err(Error::TooManyShares { n })
        } else if k > n {
            Err(Error::ThresholdAboveShares { k, n })
        } else {
            Ok(Self { k, n })
        }
    }

    /// How many shares are enough.
    #[must_use]
    pub const fn k(self) -> u8 {
        self.k
    }

    /// How many shares there are.
    #[must_use]
    pub const fn n(self) -> u8 {
        self.n
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-of-{}", self.k, self.n)
    }
}

impl FromStr for Threshold {
    type Err = Error;

    /// Takes exactly what [`Display`](fmt::Display) prints: no spaces, signs or leading zeros.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (k, n) = text.split_once("-of-").ok_or(Error::ThresholdText)?;
        Self::new(number(k)?, number(n)?)
    }
}

/// A plain decimal number. `u8::from_str` alone would take `+2` and `02` as well.
fn number(text: &str) -> Result<u8, Error> {
    if text.starts_with(|first: char| matches!(first, '1'..='9')) {
        text.parse().map_err(|_| Error::ThresholdText)
    } else {
        Err(Error::ThresholdText)
    }
}
