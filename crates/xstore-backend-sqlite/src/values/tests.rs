use super::*;
use crate::connection::{Role, open};
use crate::place::Place;
use crate::{Config, schema};
use tempfile::TempDir;

struct Database {
    writer: Connection,
    watch: Watch,
    _folder: TempDir,
}

fn database_with(change: impl FnOnce(Config) -> Config) -> Database {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    schema::create(&file).unwrap();
    let writer = open(&file, &change(Config::new(&file)), Role::Write).unwrap();
    schema::verify(&writer).unwrap();
    let watch = Place::find(&file).unwrap().watch().unwrap();
    Database { writer, watch, _folder: folder }
}

fn database() -> Database {
    database_with(|config| config)
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn bytes_of(len: usize, seed: u8) -> Vec<u8> {
    (0..=250).map(|byte| byte ^ seed).cycle().take(len).collect()
}

impl Database {
    fn put(&mut self, name: &str, value: impl Into<Payload>) {
        assert!(put(&mut self.writer, &self.watch, &key(name), &value.into(), false).unwrap());
    }

    fn get(&mut self, name: &str) -> Result<Bytes, Error> {
        get(&mut self.writer, &key(name), usize::MAX).map_err(Failure::into_error)
    }

    fn number(&self, sql: &str) -> i64 {
        self.writer.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn run(&self, sql: &str) {
        assert!(self.writer.execute(sql, []).unwrap() > 0, "{sql}");
    }

    /// Reading the value is refused as damage.
    fn is_damaged(&mut self, name: &str) {
        let error = self.get(name).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
        assert!(error.to_string().starts_with("the database is damaged"), "{error}");
    }
}

const SIZES: [usize; 7] = [0, 1, 4096, 131_071, 131_072, 131_073, 1_000_000];

#[test]
fn values_and_parts_of_them_come_back() {
    let mut database = database();
    for (seed, size) in (0..).zip(SIZES) {
        let value = bytes_of(size, seed);
        database.put("a/b", value.clone());
        assert!(database.get("a/b").unwrap() == value);
        let len = size as u64;
        let places =
            [0, 1, len / 3, 131_071, 131_072, 131_073, len.saturating_sub(1), len, len + 1, u64::MAX];
        for start in places {
            for end in places {
                let part = get_range(&mut database.writer, &key("a/b"), start..end).unwrap();
                let at = |place: u64| usize::try_from(place.min(len)).unwrap();
                let expected = if start < end { &value[at(start)..at(end)] } else { &[] };
                assert!(part == expected, "{start}..{end} of {size}");
            }
        }
    }
}

#[test]
fn nothing_stays_of_what_is_replaced_or_deleted() {
    let mut database = database();
    database.put("other", bytes_of(300_000, 9));
    for size in SIZES {
        database.put("a", bytes_of(size, 1));
        let pieces = i64::try_from(size.div_ceil(131_072)).unwrap();
        assert_eq!(database.number("SELECT count(*) FROM piece WHERE key = 'a'"), pieces);
    }
    delete(&mut database.writer, &key("a")).unwrap();
    delete(&mut database.writer, &key("a")).unwrap();
    assert_eq!(database.number("SELECT count(*) FROM piece WHERE key <> 'other'"), 0);
    assert_eq!(database.number("SELECT count(*) FROM entry"), 1);
    assert!(database.get("other").unwrap() == bytes_of(300_000, 9));
}

#[test]
fn create_only_is_decided_by_the_database() {
    let mut database = database();
    let mut create = |value: &'static [u8]| {
        put(&mut database.writer, &database.watch, &key("a"), &Payload::from(value), true).unwrap()
    };
    assert!(create(b"first"));
    assert!(!create(b"second"));
    assert_eq!(database.get("a").unwrap(), "first");
    assert_eq!(database.number("SELECT count(*) FROM piece"), 1, "nothing of the second one stays");
    assert!(database.writer.is_autocommit());
}

#[test]
fn a_longer_value_than_wanted_is_refused() {
    let mut database = database();
    database.put("a", bytes_of(1000, 0));
    let mut get =
        |max| get(&mut database.writer, &key("a"), max).map_err(|failure| failure.into_error().kind());
    assert_eq!(get(999), Err(ErrorKind::TooLarge));
    assert_eq!(get(1000).unwrap().len(), 1000);
}

#[test]
fn time_is_the_machine_s() {
    let mut database = database();
    let before = database.number("SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)");
    database.put("a", bytes_of(5, 0));
    let after = database.number("SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)");
    let stored = database.number("SELECT modified FROM entry");
    assert!(before > 1_700_000_000_000 && before <= stored && stored <= after);
    let found = stat(&mut database.writer, &key("a")).unwrap();
    let since = Duration::from_millis(stored.unsigned_abs());
    assert_eq!((found.size, found.modified), (5, Some(SystemTime::UNIX_EPOCH + since)));
    for (odd, expected) in [
        ("-1500", SystemTime::UNIX_EPOCH.checked_sub(Duration::from_millis(1500))),
        ("9223372036854775807", SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(i64::MAX as u64))),
    ] {
        database.run(&format!("UPDATE entry SET modified = {odd}"));
        assert_eq!(stat(&mut database.writer, &key("a")).unwrap().modified, expected);
    }
}

