use super::*;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use tempfile::TempDir;

fn client() -> (TempDir, PathBuf, Client) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    let client = Client::create(Config::new(&file)).unwrap();
    (folder, file, client)
}

fn insert(id: i64, bytes: i64) -> impl FnOnce(&mut Connection, &Watch) -> Result<(), Failure> {
    move |connection, _| {
        connection
            .execute("INSERT INTO piece VALUES (?1, 'a', zeroblob(?2))", rusqlite::params![id, bytes])?;
        Ok(())
    }
}

fn count(connection: &mut Connection, _: &Watch) -> Result<i64, Failure> {
    Ok(connection.query_row("SELECT count(*) FROM piece", [], |row| row.get(0))?)
}

fn wal_of(file: &Path) -> PathBuf {
    file.with_file_name("x.db-wal")
}

fn idle(lane: &Lane) -> usize {
    lane.idle.lock().unwrap().len()
}

#[tokio::test]
async fn work_that_panics_is_an_error_and_leaves_no_lock() {
    let (_folder, _, client) = client();
    let panicking = client.write::<()>(|connection, _| {
        connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO piece VALUES (1, 'a', x'')").unwrap();
        panic!("a bug");
    });
    let error = panicking.await.unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Other, "an operation panicked".into()));
    client.write(insert(1, 5)).await.unwrap();
    assert_eq!(client.read(count).await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_that_was_left_open_ends() {
    let (_folder, _, client) = client();
    let leaving = |connection: &mut Connection, _: &Watch| {
        connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO piece VALUES (1, 'a', x'')")?;
        Ok(())
    };
    client.write(leaving).await.unwrap();
    assert_eq!(idle(&client.0.writer), 0, "its connection is closed");
    client.write(insert(1, 5)).await.unwrap();
    client.write(insert(2, 5)).await.unwrap();
    assert_eq!((idle(&client.0.writer), client.read(count).await.unwrap()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_dropped_before_its_turn_does_nothing_and_a_later_one_finishes() {
    let (_folder, _, client) = client();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let first = client.clone();
    let first = tokio::spawn(async move {
        let work = move |connection: &mut Connection, watch: &Watch| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            insert(1, 5)(connection, watch)
        };
        first.write(work).await
    });
    has_begun.recv().unwrap();
    let mut second = Box::pin(client.write(insert(2, 5)));
    assert!(futures_poll(second.as_mut()).await.is_none(), "it waits for its turn");
    drop(second);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    // The third one's turn comes when the first one has ended.
    client.write(insert(3, 5)).await.unwrap();
    let ids = |connection: &mut Connection, _: &Watch| -> Result<String, Failure> {
        Ok(connection.query_row("SELECT group_concat(id ORDER BY id) FROM piece", [], |row| row.get(0))?)
    };
    assert_eq!(client.read(ids).await.unwrap(), "1,3");
}

/// Polls once.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_read_as_may_and_no_more_connections_stay_open() {
    let (_folder, _, client) = client();
    let readers = READERS as usize;
    let barrier = Arc::new(std::sync::Barrier::new(readers));
    let reads = (0..2 * readers).map(|_| {
        let (client, barrier) = (client.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            // Ends only if so many are in here at once.
            let wait = move |connection: &mut Connection, watch: &Watch| {
                barrier.wait();
                count(connection, watch)
            };
            client.read(wait).await
        })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap().unwrap(), 0);
    }
    assert_eq!(idle(&client.0.readers), readers);
}

#[tokio::test]
async fn a_long_log_is_emptied_also_where_reads_overlap() {
    let (_folder, file, mut client) = client();
    Arc::get_mut(&mut client.0).unwrap().long_log = 1 << 20;
    let log = || fs::metadata(wal_of(&file)).unwrap().len();
    // A snapshot of one reader keeps the log from beginning anew...
    client.write(insert(1, 500_000)).await.unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let reader = client.clone();
    let reading = tokio::spawn(async move {
        let work = move |connection: &mut Connection, _: &Watch| {
            let transaction = connection.transaction()?;
            let rows: i64 = transaction.query_row("SELECT count(*) FROM piece", [], |row| row.get(0))?;
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(rows)
        };
        reader.read(work).await
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    client.write(insert(2, 900_000)).await.unwrap();
    assert!(log() > 1 << 20);
    // ... so the next write waits for it.
    let mut write = Box::pin(client.write(insert(3, 10)));
    assert!(futures_poll(write.as_mut()).await.is_none());
    assert_eq!(client.0.readers.permits.available_permits(), 0, "no further reads begin");
    go_on.send(()).unwrap();
    write.await.unwrap();
    assert!(log() < 100_000, "{}", log());
    assert_eq!(reading.await.unwrap().unwrap(), 1);
    assert_eq!(client.read(count).await.unwrap(), 3);
}

#[tokio::test]
async fn a_failed_write_leaves_no_long_log() {
    let (_folder, file, client) = client();
    let log = || fs::metadata(wal_of(&file)).unwrap().len();
    let failing = |connection: &mut Connection, _: &Watch| -> Result<(), Failure> {
        let transaction = connection.transaction()?;
        for id in 0..8 {
            transaction.execute("INSERT INTO piece VALUES (?1, 'a', zeroblob(1000000))", [id])?;
        }
        Err(Failure::Known(full("no room")))
    };
    assert_eq!(client.write(failing).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert_eq!(log(), 0, "where there is no room, it goes at once");
    let failing = move |connection: &mut Connection, watch: &Watch| {
        let _ = failing(connection, watch);
        Err::<(), _>(Failure::Known(Error::new(ErrorKind::Unavailable, "no disk")))
    };
    assert_eq!(client.write(failing).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(log() > 4_000_000);
    client.write(insert(1, 10)).await.unwrap();
    assert!(log() < 100_000, "else with the next write");
}

#[tokio::test]
async fn files_that_are_gone_are_not_there_for_anything() {
    let (folder, file, client) = client();
    client.write(insert(1, 10)).await.unwrap();
    let away = folder.path().join("away");
    for path in [file.clone(), wal_of(&file)] {
        fs::rename(&path, &away).unwrap();
        for error in [client.read(count).await.unwrap_err(), client.write(insert(2, 10)).await.unwrap_err()] {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
            assert!(error.to_string().ends_with("can't be found") && !error.may_have_written(), "{error}");
        }
        // Another file of that name is no better, be it a copy.
        fs::copy(&away, &path).unwrap();
        for error in [client.read(count).await.unwrap_err(), client.write(insert(2, 10)).await.unwrap_err()] {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false), "{error}");
            assert!(error.to_string().contains("replaced"), "{error}");
        }
        fs::rename(&away, &path).unwrap();
        assert_eq!(client.read(count).await.unwrap(), 1);
    }
    client.write(insert(2, 10)).await.unwrap();
    assert_eq!(client.read(count).await.unwrap(), 2);
}

#[tokio::test]
async fn what_happens_to_a_file_that_is_taken_away_meanwhile_is_unknown() {
    let (folder, file, client) = client();
    let away = folder.path().join("away");
    let (from, to) = (file.clone(), away.clone());
    let work = move |connection: &mut Connection, watch: &Watch| {
        fs::rename(from, to).unwrap();
        insert(1, 10)(connection, watch)
    };
    let error = client.write(work).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unavailable && error.may_have_written(), "{error:?}");
    fs::rename(&away, &file).unwrap();
    let (from, to) = (file.clone(), away.clone());
    let work = move |_: &mut Connection, _: &Watch| {
        fs::rename(from, to).unwrap();
        Err::<(), _>(Failure::Known(Error::new(ErrorKind::NotFound, "")))
    };
    assert_eq!(client.read(work).await.unwrap_err().kind(), ErrorKind::Unavailable, "not: not found");
}

#[tokio::test]
async fn the_log_stays_the_same_file_whatever_connections_come_and_go() {
    let (_folder, file, client) = client();
    client.write(insert(1, 10)).await.unwrap();
    client.read(count).await.unwrap();
    for lane in [&client.0.writer, &client.0.readers] {
        lane.idle.lock().unwrap().clear();
    }
    let foreign = Connection::open(&file).unwrap();
    assert_eq!(count(&mut { foreign }, &client.0.watch).unwrap(), 1);
    assert_eq!(client.read(count).await.unwrap(), 1);
    drop(client);
    assert!(!wal_of(&file).exists(), "the last one to close copies it and removes it");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_same_database() {
    let (folder, file, client) = client();
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let linked = Client::open(Config::new(&link)).unwrap();
    linked.write(insert(1, 10)).await.unwrap();
    assert_eq!(client.read(count).await.unwrap(), 1);
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1, "its log stands beside the file");
    // A link that leads elsewhere is another file.
    fs::remove_file(&link).unwrap();
    Client::create(Config::new(folder.path().join("y.db"))).unwrap();
    std::os::unix::fs::symlink(folder.path().join("y.db"), &link).unwrap();
    assert_eq!(linked.read(count).await.unwrap_err().kind(), ErrorKind::Unavailable);
}
