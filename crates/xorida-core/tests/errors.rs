//! Everything that can be wrong with a call is refused with a value that says so, before anything is written.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Debug;

use xorida_core::{
    CombinePlan, Error, Kernel, RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold, kernel_name, naive,
};

fn scheme(k: u8, n: u8, p: u8) -> Scheme {
    Scheme::with_prime(Threshold::new(k, n).unwrap(), p).unwrap()
}

fn index(number: u8, scheme: Scheme) -> ShareIndex {
    ShareIndex::new(number, scheme).unwrap()
}

fn refused<T: Debug>(result: Result<T, Error>) -> Error {
    result.unwrap_err()
}

#[test]
fn thresholds() {
    for (k, n) in [(2, 2), (2, 64), (64, 64), (3, 5)] {
        let threshold = Threshold::new(k, n).unwrap();
        assert_eq!((threshold.k(), threshold.n()), (k, n));
    }
    for k in [0, 1] {
        assert_eq!(refused(Threshold::new(k, 3)), Error::ThresholdTooSmall { k });
    }
    assert_eq!(refused(Threshold::new(4, 3)), Error::ThresholdAboveShares { k: 4, n: 3 });
    assert_eq!(refused(Threshold::new(2, 0)), Error::ThresholdAboveShares { k: 2, n: 0 });
    assert_eq!(refused(Threshold::new(2, 65)), Error::TooManyShares { n: 65 });
    assert_eq!(refused(Threshold::new(200, 255)), Error::TooManyShares { n: 255 });
}

#[test]
fn threshold_texts() {
    for n in 2..=64 {
        for k in 2..=n {
            let threshold = Threshold::new(k, n).unwrap();
            assert_eq!(threshold.to_string().parse(), Ok(threshold));
        }
    }
    assert_eq!(Threshold::new(2, 3).unwrap().to_string(), "2-of-3");
    for text in [
        "",
        "2",
        "-of-",
        "2-of-",
        "-of-3",
        "2of3",
        "2-of-3 ",
        " 2-of-3",
        "+2-of-3",
        "2-of-+3",
        "02-of-3",
        "2-of-03",
        "2-OF-3",
        "2-of-3-of-4",
        "256-of-300",
        "2-of-256",
        "-2-of-3",
        "0x2-of-3",
        "٢-of-3",
    ] {
        assert_eq!(text.parse::<Threshold>(), Err(Error::ThresholdText), "{text:?}");
    }
    assert_eq!("1-of-3".parse::<Threshold>(), Err(Error::ThresholdTooSmall { k: 1 }));
    assert_eq!("5-of-4".parse::<Threshold>(), Err(Error::ThresholdAboveShares { k: 5, n: 4 }));
}

#[test]
fn primes() {
    let primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67];
    let larger = [71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157];
    let still = [163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251];
    for n in 2..=64 {
        let threshold = Threshold::new(2, n).unwrap();
        let smallest = primes.into_iter().find(|&p| p >= n).unwrap();
        assert_eq!(Scheme::new(threshold).p(), smallest);
        for p in 0..=255 {
            let expected = if larger.contains(&p) || still.contains(&p) {
                Err(Error::PrimeTooLarge { p })
            } else if !primes.contains(&p) {
                Err(Error::NotAnOddPrime { p })
            } else if p < n {
                Err(Error::PrimeTooSmall { p, n })
            } else {
                Ok(p)
            };
            assert_eq!(Scheme::with_prime(threshold, p).map(Scheme::p), expected, "n = {n}, p = {p}");
        }
    }
}

#[test]
fn numbers_of_blocks() {
    let scheme = scheme(4, 6, 7);
    assert_eq!((scheme.k(), scheme.n(), scheme.p()), (4, 6, 7));
    assert_eq!(scheme.threshold(), Threshold::new(4, 6).unwrap());
    assert_eq!((scheme.blocks(), scheme.randomness_blocks()), (6, 20));
}

#[test]
fn expansions() {
    let three = scheme(2, 3, 7);
    assert_eq!(three.expand(3), Ok(three));
    assert_eq!(three.expand(7), Ok(scheme(2, 7, 7)));
    assert_eq!(three.expand(2), Err(Error::ExpandRemoves { from: 3, to: 2 }));
    assert_eq!(three.expand(0), Err(Error::ExpandRemoves { from: 3, to: 0 }));
    assert_eq!(three.expand(8), Err(Error::PrimeTooSmall { p: 7, n: 8 }));
    assert_eq!(scheme(2, 3, 67).expand(65), Err(Error::TooManyShares { n: 65 }));
}

