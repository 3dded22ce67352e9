//! Each example does what it shows.

#![cfg(feature = "fs")]

use std::error::Error;

macro_rules! examples {
    ($($name:ident = $path:literal),+ $(,)?) => {
        $(
            #[path = $path]
            #[expect(dead_code, reason = "its `main` calls what the test calls")]
            mod $name;

            #[tokio::test]
            async fn $name() -> Result<(), Box<dyn Error>> {
                let folder = tempfile::tempdir()?;
                $name::run(folder.path()).await
            }
        )+

        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

examples! {
    bytes = "../examples/bytes.rs",
    custom_backend = "../examples/custom_backend.rs",
    failover = "../examples/failover.rs",
    progress = "../examples/progress.rs",
    streams = "../examples/streams.rs",
}

#[test]
fn none_is_forgotten_and_all_are_short() -> Result<(), Box<dyn Error>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        assert!(std::fs::read_to_string(&path)?.lines().count() < 100, "{name}");
        found.push(name);
    }
    found.sort();
    assert_eq!(found, NAMES);
    Ok(())
}
