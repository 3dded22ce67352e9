//! test
#[inline(always)]
pub(super) fn xor(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    let head = if destination.len() < 512 { 0 } else { destination.as_ptr().align_offset(64).min(63) };
    if head != 0 {
        let (first, rest) = destination.split_at_mut(head);
        let mut cut: [&[u8]; 8] = [&[]; 8];
        let mut cut2: [&[u8]; 8] = [&[]; 8];
        for (at, s) in sources.iter().enumerate() { cut[at] = &s[..head]; cut2[at] = &s[head..]; }
        passes(first, &cut[..sources.len()], accumulate);
        passes(rest, &cut2[..sources.len()], accumulate);
    } else { passes(destination, sources, accumulate) }
}

macro_rules! pass {
    ($name:ident, $name2:ident, $($source:ident)+) => {
        #[inline(always)]
        fn $name(destination: &mut [u8], $($source: &[u8]),+) {
            let length = destination.len();
            $(let $source = &$source[..length];)+
            for at in 0..length {
                destination[at] = 0 $(^ $source[at])+;
            }
        }
        #[inline(always)]
        fn $name2(destination: &mut [u8], $($source: &[u8]),+) {
            let length = destination.len();
            $(let $source = &$source[..length];)+
            for at in 0..length {
                destination[at] ^= 0 $(^ $source[at])+;
            }
        }
    }
}
pass!(s1, a1, a); pass!(s2, a2, a b); pass!(s3, a3, a b c); pass!(s4, a4, a b c d); pass!(s5, a5, a b c d e);
pass!(s6, a6, a b c d e f); pass!(s7, a7, a b c d e f g); pass!(s8, a8, a b c d e f g h);

#[inline(always)]
fn passes(destination: &mut [u8], sources: &[&[u8]], accumulate: bool) {
    if accumulate {
        match *sources {
            [] => {}
            [a] => a1(destination, a),
            [a, b] => a2(destination, a, b),
            [a, b, c] => a3(destination, a, b, c),
            [a, b, c, d] => a4(destination, a, b, c, d),
            [a, b, c, d, e] => a5(destination, a, b, c, d, e),
            [a, b, c, d, e, f] => a6(destination, a, b, c, d, e, f),
            [a, b, c, d, e, f, g] => a7(destination, a, b, c, d, e, f, g),
            [a, b, c, d, e, f, g, h, ..] => a8(destination, a, b, c, d, e, f, g, h),
        }
    } else {
        match *sources {
            [] => destination.fill(0),
            [a] => s1(destination, a),
            [a, b] => s2(destination, a, b),
            [a, b, c] => s3(destination, a, b, c),
            [a, b, c, d] => s4(destination, a, b, c, d),
            [a, b, c, d, e] => s5(destination, a, b, c, d, e),
            [a, b, c, d, e, f] => s6(destination, a, b, c, d, e, f),
            [a, b, c, d, e, f, g] => s7(destination, a, b, c, d, e, f, g),
            [a, b, c, d, e, f, g, h, ..] => s8(destination, a, b, c, d, e, f, g, h),
        }
    }
}
