//! Puts that touch nothing that is there. Where two at once may both succeed, the option is still obeyed by one
//! after the other, so these cases are for every backend; the races are in [`concurrency`](super::concurrency).

use super::prelude::*;
use std::time::Duration;

/// Where nothing is, a value is created.
pub async fn create_only_creates(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("a/v")?, value(1000, 1));
    fixture.create(&key, value.clone()).await?;
    fixture.holds(&key, &value, "a created value").await
}

/// Where something is, creating is refused, and the error says why.
pub async fn a_refusal_says_that_it_exists(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    fixture.create(&key, value(1000, 2)).await?;
    for _ in 0..3 {
        let result = fixture.create(&key, value(1000, 3)).await;
        refused(result, ErrorKind::AlreadyExists, "create_only over a created value")?;
    }
    Ok(())
}

/// A refused put leaves the old value as it was, whichever is longer.
pub async fn a_refusal_leaves_the_old_value(fixture: Fixture) -> CaseResult {
    let (key, old) = (fixture.key("v")?, value(1000, 4));
    fixture.create(&key, old.clone()).await?;
    for len in [0, 10, 1000, 50_000] {
        let result = fixture.create(&key, value(len, 5)).await;
        refused(result, ErrorKind::AlreadyExists, "create_only over another value")?;
        fixture.holds(&key, &old, "the value that a put was refused over").await?;
        let size = fixture.backend().stat(&key).await?.size;
        check!(size == 1000, "stat says {size} of 1000 bytes");
    }
    Ok(())
}

/// Equal bytes are refused as well: whether an earlier attempt had succeeded is for the caller to find out.
pub async fn equal_bytes_are_refused_too(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(1000, 6));
    fixture.create(&key, value.clone()).await?;
    let result = fixture.create(&key, value.clone()).await;
    refused(result, ErrorKind::AlreadyExists, "create_only with the bytes that are there")?;
    fixture.holds(&key, &value, "the value").await
}

/// The empty value exists.
pub async fn the_empty_value_exists(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    fixture.create(&key, Bytes::new()).await?;
    let result = fixture.create(&key, value(10, 7)).await;
    refused(result, ErrorKind::AlreadyExists, "create_only over the empty value")?;
    fixture.holds(&key, &Bytes::new(), "the empty value").await
}

/// Creating is refused over a value that was put without the option, too.
pub async fn a_put_value_exists(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(10, 8));
    fixture.put(&key, &uniform(5, 1)).await?;
    fixture.put(&key, &value).await?;
    let result = fixture.create(&key, uniform(5, 2)).await;
    refused(result, ErrorKind::AlreadyExists, "create_only over a replaced value")?;
    fixture.holds(&key, &value, "the value").await
}

/// What was deleted can be created anew, again and again.
pub async fn a_deleted_value_can_be_created_anew(fixture: Fixture) -> CaseResult {
    let key = fixture.key("a/b/v")?;
    for seed in 10..14 {
        let value = value(500, seed);
        fixture.create(&key, value.clone()).await?;
        fixture.holds(&key, &value, "a value created anew").await?;
        fixture.backend().delete(&key).await?;
        not_found(fixture.get(&key).await, "the deleted value")?;
    }
    Ok(())
}

/// A created value can be replaced by who wants that.
pub async fn a_created_value_can_be_replaced(fixture: Fixture) -> CaseResult {
    let (key, new) = (fixture.key("v")?, value(700, 15));
    fixture.create(&key, value(900, 16)).await?;
    fixture.put(&key, &new).await?;
    fixture.holds(&key, &new, "the replaced value").await
}

/// A value with a ttl exists as any other, and a ttl doesn't make a put less careful.
pub async fn a_ttl_changes_nothing_about_it(fixture: Fixture) -> CaseResult {
    let hour = Some(Duration::from_secs(3600));
    let (key, old) = (fixture.key("v")?, value(900, 17));
    let options = PutOptions::create_only().with_ttl(hour);
    fixture.backend().put(&key, old.clone().into(), &options).await?;
    for options in [options, PutOptions::create_only()] {
        let result = fixture.backend().put(&key, uniform(5, 1).into(), &options).await;
        refused(result, ErrorKind::AlreadyExists, "create_only over a value with a ttl")?;
    }
    fixture.holds(&key, &old, "the value with a ttl").await
}

/// One refusal has nothing to do with other keys.
pub async fn other_keys_are_free(fixture: Fixture) -> CaseResult {
    fixture.create(&fixture.key("f/v")?, value(10, 18)).await?;
    for other in ["f/v0", "f/u", "f/vv", "g/v", "v"] {
        let (key, value) = (fixture.key(other)?, value(10, 19));
        fixture.create(&key, value.clone()).await?;
        fixture.holds(&key, &value, "a value beside one that exists").await?;
    }
    Ok(())
}

/// Refused puts leave no names behind.
pub async fn a_refusal_leaves_no_name(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let key = fixture.key("f/v")?;
    fixture.create(&key, value(1000, 20)).await?;
    for seed in 0..5 {
        let result = fixture.create(&key, value(1000, seed)).await;
        refused(result, ErrorKind::AlreadyExists, "create_only over a value")?;
    }
    expect_names(&fixture, fixture.namespace(), &[key]).await
}
