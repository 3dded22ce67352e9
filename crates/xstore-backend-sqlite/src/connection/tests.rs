use super::*;
use crate::schema;
use tempfile::TempDir;

fn database() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    schema::create(&file).unwrap();
    (folder, file)
}

fn number(connection: &Connection, name: &str) -> i64 {
    connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn a_connection_has_what_the_promises_rest_on() {
    let (_folder, file) = database();
    for role in [Role::Write, Role::Read] {
        let connection = open(&file, &Config::new(&file), role).unwrap();
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        assert_eq!(number(&connection, "synchronous"), 2);
        assert_eq!(number(&connection, "fullfsync"), 1);
        assert_eq!(number(&connection, "checkpoint_fullfsync"), 1);
        assert_eq!(number(&connection, "secure_delete"), 1);
        assert_eq!(number(&connection, "journal_size_limit"), WAL_KEEP);
        assert_eq!(number(&connection, "page_size"), PAGE.cast_signed());
        assert_eq!(number(&connection, "trusted_schema"), 0);
        assert_eq!(number(&connection, "query_only"), i64::from(role == Role::Read));
        assert_eq!(number(&connection, "busy_timeout"), 5000);
    }
}

#[test]
fn a_setting_that_is_not_taken_is_noticed() {
    let (_folder, file) = database();
    let connection = open(&file, &Config::new(&file), Role::Write).unwrap();
    // SQLite knows no such mode, so it takes another one.
    let error = require(&connection, "synchronous", 7).unwrap_err().into_error();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("synchronous"), "{error}");
    // The page size of a database that exists stays what it is.
    assert!(require(&connection, "page_size", 512).is_err());
    assert!(require(&connection, "synchronous", 2).is_ok());
}

#[test]
fn a_mode_other_than_the_log_is_changed_back_or_refused() {
    let (_folder, file) = database();
    let plain = Connection::open(&file).unwrap();
    plain.pragma_update(None, "journal_mode", "DELETE").unwrap();
    plain.close().unwrap();
    open(&file, &Config::new(&file), Role::Write).unwrap();
    // A database in memory has no log, as one on a file system without shared memory.
    let error = require_wal(&Connection::open_in_memory().unwrap()).unwrap_err().into_error();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unsupported, false));
}

#[test]
fn a_reader_can_t_write_and_nobody_can_use_triggers() {
    let (_folder, file) = database();
    let config = Config::new(&file);
    let reader = open(&file, &config, Role::Read).unwrap();
    assert!(reader.execute("DELETE FROM entry", []).is_err());
    let foreign = Connection::open(&file).unwrap();
    foreign
        .execute_batch(
            "CREATE TRIGGER bad AFTER INSERT ON entry BEGIN DELETE FROM piece; DELETE FROM entry; END",
        )
        .unwrap();
    let writer = open(&file, &config, Role::Write).unwrap();
    writer.execute("INSERT INTO entry VALUES ('a', 1, 0, 0)", []).unwrap();
    let rows: i64 = writer.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1, "the trigger didn't run");
}

#[test]
fn a_row_longer_than_any_of_ours_is_refused() {
    let (_folder, file) = database();
    let foreign = Connection::open(&file).unwrap();
    foreign.execute("INSERT INTO piece VALUES (1, 'a', zeroblob(2000000))", []).unwrap();
    let reader = open(&file, &Config::new(&file), Role::Read).unwrap();
    let result: rusqlite::Result<Vec<u8>> = reader.query_row("SELECT bytes FROM piece", [], |row| row.get(0));
    assert!(result.is_err());
}

#[test]
fn the_size_is_limited_in_pages_and_never_below_what_is_there() {
    let (_folder, file) = database();
    let pages = |max_size| {
        let connection = open(&file, &Config::new(&file).with_max_size(max_size), Role::Write).unwrap();
        number(&connection, "max_page_count").unsigned_abs()
    };
    assert_eq!(pages(Some(10 << 20)), (10 << 20) / PAGE);
    assert_eq!(pages(Some((10 << 20) + PAGE - 1)), (10 << 20) / PAGE);
    assert_eq!(pages(Some(u64::MAX)), MAX_PAGES);
    assert_eq!(pages(None), MAX_PAGES);
    let foreign = Connection::open(&file).unwrap();
    foreign.execute("INSERT INTO piece VALUES (1, 'a', zeroblob(2000000))", []).unwrap();
    assert!(pages(Some(1 << 20)) > (1 << 20) / PAGE);
}

#[test]
fn the_log_is_emptied_unless_somebody_reads_it() {
    let (_folder, file) = database();
    let config = Config::new(&file);
    let mut reader = open(&file, &config, Role::Read).unwrap();
    let writer = open(&file, &config, Role::Write).unwrap();
    let log = || std::fs::metadata(file.with_file_name("x.db-wal")).unwrap().len();
    writer.execute("INSERT INTO piece VALUES (1, 'a', zeroblob(100000))", []).unwrap();
    let reading = reader.transaction().unwrap();
    let _: i64 = reading.query_row("SELECT count(*) FROM piece", [], |row| row.get(0)).unwrap();
    writer.execute("INSERT INTO piece VALUES (2, 'a', zeroblob(100000))", []).unwrap();
    empty_log(&writer, &config).unwrap();
    assert!(log() > 100_000, "somebody reads");
    drop(reading);
    empty_log(&writer, &config).unwrap();
    assert_eq!(log(), 0);
    assert_eq!(number(&writer, "busy_timeout"), 5000, "waits again");
}
