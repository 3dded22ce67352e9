//! GB/s (10^9 bytes of payload per second, one core) of splitting, combining and rebuilding, for each
//! kernel of this CPU, beside memcpy in the same run. Without `--bench` each case runs once, as a test.
//!
//! `moved` is what a split moves at least: secret and randomness read, n shares written, each byte once.
//! `memcpy` beside it is a copy that moves as many bytes, so it finds them in the same caches.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use xorida_core::{CombinePlan, Error, Kernel, RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold};

const SCHEMES: [(u8, u8); 6] = [(2, 2), (2, 3), (3, 5), (4, 7), (5, 16), (3, 64)];
const SIZES: [usize; 4] = [1 << 10, 16 << 10, 64 << 10, 1 << 20];

fn main() -> Result<(), Error> {
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 15 } else { 0 };
    println!("{} {}, kernel {}", std::env::consts::ARCH, std::env::consts::OS, xorida_core::kernel_name());
    for size in SIZES {
        for (k, n) in SCHEMES {
            for kernel in Kernel::available() {
                case(Scheme::new(Threshold::new(k, n)?), kernel, size, rounds)?;
            }
        }
    }
    for (k, n) in [(2, 3), (4, 7), (3, 64), (16, 31), (63, 64), (64, 64)] {
        planning(Scheme::new(Threshold::new(k, n)?), rounds)?;
    }
    Ok(())
}

/// GB/s that a copy moves, read and written, where both together are `moved` bytes.
fn memcpy(moved: usize, rounds: u32) -> f64 {
    let source = vec![1_u8; moved / 2];
    let mut destination = vec![0_u8; moved / 2];
    let seconds = time(moved / 2, rounds, || black_box(&mut destination).copy_from_slice(black_box(&source)));
    rate(moved, seconds)
}

fn case(scheme: Scheme, kernel: Kernel, size: usize, rounds: u32) -> Result<(), Error> {
    let size = size / scheme.blocks() * scheme.blocks();
    let secret = vec![1; size];
    let randomness = vec![2; scheme.randomness_blocks() * (size / scheme.blocks())];
    let mut shares = vec![vec![0; size]; usize::from(scheme.n())];
    let split = SplitPlan::new(scheme).with_kernel(kernel);
    let mut all: Vec<&mut [u8]> = shares.iter_mut().map(Vec::as_mut_slice).collect();
    let split_time = time(size, rounds, || {
        split.split(black_box(&secret), black_box(&randomness), black_box(&mut all)).expect("sizes fit");
    });

    // The last k shares: none of the scheme's special cases.
    let indexes: Vec<_> = ShareIndex::all(scheme).rev().take(usize::from(scheme.k())).collect();
    let given: Vec<&[u8]> = indexes.iter().map(|index| shares[usize::from(index.get())].as_slice()).collect();
    let combine = CombinePlan::new(scheme, &indexes)?.with_kernel(kernel);
    let mut output = vec![0; size];
    let combine_time = time(size, rounds, || {
        combine.combine(black_box(&given), black_box(&mut output)).expect("sizes fit");
    });
    assert_eq!(output, secret);

    let mut rebuild_rate = f64::NAN;
    if scheme.n() > scheme.k() {
        let rebuild = RebuildPlan::new(scheme, &indexes, ShareIndex::new(0, scheme)?)?.with_kernel(kernel);
        let rebuild_time = time(size, rounds, || {
            rebuild.rebuild(black_box(&given), black_box(&mut output)).expect("sizes fit");
        });
        assert_eq!(output, shares[0]);
        rebuild_rate = rate(size, rebuild_time);
    }
    let moved = size * (1 + shares.len()) + randomness.len();
    println!(
        "{:>8} {:>8} {:<8} split {:>6.1} combine {:>6.1} rebuild {:>6.1}   moved {:>6.1} memcpy {:>6.1}",
        size,
        scheme.threshold(),
        kernel.name(),
        rate(size, split_time),
        rate(size, combine_time),
        rebuild_rate,
        rate(moved, split_time),
        memcpy(moved, rounds),
    );
    Ok(())
}

fn planning(scheme: Scheme, rounds: u32) -> Result<(), Error> {
    let indexes: Vec<_> = ShareIndex::all(scheme).rev().take(usize::from(scheme.k())).collect();
    let combine = time(1 << 20, rounds, || {
        black_box(CombinePlan::new(scheme, black_box(&indexes)).expect("valid indexes"));
    });
    let mut rebuild = f64::NAN;
    if scheme.n() > scheme.k() {
        let target = ShareIndex::new(0, scheme)?;
        rebuild = time(1 << 20, rounds, || {
            black_box(RebuildPlan::new(scheme, black_box(&indexes), target).expect("valid indexes"));
        });
    }
    println!(
        "planning {}: combine {:.3} ms, rebuild {:.3} ms",
        scheme.threshold(),
        combine * 1e3,
        rebuild * 1e3
    );
    Ok(())
}

/// Median seconds of one call. A round is as many calls as handle 16 MiB.
fn time(size: usize, rounds: u32, mut call: impl FnMut()) -> f64 {
    call();
    let calls = u32::try_from(((16 << 20) / size).clamp(1, 1 << 20)).unwrap_or(1);
    let mut seconds: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                call();
            }
            start.elapsed().as_secs_f64() / f64::from(calls)
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

#[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn rate(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 / seconds / 1e9
}