#[test]
fn indexes() {
    let scheme = scheme(2, 3, 5);
    assert_eq!(ShareIndex::all(scheme).map(ShareIndex::get).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(index(2, scheme).to_string(), "2");
    assert_eq!(format!("{:>3}", index(2, scheme)), "  2");
    for number in [3, 4, 255] {
        assert_eq!(refused(ShareIndex::new(number, scheme)), Error::IndexOutOfRange { index: number, n: 3 });
    }
}

#[test]
fn plans() {
    let scheme = scheme(3, 5, 7);
    let all: Vec<_> = ShareIndex::all(scheme).collect();
    let combine = |indexes: &[ShareIndex]| refused(CombinePlan::new(scheme, indexes));
    for count in [0, 1, 2, 4, 5] {
        let error = Error::ShareCount { expected: 3, actual: count };
        assert_eq!(combine(&all[..count]), error);
        assert_eq!(refused(RebuildPlan::new(scheme, &all[..count], all[4])), error);
        assert_eq!(naive::combine(scheme, &all[..count], &[&[0; 6][..]; 3]), Err(error));
    }
    assert_eq!(combine(&[all[1], all[4], all[1]]), Error::DuplicateIndex { index: 1 });
    // Made for a scheme with more shares.
    let stranger = index(6, self::scheme(3, 7, 7));
    assert_eq!(combine(&[all[1], stranger, all[0]]), Error::IndexOutOfRange { index: 6, n: 5 });

    let rebuild = |sources: &[ShareIndex], target| refused(RebuildPlan::new(scheme, sources, target));
    assert_eq!(rebuild(&[all[2], all[2], all[1]], all[0]), Error::DuplicateIndex { index: 2 });
    assert_eq!(rebuild(&all[..3], all[2]), Error::TargetAmongSources { index: 2 });
    assert_eq!(rebuild(&all[..3], stranger), Error::IndexOutOfRange { index: 6, n: 5 });
    assert_eq!(rebuild(&[all[0], all[1], stranger], all[2]), Error::IndexOutOfRange { index: 6, n: 5 });
}

#[test]
fn splits() {
    let scheme = scheme(2, 3, 5);
    let plan = SplitPlan::new(scheme);
    let check = |secret: usize, randomness: usize, shares: &[usize], error: Error| {
        let mut buffers: Vec<_> = shares.iter().map(|&length| vec![0xEE; length]).collect();
        let mut views: Vec<&mut [u8]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
        assert_eq!(plan.split(&vec![1; secret], &vec![2; randomness], &mut views), Err(error));
        assert!(buffers.concat().iter().all(|&byte| byte == 0xEE), "written in spite of {error:?}");
    };
    for length in [0, 1, 3, 5, 7, 9] {
        check(length, 8, &[length; 3], Error::NotWholeBlocks { length, blocks: 4 });
    }
    for randomness in [0, 7, 9, 16] {
        check(8, randomness, &[8; 3], Error::RandomnessLength { expected: 8, actual: randomness });
    }
    for count in [0, 1, 2, 4] {
        check(8, 8, &vec![8; count], Error::ShareCount { expected: 3, actual: count });
    }
    check(8, 8, &[8, 8, 7], Error::ShareLength { position: 2, expected: 8, actual: 7 });
    check(8, 8, &[9, 8, 7], Error::ShareLength { position: 0, expected: 8, actual: 9 });

    let one = |number: ShareIndex, secret: usize, randomness: usize, share: usize, error: Error| {
        let mut buffer = vec![0xEE; share];
        let result = plan.split_one(number, &vec![1; secret], &vec![2; randomness], &mut buffer);
        assert_eq!(result, Err(error));
        assert!(buffer.iter().all(|&byte| byte == 0xEE));
        assert_eq!(naive::share(scheme, number, &vec![1; secret], &vec![2; randomness]).err(), {
            // The plain version allocates its output.
            if matches!(error, Error::OutputLength { .. }) { None } else { Some(error) }
        });
    };
    let two = index(2, scheme);
    one(two, 6, 8, 6, Error::NotWholeBlocks { length: 6, blocks: 4 });
    one(two, 8, 4, 8, Error::RandomnessLength { expected: 8, actual: 4 });
    one(index(4, self::scheme(2, 5, 5)), 8, 8, 8, Error::IndexOutOfRange { index: 4, n: 3 });
    one(two, 8, 8, 4, Error::OutputLength { expected: 8, actual: 4 });
    one(two, 8, 8, 12, Error::OutputLength { expected: 8, actual: 12 });
}

#[test]
fn combinations_and_rebuilds() {
    let scheme = scheme(2, 3, 5);
    let indexes = [index(0, scheme), index(2, scheme)];
    let combine = CombinePlan::new(scheme, &indexes).unwrap();
    let rebuild = RebuildPlan::new(scheme, &indexes, index(1, scheme)).unwrap();
    let check = |shares: &[usize], output: usize, error: Error| {
        let buffers: Vec<_> = shares.iter().map(|&length| vec![1; length]).collect();
        let views: Vec<&[u8]> = buffers.iter().map(Vec::as_slice).collect();
        let mut written = vec![0xEE; output];
        assert_eq!(combine.combine(&views, &mut written), Err(error));
        assert_eq!(rebuild.rebuild(&views, &mut written), Err(error));
        assert!(written.iter().all(|&byte| byte == 0xEE), "written in spite of {error:?}");
    };
    for count in [0, 1, 3] {
        check(&vec![8; count], 8, Error::ShareCount { expected: 2, actual: count });
    }
    for length in [0, 1, 6] {
        check(&[length; 2], length, Error::NotWholeBlocks { length, blocks: 4 });
    }
    check(&[8, 4], 8, Error::ShareLength { position: 1, expected: 8, actual: 4 });
    check(&[8, 8], 4, Error::OutputLength { expected: 8, actual: 4 });
    check(&[8, 8], 12, Error::OutputLength { expected: 8, actual: 12 });
}

#[test]
fn texts() {
    let all = [
        (Error::ThresholdTooSmall { k: 1 }, "threshold 1 is below 2"),
        (Error::ThresholdAboveShares { k: 4, n: 3 }, "threshold 4 is above the 3 shares"),
        (Error::TooManyShares { n: 65 }, "65 shares are more than the limit of 64"),
        (Error::ThresholdText, "not a threshold of the form 2-of-3"),
        (Error::NotAnOddPrime { p: 9 }, "9 is not an odd prime"),
        (Error::PrimeTooSmall { p: 5, n: 6 }, "prime 5 is too small for 6 shares"),
        (Error::PrimeTooLarge { p: 71 }, "prime 71 is above the limit of 67"),
        (Error::ExpandRemoves { from: 3, to: 2 }, "expanding 3 shares to 2 would remove some"),
        (Error::IndexOutOfRange { index: 3, n: 3 }, "share index 3 is not below the 3 shares"),
        (Error::DuplicateIndex { index: 1 }, "share index 1 is given twice"),
        (Error::TargetAmongSources { index: 1 }, "share 1 is both a source and the target"),
        (Error::ShareCount { expected: 2, actual: 3 }, "3 shares given where 2 are needed"),
        (Error::NotWholeBlocks { length: 5, blocks: 4 }, "5 bytes are not a positive multiple of 4 blocks"),
        (
            Error::RandomnessLength { expected: 8, actual: 4 },
            "4 bytes of randomness given where 8 are needed",
        ),
        (
            Error::ShareLength { position: 1, expected: 8, actual: 4 },
            "share buffer number 1 has 4 bytes instead of 8",
        ),
        (Error::OutputLength { expected: 8, actual: 4 }, "output buffer has 4 bytes instead of 8"),
    ];
    for (error, text) in all {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn plans_cross_threads_and_print_no_programs() {
    fn check<T: Send + Sync + Clone + Debug>(value: &T) {
        let text = format!("{value:?}");
        assert!(text.len() < 300, "{text}");
    }
    let scheme = scheme(3, 7, 7);
    let all: Vec<_> = ShareIndex::all(scheme).collect();
    check(&SplitPlan::new(scheme));
    check(&CombinePlan::new(scheme, &all[..3]).unwrap());
    check(&RebuildPlan::new(scheme, &all[..3], all[5]).unwrap());
    assert_eq!(SplitPlan::new(scheme).scheme(), scheme);
    assert_eq!(CombinePlan::new(scheme, &all[..3]).unwrap().scheme(), scheme);
    let rebuild = RebuildPlan::new(scheme, &all[..3], all[5]).unwrap();
    assert_eq!((rebuild.scheme(), rebuild.sources(), rebuild.target()), (scheme, &all[..3], all[5]));
    assert!(Kernel::available().any(|kernel| kernel.name() == kernel_name()));
}
