//! Splitting: each piece of each share in one pass over its k blocks.

use core::ops::Range;

use crate::kernel::{Kernel, MAX_SOURCES};
use crate::{Error, Scheme, ShareIndex, check, strip};

/// Splits secrets into shares.
///
/// ```
/// use xorida_core::{Scheme, SplitPlan, Threshold};
///
/// let scheme = Scheme::new(Threshold::new(2, 3)?);
/// let secret = *b"16 secret bytes.";
/// // From a cryptographic generator, fresh for every split.
/// let randomness = [0xA5; 16];
/// let (mut a, mut b, mut c) = ([0; 16], [0; 16], [0; 16]);
/// SplitPlan::new(scheme).split(&secret, &randomness, &mut [&mut a, &mut b, &mut c])?;
/// # Ok::<(), xorida_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SplitPlan {
    scheme: Scheme,
    kernel: Kernel,
}

impl SplitPlan {
    /// A plan for `scheme`. Costs nothing: the formula needs no preparation.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self { scheme, kernel: Kernel::detect() }
    }

    /// The same plan on another kernel.
    #[must_use]
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// The scheme it splits by.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Writes all n shares of `secret`, share i to `shares[i]`.
    ///
    /// The secret's length is a positive multiple of [`Scheme::blocks`]; every share is as long. Whatever
    /// stood in the buffers is overwritten.
    ///
    /// `randomness`, [`Scheme::randomness_blocks`] times the length of a block, must be uniformly random,
    /// unknown to everybody else and **never used again**, not even for the same secret under other
    /// parameters: two secrets split with one randomness give their XOR away. It and k-1 shares together
    /// are as good as the secret, so it should be wiped afterwards.
    ///
    /// # Errors
    /// [`Error::NotWholeBlocks`], [`Error::RandomnessLength`], [`Error::ShareCount`] or
    /// [`Error::ShareLength`]; nothing has been written then.
    pub fn split(&self, secret: &[u8], randomness: &[u8], shares: &mut [&mut [u8]]) -> Result<(), Error> {
        let input = self.input(secret, randomness)?;
        check::share_count(usize::from(self.scheme.n()), shares.len())?;
        check::share_lengths(secret.len(), shares.iter().map(|share| share.len()))?;
        // What one strip touches: all blocks that go in, and all pieces that come out.
        let blocks = (1 + shares.len()) * self.scheme.blocks() + self.scheme.randomness_blocks();
        for strip in strip::all(input.length, strip::length(blocks, input.length)) {
            for (index, share) in ShareIndex::all(self.scheme).zip(shares.iter_mut()) {
                self.write(index, &input, strip.clone(), share);
            }
        }
        Ok(())
    }

    /// Writes share number `index` only: the same bytes that [`split`](Self::split) writes for it.
    ///
    /// # Errors
    /// [`Error::NotWholeBlocks`], [`Error::RandomnessLength`], [`Error::IndexOutOfRange`] or
    /// [`Error::OutputLength`]; nothing has been written then.
    pub fn split_one(
        &self,
        index: ShareIndex,
        secret: &[u8],
        randomness: &[u8],
        share: &mut [u8],
    ) -> Result<(), Error> {
        let input = self.input(secret, randomness)?;
        check::index(self.scheme, index)?;
        check::output(secret.len(), share.len())?;
        let blocks = 2 * self.scheme.blocks() + self.scheme.randomness_blocks();
        for strip in strip::all(input.length, strip::length(blocks, input.length)) {
            self.write(index, &input, strip, share);
        }
        Ok(())
    }

    fn input<'a>(&self, secret: &'a [u8], randomness: &'a [u8]) -> Result<Input<'a>, Error> {
        let length = check::piece_length(self.scheme, secret.len())?;
        check::randomness(self.scheme, length, randomness.len())?;
        Ok(Input { secret, randomness, length })
    }

    /// Writes one strip of all pieces of one share.
    fn write(&self, index: ShareIndex, input: &Input<'_>, strip: Range<usize>, share: &mut [u8]) {
        let p = usize::from(self.scheme.p());
        let i = usize::from(index.get());
        for (j, piece) in share.chunks_exact_mut(input.length).enumerate() {
            let destination = &mut piece[strip.clone()];
            let mut pass = Pass {
                kernel: self.kernel,
                destination,
                sources: [&[]; MAX_SOURCES],
                count: 0,
                accumulate: false,
            };
            pass.add(&input.randomness[j * input.length..][strip.clone()]);
            // s_0 is zero.
            if let Some(block) = ((j + p - i) % p).checked_sub(1) {
                pass.add(&input.secret[block * input.length..][strip.clone()]);
            }
            let mut first = p - 1;
            let mut at = j;
            for _ in 1..usize::from(self.scheme.k()) - 1 {
                // (m i + j) mod p for the next m; r^m begins at block m p - 1.
                at += i;
                at -= if at >= p { p } else { 0 };
                pass.add(&input.randomness[(first + at) * input.length..][strip.clone()]);
                first += p;
            }
            pass.finish();
        }
    }
}

/// What is split, checked.
struct Input<'a> {
    secret: &'a [u8],
    randomness: &'a [u8],
    /// Of one block.
    length: usize,
}

/// Collects sources until the kernel takes no more.
struct Pass<'d, 's> {
    kernel: Kernel,
    destination: &'d mut [u8],
    sources: [&'s [u8]; MAX_SOURCES],
    count: usize,
    accumulate: bool,
}

impl<'s> Pass<'_, 's> {
    #[inline]
    fn add(&mut self, source: &'s [u8]) {
        if self.count == MAX_SOURCES {
            self.finish();
            self.accumulate = true;
            self.count = 0;
        }
        self.sources[self.count] = source;
        self.count += 1;
    }

    #[inline]
    fn finish(&mut self) {
        self.kernel.xor(self.destination, &self.sources[..self.count], self.accumulate);
    }
}
