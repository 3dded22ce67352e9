//! Combining: the secret from any k shares.

use alloc::boxed::Box;
use core::fmt;

use crate::kernel::Kernel;
use crate::plan::{Program, combining};
use crate::{Error, Scheme, ShareIndex, check};

/// Gives secrets back from k shares of certain indexes.
///
/// Planning solves the equations of the shares once; a caller keeps the plan for as long as the same
/// shares are at hand. Planning takes microseconds for a few shares, milliseconds for 64.
///
/// ```
/// use xorida_core::{CombinePlan, Scheme, ShareIndex, SplitPlan, Threshold};
///
/// let scheme = Scheme::new(Threshold::new(2, 3)?);
/// let secret = *b"16 secret bytes.";
/// let (mut a, mut b, mut c) = ([0; 16], [0; 16], [0; 16]);
/// SplitPlan::new(scheme).split(&secret, &[0xA5; 16], &mut [&mut a, &mut b, &mut c])?;
///
/// let indexes = [ShareIndex::new(2, scheme)?, ShareIndex::new(0, scheme)?];
/// let mut restored = [0; 16];
/// CombinePlan::new(scheme, &indexes)?.combine(&[&c, &a], &mut restored)?;
/// assert_eq!(restored, secret);
/// # Ok::<(), xorida_core::Error>(())
/// ```
#[derive(Clone)]
pub struct CombinePlan {
    scheme: Scheme,
    indexes: Box<[ShareIndex]>,
    program: Program,
    kernel: Kernel,
}

impl CombinePlan {
    /// A plan for exactly k different share indexes, in any order.
    ///
    /// # Errors
    /// [`Error::ShareCount`], [`Error::IndexOutOfRange`] or [`Error::DuplicateIndex`].
    pub fn new(scheme: Scheme, indexes: &[ShareIndex]) -> Result<Self, Error> {
        check::indexes(scheme, indexes)?;
        Ok(Self {
            scheme,
            indexes: indexes.into(),
            program: combining(scheme, indexes),
            kernel: Kernel::detect(),
        })
    }

    /// The same plan on another kernel.
    #[must_use]
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// The scheme it combines by.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The indexes of the shares that [`combine`](Self::combine) takes, in that order.
    #[must_use]
    pub fn indexes(&self) -> &[ShareIndex] {
        &self.indexes
    }

    /// Writes the secret that the shares belong to. `shares` stand in the order of
    /// [`indexes`](Self::indexes) and are all as long as `secret`, whose old content is overwritten.
    ///
    /// The scheme has no redundancy within k shares: if one of them isn't what was split, what comes out is
    /// wrong and nothing shows it. Callers authenticate shares first.
    ///
    /// # Errors
    /// [`Error::ShareCount`], [`Error::NotWholeBlocks`], [`Error::ShareLength`] or
    /// [`Error::OutputLength`]; nothing has been written then.
    pub fn combine(&self, shares: &[&[u8]], secret: &mut [u8]) -> Result<(), Error> {
        let length = check::shares(self.scheme, self.indexes.len(), shares)?;
        check::output(length * self.scheme.blocks(), secret.len())?;
        self.program.run(self.kernel, shares, length, secret);
        Ok(())
    }
}

impl fmt::Debug for CombinePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CombinePlan")
            .field("scheme", &self.scheme)
            .field("indexes", &self.indexes)
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}
