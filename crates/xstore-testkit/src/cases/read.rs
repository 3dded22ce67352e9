//! Reading: whole values, ranges, sizes.

use super::prelude::*;

/// Lengths at which reading is tried.
const LENGTHS: [usize; 7] = [0, 1, 2, 255, 4096, 65_537, 300_000];

/// A value is read as it was put, whatever its length.
pub async fn a_value_comes_back(fixture: Fixture) -> CaseResult {
    for (seed, len) in (1..).zip(LENGTHS) {
        let (key, value) = (fixture.key(&format!("v{len}"))?, value(len, seed));
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a value").await?;
    }
    Ok(())
}

/// What isn't there is not found, in a place that is in order.
pub async fn a_missing_value_is_not_found(fixture: Fixture) -> CaseResult {
    let key = fixture.key("missing")?;
    not_found(fixture.get(&key).await, "get of a missing value")?;
    fixture.put(&fixture.key("other")?, &value(10, 1)).await?;
    not_found(fixture.get(&key).await, "get of a missing value beside another")?;
    Ok(())
}

/// A value may have exactly as many bytes as the reader wants at most.
pub async fn max_may_be_exactly_the_length(fixture: Fixture) -> CaseResult {
    for len in [1, 1000, 100_000] {
        let (key, value) = (fixture.key(&format!("v{len}"))?, value(len, 2));
        fixture.put(&key, &value).await?;
        same(&fixture.backend().get(&key, len).await?, &value, "get with max = length")?;
    }
    Ok(())
}

/// A value with one byte more than the reader wants is refused, and so is a much longer one.
pub async fn more_than_max_is_too_large(fixture: Fixture) -> CaseResult {
    for len in [2, 1000, 100_000] {
        let key = fixture.key(&format!("v{len}"))?;
        fixture.put(&key, &value(len, 3)).await?;
        for max in [len - 1, len / 2] {
            let result = fixture.backend().get(&key, max).await;
            refused(result, ErrorKind::TooLarge, format!("get of {len} bytes with max = {max}"))?;
        }
    }
    Ok(())
}

/// A reader that wants no byte gets the empty value, and no other.
pub async fn max_may_be_zero(fixture: Fixture) -> CaseResult {
    let (empty, one) = (fixture.key("empty")?, fixture.key("one")?);
    fixture.put(&empty, &Bytes::new()).await?;
    fixture.put(&one, &value(1, 4)).await?;
    same(&fixture.backend().get(&empty, 0).await?, b"", "get of the empty value with max = 0")?;
    refused(fixture.backend().get(&one, 0).await, ErrorKind::TooLarge, "get of one byte with max = 0")?;
    not_found(fixture.backend().get(&fixture.key("none")?, 0).await, "get of nothing with max = 0")?;
    Ok(())
}

/// Any length is welcome to a reader without a limit, who doesn't pay for the limit.
pub async fn max_may_be_the_largest_number(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(5000, 5));
    fixture.put(&key, &value).await?;
    same(&fixture.backend().get(&key, usize::MAX).await?, &value, "get with the largest max")
}

/// Ranges at every edge: the first and the last byte, up to, beyond and behind the end, empty and whole.
pub async fn ranges_at_every_edge(fixture: Fixture) -> CaseResult {
    for (seed, len) in (10..).zip(LENGTHS) {
        let (key, value) = (fixture.key(&format!("v{len}"))?, value(len, seed));
        fixture.put(&key, &value).await?;
        for (start, end) in edges(len as u64) {
            let range = fixture.backend().get_range(&key, start..end).await?;
            same(&range, cut(&value, start, end), format!("bytes {start} to {end} of {len}"))?;
        }
    }
    Ok(())
}

/// The ends of ranges that may go wrong by one.
fn edges(len: u64) -> Vec<(u64, u64)> {
    let mid = len / 2;
    let mut places = vec![0, 1, mid, mid + 1, len.saturating_sub(1), len, len + 1, len + 1000];
    places.sort_unstable();
    places.dedup();
    let pairs = places.iter().flat_map(|start| places.iter().map(move |end| (*start, *end)));
    pairs.filter(|(start, end)| start <= end).collect()
}

/// The bytes of the range as far as there are any.
fn cut(value: &[u8], start: u64, end: u64) -> &[u8] {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(value.len());
    value.get(at(start)..at(end)).unwrap_or_default()
}

/// The largest numbers are ends like any other: nothing overflows, and nothing is allocated for them.
pub async fn ranges_up_to_the_largest_number(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(1000, 20));
    fixture.put(&key, &value).await?;
    let max = u64::MAX;
    let signed = u64::MAX / 2;
    for (start, end) in [(0, max), (999, max), (1000, max), (max - 1, max), (max, max), (5, signed + 1)] {
        let range = fixture.backend().get_range(&key, start..end).await?;
        same(&range, cut(&value, start, end), format!("bytes {start} to {end} of 1000"))?;
    }
    Ok(())
}

