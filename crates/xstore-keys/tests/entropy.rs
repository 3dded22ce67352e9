//! The random source, real and (with `--cfg xstore_inject`) failing.

use subtle::ConstantTimeEq;
use xstore_keys::{Entropy, EntropyError, IntegrityKey};

#[test]
fn the_system_gives_different_bytes_each_time() {
    let mut entropy = Entropy::os();
    let first: [u8; 32] = entropy.array().unwrap();
    let second: [u8; 32] = entropy.array().unwrap();
    assert_ne!(first, second);
    let one = IntegrityKey::generate(&mut entropy).unwrap();
    let other = IntegrityKey::generate(&mut entropy).unwrap();
    assert!(!bool::from(one.ct_eq(&other)));
}

#[test]
fn the_whole_buffer_is_filled() {
    // Large enough for sources that give out a limited number of bytes per call. Each byte is zero with
    // probability 2^-8, so 32 zeros in a row do not happen by chance.
    let mut buffer = vec![0; 1 << 20];
    Entropy::os().fill(&mut buffer).unwrap();
    assert!(buffer.chunks(32).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    Entropy::os().fill(&mut []).unwrap();
}

#[test]
fn debug_and_errors_tell_nothing_but_numbers() {
    assert_eq!(format!("{:?}", Entropy::os()), "Entropy");
    assert_eq!(
        EntropyError::Unavailable { os_error: Some(38) }.to_string(),
        "the operating system gave no random bytes (system error 38); nothing was written"
    );
    assert_eq!(
        EntropyError::Unavailable { os_error: None }.to_string(),
        "the operating system gave no random bytes; nothing was written"
    );
    assert_eq!(
        EntropyError::Incomplete { wanted: 32, got: 31 }.to_string(),
        "the random source gave 31 bytes of 32; nothing was written"
    );
}

#[cfg(xstore_inject)]
mod injected {
    use super::*;

    /// Writes ones into the first `count` bytes and reports them.
    fn ones(count: usize) -> Entropy {
        Entropy::injected(move |out| {
            let count = count.min(out.len());
            out[..count].fill(1);
            Ok(count)
        })
    }

    #[test]
    fn bytes_come_from_the_source_in_order() {
        let mut next = 0;
        let mut entropy = Entropy::injected(move |out| {
            for byte in &mut *out {
                *byte = next;
                next += 1;
            }
            Ok(out.len())
        });
        assert_eq!(entropy.array(), Ok([0, 1, 2, 3]));
        let mut buffer = [0xff; 3];
        entropy.fill(&mut buffer).unwrap();
        assert_eq!(buffer, [4, 5, 6]);
        assert_eq!(format!("{entropy:?}"), "Entropy");
    }

    #[test]
    fn a_short_source_is_an_error_and_leaves_zeros() {
        for got in 0..8 {
            let mut buffer = [0xff; 8];
            let expected = EntropyError::Incomplete { wanted: 8, got };
            assert_eq!(ones(got).fill(&mut buffer), Err(expected.clone()));
            assert_eq!(buffer, [0; 8]);
            assert_eq!(ones(got).array::<8>(), Err(expected));
        }
        assert_eq!(ones(8).array(), Ok([1; 8]));
    }

    #[test]
    fn a_source_that_claims_too_much_is_an_error() {
        let mut entropy = Entropy::injected(|out| {
            out.fill(1);
            Ok(out.len() + 1)
        });
        let mut buffer = [0xff; 8];
        assert_eq!(entropy.fill(&mut buffer), Err(EntropyError::Incomplete { wanted: 8, got: 9 }));
        assert_eq!(buffer, [0; 8]);
    }

    #[test]
    fn a_failing_source_is_an_error_and_leaves_zeros() {
        let failure = EntropyError::Unavailable { os_error: Some(5) };
        let failing = failure.clone();
        let mut entropy = Entropy::injected(move |out| {
            out[0] = 1;
            Err(failing.clone())
        });
        let mut buffer = [0xff; 8];
        assert_eq!(entropy.fill(&mut buffer), Err(failure.clone()));
        assert_eq!(buffer, [0; 8]);
        assert_eq!(IntegrityKey::generate(&mut entropy).err(), Some(failure));
    }

    #[test]
    fn no_key_is_made_from_a_broken_source() {
        assert_eq!(
            IntegrityKey::generate(&mut ones(31)).err(),
            Some(EntropyError::Incomplete { wanted: 32, got: 31 })
        );
        assert_eq!(IntegrityKey::generate(&mut ones(32)).err(), Some(EntropyError::NotRandom));
    }

    #[test]
    fn a_failure_is_not_the_end_of_the_source() {
        let mut calls = 0;
        let mut entropy = Entropy::injected(move |out| {
            calls += 1;
            out.fill(calls);
            if calls == 1 { Err(EntropyError::Unavailable { os_error: None }) } else { Ok(out.len()) }
        });
        assert!(entropy.array::<4>().is_err());
        assert_eq!(entropy.array(), Ok([2; 4]));
    }
}
