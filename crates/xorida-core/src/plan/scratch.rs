//! Room for temporary blocks: on the stack where it is small, wiped after use.

use alloc::vec;

use zeroize::Zeroize;

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

    let mut room = Aligned([0; ROOM]);
    work(Wiped(&mut room.0[..length]).0);
}

#[inline(never)]
fn on_heap(length: usize, work: impl FnOnce(&mut [u8])) {
    let mut room = vec![0; length + 63];
    let start = room.as_ptr().align_offset(64).min(63);
    work(Wiped(&mut room[start..][..length]).0);
}

/// Zero when it is dropped, after a panic too.
struct Wiped<'a>(&'a mut [u8]);

impl Drop for Wiped<'_> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::{LARGE, SMALL, Wiped, with};

    #[test]
    fn it_is_zero_aligned_and_as_long_as_asked() {
        for length in [0, 1, 64, SMALL - 1, SMALL, SMALL + 1, LARGE, LARGE + 1, 300_000] {
            for _ in 0..3 {
                let mut called = false;
                with(length, |scratch| {
                    called = true;
                    assert_eq!(scratch.len(), length);
                    assert!(scratch.iter().all(|&byte| byte == 0));
                    assert!(length == 0 || scratch.as_ptr().align_offset(64) == 0);
                    scratch.fill(0xEE);
                });
                assert!(called);
            }
        }
    }

    #[test]
    fn what_it_held_is_wiped_even_after_a_panic() {
        let mut room = [0; 100];
        Wiped(&mut room[..90]).0.fill(0xEE);
        assert_eq!(room, [0; 100]);
        room.fill(0x11);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let wiped = Wiped(&mut room[..90]);
            wiped.0.fill(0xEE);
            panic!("as planned");
        }));
        assert!(result.is_err());
        assert_eq!(room[..90], [0; 90]);
        assert_eq!(room[90..], [0x11; 10]);
    }
}
