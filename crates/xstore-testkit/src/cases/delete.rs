//! Deleting: gone is gone, and nothing else.

use super::prelude::*;

/// A deleted value is gone for every way of reading it.
pub async fn a_deleted_value_is_gone(fixture: Fixture) -> CaseResult {
    let key = fixture.key("a/v")?;
    for len in [0, 1, 100_000] {
        fixture.put(&key, &value(len, 1)).await?;
        fixture.backend().delete(&key).await?;
        not_found(fixture.get(&key).await, "get of a deleted value")?;
        not_found(fixture.backend().stat(&key).await, "stat of a deleted value")?;
        not_found(fixture.backend().get_range(&key, 0..1).await, "a range of a deleted value")?;
    }
    Ok(())
}

/// What was never there can be deleted, also where nothing else is.
pub async fn a_missing_value_can_be_deleted(fixture: Fixture) -> CaseResult {
    fixture.backend().delete(&fixture.key("never")?).await?;
    fixture.backend().delete(&fixture.key("never/a/b/c")?).await?;
    fixture.put(&fixture.key("f/v")?, &value(1, 2)).await?;
    fixture.backend().delete(&fixture.key("f/never")?).await?;
    Ok(())
}

/// Deleting again is no error.
pub async fn deleting_again_is_fine(fixture: Fixture) -> CaseResult {
    let key = fixture.key("a/v")?;
    fixture.put(&key, &value(10, 3)).await?;
    for _ in 0..4 {
        fixture.backend().delete(&key).await?;
    }
    not_found(fixture.get(&key).await, "get of a value that was deleted repeatedly")?;
    Ok(())
}

/// After a deletion a put works as if nothing had been.
pub async fn a_put_after_a_deletion(fixture: Fixture) -> CaseResult {
    let key = fixture.key("a/b/v")?;
    for seed in 0..4_u8 {
        let value = value(2000 - 500 * usize::from(seed), u64::from(seed));
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a value after a deletion").await?;
        fixture.backend().delete(&key).await?;
    }
    Ok(())
}

/// Values with similar keys stay.
pub async fn neighbours_stay(fixture: Fixture) -> CaseResult {
    let neighbours = ["f/va", "f/v0", "f/v.x", "f/v-x", "f/v_x", "f/u", "fv", "f0/v", "g/f/v", "v"];
    let key = fixture.key("f/v")?;
    fixture.put(&key, &value(10, 5)).await?;
    for (seed, name) in (0..).zip(neighbours) {
        fixture.put(&fixture.key(name)?, &value(20, seed)).await?;
    }
    fixture.backend().delete(&key).await?;
    not_found(fixture.get(&key).await, "the deleted value")?;
    for (seed, name) in (0..).zip(neighbours) {
        fixture.holds(&fixture.key(name)?, &value(20, seed), "a neighbour of a deleted value").await?;
    }
    Ok(())
}

/// A deletion of what isn't there, beside what is, takes nothing with it.
pub async fn a_missing_neighbour_takes_nothing_with_it(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("f/g/value")?, value(10, 6));
    fixture.put(&key, &value).await?;
    for name in ["f/g/valu", "f/g/value0", "f/g/v", "f/g0/value", "f/h"] {
        fixture.backend().delete(&fixture.key(name)?).await?;
        fixture.holds(&key, &value, "the neighbour of a missing value").await?;
    }
    Ok(())
}

/// A folder that lost its last value can be used again, on every level.
pub async fn an_emptied_folder_can_be_used_again(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("a/b/c/d/v")?, value(10, 7));
    for other in ["a/b/c/d/w", "a/b/c/v", "a/b/v", "a/v", "z/v"] {
        fixture.put(&key, &value).await?;
        fixture.backend().delete(&key).await?;
        let other = fixture.key(other)?;
        fixture.create(&other, value.clone()).await?;
        fixture.holds(&other, &value, "a value in an emptied folder").await?;
        fixture.backend().delete(&other).await?;
    }
    Ok(())
}

/// A value that replaced another one is deleted with it: no older one comes back.
pub async fn no_older_value_comes_back(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    for seed in 0..3 {
        fixture.put(&key, &value(100, seed)).await?;
    }
    fixture.backend().delete(&key).await?;
    not_found(fixture.get(&key).await, "get of a deleted value that had been replaced")?;
    not_found(fixture.backend().stat(&key).await, "stat of it")?;
    Ok(())
}

/// A deleted value is in no listing.
pub async fn a_deleted_value_is_not_listed(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = [fixture.key("f/a")?, fixture.key("f/b")?, fixture.key("g/c")?];
    for key in &keys {
        fixture.put(key, &value(10, 8)).await?;
    }
    fixture.backend().delete(&keys[0]).await?;
    expect_names(&fixture, fixture.namespace(), &keys[1..]).await?;
    fixture.backend().delete(&keys[2]).await?;
    expect_names(&fixture, fixture.namespace(), &keys[1..2]).await?;
    fixture.backend().delete(&keys[1]).await?;
    expect_names(&fixture, fixture.namespace(), &[]).await
}

/// A large value is deleted like a small one.
pub async fn a_large_value_is_gone_too(fixture: Fixture) -> CaseResult {
    let len = 3 << 20;
    fixture.needs_room(len)?;
    let (key, small) = (fixture.key("v")?, value(10, 9));
    fixture.create(&key, value(len, 10)).await?;
    fixture.backend().delete(&key).await?;
    not_found(fixture.get(&key).await, "get of a large value that was deleted")?;
    fixture.create(&key, small.clone()).await?;
    fixture.holds(&key, &small, "a small value in a large one's place").await
}
