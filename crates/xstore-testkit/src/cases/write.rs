//! Writing: what is put is what is there.

use super::prelude::*;
use std::time::Duration;

/// There are empty values, and they are values.
pub async fn the_empty_value(fixture: Fixture) -> CaseResult {
    let key = fixture.key("empty")?;
    fixture.put(&key, &Bytes::new()).await?;
    fixture.holds(&key, &Bytes::new(), "the empty value").await?;
    let size = fixture.backend().stat(&key).await?.size;
    check!(size == 0, "stat says {size} of the empty value");
    same(&fixture.backend().get_range(&key, 0..10).await?, b"", "a range of the empty value")
}

/// One byte, each that there is.
pub async fn one_byte(fixture: Fixture) -> CaseResult {
    for byte in [0, 1, b'\n', b'\r', b'"', 0x7f, 0x80, 0xff] {
        let (key, value) = (fixture.key(&format!("v{byte}"))?, Bytes::from(vec![byte]));
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a value of one byte").await?;
    }
    Ok(())
}

/// Values are bytes: nothing is taken for text, a number, an escape or an end.
pub async fn values_are_not_interpreted(fixture: Fixture) -> CaseResult {
    let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    let odd: [&[u8]; 12] = [
        &all,
        b"0",
        b"-12",
        b"nil",
        b"null",
        b" both sides ",
        b"line\r\n",
        b"\0middle\0",
        b"\xff\xfe\x00\x00",
        b"\xc3\x28",
        b"{\"a\":1}",
        b"5\r\nhello\r\n0\r\n\r\n",
    ];
    for (at, bytes) in odd.into_iter().enumerate() {
        let (key, value) = (fixture.key(&format!("v{at}"))?, Bytes::copy_from_slice(bytes));
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a value that looks like something").await?;
    }
    Ok(())
}

/// A value of 1 MiB.
pub async fn one_mebibyte(fixture: Fixture) -> CaseResult {
    large(fixture, 1 << 20).await
}

/// A value of 8 MiB and one byte, longer than what many services take in one piece.
pub async fn eight_mebibytes(fixture: Fixture) -> CaseResult {
    large(fixture, (8 << 20) + 1).await
}

async fn large(fixture: Fixture, len: usize) -> CaseResult {
    fixture.needs_room(len)?;
    let (key, value) = (fixture.key("large")?, value(len, 7));
    fixture.create(&key, value.clone()).await?;
    fixture.holds(&key, &value, "a large value").await?;
    let size = fixture.backend().stat(&key).await?.size;
    check!(size == len as u64, "stat says {size} of {len} bytes");
    let end = len as u64;
    same(&fixture.backend().get_range(&key, end - 5..end).await?, &value[len - 5..], "its last bytes")
}

/// A value in many pieces, some of them empty, is one value.
pub async fn many_pieces_are_one_value(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(200_000, 8));
    let mut pieces = vec![Bytes::new()];
    let mut rest = value.clone();
    for len in (0..7).cycle().map(|step| step * 331) {
        pieces.push(rest.split_to(len.min(rest.len())));
        if rest.is_empty() {
            break;
        }
    }
    pieces.push(Bytes::new());
    check!(pieces.len() > 200, "too few pieces");
    fixture.backend().put(&key, Payload::from_chunks(pieces), &PutOptions::replace()).await?;
    fixture.holds(&key, &value, "a value in many pieces").await
}

/// Without pieces, or with empty ones only, it is the empty value.
pub async fn no_pieces_are_the_empty_value(fixture: Fixture) -> CaseResult {
    let payloads = [Payload::default(), Payload::from_chunks(vec![Bytes::new(); 3])];
    for (at, payload) in payloads.into_iter().enumerate() {
        let key = fixture.key(&format!("v{at}"))?;
        fixture.backend().put(&key, payload, &PutOptions::create_only()).await?;
        fixture.holds(&key, &Bytes::new(), "a value without bytes").await?;
    }
    Ok(())
}

/// After a replacement nothing of the old value is left, whichever is longer.
pub async fn a_replacement_is_complete(fixture: Fixture) -> CaseResult {
    let key = fixture.key("v")?;
    for (seed, len) in [(1, 100_000), (2, 500), (3, 0), (4, 3), (5, 200_000), (6, 199_999)] {
        let value = value(len, seed);
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a replaced value").await?;
    }
    Ok(())
}

