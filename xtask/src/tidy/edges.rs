//! Which crate may depend on which, and what the leaves must not pull in.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::Finding;
use crate::workspace::{Metadata, Node, Package};

/// Who may depend on whom among ours. A crate that is not here is refused: whoever adds one decides its place.
const LAYERS: &[(&str, &[&str])] = &[
    ("xorida-core", &[]),
    ("xstore-keys", &[]),
    ("xstore-share", &["xorida-core", "xstore-keys"]),
    ("xstore-manifest", &["xstore-keys"]),
    // Writes objects in memory for the tests of all the others.
    ("xstore-vectors", &["xorida-core", "xstore-keys", "xstore-share", "xstore-manifest"]),
    ("xstore-backend", &[]),
    ("xstore-core", &["xorida-core", "xstore-keys", "xstore-share", "xstore-manifest", "xstore-backend"]),
    ("xstore-backend-fs", &["xstore-backend"]),
    ("xstore-backend-s3", &["xstore-backend"]),
    ("xstore-backend-azure", &["xstore-backend"]),
    ("xstore-backend-gcs", &["xstore-backend"]),
    ("xstore-backend-sqlite", &["xstore-backend"]),
    ("xstore-backend-redis", &["xstore-backend"]),
    ("xstore-backend-opendal", &["xstore-backend"]),
    // The template for adapters outside this repository.
    ("xstore-backend-redb", &["xstore-backend"]),
    ("xstore-testkit", &["xstore-backend"]),
    // Tries what the adapters keep through a power loss.
    ("xstore-powerloss", &["xstore-backend", "xstore-backend-fs", "xstore-backend-sqlite"]),
    ("xstore-vault", &["xstore-core"]),
    ("xstore", ALL_LIBRARIES),
    // The facade `xstore` takes the place of the others once it exists.
    ("xstore-cli", &["xstore", "xorida-core", "xstore-keys", "xstore-share", "xstore-manifest"]),
    ("xstore-server", &["xstore"]),
    // What comes of faults between the store and real servers.
    ("xstore-faults", &["xstore", "xstore-testkit"]),
    ("xstore-bench", ALL_LIBRARIES),
    ("xtask", &["xorida-core"]),
];

const ALL_LIBRARIES: &[&str] = &[
    "xorida-core",
    "xstore-keys",
    "xstore-share",
    "xstore-manifest",
    "xstore-backend",
    "xstore-core",
    "xstore-backend-fs",
    "xstore-backend-s3",
    "xstore-backend-azure",
    "xstore-backend-gcs",
    "xstore-backend-sqlite",
    "xstore-backend-redis",
    "xstore-backend-opendal",
    "xstore-vault",
];

/// What tests of any crate may use besides.
const IN_TESTS: &[&str] = &["xstore-testkit", "xstore-vectors"];

/// Crates that know no runtime and do no I/O of their own.
const LEAVES: [&str; 4] = ["xorida-core", "xstore-keys", "xstore-share", "xstore-manifest"];

/// What would make them know one.
const RUNTIMES: [&str; 5] = ["async-std", "futures-executor", "mio", "smol", "tokio"];

/// Dependencies among our crates point only downwards.
pub(crate) fn layers(metadata: &Metadata) -> Vec<Finding> {
    let members = metadata.members();
    let names: BTreeSet<&str> = members.iter().map(|m| m.name.as_str()).collect();
    members.iter().flat_map(|member| layers_of(member, &names)).collect()
}

fn layers_of(member: &Package, names: &BTreeSet<&str>) -> Vec<Finding> {
    let path = format!("{} (package)", member.name);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == member.name) else {
        let message = "has no place in the layers: give it one in xtask/src/tidy/edges.rs";
        return vec![Finding::new("layers", &path, message)];
    };
    let is_wrong = |name: &str, is_dev: bool| {
        names.contains(name) && !allowed.contains(&name) && !(is_dev && IN_TESTS.contains(&name))
    };
    let wrong = member.dependencies.iter().filter(|d| is_wrong(&d.name, d.is_dev()));
    let found = wrong.map(|d| {
        let message = format!("may not depend on {}: edges point only downwards", d.name);
        Finding::new("layers", &path, message)
    });
    found.collect()
}

