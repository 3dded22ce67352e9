//! Two handles of the same place, at once or one after the other.

use super::prelude::*;

/// Values are there after the place was closed and opened again.
pub async fn values_survive_reopening(fixture: Fixture) -> CaseResult {
    let sizes = [0, 1, 5000, 200_000];
    for (seed, len) in (0..).zip(sizes) {
        fixture.create(&fixture.key(&format!("f{}/v{len}", len % 2))?, value(len, seed)).await?;
    }
    let fixture = fixture.close_and_reopen().await?;
    let mut keys = Vec::new();
    for (seed, len) in (0..).zip(sizes) {
        let key = fixture.key(&format!("f{}/v{len}", len % 2))?;
        fixture.holds(&key, &value(len, seed), "a value after reopening").await?;
        let result = fixture.create(&key, value(len, 9)).await;
        refused(result, ErrorKind::AlreadyExists, "create_only over a value after reopening")?;
        keys.push(key);
    }
    if fixture.capability().list {
        expect_names(&fixture, fixture.namespace(), &keys).await?;
    }
    Ok(())
}

/// What was replaced or deleted stays so.
pub async fn changes_survive_reopening(fixture: Fixture) -> CaseResult {
    let (changed, deleted, both) = (fixture.key("f/a")?, fixture.key("f/b")?, fixture.key("f/c")?);
    for key in [&changed, &deleted, &both] {
        fixture.create(key, value(1000, 1)).await?;
    }
    fixture.put(&changed, &value(700, 2)).await?;
    fixture.backend().delete(&deleted).await?;
    fixture.backend().delete(&both).await?;
    fixture.create(&both, value(300, 3)).await?;
    let fixture = fixture.close_and_reopen().await?;
    fixture.holds(&changed, &value(700, 2), "a replaced value after reopening").await?;
    not_found(fixture.get(&deleted).await, "a deleted value after reopening")?;
    fixture.holds(&both, &value(300, 3), "a value that was deleted and created, after reopening").await?;
    if fixture.capability().list {
        expect_names(&fixture, fixture.namespace(), &[changed, both]).await?;
    }
    Ok(())
}

/// Two handles see each other's writes, replacements and deletions at once.
pub async fn two_handles_see_each_other(fixture: Fixture) -> CaseResult {
    let second = fixture.reopen().await?;
    let (key, options) = (fixture.key("f/v")?, PutOptions::replace());
    for (seed, len) in [(1, 500), (2, 100), (3, 5000)] {
        let (one, two) = (value(len, seed), value(len * 2, seed));
        fixture.put(&key, &one).await?;
        same(&second.get(&key, len).await?, &one, "the first handle's value, read by the second")?;
        let size = second.stat(&key).await?.size;
        check!(size == len as u64, "the second handle's stat says {size} of {len} bytes");
        second.put(&key, two.clone().into(), &options).await?;
        fixture.holds(&key, &two, "the second handle's value, read by the first").await?;
        second.delete(&key).await?;
        not_found(fixture.get(&key).await, "the value that the second handle deleted")?;
        fixture.put(&key, &one).await?;
        fixture.backend().delete(&key).await?;
        not_found(second.get(&key, len).await, "the value that the first handle deleted")?;
    }
    Ok(())
}

/// What one handle created, the other refuses to create.
pub async fn two_handles_respect_each_other(fixture: Fixture) -> CaseResult {
    let second = fixture.reopen().await?;
    let (one, two) = (fixture.key("f/a")?, fixture.key("f/b")?);
    let options = PutOptions::create_only();
    fixture.create(&one, value(100, 1)).await?;
    second.put(&two, value(100, 2).into(), &options).await?;
    let result = second.put(&one, value(100, 3).into(), &options).await;
    refused(result, ErrorKind::AlreadyExists, "create_only over the first handle's value")?;
    let result = fixture.create(&two, value(100, 4)).await;
    refused(result, ErrorKind::AlreadyExists, "create_only over the second handle's value")?;
    fixture.holds(&one, &value(100, 1), "the first handle's value").await?;
    fixture.holds(&two, &value(100, 2), "the second handle's value").await
}

/// A listing by one handle shows what the other one put.
pub async fn two_handles_list_the_same(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let second = fixture.reopen().await?;
    let mut keys = Vec::new();
    for (at, handle) in [fixture.backend(), &second, fixture.backend(), &second].into_iter().enumerate() {
        let key = fixture.key(&format!("f{at}/v"))?;
        handle.put(&key, value(10, 1).into(), &PutOptions::create_only()).await?;
        keys.push(key);
    }
    for handle in [fixture.backend(), &second] {
        expect_names_on(&**handle, fixture.namespace(), &keys).await?;
    }
    Ok(())
}

/// Another handle has the same name and abilities.
pub async fn two_handles_are_the_same_backend(fixture: Fixture) -> CaseResult {
    let second = fixture.reopen().await?;
    let (id, capability) = (fixture.backend().id(), fixture.capability());
    check!(second.id() == id, "the second handle is called {} instead of {id}", second.id());
    check!(second.capability() == capability, "the second handle has other abilities");
    Ok(())
}
