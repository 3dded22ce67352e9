//! What a backend tells about itself and about failures.

use super::prelude::*;
use std::error::Error as StdError;
use xstore_backend::{Error, Operation};

/// Text that has no business in any message.
const CANARY: &[u8] = b"CANARY-2718281828";

/// The name and the abilities don't change, whatever happens.
pub async fn id_and_capability_are_constant(fixture: Fixture) -> CaseResult {
    let (id, capability) = (fixture.backend().id().clone(), fixture.capability());
    let key = fixture.key("v")?;
    let unchanged = |fixture: &Fixture| *fixture.backend().id() == id && fixture.capability() == capability;
    fixture.put(&key, &value(100, 1)).await?;
    check!(unchanged(&fixture), "they changed in a put");
    not_found(fixture.get(&fixture.key("none")?).await, "get of nothing")?;
    check!(unchanged(&fixture), "they changed in a failed get");
    fixture.backend().delete(&key).await?;
    check!(unchanged(&fixture), "they changed in a delete");
    Ok(())
}

/// Room is told in numbers that fit together, or not at all.
pub async fn space_makes_sense(fixture: Fixture) -> CaseResult {
    let before = fixture.backend().space().await?;
    fixture.put(&fixture.key("v")?, &value(10_000, 2)).await?;
    let after = fixture.backend().space().await?;
    for space in [before, after] {
        if let (Some(free), Some(total)) = (space.free, space.total) {
            check!(free <= total, "{free} of {total} bytes are free");
        }
    }
    check!(before.free.is_some() == after.free.is_some(), "free space is known at times only");
    check!(before.total.is_some() == after.total.is_some(), "the whole space is known at times only");
    Ok(())
}

/// A failure says on which backend and in which operation, and doesn't name another key.
pub async fn errors_carry_their_context(fixture: Fixture) -> CaseResult {
    let (key, taken) = (fixture.key("none")?, fixture.key("taken")?);
    fixture.create(&taken, value(10, 3)).await?;
    let backend = fixture.backend();
    let get = backend.get(&key, 1000).await.map(drop);
    expect_context(&fixture, get, &[Operation::Get], &key)?;
    let range = backend.get_range(&key, 0..10).await.map(drop);
    expect_context(&fixture, range, &[Operation::Get], &key)?;
    // Where it reads the value for want of something better, it may say so.
    let stat = backend.stat(&key).await.map(drop);
    expect_context(&fixture, stat, &[Operation::Stat, Operation::Get], &key)?;
    let large = backend.get(&taken, 9).await.map(drop);
    expect_context(&fixture, large, &[Operation::Get], &taken)?;
    let put = fixture.create(&taken, value(10, 4)).await;
    expect_context(&fixture, put, &[Operation::Put], &taken)?;
    if !fixture.capability().list {
        let list = backend.list(fixture.namespace(), None).await.map(drop);
        expect_context(&fixture, list, &[Operation::List], &key)?;
    }
    Ok(())
}

#[track_caller]
fn expect_context(
    fixture: &Fixture,
    result: Result<(), Error>,
    operations: &[Operation],
    key: &Key,
) -> CaseResult {
    let Err(error) = result else { return Err(Stop::fail("it must fail, it succeeded")) };
    let id = fixture.backend().id();
    check!(error.backend() == Some(id), "the error names {:?} instead of {id}", error.backend());
    let is_operation = error.operation().is_some_and(|operation| operations.contains(&operation));
    check!(is_operation, "the error names {:?} instead of {operations:?}", error.operation());
    // A decorator may have put something in front.
    let is_key = error.key().is_none_or(|named| named.as_str().ends_with(key.as_str()));
    check!(is_key, "the error names {:?} instead of {key}", error.key());
    Ok(())
}

/// What can't get better by itself isn't worth another attempt.
pub async fn lasting_failures_are_not_retryable(fixture: Fixture) -> CaseResult {
    let (none, taken) = (fixture.key("none")?, fixture.key("taken")?);
    fixture.create(&taken, value(10, 5)).await?;
    let errors = [
        not_found(fixture.get(&none).await, "get of nothing")?,
        not_found(fixture.backend().stat(&none).await, "stat of nothing")?,
        not_found(fixture.backend().get_range(&none, 0..1).await, "a range of nothing")?,
        refused(fixture.create(&taken, value(10, 6)).await, ErrorKind::AlreadyExists, "create_only")?,
        refused(fixture.backend().get(&taken, 5).await, ErrorKind::TooLarge, "get with a small max")?,
    ];
    for error in &errors {
        check!(!error.is_retryable(), "{:?} is said to be worth another attempt", error.kind());
    }
    Ok(())
}

/// A put that is refused for what is there, or for its length, says that nothing was written: nobody has to sweep it.
pub async fn a_refusal_says_that_nothing_was_written(fixture: Fixture) -> CaseResult {
    let key = fixture.key("taken")?;
    fixture.create(&key, value(10, 7)).await?;
    let error = refused(fixture.create(&key, value(10, 8)).await, ErrorKind::AlreadyExists, "create_only")?;
    check!(!error.may_have_written(), "AlreadyExists is said to have written something, maybe");
    if let Ok(payload) = super::limits::too_long(&fixture) {
        let put = fixture.backend().put(&fixture.key("long")?, payload, &REPLACE).await;
        let error = refused(put, ErrorKind::TooLarge, "a put that is too long")?;
        check!(!error.may_have_written(), "TooLarge is said to have written something, maybe");
    }
    Ok(())
}

/// No stored byte is printed with the backend.
pub async fn debug_shows_no_values(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    fixture.put(&key, &Bytes::from_static(CANARY)).await?;
    fixture.get(&key).await?;
    let text = format!("{0:?} {0:#?}", fixture.backend());
    check!(!shows_canary(&text), "Debug of the backend shows a value");
    Ok(())
}

/// No stored byte is printed with an error.
pub async fn errors_show_no_values(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    let canary = Bytes::from_static(CANARY);
    fixture.create(&key, canary.clone()).await?;
    let errors = [
        refused(fixture.create(&key, canary).await, ErrorKind::AlreadyExists, "create_only")?,
        refused(fixture.backend().get(&key, 3).await, ErrorKind::TooLarge, "get with a small max")?,
    ];
    for error in &errors {
        let mut text = format!("{error} {error:?} {error:#?}");
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(&format!(" {cause} {cause:?}"));
            source = cause.source();
        }
        check!(!shows_canary(&text), "an error shows a value");
    }
    Ok(())
}

/// As text, in hexadecimal, or as a list of numbers.
fn shows_canary(text: &str) -> bool {
    let hex: String = CANARY.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = CANARY.iter().map(u8::to_string).collect();
    let dense: String = text.split_whitespace().collect();
    text.contains("CANARY-") || dense.to_lowercase().contains(&hex) || dense.contains(&numbers.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canary_is_seen_in_every_dress() {
        let bytes = CANARY.to_vec();
        for text in [format!("{bytes:?}"), format!("{bytes:#?}"), format!("{:?}", Bytes::from(bytes.clone()))]
        {
            assert!(shows_canary(&text), "{text}");
        }
        assert!(shows_canary(&format!("{bytes:02x?}").replace([',', ' '], "")));
        assert!(!shows_canary("Payload { len: 17 }"));
    }
}
