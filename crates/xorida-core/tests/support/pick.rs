//! Schemes and sets of share indexes to test with.

use xorida_core::{Scheme, ShareIndex, Threshold};

pub(crate) fn scheme(k: u8, n: u8, p: u8) -> Scheme {
    Scheme::with_prime(Threshold::new(k, n).unwrap(), p).unwrap()
}

/// Every set of `size` indexes of the scheme, ascending.
pub(crate) fn subsets(scheme: Scheme, size: u8) -> impl Iterator<Item = Vec<ShareIndex>> {
    (0_u64..1 << scheme.n())
        .filter(move |set| set.count_ones() == u32::from(size))
        .map(move |set| ShareIndex::all(scheme).filter(|index| set >> index.get() & 1 != 0).collect())
}
