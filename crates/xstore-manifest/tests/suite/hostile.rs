//! Declared sizes cost nothing, and large manifests go through.

use xstore_manifest::{Error, Manifest, Part, Problem, SharingId, State, Threshold, Unverified, limits};

use crate::sample;

#[test]
fn declared_numbers_are_refused_at_their_place() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let good = String::from_utf8(sample::body(keys).sign(keys).unwrap().to_json()).unwrap();
    let out = |value, min, max| Problem::OutOfRange { value, min, max };
    for (from, to, at, problem) in [
        ("\"n\":3", "\"n\":1000000000", "threshold.n", out(1_000_000_000, 2, 64)),
        ("\"n\":3", "\"n\":256", "threshold.n", out(256, 2, 64)),
        ("\"n\":3", "\"n\":259", "threshold.n", out(259, 2, 64)),
        ("\"k\":2", "\"k\":4294967298", "threshold.k", out(4_294_967_298, 2, 64)),
        ("\"p\":3", "\"p\":9007199254740991", "p", out(limits::INTEGER, 3, 67)),
        ("\"p\":3", "\"p\":259", "p", out(259, 3, 67)),
        ("\"p\":3", "\"p\":65", "p", Problem::NotPrime { p: 65 }),
        ("\"p\":3", "\"p\":1", "p", out(1, 3, 67)),
        ("\"p\":3", "\"p\":0", "p", out(0, 3, 67)),
        ("\"part\":1000", "\"part\":4294968296", "part", out(4_294_968_296, 1, 64 << 20)),
        ("\"segment\":512", "\"segment\":4294967808", "segment", out(4_294_967_808, 1, 4 << 20)),
        ("\"trailer\":512", "\"trailer\":4294967808", "parts[0].trailer", out(4_294_967_808, 1, 128 << 10)),
        (
            "\"bytes\":10",
            "\"bytes\":9007199254740990",
            "parts[0].bytes",
            Problem::FullPart { bytes: 9_007_199_254_740_990, expected: 1002 },
        ),
        ("\"index\":0", "\"index\":256", "parts[0].shares[0].index", out(256, 0, 63)),
        (
            "\"length\":1012",
            "\"length\":9007199254740991",
            "length",
            Problem::Length { found: limits::INTEGER, sum: 1012 },
        ),
    ] {
        let from = if from == "\"bytes\":10" { "\"bytes\":1002" } else { from };
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        assert_eq!(
            Unverified::parse(text.as_bytes()),
            Err(Error::Invalid { at: at.into(), problem }),
            "{to}"
        );
    }
}

#[test]
fn nulls_and_entries_are_bounded_while_reading() {
    let at = |place: &str, problem| Err(Error::Invalid { at: place.into(), problem });
    let text = |shares: &str| format!("{{\"parts\":[{{\"shares\":[{shares}");
    let nulls = |count| text(&vec!["null"; count].join(","));
    // What follows is malformed, so these stop where they should.
    let count = || at("parts[0].shares", Problem::Count { min: 2, max: 64 });
    assert_eq!(Unverified::parse(format!("{},?", nulls(65)).as_bytes()), count());
    assert_eq!(
        Unverified::parse(format!("{}],?", nulls(64)).as_bytes()),
        at("parts[0].shares", Problem::TooFewShares { stored: 0, needed: 2 })
    );
    assert_eq!(Unverified::parse(text("]").as_bytes()), count());
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let good = String::from_utf8(sample::body(keys).sign(keys).unwrap().to_json()).unwrap();
    let (start, end) =
        (good.find("{\"backendId\":\"s3").unwrap(), good.find(",{\"backendId\":\"azure").unwrap());
    assert_eq!(
        Unverified::parse(text(&format!("{},null]?", &good[start..end])).as_bytes()),
        at("parts[0].shares", Problem::TooFewShares { stored: 1, needed: 2 })
    );
    let entries: Vec<_> = (0..65).map(|number| format!("\"e{number}\":\"\"")).collect();
    assert_eq!(
        Unverified::parse(format!("{{\"ext\":{{{},?", entries.join(",")).as_bytes()),
        at("ext", Problem::Count { min: 0, max: 64 })
    );
    assert_eq!(Unverified::parse(b"{\"parts\":[]?"), at("parts", Problem::Count { min: 1, max: 1 << 24 }));
}

#[test]
fn the_length_is_looked_at_before_the_text() {
    let mut text = vec![0xff; limits::TEXT + 1];
    let refused = Err(Error::TooLong { length: limits::TEXT + 1, limit: limits::TEXT });
    assert_eq!(Unverified::parse(&text), refused);
    text.pop();
    assert_eq!(Unverified::parse(&text), Err(Error::NotUtf8 { offset: 0 }));
}

#[test]
fn padding_a_small_manifest_with_white_space_is_refused() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let mut text = sample::body(keys).sign(keys).unwrap().to_json();
    let limit = (64 << 10) + 8 * 1024;
    text.resize(limit, b' ');
    assert!(Manifest::from_json(&text, &ring).is_ok());
    text.push(b'\n');
    assert_eq!(Manifest::from_json(&text, &ring), Err(Error::TooLong { length: limit + 1, limit }));
}

#[test]
fn thousands_of_parts() {
    const PARTS: u32 = 6000;
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let mut body = sample::body(keys);
    (body.threshold, body.state) = (Threshold { k: 2, n: 2 }, State::Committed);
    let shares = body.parts[0].shares[..2].to_vec();
    body.parts = (1..=PARTS)
        .map(|number| {
            let mut sharing = [0; 16];
            sharing[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
            let sharing = SharingId::from_bytes(sharing);
            Part { bytes: 1002, past: vec![], sharing, shares: shares.clone(), trailer: 512 }
        })
        .collect();
    let manifest = body.clone().sign(keys).unwrap();
    assert_eq!(manifest.length(), 1002 * u64::from(PARTS));
    assert_eq!(Manifest::from_json(&manifest.to_json(), &ring).unwrap(), manifest);

    // One repeated id among all of them, found with both its places.
    body.parts[5003].sharing = body.parts[17].sharing;
    let problem = Problem::RepeatedSharing { first: 17 };
    assert_eq!(body.validate(), Err(Error::Invalid { at: "parts[5003].sharing".into(), problem }));
}

#[test]
fn a_long_past_is_checked_in_one_sort() {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    let mut body = sample::body(keys);
    // As many as fit into the text of two parts.
    body.parts[1].past = (0..1900).map(|number| sample::past(&format!("b{number:04}"), 1)).collect();
    let manifest = body.clone().sign(keys).unwrap();
    assert_eq!(Manifest::from_json(&manifest.to_json(), &ring).unwrap().body(), &body);

    body.parts[1].past.push(sample::past("b0007", 2));
    let problem = Problem::BackendTwoIndexes { other: 1 };
    assert_eq!(body.validate(), Err(Error::Invalid { at: "parts[1].past[1900].backendId".into(), problem }));
    // Far more than any text holds is refused by its length.
    body.parts[1].past = (0..5000).map(|number| sample::past(&format!("b{number:04}"), 1)).collect();
    assert!(matches!(body.sign(keys), Err(Error::TooLong { .. })));
}
