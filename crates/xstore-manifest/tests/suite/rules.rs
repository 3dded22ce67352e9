//! The rules that tie values together: a change of a good body and the error that it must give.

use std::collections::BTreeMap;

use xstore_manifest::{Body, Error, Manifest, Part, Problem, Share, State, Unverified};

use crate::canonical::{canonical, seal};
use crate::random::Dice;
use crate::sample;

type Change = fn(&mut Body);

/// The largest integer of a manifest.
const SAFE: u64 = (1 << 53) - 1;

/// Shares with consecutive indexes on backends b0, b1, ...
fn shares(body: &Body, part: u8, n: u8) -> Vec<Option<Share>> {
    let mut share = body.parts[0].shares[0].clone().unwrap();
    (0..n)
        .map(|index| {
            share.index = index;
            share.backend = format!("b{part}.{index}").parse().unwrap();
            Some(share.clone())
        })
        .collect()
}

/// Another scheme, with everything else made to fit it.
fn refit(body: &mut Body, k: u8, n: u8, p: u8) {
    let pieces = u64::from(p) - 1;
    (body.threshold.k, body.threshold.n, body.p) = (k, n, p);
    body.segment = u32::try_from(512 / pieces * pieces).unwrap();
    for part in 0..2_u8 {
        let shares = shares(body, part, n);
        let changed = &mut body.parts[usize::from(part)];
        changed.bytes = if part == 0 { 1001_u64.next_multiple_of(pieces) } else { pieces };
        changed.trailer = u32::try_from(600_u64.next_multiple_of(pieces)).unwrap();
        (changed.shares, changed.past) = (shares, vec![]);
    }
}

fn part(body: &mut Body, number: usize) -> &mut Part {
    &mut body.parts[number]
}

fn share(body: &mut Body, number: usize, index: usize) -> &mut Share {
    body.parts[number].shares[index].as_mut().unwrap()
}

fn out(value: u64, min: u64, max: u64) -> Problem {
    Problem::OutOfRange { value, min, max }
}