/// No leaf reaches an async runtime, over however many packages, tests aside.
pub(crate) fn leaves(metadata: &Metadata) -> Vec<Finding> {
    let names: BTreeMap<&str, &str> =
        metadata.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
    let nodes: BTreeMap<&str, &Node> = metadata.resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    let mut findings = Vec::new();
    for leaf in metadata.members().iter().filter(|m| LEAVES.contains(&m.name.as_str())) {
        for id in reachable(&leaf.id, &nodes) {
            let name = names.get(id).copied().unwrap_or_default();
            if RUNTIMES.contains(&name) {
                let message = format!("reaches {name}: leaf crates know no async runtime");
                findings.push(Finding::new("leaves", &format!("{} (package)", leaf.name), message));
            }
        }
    }
    findings
}

fn reachable<'a>(from: &'a str, nodes: &BTreeMap<&'a str, &'a Node>) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let edges = nodes.get(id).map(|n| n.deps.as_slice()).unwrap_or_default();
            open.extend(edges.iter().filter(|e| e.is_shipped()).map(|e| e.pkg.as_str()));
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, Edge, EdgeKind, Resolve};

    /// Packages with their dependencies; `dev:` before a name makes it one of tests only. All but those whose
    /// names stand in `RUNTIMES` or are `middle` are ours.
    fn graph(packages: &[(&str, &[&str])]) -> Metadata {
        let split = |text: &str| match text.strip_prefix("dev:") {
            Some(name) => (name.to_owned(), Some("dev".to_owned())),
            None => (text.to_owned(), None),
        };
        let package = |&(name, deps): &(&str, &[&str])| Package {
            name: name.into(),
            id: format!("id of {name}"),
            dependencies: deps
                .iter()
                .map(|d| split(d))
                .map(|(name, kind)| Dependency { name, kind, rename: None })
                .collect(),
            ..Package::default()
        };
        let node = |&(name, deps): &(&str, &[&str])| Node {
            id: format!("id of {name}"),
            deps: deps
                .iter()
                .map(|d| split(d))
                .map(|(name, kind)| Edge { pkg: format!("id of {name}"), dep_kinds: vec![EdgeKind { kind }] })
                .collect(),
        };
        let foreign = |name: &str| RUNTIMES.contains(&name) || name == "middle";
        let ours = packages.iter().filter(|(name, _)| !foreign(name));
        Metadata {
            packages: packages.iter().map(package).collect(),
            workspace_members: ours.map(|(name, _)| format!("id of {name}")).collect(),
            resolve: Resolve { nodes: packages.iter().map(node).collect() },
            target_directory: "target".into(),
        }
    }

    #[test]
    fn an_edge_upwards_is_found() {
        let bad = graph(&[("xorida-core", &["xstore-keys"]), ("xstore-keys", &["middle"]), ("middle", &[])]);
        let found = layers(&bad);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("xstore-keys") && found[0].path.starts_with("xorida-core"));
    }

    #[test]
    fn an_edge_upwards_in_tests_is_found_too_but_not_the_testkit() {
        let upwards = graph(&[("xstore-keys", &["dev:xstore-share"]), ("xstore-share", &[])]);
        assert_eq!(layers(&upwards).len(), 1);
        let kit = graph(&[
            ("xstore-backend-fs", &["xstore-backend", "dev:xstore-testkit"]),
            ("xstore-backend", &[]),
            ("xstore-testkit", &[]),
        ]);
        assert_eq!(layers(&kit), []);
        let shipped = graph(&[("xstore-backend-fs", &["xstore-testkit"]), ("xstore-testkit", &[])]);
        assert_eq!(layers(&shipped).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert!(layers(&graph(&[("xstore-new", &[])]))[0].message.contains("no place"));
    }

    #[test]
    fn the_table_itself_points_downwards() {
        for (at, (name, allowed)) in LAYERS.iter().enumerate() {
            for below in *allowed {
                let place = LAYERS.iter().position(|(other, _)| other == below);
                assert!(place.is_some_and(|p| p < at), "{name} -> {below}");
            }
        }
    }

    #[test]
    fn a_runtime_below_a_leaf_is_found_over_others() {
        let bad = graph(&[("xstore-share", &["middle"]), ("middle", &["tokio"]), ("tokio", &[])]);
        assert!(leaves(&bad)[0].message.contains("tokio"));
        let in_tests = graph(&[("xstore-share", &["dev:tokio"]), ("tokio", &[])]);
        assert_eq!(leaves(&in_tests), []);
        let above = graph(&[("xstore-core", &["tokio"]), ("tokio", &[])]);
        assert_eq!(leaves(&above), []);
    }
}
