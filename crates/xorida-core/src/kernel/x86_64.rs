//! The portable loop compiled for AVX2 and for AVX-512. All `unsafe` of the crate is here.

use super::portable;

cpufeatures::new!(has_avx2, "avx2");
#[cfg(xorida_avx512)]
cpufeatures::new!(has_avx512, "avx512f", "avx512bw", "avx512vl");

/// Proof that this CPU, and the operating system's saving of registers, support AVX2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx2(());

impl Avx2 {
    /// The only way to a token: ask the CPU.
    #[inline]
    pub(super) fn new() -> Option<Self> {
        has_avx2::get().then_some(Self(()))
    }

    #[inline]
    pub(super) fn xor(self, destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
        // SAFETY: `xor_avx2` is unsafe to call only because it needs AVX2, and `self` exists only where
        // `new` has found AVX2.
        unsafe { xor_avx2(destination, sources, accumulate) }
    }
}

#[target_feature(enable = "avx2")]
fn xor_avx2(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    portable::xor(destination, sources, accumulate);
}

/// From this many operands on, the destination included if it is one, 512-bit registers are faster. Below,
/// as in every pass of a split with k = 2 or 3, the caches set the pace, and they serve narrower accesses up
/// to a tenth faster.
#[cfg(xorida_avx512)]
const WIDE: usize = 4;

/// Below this length the loop for 256-bit registers is faster: fewer bytes are left over for its end.
#[cfg(xorida_avx512)]
const LONG: usize = 512;

/// Proof that this CPU, and the operating system's saving of registers, support AVX2 and AVX-512 F, BW and
/// VL.
#[cfg(xorida_avx512)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx512(Avx2);

#[cfg(xorida_avx512)]
impl Avx512 {
    /// The only way to a token: ask the CPU.
    #[inline]
    pub(super) fn new() -> Option<Self> {
        Avx2::new().filter(|_| has_avx512::get()).map(Self)
    }

    #[inline]
    pub(super) fn xor(self, destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
        if destination.len() < LONG || sources.len() + usize::from(accumulate) < WIDE {
            return self.0.xor(destination, sources, accumulate);
        }
        // SAFETY: `xor_avx512` is unsafe to call only because it needs AVX-512 F, BW and VL, and `self`
        // exists only where `new` has found all three.
        unsafe { xor_avx512(destination, sources, accumulate) }
    }
}

#[cfg(xorida_avx512)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn xor_avx512(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    portable::xor(destination, sources, accumulate);
}
