//! Room for temporary blocks: on the stack where it is small, wiped after use.

use alloc::vec;

use zeroize::{Zeroize, Zeroizing};

/// Enough for short values, with little to clear.
const SMALL: usize = 2 << 10;
const LARGER: usize = SMALL + 1;
/// What may be put on a stack that could be a small one.
const LARGE: usize = 16 << 10;

/// Calls `work` with `length` zero bytes, and wipes them. Allocates only above 16 KiB.
pub(super) fn with(length: usize, work: impl FnOnce(&mut [u8])) {
    match length {
        0 => work(&mut []),
        1..=SMALL => on_stack::<SMALL>(length, work),
        LARGER..=LARGE => on_stack::<LARGE>(length, work),
        _ => on_heap(length, work),
    }
}

// Not inlined, so that a call that needs less doesn't get the larger frame.
#[inline(never)]
fn on_stack<const ROOM: usize>(length: usize, work: impl FnOnce(&mut [u8])) {
    /// Blocks begin on a cache line wherever their length is a multiple of one.
    #[repr(align(64))]
    struct Aligned<const ROOM: usize>([u8; ROOM]);

    struct Wiped<'a>(&'a mut [u8]);

    // On drop, so that a panic in `work` doesn't leave anything behind either.
    impl Drop for Wiped<'_> {
        fn drop(&mut self) {
            self.0.zeroize();
        }
    }

    let mut room = Aligned([0; ROOM]);
    let wiped = Wiped(&mut room.0[..length]);
    work(&mut *wiped.0);
}

#[inline(never)]
fn on_heap(length: usize, work: impl FnOnce(&mut [u8])) {
    let mut room = Zeroizing::new(vec![0; length + 63]);
    let start = room.as_ptr().align_offset(64).min(63);
    work(&mut room[start..][..length]);
}