#[test]
fn a_listing_goes_on_where_it_stopped() {
    let mut database = database();
    let names: Vec<String> = (0..2 * PAGE_KEYS + 1).map(|at| format!("p/{at:05}")).collect();
    let transaction = database.writer.transaction().unwrap();
    for name in names.iter().map(String::as_str).chain(["o", "p-/x", "p.a", "p0", "p"]) {
        transaction.execute("INSERT INTO entry VALUES (?1, 1, 7, 0)", [name]).unwrap();
    }
    transaction.commit().unwrap();
    let prefix = Prefix::new("p").unwrap();
    let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = list(&mut database.writer, &prefix, cursor.as_ref()).unwrap();
        assert!(page.entries.iter().all(|entry| entry.stat.size == 7));
        found.extend(page.entries.iter().map(|entry| entry.key.as_str().to_owned()));
        pages += 1;
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!((found, pages), (names, 3));
    let all = list(&mut database.writer, &Prefix::all(), Some(&Cursor::new("p/02000"))).unwrap();
    let all: Vec<_> = all.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(all, ["p0"]);
    let outside = list(&mut database.writer, &prefix, Some(&Cursor::new("a"))).unwrap();
    assert_eq!(outside.entries[0].key.as_str(), "p/00000");
}

#[test]
fn a_page_that_is_just_full_is_the_last_one() {
    let mut database = database();
    for at in 0..PAGE_KEYS {
        database.writer.execute("INSERT INTO entry VALUES (?1, 1, 0, 0)", [format!("a{at}")]).unwrap();
    }
    let page = list(&mut database.writer, &Prefix::all(), None).unwrap();
    assert_eq!((page.entries.len(), page.next), (PAGE_KEYS, None));
}

#[test]
fn names_that_are_no_keys_are_left_out_however_many_they_are() {
    let mut database = database();
    for at in 0..PAGE_KEYS + 5 {
        database.writer.execute("INSERT INTO entry VALUES (?1, 1, 0, 0)", [format!("a/B{at}")]).unwrap();
    }
    database
        .run("INSERT INTO entry VALUES (CAST(x'612FFF' AS TEXT), 1, 0, 0), ('a/z', 1, 0, 0), ('', 1, 0, 0)");
    for prefix in ["", "a"] {
        let page = list(&mut database.writer, &Prefix::new(prefix).unwrap(), None).unwrap();
        let names: Vec<_> = page.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!((names, page.next), (vec!["a/z"], None), "{prefix:?}");
    }
}

#[test]
fn no_statement_reads_a_whole_table() {
    let database = database();
    for sql in [
        LIST,
        "SELECT first, size, modified FROM entry WHERE key = ?1",
        "SELECT max(id) FROM piece",
        READ,
        "DELETE FROM piece WHERE id BETWEEN ?1 AND ?2 AND key = ?3",
    ] {
        let mut statement = database.writer.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let values = vec!["x"; statement.parameter_count()];
        let steps =
            statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(!steps.is_empty() && steps.iter().all(|step| step.starts_with("SEARCH")), "{sql}: {steps:?}");
    }
}

