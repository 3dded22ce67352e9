//! Job: what is compiled for whom. A crate that only wants one cloud must not compile another's client, and whoever
//! wants none must not compile TLS.

use std::collections::{BTreeMap, BTreeSet};

use crate::ci::Context;
use crate::failure::Failure;
use crate::step::Step;

/// The adapters of services, and how the names of the packages begin that only they may bring.
const CLIENTS: &[(&str, &[&str])] = &[
    ("xstore-backend-s3", &["aws-config", "aws-sdk-", "aws-smithy-"]),
    ("xstore-backend-azure", &["azure_"]),
    ("xstore-backend-gcs", &["google-cloud-", "gcloud-"]),
    ("xstore-backend-redis", &["redis", "fred"]),
    ("xstore-backend-opendal", &["opendal"]),
];

/// Adapters that speak to their service themselves.
const WITHOUT_CLIENT: &[&str] = &["xstore-backend-redis"];

/// What speaks or wraps TLS.
const TLS: [&str; 11] = [
    "aws-lc-rs",
    "boring",
    "hyper",
    "native-tls",
    "openssl",
    "openssl-sys",
    "reqwest",
    "ring",
    "rustls",
    "schannel",
    "security-framework",
];

/// TLS that links a library of the system.
const SYSTEM_TLS: [&str; 5] = ["boring", "native-tls", "openssl", "openssl-sys", "openssl-src"];

/// What must exist once, whatever is switched on: the stack, and what computes for it.
const ONCE: [&str; 5] = ["aws-lc-rs", "hyper", "reqwest", "rustls", "tokio-rustls"];

/// Packages of a tree with their versions.
type Packages = BTreeMap<String, BTreeSet<String>>;

/// Looks at the trees, all of them even if one is wrong.
pub(crate) fn run(_: &Context) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for (adapter, own) in CLIENTS {
        let tree = tree(&["-p", adapter])?;
        problems.extend(of_adapter(adapter, own, &tree));
    }
    problems.extend(of_default_command(&tree(&["-p", "xstore-cli"])?));
    problems.extend(of_full_command(&tree(&["-p", "xstore-cli", "--features", "full"])?));
    if problems.is_empty() {
        println!("trees: {} adapters and the command compile what they need and no more", CLIENTS.len());
        return Ok(());
    }
    Err(Failure::Failed(format!("trees: {}", problems.join("; "))))
}

fn tree(selection: &[&str]) -> Result<Packages, Failure> {
    let step = Step::cargo().args(["tree", "-e", "normal,build", "--prefix", "none", "--no-dedupe"]);
    Ok(packages(&step.args(["--format", "{p}"]).args(selection).output()?))
}

fn packages(tree: &str) -> Packages {
    let mut packages = Packages::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            packages.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    packages
}

/// The first package of the tree whose name begins with one of these.
fn find<'a>(tree: &'a Packages, begins: &[&str]) -> Option<&'a str> {
    tree.keys().map(String::as_str).find(|name| begins.iter().any(|begin| name.starts_with(begin)))
}

fn of_adapter(adapter: &str, own: &[&str], tree: &Packages) -> Vec<String> {
    let mut problems = Vec::new();
    // Else the names of this table would be out of date, and prove nothing.
    if find(tree, own).is_none() != WITHOUT_CLIENT.contains(&adapter) {
        let names = own.join(" or ");
        problems
            .push(format!("{adapter} compiles nothing that begins with {names}, or should not: see CLIENTS"));
    }
    for (other, theirs) in CLIENTS.iter().filter(|(other, _)| *other != adapter) {
        if let Some(package) = find(tree, theirs) {
            problems.push(format!("{adapter} compiles {package}, which is for {other}"));
        }
    }
    problems
}

fn of_default_command(tree: &Packages) -> Vec<String> {
    let clients = CLIENTS.iter().filter_map(|(_, theirs)| find(tree, theirs));
    let tls = TLS.iter().copied().filter(|name| tree.contains_key(*name));
    clients.chain(tls).map(|package| format!("the default command compiles {package}")).collect()
}

fn of_full_command(tree: &Packages) -> Vec<String> {
    let mut problems = Vec::new();
    for (adapter, _) in CLIENTS.iter().filter(|(adapter, _)| !tree.contains_key(*adapter)) {
        problems.push(format!("the full command lacks {adapter}"));
    }
    for name in SYSTEM_TLS.iter().filter(|name| tree.contains_key(**name)) {
        problems.push(format!("the full command compiles {name}"));
    }
    if tree.contains_key("ring") && tree.contains_key("aws-lc-rs") {
        problems
            .push("the full command compiles ring besides aws-lc-rs: two libraries for one purpose".into());
    }
    for name in ONCE {
        let versions = tree.get(name).map_or(0, BTreeSet::len);
        if versions > 1 {
            problems.push(format!("the full command compiles {versions} versions of {name}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "xstore-backend-s3 v0\nxstore-backend-azure v0\nxstore-backend-gcs v0\n\
                        xstore-backend-redis v0\nxstore-backend-opendal v0\nrustls v0.23.1\naws-lc-rs v1\nhyper v1.1\nhyper v1.1 (*)\n";

    #[test]
    fn packages_are_read_with_their_versions() {
        let tree =
            packages("xstore-cli v0.1.0 (/somewhere)\n\nsyn v2.0.1\nsyn v3.0.0 (proc-macro)\nsyn v2.0.1\n");
        assert_eq!(tree["syn"].iter().map(String::as_str).collect::<Vec<_>>(), ["v2.0.1", "v3.0.0"]);
        assert_eq!(tree.len(), 2);
    }

    #[test]
    fn a_client_of_another_is_found() {
        let good = packages("aws-sdk-s3 v1\nrustls v0.23.1\n");
        let s3 = |tree: &Packages| of_adapter("xstore-backend-s3", CLIENTS[0].1, tree);
        assert_eq!(s3(&good), [] as [String; 0]);
        let bad = packages("aws-sdk-s3 v1\nazure_core v1\n");
        assert_eq!(s3(&bad), ["xstore-backend-s3 compiles azure_core, which is for xstore-backend-azure"]);
        let redis = |tree: &Packages| of_adapter("xstore-backend-redis", CLIENTS[3].1, tree);
        assert_eq!(redis(&packages("rustls v0.23.1")), [] as [String; 0]);
        assert!(redis(&packages("redis v1"))[0].contains("or should not"));
        assert!(s3(&packages("rustls v0.23.1"))[0].contains("compiles nothing that begins with aws-config"));
    }

    #[test]
    fn the_default_command_stays_light() {
        assert_eq!(of_default_command(&packages("clap v4\ntokio v1\n")), [] as [String; 0]);
        let heavy = packages("clap v4\nrustls v0.23.1\nredis v1\n");
        assert_eq!(
            of_default_command(&heavy),
            ["the default command compiles redis", "the default command compiles rustls"]
        );
    }

    #[test]
    fn the_full_command_has_one_stack() {
        assert_eq!(of_full_command(&packages(FULL)), [] as [String; 0]);
        let two = packages(&format!("{FULL}rustls v0.21.0\nring v0.17\nopenssl-sys v0.9\n"));
        assert_eq!(
            of_full_command(&two),
            [
                "the full command compiles openssl-sys",
                "the full command compiles ring besides aws-lc-rs: two libraries for one purpose",
                "the full command compiles 2 versions of rustls"
            ]
        );
        assert!(of_full_command(&packages("rustls v0.23.1"))[0].contains("lacks xstore-backend-s3"));
    }
}
