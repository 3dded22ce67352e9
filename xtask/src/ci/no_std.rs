//! Job: `xorida-core` needs no standard library.

use std::fs;
use std::path::Path;

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;
use crate::tools;

/// Targets that have no standard library at all; any one of them proves the point.
const BARE: [&str; 5] = [
    "thumbv7em-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv6m-none-eabi",
    "riscv32imac-unknown-none-elf",
    "x86_64-unknown-none",
];

const CRATE: &str = "xorida-core";

/// What can be seen anywhere, then a build for a bare target where one is installed.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let lib = context.root.join("crates/xorida-core/src/lib.rs");
    declares_no_std(&lib)?;
    let tree = Step::cargo().args(["tree", "-p", CRATE, "-e", "normal,features", "--prefix", "none"]);
    if let Some(line) = std_feature(&tree.output()?) {
        return Err(Failure::Failed(format!("no_std: {CRATE} switches on a standard library: {line}")));
    }
    println!("no_std: {CRATE} declares no_std and no dependency of it has the feature `std`");

    let installed = tools::installed("target", None);
    match BARE.iter().find(|target| installed.iter().any(|i| i == *target)) {
        Some(target) => Step::cargo().args(["build", "-p", CRATE, "--target", target]).run(),
        None => {
            let how = format!("no bare target is installed (`rustup target add {}`)", BARE[0]);
            context.left_out("no_std: the build for a bare target", &how)
        }
    }
}

fn declares_no_std(lib: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(lib).map_err(|e| Failure::Failed(format!("{}: {e}", lib.display())))?;
    match links_std(&text) {
        None => Ok(()),
        Some(reason) => Err(Failure::Failed(format!("no_std: {}: {reason}", lib.display()))),
    }
}

/// Why a crate with this root would link the standard library, if it would.
fn links_std(root: &str) -> Option<&'static str> {
    let lines: Vec<&str> = root.lines().map(str::trim).collect();
    if !lines.contains(&"#![no_std]") {
        return Some("no plain `#![no_std]`");
    }
    // In tests the standard library is welcome.
    let for_tests = |at: usize| at > 0 && lines[at - 1] == "#[cfg(test)]";
    let linked =
        lines.iter().enumerate().any(|(at, line)| line.starts_with("extern crate std") && !for_tests(at));
    linked.then_some("`extern crate std` outside tests")
}

/// The line of `cargo tree -e features` that shows a feature `std` or a default that may imply it.
fn std_feature(tree: &str) -> Option<&str> {
    tree.lines().find(|line| line.contains("feature \"std\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linking_std_is_found() {
        assert_eq!(
            links_std("//! doc\n#![no_std]\nextern crate alloc;\n#[cfg(test)]\nextern crate std;\n"),
            None
        );
        assert!(links_std("//! #![no_std]\n").is_some());
        assert!(links_std("#![cfg_attr(not(feature = \"std\"), no_std)]\n").is_some());
        assert!(links_std("#![no_std]\nextern crate std;\n").is_some());
        assert!(links_std("#![no_std]\n#[cfg(feature = \"x\")]\nextern crate std as s;\n").is_some());
    }

    #[test]
    fn a_dependency_with_std_is_found() {
        let tree = "xorida-core v0.1.0\nzeroize feature \"alloc\"\nthiserror v2\n";
        assert_eq!(std_feature(tree), None);
        let with = format!("{tree}thiserror feature \"std\"\n");
        assert_eq!(std_feature(&with), Some("thiserror feature \"std\""));
    }
}
