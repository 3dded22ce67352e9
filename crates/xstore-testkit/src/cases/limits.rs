//! The longest value.

use super::prelude::*;

/// Values up to this length are put in earnest.
const CHEAP: u64 = 32 << 20;

/// Refused values up to this length may be copied by a backend before it refuses them.
const BEARABLE: u64 = 128 << 20;

/// Length of the pieces that a long value is made of.
const PIECE: usize = 16 << 20;

/// Pieces that a long value has at most: their list takes memory, too.
const MAX_PIECES: u64 = 1 << 20;

/// A value with as many bytes as the backend takes.
pub async fn the_longest_value(fixture: Fixture) -> CaseResult {
    let max = fixture.capability().max_put;
    let Some(len) = usize::try_from(max).ok().filter(|_| max <= CHEAP) else {
        return Err(Skip::pointless(format!("its longest value has {max} bytes, too many for a test")).into());
    };
    let (key, value) = (fixture.key("v")?, value(len, 1));
    fixture.create(&key, value.clone()).await?;
    fixture.holds(&key, &value, "the longest value").await
}

/// One byte more is too large, and nothing of it is left.
pub async fn one_byte_too_many(fixture: Fixture) -> CaseResult {
    let payload = too_long(&fixture)?;
    let key = fixture.key("f/v")?;
    for options in [PutOptions::create_only(), PutOptions::replace()] {
        let result = fixture.backend().put(&key, payload.clone(), &options).await;
        refused(result, ErrorKind::TooLarge, format!("a put of {} bytes", payload.len()))?;
        not_found(fixture.backend().stat(&key).await, "the value that was too long")?;
    }
    if fixture.capability().list {
        expect_names(&fixture, fixture.namespace(), &[]).await?;
    }
    let small = value(10, 2);
    fixture.create(&key, small.clone()).await?;
    fixture.holds(&key, &small, "a value in place of one that was too long").await
}

/// A replacement that is too long leaves the old value.
pub async fn a_replacement_too_long_leaves_the_old_value(fixture: Fixture) -> CaseResult {
    let payload = too_long(&fixture)?;
    let (key, old) = (fixture.key("v")?, value(1000, 3));
    fixture.create(&key, old.clone()).await?;
    let result = fixture.backend().put(&key, payload, &PutOptions::replace()).await;
    refused(result, ErrorKind::TooLarge, "a replacement that is too long")?;
    fixture.holds(&key, &old, "the value under a replacement that was too long").await
}

/// One byte more than the backend takes, in pieces that share their memory.
pub(super) fn too_long(fixture: &Fixture) -> CaseResult<Payload> {
    let max = fixture.capability().max_put;
    if max > BEARABLE && !fixture.is_length_checked_first() {
        let reason = format!("it may copy more than {max} bytes before it refuses them");
        return Err(Skip::pointless(reason).into());
    }
    let pieces = max / PIECE as u64;
    let (true, Ok(len)) = (pieces <= MAX_PIECES, usize::try_from(max.saturating_add(1))) else {
        return Err(Skip::pointless("no value that could be made is too long for it").into());
    };
    let piece = value(len.min(PIECE), 4);
    let mut chunks = Vec::new();
    let mut left = len;
    while left > 0 {
        chunks.push(piece.slice(..left.min(piece.len())));
        left -= left.min(piece.len());
    }
    Ok(Payload::from_chunks(chunks))
}
