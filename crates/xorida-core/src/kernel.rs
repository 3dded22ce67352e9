//! Which XOR loop runs: found once by asking the CPU, or forced at build time.

mod portable;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86_64;

#[cfg(test)]
mod tests;

use core::fmt;

/// The most sources that one call of [`Kernel::xor`] takes.
///
/// Eight source pointers, the destination and a counter just fit the sixteen general registers of
/// x86-64; with more the loop reloads pointers from the stack and loses what the fusion gained.
pub(crate) const MAX_SOURCES: usize = 8;

/// One of the XOR loops that this CPU can run.
///
/// All of them compute the same bytes: they are one piece of safe code, compiled for different
/// instruction sets. [`Kernel::detect`] is what the plans use by themselves; choosing another one is for
/// tests and measurements.
///
/// ```
/// use xorida_core::Kernel;
///
/// assert!(Kernel::available().any(|kernel| kernel == Kernel::detect()));
/// assert!(Kernel::available().any(|kernel| kernel.name() == "portable"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Choice);

/// The x86-64 variants hold a token that exists only where the CPU has the instructions, so a `Choice`
/// can't name a kernel that would fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(x86_64::Avx2),
    #[cfg(all(target_arch = "x86_64", xorida_avx512))]
    Avx512(x86_64::Avx512),
}

impl Kernel {
    /// The kernel that plans use: the widest that the CPU has.
    ///
    /// A build with `--cfg xorida_kernel="portable"`, `"avx2"` or `"avx512"` gets that one and no other.
    /// Where the CPU, or the compiler that built this crate, lacks the one asked for, it is the portable
    /// kernel.
    #[must_use]
    pub fn detect() -> Self {
        Self(forced().unwrap_or(Choice::Portable))
    }

    /// Every kernel that this CPU can run, the portable one first. The build-time choice doesn't limit it.
    pub fn available() -> impl Iterator<Item = Self> {
        [Some(Choice::Portable), avx2(), avx512()].into_iter().flatten().map(Self)
    }

    /// `portable`, `avx2` or `avx512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Choice::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Choice::Avx2(_) => "avx2",
            #[cfg(all(target_arch = "x86_64", xorida_avx512))]
            Choice::Avx512(_) => "avx512",
        }
    }

    /// Writes the XOR of `sources` to `destination`, or XORs it into what stands there if `accumulate`.
    ///
    /// Takes up to [`MAX_SOURCES`] sources, all as long as the destination; without `accumulate` at least
    /// one. The crate checks lengths at its public functions, so this one only asserts in debug builds.
    #[inline]
    pub(crate) fn xor(self, destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
        debug_assert!(sources.len() <= MAX_SOURCES && (accumulate || !sources.is_empty()));
        debug_assert!(sources.iter().all(|source| source.len() == destination.len()));
        match self.0 {
            Choice::Portable => portable::xor(destination, sources, accumulate),
            #[cfg(target_arch = "x86_64")]
            Choice::Avx2(token) => token.xor(destination, sources, accumulate),
            #[cfg(all(target_arch = "x86_64", xorida_avx512))]
            Choice::Avx512(token) => token.xor(destination, sources, accumulate),
        }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernel({})", self.name())
    }
}

/// The name of [`Kernel::detect`]'s kernel, for logs and reports.
#[must_use]
pub fn kernel_name() -> &'static str {
    Kernel::detect().name()
}

#[cfg(xorida_kernel = "portable")]
fn forced() -> Option<Choice> {
    None
}

#[cfg(xorida_kernel = "avx2")]
fn forced() -> Option<Choice> {
    avx2()
}

#[cfg(xorida_kernel = "avx512")]
fn forced() -> Option<Choice> {
    avx512()
}

#[cfg(not(any(xorida_kernel = "portable", xorida_kernel = "avx2", xorida_kernel = "avx512")))]
fn forced() -> Option<Choice> {
    avx512().or_else(avx2)
}

#[cfg(target_arch = "x86_64")]
fn avx2() -> Option<Choice> {
    x86_64::Avx2::new().map(Choice::Avx2)
}

#[cfg(not(target_arch = "x86_64"))]
fn avx2() -> Option<Choice> {
    None
}

#[cfg(all(target_arch = "x86_64", xorida_avx512))]
fn avx512() -> Option<Choice> {
    x86_64::Avx512::new().map(Choice::Avx512)
}

#[cfg(not(all(target_arch = "x86_64", xorida_avx512)))]
fn avx512() -> Option<Choice> {
    None
}
