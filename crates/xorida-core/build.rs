//! Sets `cfg(xorida_avx512)` where the compiler has AVX-512 target features (stable since Rust 1.89), so
//! that the crate still builds with the workspace's minimum version, without that kernel.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(xorida_avx512)");
    if minor_version().is_some_and(|minor| minor >= 89) {
        println!("cargo::rustc-cfg=xorida_avx512");
    }
}

/// The minor version of the compiler in use; `None`, hence no AVX-512, if it doesn't say.
fn minor_version() -> Option<u32> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}