/// A value may be replaced by itself.
pub async fn a_replacement_may_be_the_same(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(1000, 9));
    for _ in 0..3 {
        fixture.put(&key, &value).await?;
        fixture.holds(&key, &value, "a value that replaced itself").await?;
    }
    Ok(())
}

/// A payload can be put again, under the same key and another one, as retries do.
pub async fn a_payload_can_be_put_again(fixture: Fixture) -> CaseResult {
    let value = value(50_000, 10);
    let payload = Payload::from_chunks(vec![value.slice(..20_000), value.slice(20_000..)]);
    let keys = [fixture.key("a")?, fixture.key("b")?, fixture.key("a")?];
    for key in &keys {
        fixture.backend().put(key, payload.clone(), &PutOptions::replace()).await?;
        check!(payload.equals(&value), "the payload has changed");
    }
    for key in &keys {
        fixture.holds(key, &value, "a payload that was put again").await?;
    }
    Ok(())
}

/// Equal values under two keys are two values: when one goes or changes, the other stays.
pub async fn equal_values_are_two(fixture: Fixture) -> CaseResult {
    let keys = [fixture.key("a")?, fixture.key("b")?, fixture.key("c")?];
    let value = value(10_000, 11);
    for key in &keys {
        fixture.put(key, &value).await?;
    }
    fixture.backend().delete(&keys[0]).await?;
    fixture.put(&keys[1], &uniform(5, 1)).await?;
    not_found(fixture.get(&keys[0]).await, "the deleted one")?;
    fixture.holds(&keys[1], &uniform(5, 1), "the replaced one").await?;
    fixture.holds(&keys[2], &value, "the other one").await
}

/// Many values beside each other don't mix.
pub async fn each_key_has_its_own_value(fixture: Fixture) -> CaseResult {
    let mut all = Vec::new();
    for at in 0..20 {
        all.push((fixture.key(&format!("f{}/v{at}", at % 3))?, value(100 + at, at as u64)));
    }
    for (key, value) in &all {
        fixture.create(key, value.clone()).await?;
    }
    for (key, value) in &all {
        fixture.holds(key, value, "one of many values").await?;
    }
    Ok(())
}

/// A value that may go in an hour is there now, whether or not the backend lets values expire.
pub async fn a_ttl_leaves_the_value_until_then(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("v")?, value(100, 12));
    let options = PutOptions::replace().with_ttl(Some(Duration::from_secs(3600)));
    fixture.backend().put(&key, value.clone().into(), &options).await?;
    fixture.holds(&key, &value, "a value with a ttl").await?;
    let size = fixture.backend().stat(&key).await?.size;
    check!(size == 100, "stat says {size} of 100 bytes");
    Ok(())
}

/// The longest ttl is as good as none, and the shortest does no harm.
pub async fn ttls_have_no_bad_lengths(fixture: Fixture) -> CaseResult {
    let value = value(100, 13);
    let days = Duration::from_secs(86_400);
    for (at, ttl) in [Duration::MAX, days * 36_525, days * 40].into_iter().enumerate() {
        let key = fixture.key(&format!("long{at}"))?;
        let options = PutOptions::create_only().with_ttl(Some(ttl));
        fixture.backend().put(&key, value.clone().into(), &options).await?;
        fixture.holds(&key, &value, "a value with a long ttl").await?;
    }
    for (at, ttl) in [Duration::ZERO, Duration::from_nanos(1)].into_iter().enumerate() {
        let key = fixture.key(&format!("short{at}"))?;
        let options = PutOptions::replace().with_ttl(Some(ttl));
        fixture.backend().put(&key, value.clone().into(), &options).await?;
        // It may be gone already.
        match fixture.get(&key).await {
            Ok(bytes) => same(&bytes, &value, "a value with a short ttl")?,
            error => drop(not_found(error, "a value with a short ttl")?),
        }
    }
    Ok(())
}

/// A ttl belongs to the value that it came with: a replacement without one stays.
pub async fn a_replacement_without_ttl_stays(fixture: Fixture) -> CaseResult {
    if !fixture.capability().expiry {
        return Err(Skip::pointless("its values don't expire").into());
    }
    let (key, value) = (fixture.key("v")?, value(100, 14));
    let second = Duration::from_secs(1);
    let options = PutOptions::replace().with_ttl(Some(second));
    fixture.backend().put(&key, uniform(100, 1).into(), &options).await?;
    fixture.put(&key, &value).await?;
    tokio::time::sleep(second * 2).await;
    fixture.holds(&key, &value, "a value whose predecessor had a ttl").await
}
