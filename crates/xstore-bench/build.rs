//! Notes which compiler built the program and how, for the report.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok().filter(|output| output.status.success());
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
    println!("cargo::rustc-env=XSTORE_BENCH_RUSTC={}", version.as_deref().map_or("unknown", str::trim));
    println!("cargo::rustc-env=XSTORE_BENCH_OPT_LEVEL={}", env::var("OPT_LEVEL").unwrap_or_default());
}
