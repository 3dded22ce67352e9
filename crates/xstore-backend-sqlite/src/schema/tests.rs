use super::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    (folder, file)
}

/// Names and bytes of all files.
fn files(folder: &TempDir) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    entries.map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap())).collect()
}

fn message(result: Result<(), Failure>) -> String {
    let error = result.unwrap_err().into_error();
    assert!(!error.is_retryable());
    error.to_string()
}

#[test]
fn a_database_appears_whole_and_alone() {
    let (folder, file) = folder();
    create(&file).unwrap();
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), ["x.db"], "no log, no journal, no temporary file");
    peek(&file).unwrap();
    verify(&Connection::open(&file).unwrap()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_database_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, file) = folder();
    create(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn what_has_the_name_already_stays() {
    let (folder, file) = folder();
    create(&file).unwrap();
    let connection = Connection::open(&file).unwrap();
    connection.execute("INSERT INTO entry VALUES ('a', 1, 0, 0)", []).unwrap();
    connection.close().unwrap();
    let before = files(&folder);
    create(&file).unwrap();
    assert!(files(&folder) == before);
    fs::write(&file, "something else").unwrap();
    create(&file).unwrap();
    // Also where it came after nothing was there.
    make(&file).unwrap();
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), ["x.db"]);
    assert_eq!(fs::read(&file).unwrap(), b"something else");
}

#[test]
fn the_folder_has_to_be_there() {
    let (_folder, file) = folder();
    let error = create(&file.join("y.db")).unwrap_err().into_error();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    fs::write(&file, "").unwrap();
    let error = create(&file.join("y.db")).unwrap_err().into_error();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
}

#[test]
fn several_make_one() {
    let (folder, file) = folder();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| create(&file).unwrap());
        }
    });
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), ["x.db"]);
    verify(&Connection::open(&file).unwrap()).unwrap();
}

#[test]
fn a_foreign_database_is_refused_untouched() {
    let (folder, file) = folder();
    let foreign = Connection::open(&file).unwrap();
    foreign.pragma_update(None, "journal_mode", "WAL").unwrap();
    foreign.execute_batch("CREATE TABLE t(x); INSERT INTO t VALUES (1)").unwrap();
    // As a killed process leaves it: a log that nobody has copied into the file yet.
    let (left, path) = {
        let left = tempfile::tempdir().unwrap();
        for name in ["x.db", "x.db-wal"] {
            fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
        }
        let path = left.path().join("x.db");
        (left, path)
    };
    let before = files(&left);
    assert!(before["x.db-wal"].len() > 4096);
    assert_eq!(message(peek(&path)), "the file is not a database of an xStore backend");
    assert!(files(&left) == before);
}

#[test]
fn a_file_that_somebody_writes_is_recognised() {
    let (_folder, file) = folder();
    create(&file).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    // The header speaks of pages that are still in the log.
    bytes[28..32].copy_from_slice(&1000_u32.to_be_bytes());
    let changes: [u8; 4] = bytes[24..28].try_into().unwrap();
    bytes[92..96].copy_from_slice(&changes);
    fs::write(&file, &bytes).unwrap();
    peek(&file).unwrap();
    // Without a log, it is damage.
    assert!(message(verify(&Connection::open(&file).unwrap())).contains("damaged"));
}

#[test]
fn what_is_no_database_is_refused() {
    for (bytes, expected) in [
        (vec![], "the file is not a database of an xStore backend"),
        (b"SQLite format 3".to_vec(), "the file is not a database, or its beginning is damaged"),
        (vec![0; 8192], "the file is not a database, or its beginning is damaged"),
        (vec![b'x'; 100_000], "the file is not a database, or its beginning is damaged"),
    ] {
        let (_folder, file) = folder();
        fs::write(&file, &bytes).unwrap();
        assert_eq!(message(peek(&file)), expected, "{} bytes", bytes.len());
        assert!(fs::read(&file).unwrap() == bytes);
    }
}

#[test]
fn another_version_is_refused() {
    for (version, kind, expected) in [
        (2, ErrorKind::Unsupported, "tables of version 2, and this program knows version 1: use a newer one"),
        (0, ErrorKind::Unavailable, "no version"),
        (-1, ErrorKind::Unavailable, "no version"),
    ] {
        let (_folder, file) = folder();
        create(&file).unwrap();
        let connection = Connection::open(&file).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        let error = verify(&connection).unwrap_err().into_error();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(expected), "{error}");
        connection.close().unwrap();
        assert!(message(peek(&file)).contains(expected));
    }
}

#[test]
fn other_tables_are_refused() {
    for sql in [
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM piece; END",
        "CREATE VIEW v AS SELECT * FROM entry",
        "CREATE TABLE other(x)",
        "CREATE INDEX i ON piece(key)",
        "DROP TABLE piece",
        "DROP TABLE piece; CREATE TABLE piece(id INTEGER PRIMARY KEY, key, bytes)",
        "DROP TABLE entry; CREATE VIEW entry AS SELECT 'a' key, 1 first, 2 size, 3 modified",
        "ALTER TABLE entry ADD COLUMN more INTEGER",
    ] {
        let (_folder, file) = folder();
        create(&file).unwrap();
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch(sql).unwrap();
        assert_eq!(
            message(verify(&connection)),
            "the database's tables are not those of an xStore backend",
            "{sql}"
        );
    }
}

#[test]
fn what_upkeep_does_is_fine() {
    let (_folder, file) = folder();
    create(&file).unwrap();
    let connection = Connection::open(&file).unwrap();
    connection.execute("INSERT INTO entry VALUES ('a', 1, 0, 0)", []).unwrap();
    connection.execute_batch("ANALYZE; VACUUM; REINDEX").unwrap();
    connection.close().unwrap();
    peek(&file).unwrap();
    verify(&Connection::open(&file).unwrap()).unwrap();
}

#[cfg(unix)]
#[test]
fn names_with_odd_bytes_are_the_file_that_they_are() {
    use std::os::unix::ffi::OsStrExt;
    for name in [&b"a b?immutable=0&x#y%41.db"[..], b"\xff\xfe.db", b"file:x.db", "é's \"db\"".as_bytes()] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(std::ffi::OsStr::from_bytes(name));
        create(&file).unwrap();
        peek(&file).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