/// A range whose end comes before its start is empty.
pub async fn a_range_turned_round_is_empty(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    fixture.put(&key, &value(1000, 21)).await?;
    for (start, end) in [(1, 0), (600, 400), (2000, 500), (u64::MAX, 0)] {
        let range = fixture.backend().get_range(&key, start..end).await?;
        same(&range, b"", format!("bytes {start} to {end}"))?;
    }
    Ok(())
}

/// A range of what isn't there is not found. Where the range is empty, so may be the answer.
pub async fn a_range_of_a_missing_value_is_not_found(fixture: Fixture) -> CaseResult {
    let key = fixture.key("missing")?;
    for range in [0..1, 0..u64::MAX, 100..200] {
        not_found(fixture.backend().get_range(&key, range).await, "a range of a missing value")?;
    }
    match fixture.backend().get_range(&key, 0..0).await {
        Ok(range) => same(&range, b"", "an empty range of a missing value"),
        error => not_found(error, "an empty range of a missing value").map(drop),
    }
}

/// Ranges one after the other are the value, whatever their length.
pub async fn ranges_put_together_are_the_value(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(300_000, 22));
    fixture.put(&key, &value).await?;
    for step in [65_536, 99_991] {
        let mut all = Vec::new();
        for start in (0..300_000).step_by(step) {
            let start = start as u64;
            all.extend_from_slice(&fixture.backend().get_range(&key, start..start + step as u64).await?);
        }
        same(&all, &value, format!("ranges of {step} bytes put together"))?;
    }
    Ok(())
}

/// A range is of the value that is there now, not of one that was.
pub async fn a_range_is_of_the_newest_value(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    for (seed, len) in [(23, 5000), (24, 3000), (25, 7000)] {
        let value = value(len, seed);
        fixture.put(&key, &value).await?;
        let range = fixture.backend().get_range(&key, 1000..6000).await?;
        same(&range, cut(&value, 1000, 6000), "a range of a replaced value")?;
    }
    Ok(())
}

/// The size is known without reading the value.
pub async fn stat_tells_the_size(fixture: Fixture) -> CaseResult {
    for (seed, len) in (30..).zip(LENGTHS) {
        let key = fixture.key(&format!("v{len}"))?;
        fixture.put(&key, &value(len, seed)).await?;
        let size = fixture.backend().stat(&key).await?.size;
        check!(size == len as u64, "stat says {size} of a value of {len} bytes");
    }
    Ok(())
}

/// Nothing is known about a value that isn't there.
pub async fn stat_of_a_missing_value_is_not_found(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    not_found(fixture.backend().stat(&key).await, "stat of a missing value")?;
    fixture.put(&key, &value(1, 1)).await?;
    fixture.backend().delete(&key).await?;
    not_found(fixture.backend().stat(&key).await, "stat of a deleted value")?;
    Ok(())
}

/// After a replacement, the size is that of the new value.
pub async fn stat_follows_a_replacement(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    for len in [1000, 10, 0, 2000] {
        fixture.put(&key, &value(len, 40)).await?;
        let size = fixture.backend().stat(&key).await?.size;
        check!(size == len as u64, "stat says {size} of a value that now has {len} bytes");
    }
    Ok(())
}

/// What was read is the reader's: a later replacement or deletion doesn't change it.
pub async fn what_was_read_stays(fixture: Fixture) -> CaseResult {
    let (key, old) = (fixture.key("v")?, value(100_000, 41));
    fixture.put(&key, &old).await?;
    let whole = fixture.get(&key).await?;
    let part = fixture.backend().get_range(&key, 50_000..60_000).await?;
    fixture.put(&key, &value(100_000, 42)).await?;
    same(&whole, &old, "what was read, after a replacement")?;
    fixture.backend().delete(&key).await?;
    same(&whole, &old, "what was read, after a deletion")?;
    same(&part, &old[50_000..60_000], "the range that was read")
}

/// Reading changes nothing.
pub async fn reading_again_gives_the_same(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(10_000, 43));
    fixture.create(&key, value.clone()).await?;
    for _ in 0..3 {
        fixture.holds(&key, &value, "a value that is read again").await?;
        let size = fixture.backend().stat(&key).await?.size;
        check!(size == 10_000, "stat says {size} of 10000 bytes");
        same(&fixture.backend().get_range(&key, 10..20).await?, &value[10..20], "a range read again")?;
    }
    Ok(())
}