fn table() -> Vec<(Change, &'static str, Problem)> {
    vec![
        // the scheme
        (|b| b.threshold.k = 1, "threshold.k", out(1, 2, 64)),
        (|b| b.threshold.k = 0, "threshold.k", out(0, 2, 64)),
        (|b| refit(b, 2, 65, 67), "threshold.n", out(65, 2, 64)),
        (|b| b.threshold.n = 1, "threshold.n", out(1, 2, 64)),
        (|b| b.threshold.k = 4, "threshold.k", Problem::ThresholdAboveShares { k: 4, n: 3 }),
        (|b| refit(b, 2, 2, 2), "p", out(2, 3, 67)),
        (|b| refit(b, 2, 3, 71), "p", out(71, 3, 67)),
        (|b| refit(b, 2, 3, 4), "p", Problem::NotPrime { p: 4 }),
        (|b| refit(b, 2, 3, 9), "p", Problem::NotPrime { p: 9 }),
        (|b| refit(b, 2, 3, 49), "p", Problem::NotPrime { p: 49 }),
        (|b| refit(b, 2, 4, 3), "p", Problem::PrimeBelowShares { p: 3, n: 4 }),
        (|b| refit(b, 2, 64, 61), "p", Problem::PrimeBelowShares { p: 61, n: 64 }),
        // numbers
        (|b| b.generation = 0, "generation", out(0, 1, SAFE)),
        (|b| b.generation = SAFE + 1, "generation", out(SAFE + 1, 1, SAFE)),
        (|b| b.revision = 0, "revision", out(0, 1, SAFE)),
        (|b| b.revision = u64::MAX, "revision", out(u64::MAX, 1, SAFE)),
        (|b| b.ttl = Some(SAFE + 1), "ttl", out(SAFE + 1, 0, SAFE)),
        (|b| b.part = 0, "part", out(0, 1, 64 << 20)),
        (|b| b.part = (64 << 20) + 1, "part", out((64 << 20) + 1, 1, 64 << 20)),
        (|b| b.segment = 0, "segment", out(0, 2, 4 << 20)),
        (|b| b.segment = (4 << 20) + 2, "segment", out((4 << 20) + 2, 2, 4 << 20)),
        (|b| b.segment = 511, "segment", Problem::NotMultiple { value: 511, of: 2 }),
        // ext
        (
            |b| b.ext = (0..65).map(|n| (n.to_string(), String::new())).collect(),
            "ext",
            Problem::Count { min: 0, max: 64 },
        ),
        (|b| b.ext = BTreeMap::from([("A".into(), String::new())]), "ext", Problem::ExtName),
        (
            |b| b.ext = BTreeMap::from([("a".into(), "x".repeat(4097))]),
            "ext[\"a\"]",
            Problem::ExtValue { length: 4097 },
        ),
        // lengths
        (|b| b.parts.clear(), "parts", Problem::Count { min: 1, max: 1 << 24 }),
        (|b| part(b, 0).bytes = 1000, "parts[0].bytes", Problem::FullPart { bytes: 1000, expected: 1002 }),
        (|b| part(b, 0).bytes = 1004, "parts[0].bytes", Problem::FullPart { bytes: 1004, expected: 1002 }),
        (|b| part(b, 1).bytes = 1004, "parts[1].bytes", out(1004, 2, 1002)),
        (|b| part(b, 1).bytes = 0, "parts[1].bytes", out(0, 2, 1002)),
        (|b| part(b, 1).bytes = 9, "parts[1].bytes", Problem::NotMultiple { value: 9, of: 2 }),
        (|b| part(b, 1).bytes = 1 << 52, "parts[1].bytes", out(1 << 52, 2, 1002)),
        (|b| part(b, 0).trailer = 166, "parts[0].trailer", out(166, 168, 128 << 10)),
        (|b| part(b, 0).trailer = (128 << 10) + 2, "parts[0].trailer", out((128 << 10) + 2, 168, 128 << 10)),
        (|b| part(b, 1).trailer = 513, "parts[1].trailer", Problem::NotMultiple { value: 513, of: 2 }),
        // shares
        (|b| part(b, 0).shares.truncate(2), "parts[0].shares", Problem::ShareCount { found: 2, n: 3 }),
        (|b| part(b, 1).shares.push(None), "parts[1].shares", Problem::ShareCount { found: 4, n: 3 }),
        (
            |b| share(b, 0, 1).index = 2,
            "parts[0].shares[1].index",
            Problem::ShareIndex { index: 2, place: 1 },
        ),
        (
            |b| part(b, 0).shares.swap(0, 2),
            "parts[0].shares[0].index",
            Problem::ShareIndex { index: 2, place: 0 },
        ),
        (|b| part(b, 1).shares[0] = None, "parts[1].shares", Problem::TooFewShares { stored: 1, needed: 2 }),
        (|b| b.threshold.k = 3, "parts[1].shares", Problem::TooFewShares { stored: 2, needed: 3 }),
        (|b| b.state = State::Committed, "parts[1].shares[1]", Problem::NullInCommitted),
        // places
        (
            |b| part(b, 1).sharing = sample::sharing(0),
            "parts[1].sharing",
            Problem::RepeatedSharing { first: 0 },
        ),
        (
            |b| share(b, 0, 2).backend = "s3.eu_west-1".parse().unwrap(),
            "parts[0].shares[2].backendId",
            Problem::BackendRepeated { other: 0 },
        ),
        (|b| part(b, 1).past[2].index = 3, "parts[1].past[2].index", out(3, 0, 2)),
        (|b| part(b, 1).past.swap(0, 1), "parts[1].past[1]", Problem::PastOrder),
        (|b| part(b, 1).past.swap(1, 2), "parts[1].past[2]", Problem::PastOrder),
        (
            |b| part(b, 1).past.insert(1, sample::past("old-disk", 0)),
            "parts[1].past[1]",
            Problem::PastRepeated,
        ),
        (|b| part(b, 0).past.push(sample::past("azure-1", 1)), "parts[0].past[0]", Problem::PastIsPresent),
        (
            |b| part(b, 0).past.push(sample::past("azure-1", 0)),
            "parts[0].past[0].backendId",
            Problem::BackendTwoIndexes { other: 1 },
        ),
        (
            |b| part(b, 1).past.push(sample::past("old-disk", 2)),
            "parts[1].past[3].backendId",
            Problem::BackendTwoIndexes { other: 0 },
        ),
        // of several, the first
        (
            |b| {
                share(b, 0, 1).backend = "disk".parse().unwrap();
                part(b, 0).past.push(sample::past("s3.eu_west-1", 1));
            },
            "parts[0].shares[2].backendId",
            Problem::BackendRepeated { other: 1 },
        ),
    ]
}

