//! Values that don't fit each other, each signed as it stands.

use serde_json::{Value, json};
use xstore_manifest::Problem;

use crate::case::{Case, changed, fit_length, invalid, part, refit, share};

const SAFE: u64 = (1 << 53) - 1;

pub(crate) fn cases() -> Vec<Case> {
    [scheme(), numbers(), lengths(), shares(), places()].concat()
}

fn out(value: u64, min: u64, max: u64) -> Problem {
    Problem::OutOfRange { value, min, max }
}

/// A case whose comment is the rule.
fn case(
    file: &'static str,
    title: &'static str,
    comment: &'static str,
    at: &str,
    problem: Problem,
    change: impl FnOnce(&mut Value),
) -> Case {
    Case::bad(file, title, comment, changed(change), invalid(at, problem))
}

fn scheme() -> Vec<Case> {
    vec![
        case(
            "bad-k-one",
            "1 of 3",
            "2 <= k: one share must tell nothing.",
            "threshold.k",
            out(1, 2, 64),
            |v| {
                refit(v, 1, 3, 3);
            },
        ),
        case(
            "bad-k-above-n",
            "4 of 3",
            "k <= n.",
            "threshold.k",
            Problem::ThresholdAboveShares { k: 4, n: 3 },
            |v| {
                refit(v, 4, 3, 3);
            },
        ),
        case(
            "bad-n-large",
            "2 of 65, met as share 64",
            "n <= 64.",
            "parts[0].shares[64].index",
            out(64, 0, 63),
            |v| refit(v, 2, 65, 67),
        ),
        case(
            "bad-n-huge",
            "2 of a thousand million",
            "A declared number costs nothing.",
            "threshold.n",
            out(1_000_000_000, 2, 64),
            |v| v["threshold"]["n"] = json!(1_000_000_000),
        ),
        case(
            "bad-p-composite",
            "p = 9",
            "A composite p loses data silently.",
            "p",
            Problem::NotPrime { p: 9 },
            |v| refit(v, 2, 3, 9),
        ),
        case("bad-p-even", "p = 4", "p is odd.", "p", Problem::NotPrime { p: 4 }, |v| refit(v, 2, 3, 4)),
        case("bad-p-large", "p = 71", "p <= 67, though 71 is prime.", "p", out(71, 3, 67), |v| {
            refit(v, 2, 3, 71);
        }),
        case(
            "bad-p-below-n",
            "p = 3 for four shares",
            "n <= p.",
            "p",
            Problem::PrimeBelowShares { p: 3, n: 4 },
            |v| refit(v, 2, 4, 3),
        ),
    ]
}

