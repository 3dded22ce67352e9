//! Jobs about the XOR kernels of `xorida-core`.

use xorida_core::Kernel;

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;
use crate::{test, tools};

/// All kernels that a build can be told to use.
const ALL: [&str; 3] = ["portable", "avx2", "avx512"];

/// Fewer cases for each property under Miri, which is some hundred times slower.
const MIRI_CASES: &str = "4";

/// The tests of `xorida-core` once with each kernel. One that the CPU lacks would silently be the portable
/// one, so it is left out, and said to be.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let available: Vec<&str> = Kernel::available().map(Kernel::name).collect();
    for kernel in ALL {
        if !available.contains(&kernel) {
            context.left_out(&format!("kernel {kernel}"), "this CPU or this compiler lacks it")?;
            continue;
        }
        let step = Step::cargo().args(["test", "-p", "xorida-core", "--tests"]);
        test::insist(&step.cfg(&choice(kernel)).apart(&context.metadata.target_directory, "kernels"))?;
    }
    Ok(())
}

/// The tests of `xorida-core` under Miri, which has no vector instructions to offer.
pub(crate) fn miri(context: &Context) -> Result<(), Failure> {
    let missing = |what: &str| {
        let how = "`rustup toolchain install nightly --component miri,rust-src`";
        Failure::Missing(format!("miri: {what} ({how})"))
    };
    let nightly = tools::toolchain("nightly").ok_or_else(|| missing("no nightly toolchain"))?;
    let components = tools::installed("component", Some(&nightly));
    if !["miri", "rust-src"].iter().all(|part| components.iter().any(|c| c.starts_with(part))) {
        return Err(missing("no miri in the nightly toolchain"));
    }
    let step = Step::cargo_of(&nightly).args(["miri", "test", "-p", "xorida-core", "--tests"]);
    // Vectors are read from files.
    let step = step.flags("MIRIFLAGS", &["-Zmiri-disable-isolation"]).env("PROPTEST_CASES", MIRI_CASES);
    test::insist(&step.cfg(&choice("portable")).apart(&context.metadata.target_directory, "miri"))
}

fn choice(kernel: &str) -> String {
    format!("xorida_kernel=\"{kernel}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_kernels_is_the_crates() {
        for kernel in Kernel::available() {
            assert!(ALL.contains(&kernel.name()), "{} is never tested", kernel.name());
        }
    }
}
