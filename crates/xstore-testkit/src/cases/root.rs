//! The place itself is missing: an unmounted disk, a dropped table, a bucket that is gone. Not there is not "not
//! found", and nobody makes a new, empty one.

use super::prelude::*;

/// Puts a value and takes the place away.
async fn without_root(fixture: &Fixture) -> CaseResult<Key> {
    let key = fixture.key("f/v")?;
    fixture.create(&key, value(1000, 1)).await?;
    fixture.break_root().await?;
    Ok(key)
}

#[track_caller]
fn unavailable<T>(result: Result<T, xstore_backend::Error>, what: &str) -> CaseResult {
    refused(result, ErrorKind::Unavailable, format!("{what} without the place")).map(drop)
}

/// No way of reading says that a value isn't there.
pub async fn reading_is_unavailable(fixture: Fixture) -> CaseResult {
    let there = without_root(&fixture).await?;
    for key in [there, fixture.key("f/never")?, fixture.key("g/h/never")?] {
        unavailable(fixture.get(&key).await, "get")?;
        unavailable(fixture.backend().get_range(&key, 0..10).await, "get_range")?;
        unavailable(fixture.backend().stat(&key).await, "stat")?;
    }
    Ok(())
}

/// A put fails, whatever its options, and makes no new place.
pub async fn writing_is_unavailable(fixture: Fixture) -> CaseResult {
    let there = without_root(&fixture).await?;
    for key in [&there, &fixture.key("g/h/new")?] {
        for options in [PutOptions::create_only(), REPLACE] {
            let put = fixture.backend().put(key, value(10, 2).into(), &options);
            unavailable(put.await, "put")?;
            unavailable(fixture.get(key).await, "get after a put")?;
        }
    }
    Ok(())
}

/// A deletion fails, also of what isn't there: it would be said to be gone, and come back with the disk.
pub async fn deleting_is_unavailable(fixture: Fixture) -> CaseResult {
    let there = without_root(&fixture).await?;
    for key in [&there, &fixture.key("f/never")?, &fixture.key("g/h/never")?] {
        unavailable(fixture.backend().delete(key).await, "delete")?;
    }
    Ok(())
}

/// A listing fails: an empty one would let a collector of rubbish delete everything elsewhere.
pub async fn listing_is_unavailable(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    without_root(&fixture).await?;
    for prefix in [fixture.namespace().clone(), fixture.prefix("f")?, fixture.prefix("never")?, Prefix::all()]
    {
        unavailable(fixture.backend().list(&prefix, None).await, "list")?;
    }
    Ok(())
}

/// Whatever is tried, no new place comes into being.
pub async fn nothing_is_made_anew(fixture: Fixture) -> CaseResult {
    let there = without_root(&fixture).await?;
    let new = fixture.key("g/new")?;
    for _ in 0..3 {
        let _ = fixture.create(&new, value(10, 3)).await;
        let _ = fixture.put(&there, &value(10, 4)).await;
        let _ = fixture.backend().delete(&there).await;
        let _ = fixture.backend().list(fixture.namespace(), None).await;
        let _ = fixture.backend().space().await;
        for key in [&new, &there] {
            unavailable(fixture.get(key).await, "get after many attempts")?;
        }
    }
    Ok(())
}

/// When the place is back, so is all that was in it, and nothing of what was tried meanwhile.
pub async fn all_is_back_with_the_place(fixture: Fixture) -> CaseResult {
    let there = without_root(&fixture).await?;
    let new = fixture.key("g/new")?;
    unavailable(fixture.create(&new, value(10, 5)).await, "put")?;
    unavailable(fixture.put(&there, &value(10, 6)).await, "replacement")?;
    unavailable(fixture.backend().delete(&there).await, "delete")?;
    fixture.mend_root().await?;
    fixture.holds(&there, &value(1000, 1), "the value that is back").await?;
    not_found(fixture.get(&new).await, "the value that was refused meanwhile")?;
    if fixture.capability().list {
        expect_names(&fixture, fixture.namespace(), std::slice::from_ref(&there)).await?;
    }
    fixture.create(&new, value(10, 7)).await?;
    fixture.holds(&new, &value(10, 7), "a new value in the place that is back").await
}