#[test]
fn a_row_that_makes_no_sense_is_damage() {
    let value = || bytes_of(300_000, 3);
    for sql in [
        "UPDATE entry SET size = -1 WHERE key = 'a'",
        "UPDATE entry SET size = 9223372036854775807 WHERE key = 'a'",
        "UPDATE entry SET size = 1 << 30 WHERE key = 'a'",
        "UPDATE entry SET size = size + 1 WHERE key = 'a'",
        "UPDATE entry SET size = size - 1 WHERE key = 'a'",
        "UPDATE entry SET first = first + 1 WHERE key = 'a'",
        "UPDATE entry SET first = first - 1 WHERE key = 'a'",
        "UPDATE entry SET first = 9223372036854775807 WHERE key = 'a'",
        "UPDATE entry SET first = (SELECT first FROM entry WHERE key = 'b') WHERE key = 'a'",
        "DELETE FROM piece WHERE id = (SELECT first + 1 FROM entry WHERE key = 'a')",
        "DELETE FROM piece WHERE id = (SELECT first + 2 FROM entry WHERE key = 'a')",
        "UPDATE piece SET bytes = x'00' WHERE id = (SELECT first + 1 FROM entry WHERE key = 'a')",
        "UPDATE piece SET bytes = CAST(bytes || x'00' AS BLOB) WHERE id = (SELECT first FROM entry WHERE key = 'a')",
        "UPDATE piece SET key = 'c' WHERE id = (SELECT first FROM entry WHERE key = 'a')",
    ] {
        let mut database = database();
        database.put("b", value());
        database.put("a", value());
        database.put("c", value());
        database.run(sql);
        database.is_damaged("a");
        // Whatever is wrong with one value, what is done to it doesn't reach another one.
        delete(&mut database.writer, &key("a")).unwrap();
        assert_eq!(database.get("a").unwrap_err().kind(), ErrorKind::NotFound);
        assert!(database.get("b").unwrap() == value(), "{sql}");
        assert!(database.get("c").unwrap() == value(), "{sql}");
        assert!(database.writer.is_autocommit());
    }
}

#[test]
fn a_listing_names_a_row_that_makes_no_sense() {
    let mut database = database();
    database.put("a/x", bytes_of(10, 0));
    database.put("a/y", bytes_of(10, 0));
    database.run("UPDATE entry SET size = -5 WHERE key = 'a/y'");
    let error = list(&mut database.writer, &Prefix::all(), None).unwrap_err().into_error();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "the database is damaged: a/y has an impossible length");
    database.put("a/y", bytes_of(11, 0));
    assert_eq!(list(&mut database.writer, &Prefix::all(), None).unwrap().entries.len(), 2);
}

#[test]
fn a_database_that_may_not_grow_says_so_and_can_be_cleaned() {
    let mut database = database_with(|config| config.with_max_size(Some(4 << 20)));
    let put = |database: &mut Database, name: &str| {
        let value = Payload::from(bytes_of(200_000, 5));
        put(&mut database.writer, &database.watch, &key(name), &value, true)
            .map_err(|f| f.into_error().kind())
    };
    let fitted = (0..).take_while(|at| put(&mut database, &format!("v{at}")).is_ok()).count();
    assert!((16..=20).contains(&fitted), "{fitted}");
    assert_eq!(put(&mut database, "more"), Err(ErrorKind::QuotaExceeded));
    assert!(database.number("PRAGMA page_count") * 8192 <= 4 << 20);
    let room = space(&mut database.writer, &database.watch, Some(4 << 20)).unwrap();
    assert!(room.free.unwrap() < 400_000 && room.total == Some(4 << 20), "{room:?}");
    for at in 0..fitted {
        assert!(database.get(&format!("v{at}")).unwrap() == bytes_of(200_000, 5));
    }
    // Replacing takes the place of what is replaced.
    database.put("v0", bytes_of(200_000, 6));
    delete(&mut database.writer, &key("v1")).unwrap();
    assert_eq!(put(&mut database, "more"), Ok(true));
    assert!(database.get("more").unwrap() == bytes_of(200_000, 5));
}

#[test]
fn room_is_what_the_file_has_unused_and_the_file_system_free() {
    let mut database = database();
    let before = space(&mut database.writer, &database.watch, None).unwrap();
    assert!(before.free.unwrap() > 0 && before.free < before.total);
    database.put("a", bytes_of(5_000_000, 1));
    delete(&mut database.writer, &key("a")).unwrap();
    let unused = database.number("PRAGMA freelist_count") * 8192;
    assert!(unused >= 5_000_000);
    // What is unused counts on top, also where the file may not grow.
    let room = space(&mut database.writer, &database.watch, Some(1)).unwrap();
    assert_eq!(room.free, Some(unused.unsigned_abs()));
}
