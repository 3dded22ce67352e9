//! Rebuilding: a lost or an additional share from any k others, without the secret.

use alloc::boxed::Box;
use core::fmt;

use crate::kernel::Kernel;
use crate::plan::{Program, rebuilding};
use crate::{Error, Scheme, ShareIndex, check};

/// Gives one share back, byte for byte, from k others of certain indexes.
///
/// **No intermediate value is a function of the secret alone**: no block in memory or in a register, and no
/// partial XOR in whatever order the compiler or the CPU forms it, is a nonzero combination of the secret's
/// blocks. That keeps plaintext out of a repairing process's memory. It doesn't protect against whoever
/// controls that process, who holds k shares.
///
/// ```
/// use xorida_core::{RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold};
///
/// // Room for a fourth share later: p = 5.
/// let scheme = Scheme::with_prime(Threshold::new(2, 3)?, 5)?;
/// let (mut a, mut b, mut c) = ([0; 16], [0; 16], [0; 16]);
/// SplitPlan::new(scheme).split(b"16 secret bytes.", &[0xA5; 16], &mut [&mut a, &mut b, &mut c])?;
///
/// let wider = scheme.expand(4)?;
/// let sources = [ShareIndex::new(0, wider)?, ShareIndex::new(1, wider)?];
/// let mut fourth = [0; 16];
/// RebuildPlan::new(wider, &sources, ShareIndex::new(3, wider)?)?.rebuild(&[&a, &b], &mut fourth)?;
/// # Ok::<(), xorida_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RebuildPlan {
    scheme: Scheme,
    sources: Box<[ShareIndex]>,
    target: ShareIndex,
    program: Program,
    kernel: Kernel,
}

impl RebuildPlan {
    /// A plan for share `target` from exactly k different `sources`, in any order.
    ///
    /// # Errors
    /// [`Error::ShareCount`], [`Error::IndexOutOfRange`], [`Error::DuplicateIndex`] or
    /// [`Error::TargetAmongSources`].
    pub fn new(scheme: Scheme, sources: &[ShareIndex], target: ShareIndex) -> Result<Self, Error> {
        check::indexes(scheme, sources)?;
        check::index(scheme, target)?;
        if sources.contains(&target) {
            return Err(Error::TargetAmongSources { index: target.get() });
        }
        Ok(Self {
            scheme,
            sources: sources.into(),
            target,
            program: rebuilding(scheme, sources, target),
            kernel: Kernel::detect(),
        })
    }

    /// The same plan on another kernel.
    #[must_use]
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// The scheme it rebuilds by.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The indexes of the shares that [`rebuild`](Self::rebuild) takes, in that order.
    #[must_use]
    pub fn sources(&self) -> &[ShareIndex] {
        &self.sources
    }

    /// The index of the share that it gives.
    #[must_use]
    pub fn target(&self) -> ShareIndex {
        self.target
    }

    /// Writes the target share. `shares` stand in the order of [`sources`](Self::sources) and are all as
    /// long as `share`, whose old content is overwritten.
    ///
    /// If one of them isn't what was split, what comes out is wrong and nothing shows it. Callers
    /// authenticate shares first.
    ///
    /// # Errors
    /// [`Error::ShareCount`], [`Error::NotWholeBlocks`], [`Error::ShareLength`] or
    /// [`Error::OutputLength`]; nothing has been written then.
    pub fn rebuild(&self, shares: &[&[u8]], share: &mut [u8]) -> Result<(), Error> {
        let length = check::shares(self.scheme, self.sources.len(), shares)?;
        check::output(length * self.scheme.blocks(), share.len())?;
        self.program.run(self.kernel, shares, length, share);
        Ok(())
    }
}

impl fmt::Debug for RebuildPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RebuildPlan")
            .field("scheme", &self.scheme)
            .field("sources", &self.sources)
            .field("target", &self.target)
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}
