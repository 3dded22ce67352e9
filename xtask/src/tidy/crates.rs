//! What every crate has: a README, the lints of the workspace, no unsafe code.

use crate::tidy::tree::Tree;
use crate::tidy::{Finding, code, manifests};
use crate::workspace::Package;

/// Crates that hold kernels: they deny unsafe code, and allow it in the files of their kernels.
const WITH_KERNELS: [&str; 1] = ["xorida-core"];

/// Kinds of targets that are shipped or run, as opposed to tests, which the lints of the workspace cover.
const ROOTS: [&str; 4] = ["lib", "rlib", "proc-macro", "bin"];

/// Judges one crate of the workspace.
pub(crate) fn check(package: &Package, tree: &Tree) -> Vec<Finding> {
    let Some(folder) = folder_in(tree, package) else {
        return vec![Finding::new("crates", &package.name, "its folder is not in the tree")];
    };
    let mut findings = Vec::new();
    let manifest = format!("{folder}/Cargo.toml");
    findings.extend(manifests::inherits(&manifest, tree.text(&manifest).unwrap_or_default()));
    let readme = format!("{folder}/README.md");
    if tree.text(&readme).is_none_or(|text| text.trim().is_empty()) {
        findings.push(Finding::new("readme", &readme, "every crate has a README, which is its crate doc"));
    }
    if !WITH_KERNELS.contains(&package.name.as_str()) {
        let targets = package.targets.iter().filter(|t| t.kind.iter().any(|k| ROOTS.contains(&k.as_str())));
        for target in targets {
            let Ok(inner) = target.src_path.strip_prefix(package.folder()) else { continue };
            let path = format!("{folder}/{}", inner.to_string_lossy().replace('\\', "/"));
            findings.extend(forbids_unsafe(&path, tree.text(&path).unwrap_or_default()));
        }
    }
    findings
}

/// The crate's first file begins with a promise that nothing below can take back.
fn forbids_unsafe(path: &str, text: &str) -> Option<Finding> {
    let compact: String = code::without_text(text).chars().filter(|c| !c.is_whitespace()).collect();
    let forbids = compact.contains("#![forbid(unsafe_code)]");
    (!forbids).then(|| Finding::new("unsafe", path, "needs `#![forbid(unsafe_code)]`"))
}

/// The package's folder relative to the root, found by its tail, so that no root needs to be handed around.
fn folder_in(tree: &Tree, package: &Package) -> Option<String> {
    let whole = package.folder().to_string_lossy().replace('\\', "/");
    let starts = whole.match_indices('/').map(|(at, _)| &whole[at + 1..]);
    starts.into_iter().find(|tail| tree.contains(&format!("{tail}/Cargo.toml"))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Target;

    const MANIFEST: &str = "[lints]\nworkspace = true\n";

    fn package(name: &str) -> Package {
        let folder = format!("/somewhere/crates/{name}");
        Package {
            name: name.into(),
            manifest_path: format!("{folder}/Cargo.toml").into(),
            targets: vec![
                Target {
                    kind: vec!["lib".into()],
                    src_path: format!("{folder}/src/lib.rs").into(),
                    ..Target::default()
                },
                Target {
                    kind: vec!["test".into()],
                    src_path: format!("{folder}/tests/t.rs").into(),
                    ..Target::default()
                },
            ],
            ..Package::default()
        }
    }

    fn rules(name: &str, lib: &str, readme: &str) -> Vec<&'static str> {
        let of = |file: &str| format!("crates/{name}/{file}");
        let tree = Tree::of(&[
            (&of("Cargo.toml"), MANIFEST),
            (&of("README.md"), readme),
            (&of("src/lib.rs"), lib),
            (&of("tests/t.rs"), ""),
        ]);
        check(&package(name), &tree).iter().map(|f| f.rule).collect()
    }

    #[test]
    fn a_crate_in_order_has_no_finding() {
        assert_eq!(rules("a", "#![forbid(unsafe_code)]\n", "# a"), [] as [&str; 0]);
        assert_eq!(rules("xorida-core", "", "# a"), [] as [&str; 0]);
    }

    #[test]
    fn unsafe_code_must_be_forbidden_in_earnest() {
        for bad in [
            "",
            "// #![forbid(unsafe_code)]",
            "#![deny(unsafe_code)]",
            "const A: &str = \"#![forbid(unsafe_code)]\";",
        ] {
            assert_eq!(rules("a", bad, "# a"), ["unsafe"], "{bad}");
        }
    }

    #[test]
    fn a_missing_or_empty_readme_is_found() {
        assert_eq!(rules("a", "#![forbid(unsafe_code)]", " \n"), ["readme"]);
    }

    #[test]
    fn a_package_outside_the_tree_is_found() {
        assert_eq!(check(&package("b"), &Tree::default())[0].rule, "crates");
    }
}
