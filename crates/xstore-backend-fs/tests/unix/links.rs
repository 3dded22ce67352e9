//! Links, pipes and sockets below the root: never followed, never opened.

use std::fs;
use std::os::unix::fs::symlink;
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const SECRET: &[u8] = b"not yours";

/// A root, and beside it a folder that nobody may get into.
struct Place {
    _folder: tempfile::TempDir,
    root: std::path::PathBuf,
    outside: std::path::PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
        fs::create_dir_all(root.join("ns/m")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("value"), SECRET).unwrap();
        Self { _folder: folder, root, outside }
    }

    fn is_untouched(&self) -> bool {
        let names: Vec<_> =
            fs::read_dir(&self.outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names == ["value"] && fs::read(self.outside.join("value")).unwrap() == SECRET
    }
}

/// Each operation on the value is refused in these words.
async fn refuses(backend: &FsBackend, name: &str, words: &str) {
    let name = key(name);
    let errors = [
        backend.get(&name, 100).await.unwrap_err(),
        backend.get_range(&name, 0..10).await.unwrap_err(),
        backend.stat(&name).await.unwrap_err(),
        backend.put(&name, value(1, 9).into(), &NEW).await.unwrap_err(),
        backend.put(&name, value(1, 9).into(), &ANY).await.unwrap_err(),
        backend.delete(&name).await.unwrap_err(),
    ];
    for (at, error) in errors.into_iter().enumerate() {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Other, false), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        // The first three are reads.
        assert!(at < 3 || !error.may_have_written(), "{error}");
    }
}

#[tokio::test]
async fn a_link_in_a_values_place_is_refused() {
    let place = Place::new();
    let backend = open(&place.root);
    backend.put(&key("ns/m/real"), value(2, 9).into(), &NEW).await.unwrap();
    let outside = place.outside.join("value");
    for (name, target) in [
        ("out", outside.to_str().unwrap()),
        ("up", "../../../outside/value"),
        ("in", "real"),
        ("broken", "nowhere"),
    ] {
        symlink(target, place.root.join("ns/m").join(name)).unwrap();
        refuses(&backend, &format!("ns/m/{name}"), "a symbolic link, which is never followed,").await;
    }
    assert_eq!(names(&backend).await, ["ns/m/real"]);
    assert_eq!(backend.get(&key("ns/m/real"), 9).await.unwrap(), value(2, 9));
    assert!(place.is_untouched());
    assert!(!place.root.join("ns/m/nowhere").exists());
}

#[tokio::test]
async fn a_link_in_a_folders_place_is_refused() {
    let place = Place::new();
    let backend = open(&place.root);
    symlink(&place.outside, place.root.join("ns/out")).unwrap();
    symlink("m", place.root.join("ns/in")).unwrap();
    symlink("ns", place.root.join("ns2")).unwrap();
    symlink("nowhere", place.root.join("broken")).unwrap();
    backend.put(&key("ns/m/value"), value(2, 9).into(), &NEW).await.unwrap();
    for name in ["ns/out/value", "ns/in/value", "ns2/m/value", "broken/m/value", "ns/out/deeper/value"] {
        refuses(&backend, name, "a symbolic link, which is never followed, stands where the folder").await;
    }
    for prefix in ["ns/out", "ns2", "broken"] {
        assert_eq!(kind(backend.list(&Prefix::new(prefix).unwrap(), None).await), ErrorKind::Other);
    }
    assert_eq!(names(&backend).await, ["ns/m/value"]);
    assert!(place.is_untouched());
    assert!(!place.root.join("nowhere").exists());
}

#[tokio::test]
async fn pipes_and_sockets_are_not_opened() {
    let place = Place::new();
    let backend = open(&place.root);
    let at = |name: &str| place.root.join("ns/m").join(name);
    std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    // An open of the pipe would wait for a writer for ever.
    refuses(&backend, "ns/m/pipe", "a pipe, socket or device stands where the value should be").await;
    refuses(&backend, "ns/m/socket", "a pipe, socket or device").await;
    refuses(&backend, "ns/m/pipe/value", "a pipe, socket or device").await;
    assert_eq!(names(&backend).await, [] as [&str; 0]);
    drop(socket);
}

#[tokio::test]
async fn neither_a_value_nor_a_folder_gives_way_to_the_other() {
    let place = Place::new();
    let backend = open(&place.root);
    backend.put(&key("ns/m/value"), value(1, 9).into(), &NEW).await.unwrap();
    for (name, words) in [
        ("ns/m", "a folder stands where the value should be"),
        ("ns/m/value/below", "a file stands where the folder ns/m/value should be"),
        ("ns/m/value/far/below", "a file stands where the folder ns/m/value should be"),
    ] {
        for options in [NEW, ANY] {
            let error = backend.put(&key(name), value(2, 9).into(), &options).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Other);
            assert!(error.to_string().contains(words) && !error.may_have_written(), "{error}");
        }
    }
    assert_eq!(backend.get(&key("ns/m/value"), 9).await.unwrap(), value(1, 9));
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_swapped_for_a_link_leads_nowhere() {
    let place = Place::new();
    let backend = open(&place.root).with_durable(false);
    let (folder, link) = (place.root.join("ns/m"), place.root.join("ns/x"));
    symlink(&place.outside, &link).unwrap();
    use rustix::fs::{CWD, RenameFlags};
    let is_over = AtomicBool::new(false);
    let (mut worked, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let runtime = tokio::runtime::Handle::current();
        let run = async {
            for round in 0..3000 {
                let name = key("ns/m/value");
                let results = [
                    backend.put(&name, value(round, 50).into(), &ANY).await,
                    backend.get(&name, 100).await.map(|value| assert_ne!(value, SECRET)),
                    backend.get_range(&name, 0..100).await.map(|value| assert_ne!(value, SECRET)),
                    backend.stat(&name).await.map(|stat| assert_ne!(stat.size, SECRET.len() as u64)),
                    backend.put(&key(format!("ns/m/{round}")), value(round, 50).into(), &NEW).await,
                    backend.delete(&name).await,
                ];
                for result in results {
                    match result {
                        Ok(()) => worked += 1,
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Err(_) => refused += 1,
                    }
                }
                // What is listed was looked at in the folder that it was read from.
                if let Ok(page) = backend.list(&Prefix::all(), None).await {
                    assert!(page.entries.iter().all(|entry| entry.stat.size == 50));
                }
            }
        };
        tokio::task::block_in_place(|| runtime.block_on(run));
        is_over.store(true, Ordering::Relaxed);
    });
    println!("{worked} operations worked, {refused} were refused while the folder was swapped");
    assert!(worked >= 100 && refused >= 10, "{worked}, {refused}");
    assert!(place.is_untouched());
}
