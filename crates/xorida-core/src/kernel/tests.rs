use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Kernel, MAX_SOURCES, kernel_name};

/// What every kernel must compute, one byte at a time.
fn expected(before: &[u8], sources: &[&[u8]], accumulate: bool) -> Vec<u8> {
    before
        .iter()
        .enumerate()
        .map(|(at, &byte)| {
            sources.iter().fold(if accumulate { byte } else { 0 }, |sum, source| sum ^ source[at])
        })
        .collect()
}

/// Lengths around those of the kernels' strides, and some long ones.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..400, 500_usize..530, 4000_usize..4200]
}

proptest! {
    #[test]
    fn all_kernels_agree_with_single_bytes(
        length in length(),
        count in 1..=MAX_SOURCES,
        accumulate: bool,
        offsets in prop::array::uniform9(0_usize..64),
        seed: u64,
    ) {
        let mut state = seed;
        let mut noise = |length: usize| -> Vec<u8> {
            (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    state.to_be_bytes()[0]
                })
                .collect()
        };
        let buffers: Vec<Vec<u8>> = (0..count).map(|at| noise(offsets[at] + length)).collect();
        let sources: Vec<&[u8]> = buffers.iter().zip(offsets).map(|(buffer, at)| &buffer[at..]).collect();
        let start = offsets[MAX_SOURCES];
        let before = noise(start + length + 64);
        let sum = expected(&before[start..][..length], &sources, accumulate);
        for kernel in Kernel::available() {
            let mut buffer = before.clone();
            kernel.xor(&mut buffer[start..][..length], &sources, accumulate);
            prop_assert_eq!(&buffer[start..][..length], &sum[..], "{:?}", kernel);
            prop_assert_eq!(&buffer[..start], &before[..start], "{:?} wrote before its place", kernel);
            prop_assert_eq!(&buffer[start + length..], &before[start + length..], "{:?} wrote behind", kernel);
        }
    }
}

#[test]
fn every_count_of_sources_has_a_loop_of_its_own() {
    // 1, 2, 4, ..., 128: each source is visible in the sum.
    let buffers: Vec<[u8; 700]> = (0..MAX_SOURCES).map(|bit| [1 << bit; 700]).collect();
    let sources: Vec<&[u8]> = buffers.iter().map(<[u8; 700]>::as_slice).collect();
    for kernel in Kernel::available() {
        for count in 1..=MAX_SOURCES {
            let all = u8::try_from((1_u32 << count) - 1).unwrap();
            let mut destination = [0x5A; 700];
            kernel.xor(&mut destination, &sources[..count], false);
            assert_eq!(destination, [all; 700], "{kernel:?}");
            kernel.xor(&mut destination, &sources[..count], true);
            assert_eq!(destination, [0; 700], "{kernel:?}");
        }
        let mut destination = [0x5A; 700];
        kernel.xor(&mut destination, &[], true);
        assert_eq!(destination, [0x5A; 700], "{kernel:?}");
    }
}

#[test]
fn the_widest_kernel_or_the_forced_one_is_used() {
    let names: Vec<_> = Kernel::available().map(Kernel::name).collect();
    assert_eq!(names[0], "portable");
    let forced = if cfg!(xorida_kernel = "portable") {
        Some("portable")
    } else if cfg!(xorida_kernel = "avx2") {
        Some("avx2")
    } else if cfg!(xorida_kernel = "avx512") {
        Some("avx512")
    } else {
        None
    };
    let expected = match forced {
        Some(name) if names.contains(&name) => name,
        Some(_) => "portable",
        None => names[names.len() - 1],
    };
    assert_eq!(kernel_name(), expected);
    assert_eq!(std::format!("{:?}", Kernel::detect()), std::format!("Kernel({expected})"));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_tokens_say_what_the_standard_library_says() {
    let has = |name: &str| Kernel::available().any(|kernel| kernel.name() == name);
    assert_eq!(has("avx2"), std::is_x86_feature_detected!("avx2"));
    let avx512 = std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512vl");
    assert_eq!(has("avx512"), avx512 && cfg!(xorida_avx512));
}