fn numbers() -> Vec<Case> {
    vec![
        case(
            "bad-generation-zero",
            "Generation 0",
            "Generations count from 1.",
            "generation",
            out(0, 1, SAFE),
            |v| v["generation"] = json!(0),
        ),
        case(
            "bad-revision-zero",
            "Revision 0",
            "Revisions count from 1.",
            "revision",
            out(0, 1, SAFE),
            |v| {
                v["revision"] = json!(0);
            },
        ),
        case("bad-part-zero", "Parts of no bytes", "1 byte to 64 MiB.", "part", out(0, 1, 64 << 20), |v| {
            v["part"] = json!(0);
            part(v, 0)["bytes"] = json!(2);
            part(v, 1)["bytes"] = json!(2);
            fit_length(v);
        }),
        case(
            "bad-part-large",
            "Parts of 64 MiB and a byte",
            "1 byte to 64 MiB.",
            "part",
            out((64 << 20) + 1, 1, 64 << 20),
            |v| {
                v["part"] = json!((64 << 20) + 1);
                part(v, 0)["bytes"] = json!((64 << 20) + 2);
                fit_length(v);
            },
        ),
        case(
            "bad-segment-small",
            "Segments shorter than p-1",
            "Each piece has at least one byte.",
            "segment",
            out(2, 4, 4 << 20),
            |v| {
                refit(v, 2, 3, 5);
                v["segment"] = json!(2);
            },
        ),
        case(
            "bad-segment-large",
            "Segments of more than 4 MiB",
            "S <= 4 MiB.",
            "segment",
            out((4 << 20) + 2, 1, 4 << 20),
            |v| v["segment"] = json!((4 << 20) + 2),
        ),
        case(
            "bad-segment-multiple",
            "Segments that p-1 doesn't divide",
            "S is a multiple of p-1.",
            "segment",
            Problem::NotMultiple { value: 511, of: 2 },
            |v| v["segment"] = json!(511),
        ),
        case(
            "bad-trailer-small",
            "A trailer without room for the digest",
            "d + 136 <= t; d is 32 for p = 3.",
            "parts[0].trailer",
            out(166, 168, 128 << 10),
            |v| part(v, 0)["trailer"] = json!(166),
        ),
        case(
            "bad-trailer-small-p11",
            "A trailer that is short for p = 11",
            "d is 40 there, so t is at least 176; 170 would do for d = 32.",
            "parts[1].trailer",
            out(170, 176, 128 << 10),
            |v| {
                refit(v, 2, 3, 11);
                part(v, 1)["trailer"] = json!(170);
            },
        ),
        case(
            "bad-trailer-large",
            "A trailer of more than 128 KiB",
            "t <= 128 KiB.",
            "parts[0].trailer",
            out((128 << 10) + 2, 1, 128 << 10),
            |v| part(v, 0)["trailer"] = json!((128 << 10) + 2),
        ),
        case(
            "bad-trailer-multiple",
            "A trailer that p-1 doesn't divide",
            "t is a multiple of p-1.",
            "parts[0].trailer",
            Problem::NotMultiple { value: 513, of: 2 },
            |v| part(v, 0)["trailer"] = json!(513),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let sized = |number: usize, bytes: u64| {
        move |v: &mut Value| {
            part(v, number)["bytes"] = json!(bytes);
            fit_length(v);
        }
    };
    vec![
        case(
            "bad-parts-empty",
            "No parts",
            "An empty object has one part, too.",
            "parts",
            Problem::Count { min: 1, max: 1 << 24 },
            |v| {
                v["parts"] = json!([]);
                fit_length(v);
            },
        ),
        case(
            "bad-bytes-of-full-part",
            "A part before the last that is short",
            "B of every part but the last is the least multiple of p-1 greater than part: 1,002.",
            "parts[0].bytes",
            Problem::FullPart { bytes: 1000, expected: 1002 },
            sized(0, 1000),
        ),
        case(
            "bad-bytes-of-filled-part",
            "Fill in a part before the last",
            "Only the last part may have fill.",
            "parts[0].bytes",
            Problem::FullPart { bytes: 1004, expected: 1002 },
            sized(0, 1004),
        ),
        case(
            "bad-bytes-of-last-part",
            "A last part that is longer than a full one",
            "B of the last part is at most that of a full one.",
            "parts[1].bytes",
            out(1004, 2, 1002),
            sized(1, 1004),
        ),
        case(
            "bad-bytes-zero",
            "A last part of no bytes",
            "Padding takes p-1 bytes where there is no payload.",
            "parts[1].bytes",
            out(0, 2, 1002),
            sized(1, 0),
        ),
        case(
            "bad-bytes-multiple",
            "A last part that p-1 doesn't divide",
            "B is a multiple of p-1.",
            "parts[1].bytes",
            Problem::NotMultiple { value: 9, of: 2 },
            sized(1, 9),
        ),
        case(
            "bad-length",
            "A length that isn't the sum of the parts",
            "The parts have 1,012 bytes.",
            "length",
            Problem::Length { found: 1010, sum: 1012 },
            |v| v["length"] = json!(1010),
        ),
    ]
}

fn shares() -> Vec<Case> {
    vec![
        case(
            "bad-shares-count",
            "Two entries in shares for n = 3",
            "A share that isn't stored is null, not left out.",
            "parts[1].shares",
            Problem::ShareCount { found: 2, n: 3 },
            |v| {
                let shares = part(v, 1)["shares"].as_array_mut().unwrap();
                shares.remove(1);
                shares[1]["index"] = json!(1);
            },
        ),
        case(
            "bad-shares-extra",
            "Four entries in shares for n = 3",
            "One entry too many, null.",
            "parts[0].shares",
            Problem::ShareCount { found: 4, n: 3 },
            |v| part(v, 0)["shares"].as_array_mut().unwrap().push(Value::Null),
        ),
        case(
            "bad-share-index",
            "Two shares in each other's place",
            "Entry i has index i.",
            "parts[0].shares[0].index",
            Problem::ShareIndex { index: 2, place: 0 },
            |v| part(v, 0)["shares"].as_array_mut().unwrap().swap(0, 2),
        ),
        case(
            "bad-shares-too-few",
            "Two stored shares where three are needed",
            "At least k are not null.",
            "parts[1].shares",
            Problem::TooFewShares { stored: 2, needed: 3 },
            |v| v["threshold"]["k"] = json!(3),
        ),
        case(
            "bad-shares-all-null",
            "A part without any share",
            "At least k are not null.",
            "parts[1].shares",
            Problem::TooFewShares { stored: 0, needed: 2 },
            |v| part(v, 1)["shares"] = json!([null, null, null]),
        ),
        case(
            "bad-null-in-committed",
            "A missing share in a committed manifest",
            "A null requires the state degraded.",
            "parts[1].shares[1]",
            Problem::NullInCommitted,
            |v| v["state"] = json!("committed"),
        ),
    ]
}

fn places() -> Vec<Case> {
    let past = |list: Value| move |v: &mut Value| part(v, 0)["past"] = list;
    let entry = |backend: &str, index: u8| json!({"backendId": backend, "index": index});
    vec![
        case(
            "bad-sharing-repeated",
            "Two parts with one sharing id",
            "Under one sharing id, an index and a segment have one body.",
            "parts[1].sharing",
            Problem::RepeatedSharing { first: 0 },
            |v| part(v, 1)["sharing"] = v["parts"][0]["sharing"].clone(),
        ),
        case(
            "bad-backend-repeated",
            "Two shares of a part on one backend",
            "A backend id stands at most once in shares.",
            "parts[0].shares[2].backendId",
            Problem::BackendRepeated { other: 0 },
            |v| share(v, 0, 2)["backendId"] = share(v, 0, 0)["backendId"].clone(),
        ),
        case(
            "bad-past-other-index",
            "A backend that was sent another index than it holds",
            "It would know two shares.",
            "parts[0].past[0].backendId",
            Problem::BackendTwoIndexes { other: 0 },
            past(json!([entry("s3.eu_west-1", 1)])),
        ),
        case(
            "bad-past-two-indexes",
            "A backend that was sent two indexes and holds none",
            "It would know two shares.",
            "parts[0].past[1].backendId",
            Problem::BackendTwoIndexes { other: 0 },
            past(json!([entry("old", 0), entry("old", 1)])),
        ),
        case(
            "bad-past-present",
            "A present place in past",
            "past lists places that aren't present.",
            "parts[0].past[0]",
            Problem::PastIsPresent,
            past(json!([entry("s3.eu_west-1", 0)])),
        ),
        case(
            "bad-past-order-index",
            "past descends by index",
            "It ascends by index, then backend id.",
            "parts[0].past[1]",
            Problem::PastOrder,
            past(json!([entry("a", 1), entry("b", 0)])),
        ),
        case(
            "bad-past-order-backend",
            "past descends by backend id",
            "It ascends by index, then backend id, byte by byte.",
            "parts[0].past[1]",
            Problem::PastOrder,
            past(json!([entry("a_", 1), entry("a.", 1)])),
        ),
        case(
            "bad-past-repeated",
            "An entry of past twice",
            "It has no repeats.",
            "parts[0].past[1]",
            Problem::PastRepeated,
            past(json!([entry("a", 1), entry("a", 1)])),
        ),
        case(
            "bad-past-index",
            "An index in past that no share has",
            "Indexes are 0 to n-1.",
            "parts[0].past[0].index",
            out(3, 0, 2),
            past(json!([entry("old", 3)])),
        ),
    ]
}
