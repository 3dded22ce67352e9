//! Futures that are dropped at each of their awaits: the backend goes on working, and values stay whole.
//!
//! A dropped write may still land, also later. So each attempt has a key of its own.

use super::prelude::*;
use crate::poll_times;
use std::collections::BTreeSet;
use std::time::Duration;

/// Polls after which a future that hasn't ended is left alone: enough to get far into every one.
const LIMIT: usize = 40;

/// Looks at what has to become right, and the time between two of them.
const LOOKS: usize = 60;
const PAUSE: Duration = Duration::from_millis(50);

/// Length of the values: long enough for a write in pieces.
const LEN: usize = 150_000;

/// A dropped put has stored the whole value or nothing.
pub async fn a_dropped_put_is_whole_or_nothing(fixture: Fixture) -> CaseResult {
    for (polls, options) in
        (0..LIMIT).flat_map(|polls| [(polls, PutOptions::replace()), (polls, PutOptions::create_only())])
    {
        let key = fixture.key(&format!("f/v{polls}-{}", u8::from(options.create_only)))?;
        let value = value(LEN, polls as u64);
        let put = fixture.backend().put(&key, value.clone().into(), &options);
        let end = poll_times(put, polls).await;
        match fixture.get(&key).await {
            Ok(bytes) => same(&bytes, &value, "a value whose put was dropped")?,
            error => {
                not_found(error, "a value whose put was dropped")?;
                check!(end.is_none(), "a put came to {end:?}, but the value isn't there");
            }
        }
        if let Some(end) = end {
            end?;
            if options.create_only {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// After a dropped replacement the old value is there or the new one, whole.
pub async fn a_dropped_replacement_leaves_old_or_new(fixture: Fixture) -> CaseResult {
    for polls in 0..LIMIT {
        let key = fixture.key(&format!("f/v{polls}"))?;
        let (old, new) = (value(LEN / 2, 1), value(LEN, 2));
        fixture.create(&key, old.clone()).await?;
        let put = fixture.backend().put(&key, new.clone().into(), &REPLACE);
        let end = poll_times(put, polls).await;
        let bytes = fixture.get(&key).await?;
        check!(bytes == old || bytes == new, "a value of {} bytes is neither old nor new", bytes.len());
        if let Some(end) = end {
            end?;
            return same(&bytes, &new, "a value after its replacement");
        }
    }
    Ok(())
}

/// After a dropped put the same value can be put, created or deleted: nothing stays locked.
pub async fn a_dropped_put_locks_nothing(fixture: Fixture) -> CaseResult {
    for polls in 0..LIMIT {
        let key = fixture.key(&format!("f/v{polls}"))?;
        let (dropped, new) = (value(LEN, 3), value(LEN / 3, 4));
        let put = fixture.backend().put(&key, dropped.clone().into(), &REPLACE);
        let end = poll_times(put, polls).await;
        match fixture.create(&key, new.clone()).await {
            Ok(()) => {}
            error => drop(refused(error, ErrorKind::AlreadyExists, "create_only after a dropped put")?),
        }
        fixture.put(&key, &new).await?;
        let bytes = fixture.get(&key).await?;
        // The dropped one may land only now.
        check!(bytes == dropped || bytes == new, "a value of {} bytes is neither of two", bytes.len());
        fixture.backend().delete(&key).await?;
        if let Some(end) = end {
            end?;
            return Ok(());
        }
    }
    Ok(())
}

/// Dropped puts leave no names behind but those of values that landed.
pub async fn a_dropped_put_leaves_no_other_name(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let mut keys = BTreeSet::new();
    for polls in 0..LIMIT {
        let key = fixture.key(&format!("f{}/v{polls}", polls % 3))?;
        let options = if polls % 2 == 0 { REPLACE } else { PutOptions::create_only() };
        let put = fixture.backend().put(&key, value(LEN, 5).into(), &options);
        poll_times(put, polls).await.transpose()?;
        keys.insert(key);
    }
    // A write that goes on may still have a name for the moment.
    for look in 1..=LOOKS {
        let found = fixture.names(fixture.namespace()).await?;
        let Some(foreign) = found.iter().find(|key| !keys.contains(*key)) else { break };
        check!(look < LOOKS, "a dropped put left a name behind: {foreign}");
        tokio::time::sleep(PAUSE).await;
    }
    // What is listed can be read, and is whole.
    for key in fixture.names(fixture.namespace()).await? {
        fixture.holds(&key, &value(LEN, 5), "a value whose put was dropped").await?;
    }
    Ok(())
}

/// After a dropped deletion the value is there whole, or it is gone; deleting again works.
pub async fn a_dropped_deletion_is_whole_or_nothing(fixture: Fixture) -> CaseResult {
    for polls in 0..LIMIT {
        let (key, value) = (fixture.key(&format!("f/v{polls}"))?, value(LEN, 6));
        let neighbour = fixture.key(&format!("f/w{polls}"))?;
        fixture.create(&key, value.clone()).await?;
        fixture.create(&neighbour, value.clone()).await?;
        let end = poll_times(fixture.backend().delete(&key), polls).await;
        match fixture.get(&key).await {
            Ok(bytes) => {
                same(&bytes, &value, "a value whose deletion was dropped")?;
                check!(end.is_none(), "a deletion came to {end:?}, but the value is there");
            }
            error => drop(not_found(error, "a value whose deletion was dropped")?),
        }
        fixture.holds(&neighbour, &value, "the neighbour of a value whose deletion was dropped").await?;
        fixture.backend().delete(&key).await?;
        not_found(fixture.get(&key).await, "the value after a second deletion")?;
        if let Some(end) = end {
            end?;
            return Ok(());
        }
    }
    Ok(())
}

/// A dropped read changes nothing and locks nothing.
pub async fn a_dropped_read_does_no_harm(fixture: Fixture) -> CaseResult {
    let (key, mut value) = (fixture.key("f/v")?, value(LEN, 7));
    fixture.create(&key, value.clone()).await?;
    for polls in 0..LIMIT {
        let get = poll_times(fixture.get(&key), polls).await.transpose()?;
        let range = fixture.backend().get_range(&key, 10..LEN as u64);
        let range = poll_times(range, polls).await.transpose()?;
        let stat = poll_times(fixture.backend().stat(&key), polls).await.transpose()?;
        let space = poll_times(fixture.backend().space(), polls).await.transpose()?;
        fixture.holds(&key, &value, "a value after dropped reads").await?;
        let size = fixture.backend().stat(&key).await?.size;
        check!(size == LEN as u64, "stat says {size} of {LEN} bytes after dropped reads");
        value = uniform(LEN, u8::try_from(polls).unwrap_or(0));
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a value that was replaced after dropped reads").await?;
        if get.is_some() && range.is_some() && stat.is_some() && space.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

/// A dropped listing changes nothing; the next one is complete.
pub async fn a_dropped_listing_does_no_harm(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let mut keys = Vec::new();
    for at in 0..10 {
        let key = fixture.key(&format!("f{}/v{at}", at % 2))?;
        fixture.put(&key, &value(10, at)).await?;
        keys.push(key);
    }
    for polls in 0..LIMIT {
        let end = poll_times(fixture.backend().list(fixture.namespace(), None), polls).await.transpose()?;
        expect_names(&fixture, fixture.namespace(), &keys).await?;
        if end.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

/// Many operations that are dropped at once leave room for others: no pool or queue runs dry.
pub async fn many_dropped_at_once_do_no_harm(fixture: Fixture) -> CaseResult {
    let payload = Payload::from(value(LEN, 8));
    for polls in [0, 1, 2] {
        let (key, other) = (fixture.key(&format!("f/v{polls}"))?, fixture.key(&format!("f/w{polls}"))?);
        fixture.create(&other, payload.clone()).await?;
        for _ in 0..50 {
            poll_times(fixture.backend().put(&key, payload.clone(), &REPLACE), polls).await.transpose()?;
            poll_times(fixture.get(&other), polls).await.transpose()?;
            if fixture.capability().list {
                poll_times(fixture.backend().list(fixture.namespace(), None), polls).await.transpose()?;
            }
        }
        same(&fixture.get(&other).await?, &payload.to_bytes(), "a value after many dropped reads")?;
        fixture.put(&fixture.key(&format!("g/v{polls}"))?, &value(10, 9)).await?;
    }
    Ok(())
}