#[test]
fn every_rule_gives_its_own_error_when_writing_and_when_reading() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    for (number, (change, at, problem)) in table().into_iter().enumerate() {
        let mut body = sample::body(keys);
        change(&mut body);
        let expected = Error::Invalid { at: at.into(), problem: problem.clone() };
        assert_eq!(body.validate(), Err(expected.clone()), "row {number}");
        assert_eq!(body.clone().sign(keys), Err(expected.clone()), "row {number}");

        // The same body as a text with the right tag, made without the crate.
        let mut value = text_of(&body);
        seal(&mut value, keys);
        let read = Manifest::from_json(canonical(&value).as_bytes(), &ring).unwrap_err();
        assert_eq!(read.code(), "MANIFEST_INVALID");
        let Error::Invalid { at: place, problem: found } = &read else { panic!("row {number}: {read:?}") };
        // Reading refuses some values before it knows what they must fit, and meets index 64 before n = 65.
        let early = match (found, &problem) {
            (Problem::Integer, Problem::OutOfRange { value, .. }) => place == at && *value > SAFE,
            (Problem::OutOfRange { value: 64, .. }, Problem::OutOfRange { value: 65, .. }) => {
                place == "parts[0].shares[64].index" && at == "threshold.n"
            }
            (Problem::OutOfRange { value, .. }, Problem::OutOfRange { value: same, .. }) => {
                place == at && value == same
            }
            _ => false,
        };
        assert!(read == expected || early, "row {number}: {read:?} instead of {expected:?}");
    }
}

/// A body as generic JSON, valid or not.
fn text_of(body: &Body) -> serde_json::Value {
    use serde_json::json;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let share = |share: &Share| {
        json!({
            "backendId": share.backend.as_str(), "hmac": hex(&share.hmac), "index": share.index,
            "key": share.key.as_str(), "keyId": share.key_id.to_string(),
        })
    };
    let parts: Vec<_> = body
        .parts
        .iter()
        .map(|part| {
            let past: Vec<_> = part
                .past
                .iter()
                .map(|past| json!({"backendId": past.backend.as_str(), "index": past.index}))
                .collect();
            json!({
                "bytes": part.bytes, "past": past, "sharing": part.sharing.to_string(),
                "shares": part.shares.iter().map(|entry| entry.as_ref().map(share)).collect::<Vec<_>>(),
                "trailer": part.trailer,
            })
        })
        .collect();
    json!({
        "created": body.created.to_string(), "ext": body.ext, "generation": body.generation,
        "key": body.key.as_str(), "length": body.length(), "object": body.object.to_string(),
        "origin": body.origin.as_str(), "p": body.p, "part": body.part, "parts": parts,
        "revision": body.revision, "segment": body.segment, "state": body.state.as_str(), "suite": 1,
        "threshold": {"k": body.threshold.k, "n": body.threshold.n}, "ttl": body.ttl, "version": 1,
    })
}

#[test]
fn what_the_rules_allow() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let allowed: [Change; 12] = [
        |b| refit(b, 2, 2, 3),
        |b| refit(b, 64, 64, 67),
        |b| refit(b, 2, 3, 67),
        // Without a missing share: degraded is what the writer knows of, no null is needed.
        |b| b.parts.truncate(1),
        |b| (b.part, b.segment, b.parts[1].bytes) = (1001, 2, 1002),
        |b| b.ttl = Some(0),
        |b| b.ttl = Some((1 << 53) - 1),
        |b| b.parts[0].trailer = 168,
        |b| b.parts[0].trailer = 128 << 10,
        |b| b.parts[1].bytes = 2,
        // Another part may hold another index on the same backend, and one backend may have been sent one index of
        // several parts.
        |b| {
            b.parts[0].shares.swap(0, 2);
            share(b, 0, 0).index = 0;
            share(b, 0, 2).index = 2;
            b.parts[0].past = vec![sample::past("old-disk", 2)];
        },
        |b| b.ext.clear(),
    ];
    for (number, change) in allowed.into_iter().enumerate() {
        let mut body = sample::body(keys);
        change(&mut body);
        assert_eq!(body.validate(), Ok(()), "row {number}");
        let text = body.clone().sign(keys).unwrap().to_json();
        assert_eq!(Unverified::parse(&text).unwrap().body(), &body, "row {number}");
    }
}

