//! `ShareIndex`: which share of a scheme.

use core::fmt;

use crate::{Error, Scheme};

/// The number of a share, from 0 to n-1.
///
/// A plan checks it again, so one made for another scheme is refused and not misread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ShareIndex(u8);

impl ShareIndex {
    /// Share number `index` of `scheme`.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if it isn't below n.
    pub const fn new(index: u8, scheme: Scheme) -> Result<Self, Error> {
        if index < scheme.n() {
            Ok(Self(index))
        } else {
            Err(Error::IndexOutOfRange { index, n: scheme.n() })
        }
    }

    /// All n indexes of `scheme`, ascending.
    pub fn all(scheme: Scheme) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..scheme.n()).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for ShareIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
