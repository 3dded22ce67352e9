//! The one XOR loop. Safe code, of the plainest shape, which the compiler turns into vector instructions of
//! whatever width the function that it is inlined into may use.

use super::MAX_SOURCES;

/// From this length on it pays to reach a cache line's boundary first.
const LONG: usize = 512;

/// XORs `sources` into `destination`; see `Kernel::xor` for what is expected.
///
/// Blocks seldom begin where a cache line does, and wide stores across lines cost about a fifth of the
/// speed. So the destination, at least, is brought to a boundary by a short pass over what is before it.
#[inline(always)]
pub(super) fn xor(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    let length = destination.len();
    let mut start = 0;
    let mut end = match destination.as_ptr().align_offset(64) {
        head @ 1..64 if length >= LONG => head,
        _ => length,
    };
    loop {
        let mut cut: [&[u8]; MAX_SOURCES] = [&[]; MAX_SOURCES];
        for (cut, source) in cut.iter_mut().zip(sources) {
            *cut = &source[start..end];
        }
        pass(&mut destination[start..end], &cut[..sources.len().min(MAX_SOURCES)], accumulate);
        if end == length {
            return;
        }
        (start, end) = (end, length);
    }
}

/// One pass over memory, with the intermediate results in registers.
#[inline(always)]
fn pass(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    match (accumulate, sources) {
        (true, []) => {}
        (true, [a]) => add_1(destination, a),
        (true, [a, b]) => add_2(destination, a, b),
        (true, [a, b, c]) => add_3(destination, a, b, c),
        (true, [a, b, c, d]) => add_4(destination, a, b, c, d),
        (true, [a, b, c, d, e]) => add_5(destination, a, b, c, d, e),
        (true, [a, b, c, d, e, f]) => add_6(destination, a, b, c, d, e, f),
        (true, [a, b, c, d, e, f, g]) => add_7(destination, a, b, c, d, e, f, g),
        (true, [a, b, c, d, e, f, g, h, ..]) => add_8(destination, a, b, c, d, e, f, g, h),
        (false, []) => destination.fill(0),
        (false, [a]) => destination.copy_from_slice(a),
        (false, [a, b]) => set_2(destination, a, b),
        (false, [a, b, c]) => set_3(destination, a, b, c),
        (false, [a, b, c, d]) => set_4(destination, a, b, c, d),
        (false, [a, b, c, d, e]) => set_5(destination, a, b, c, d, e),
        (false, [a, b, c, d, e, f]) => set_6(destination, a, b, c, d, e, f),
        (false, [a, b, c, d, e, f, g]) => set_7(destination, a, b, c, d, e, f, g),
        (false, [a, b, c, d, e, f, g, h, ..]) => set_8(destination, a, b, c, d, e, f, g, h),
    }
}

/// A loop for a certain number of sources. Each is a parameter of its own, since that is how the compiler
/// learns that none of them overlaps the destination.
macro_rules! loops {
    ($($name:ident: $first:ident $(^ $other:ident)*, $accumulate:expr;)*) => {$(
        #[inline(always)]
        #[allow(clippy::too_many_arguments, reason = "see the macro")]
        fn $name(destination: &mut [u8], $first: &[u8] $(, $other: &[u8])*) {
            let length = destination.len();
            // Takes the bounds checks out of the loop.
            let $first = &$first[..length];
            $(let $other = &$other[..length];)*
            for at in 0..length {
                let before = if $accumulate { destination[at] } else { 0 };
                destination[at] = before ^ $first[at] $(^ $other[at])*;
            }
        }
    )*};
}

loops! {
    set_2: a ^ b, false;
    set_3: a ^ b ^ c, false;
    set_4: a ^ b ^ c ^ d, false;
    set_5: a ^ b ^ c ^ d ^ e, false;
    set_6: a ^ b ^ c ^ d ^ e ^ f, false;
    set_7: a ^ b ^ c ^ d ^ e ^ f ^ g, false;
    set_8: a ^ b ^ c ^ d ^ e ^ f ^ g ^ h, false;
    add_1: a, true;
    add_2: a ^ b, true;
    add_3: a ^ b ^ c, true;
    add_4: a ^ b ^ c ^ d, true;
    add_5: a ^ b ^ c ^ d ^ e, true;
    add_6: a ^ b ^ c ^ d ^ e ^ f, true;
    add_7: a ^ b ^ c ^ d ^ e ^ f ^ g, true;
    add_8: a ^ b ^ c ^ d ^ e ^ f ^ g ^ h, true;
}