#[test]
fn exactly_the_odd_primes_are_allowed() {
    let ring = sample::ring(1);
    for p in 3..=67_u8 {
        let prime = (2..p).all(|divisor| p % divisor != 0);
        let mut body = sample::body(ring.current().unwrap());
        refit(&mut body, 2, 3, p);
        let expected = if prime {
            Ok(())
        } else {
            Err(Error::Invalid { at: "p".into(), problem: Problem::NotPrime { p } })
        };
        assert_eq!(body.validate(), expected);
    }
}

#[test]
fn the_last_part_has_any_multiple_up_to_a_full_part_and_the_others_one_length() {
    let ring = sample::ring(1);
    let mut body = sample::body(ring.current().unwrap());
    refit(&mut body, 2, 3, 5);
    for part in 1..=40_u32 {
        body.part = part;
        let full = (1..).map(|pieces| 4 * pieces).find(|bytes| *bytes > u64::from(part)).unwrap();
        for bytes in 0..=full + 8 {
            (body.parts[0].bytes, body.parts[1].bytes) = (full, bytes);
            assert_eq!(
                body.validate().is_ok(),
                bytes % 4 == 0 && (4..=full).contains(&bytes),
                "{part} {bytes}"
            );
            (body.parts[0].bytes, body.parts[1].bytes) = (bytes, full);
            assert_eq!(body.validate().is_ok(), bytes == full, "{part} {bytes}");
        }
    }
}

#[test]
fn room_for_the_digest_at_every_prime() {
    let ring = sample::ring(1);
    // d by hand: the least multiple of p-1 that is at least 32.
    for (p, room) in
        [(3, 32), (5, 32), (7, 36), (11, 40), (13, 36), (17, 32), (19, 36), (31, 60), (37, 36), (67, 66)]
    {
        let mut body = sample::body(ring.current().unwrap());
        refit(&mut body, 2, 3, p);
        let pieces = u32::from(p) - 1;
        let least = (room + 136_u32).next_multiple_of(pieces);
        body.parts[0].trailer = least;
        assert_eq!(body.validate(), Ok(()), "{p}");
        body.parts[0].trailer = least - pieces;
        let problem = out((least - pieces).into(), (room + 136).into(), 128 << 10);
        assert_eq!(body.validate(), Err(Error::Invalid { at: "parts[0].trailer".into(), problem }), "{p}");
    }
}

#[test]
fn random_repeats_of_backends_are_found_as_a_naive_search_finds_them() {
    let ring = sample::ring(1);
    let names: [&str; 5] = ["a", "b", "c", "d", "e"];
    let (mut good, mut bad) = (0, 0);
    for seed in 0..3000 {
        let mut dice = Dice(seed);
        let mut body = sample::body(ring.current().unwrap());
        refit(&mut body, 2, 3, 3);
        for share in body.parts[1].shares.iter_mut().flatten() {
            share.backend = dice.pick(&names).parse().unwrap();
        }
        let mut past: Vec<_> = (0..dice.within(0, 2))
            .map(|_| sample::past(dice.pick::<&str>(&names), u8::try_from(dice.within(0, 2)).unwrap()))
            .collect();
        past.sort();
        past.dedup();
        body.parts[1].past = past;
        let pairs: Vec<_> = body.parts[1]
            .shares
            .iter()
            .flatten()
            .map(|share| (share.backend.clone(), share.index))
            .chain(body.parts[1].past.iter().map(|past| (past.backend.clone(), past.index)))
            .collect();
        // Two entries of one backend break a rule: two indexes, or a past place that is present.
        let naive = (0..pairs.len()).all(|one| (0..one).all(|other| pairs[one].0 != pairs[other].0));
        assert_eq!(body.validate().is_ok(), naive, "{pairs:?}");
        *(if naive { &mut good } else { &mut bad }) += 1;
    }
    assert!(good > 100 && bad > 100, "{good} good, {bad} bad");
}
