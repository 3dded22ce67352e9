//! From a URL to a backend, and what is refused.

use crate::support::{create, folder, get, id, open, put, value};
use std::fs;
use xstore_backend::{
    BackendUrl, ErrorKind, OpenError, OpenRequest, Operation, Registry, Setting, Settings, StorageBackend,
};
use xstore_backend_sqlite::{Config, SqliteBackend, register};

fn request(url: &str) -> OpenRequest {
    OpenRequest::new(id(), BackendUrl::new(url).unwrap())
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    register(&mut registry);
    registry
}

#[tokio::test]
async fn a_registry_makes_and_opens_databases() {
    let (folder, file) = folder();
    let registry = registry();
    let relative = || request("sqlite:x.db").with_base(folder.path());
    let missing = registry.open(relative()).await.unwrap_err();
    let OpenError::Backend(error) = missing else { panic!("{missing:?}") };
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some(Operation::Open)));
    assert_eq!(error.to_string(), "db: open: the database file can't be found");
    assert!(!file.exists(), "nothing is made unless asked for");
    let settings = Settings::new().with("busy-timeout", Setting::Integer(100));
    let backend = registry.open(relative().creating().with_settings(settings)).await.unwrap();
    let value = value(1, 1000);
    let key = crate::support::key("a");
    backend.put(&key, value.clone().into(), &Default::default()).await.unwrap();
    let absolute = registry.open(request(&format!("sqlite://{}", file.display()))).await.unwrap();
    assert_eq!(absolute.get(&key, 1000).await.unwrap(), value);
    let unknown = Settings::new().with("journal", Setting::Text("off".into()));
    let refused = registry.open(relative().with_settings(unknown)).await;
    assert!(matches!(refused, Err(OpenError::Setting(_))));
}

#[tokio::test]
async fn making_keeps_what_is_there() {
    let (_folder, file) = folder();
    put(&create(&file), "a", value(1, 10)).await.unwrap();
    assert_eq!(get(&create(&file), "a").await.unwrap(), value(1, 10));
    assert_eq!(get(&open(&file), "a").await.unwrap(), value(1, 10));
}

#[tokio::test]
async fn another_database_is_refused_and_stays_as_it_is() {
    let (folder, file) = folder();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE entry(key); INSERT INTO entry VALUES (1)").unwrap();
    other.close().unwrap();
    let before = fs::read(&file).unwrap();
    for opened in [SqliteBackend::open(id(), &file), SqliteBackend::create(id(), &file)] {
        let error = opened.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
        assert_eq!(error.to_string(), "db: open: the file is not a database of an xStore backend");
    }
    assert!(fs::read(&file).unwrap() == before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_newer_database_is_refused_with_what_to_do() {
    let (_folder, file) = folder();
    drop(create(&file));
    let newer = rusqlite::Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 7).unwrap();
    newer.close().unwrap();
    let error = SqliteBackend::open(id(), &file).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unsupported, false));
    let expected =
        "db: open: the database has tables of version 7, and this program knows version 1: use a newer one";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn tables_that_are_not_ours_are_refused() {
    let (_folder, file) = folder();
    drop(create(&file));
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM piece; END").unwrap();
    other.close().unwrap();
    let error = SqliteBackend::open(id(), &file).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
}

#[test]
fn what_is_no_file_is_refused() {
    let (folder, file) = folder();
    for path in [folder.path(), &file, &file.join("x.db")] {
        let error = SqliteBackend::open(id(), path).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error:?}");
    }
    let error = SqliteBackend::create(id(), folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "db: open: the path of the database is not a file");
}

#[tokio::test]
async fn a_table_that_is_dropped_beneath_is_not_an_empty_one() {
    let (_folder, file) = folder();
    let backend = create(&file);
    put(&backend, "a", value(1, 10)).await.unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("DROP TABLE entry").unwrap();
    for error in [
        get(&backend, "a").await.unwrap_err(),
        crate::support::names(&backend, "").await.unwrap_err(),
        backend.delete(&crate::support::key("a")).await.unwrap_err(),
        put(&backend, "b", value(1, 10)).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error:?}");
    }
}

#[tokio::test]
async fn the_capability_says_what_the_tests_show() {
    let (_folder, file) = folder();
    let capability = create(&file).capability();
    assert_eq!(
        registry().capability(&request("sqlite:not/there.db")),
        capability,
        "known before it is opened"
    );
    assert!(capability.durable && capability.create_only && capability.list && capability.range);
    assert!(!capability.expiry && !capability.late_writes);
    assert_eq!(capability.max_put, SqliteBackend::MAX_VALUE);
}

#[test]
fn what_is_printed_is_id_and_configuration() {
    let (_folder, file) = folder();
    let config = Config::new(&file).with_max_size(Some(5 << 20));
    let backend = SqliteBackend::create_with(id(), config.clone()).unwrap();
    assert_eq!(backend.config(), &config);
    let expected = format!("SqliteBackend {{ id: \"db\", client: Client {{ config: {config:?}, .. }} }}");
    assert_eq!(format!("{backend:?}"), expected);
}

/// The superuser may do everything, so another user tries.
#[cfg(unix)]
#[test]
fn without_permission_it_is_access_that_is_refused() {
    use crate::child::{Process, Role};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let (folder, file) = folder();
    drop(create(&file));
    let set =
        |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if !rustix::process::geteuid().is_root() {
        set(&file, 0o400);
        let opened = SqliteBackend::open(id(), &file);
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::AuthFailed);
        return;
    }
    set(folder.path(), 0o755);
    let nobody = |command: &mut std::process::Command| {
        command.uid(65534).gid(65534);
    };
    let by_nobody = || Process::start_by(Role::Open, &file, 0, nobody);
    let Ok(process) = by_nobody() else {
        return crate::support::skip("another user may not run this program", false);
    };
    assert_eq!(process.finish(), ["AuthFailed"; 3]);
    // The file alone is not enough: the log stands beside it.
    set(&file, 0o666);
    assert_eq!(by_nobody().unwrap().finish(), ["AuthFailed"; 3]);
    set(folder.path(), 0o777);
    assert_eq!(by_nobody().unwrap().finish(), ["opened"; 3]);
}
