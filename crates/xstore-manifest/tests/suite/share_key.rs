//! Keys on a backend: grammar, parts, derivation.

use xstore_manifest::{BackendId, Lane, Problem, ShareKey, SharingId};

use crate::sample;

const NAME: &str = "abcdefghijklmnopqrstuvwxyz234567";

#[test]
fn grammar() {
    for namespace in ["a", "0", "a-", "9-z", &"n".repeat(64)] {
        for (letter, lane) in [('m', Lane::Manifest), ('v', Lane::Vault), ('c', Lane::Checkpoint)] {
            let text = format!("{namespace}/{letter}/{NAME}");
            let key = ShareKey::new(&text).unwrap();
            assert_eq!((key.namespace(), key.lane(), key.name()), (namespace, lane, NAME));
            assert_eq!((key.as_str(), key.to_string().as_str()), (text.as_str(), text.as_str()));
            assert_eq!(text.parse(), Ok(key));
        }
    }
}

#[test]
fn everything_else_is_refused() {
    let good = format!("ns/m/{NAME}");
    assert!(ShareKey::new(&good).is_ok());
    let refused = [
        String::new(),
        "//".into(),
        format!("/m/{NAME}"),
        format!("-n/m/{NAME}"),
        format!("n.s/m/{NAME}"),
        format!("n_s/m/{NAME}"),
        format!("Ns/m/{NAME}"),
        format!("n\u{e9}/m/{NAME}"),
        format!("../m/{NAME}"),
        format!("{}/m/{NAME}", "n".repeat(65)),
        format!("ns//{NAME}"),
        format!("ns/x/{NAME}"),
        format!("ns/M/{NAME}"),
        format!("ns/mm/{NAME}"),
        format!("ns/m{NAME}"),
        format!("ns\\m\\{NAME}"),
        format!("ns/m/{}", &NAME[1..]),
        format!("ns/m/{NAME}a"),
        format!("ns/m/{}1", &NAME[1..]),
        format!("ns/m/{}8", &NAME[1..]),
        format!("ns/m/{}=", &NAME[1..]),
        format!("ns/m/{}A", &NAME[1..]),
        format!("ns/m/{}\u{e9}", &NAME[2..]),
        format!("{good}/"),
        format!("{good}/x"),
        format!("/{good}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}\0"),
    ];
    for text in refused {
        assert_eq!(ShareKey::new(&text), Err(Problem::ShareKey), "{text:?}");
    }
}

/// Computed with another implementation of HKDF, HMAC and base32, for the key 07 08 .. 26.
#[test]
fn derivation_known_answers() {
    let ring = sample::ring(7);
    let keys = ring.current().unwrap();
    assert_eq!(keys.id().to_string(), "dfc215f54adc31ccbd141ed2c99a45f6");
    let sharing = SharingId::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
    for (index, attempt, backend, lane, expected) in [
        (0, 0, "a", Lane::Manifest, "ns/m/rwi4ij3xosez4ezwo3okw2vievjhnamt"),
        (63, 0, "a", Lane::Vault, "ns/v/4kzqdb233tpp5jdn2oupnnh6wtiaykjv"),
        (0, 1, "a", Lane::Checkpoint, "ns/c/kdtmojqaclqmx3z5bz2ku5hc3wyyb4q4"),
        (0, 0x0102_0304, "s3.eu_west-1", Lane::Manifest, "ns/m/ghh4zz7jayn6zmgxud627s5ddtduhryi"),
    ] {
        let backend = BackendId::new(backend).unwrap();
        let key = ShareKey::derive("ns", lane, keys, sharing, index, attempt, &backend).unwrap();
        assert_eq!(key.as_str(), expected);
        assert_eq!(ShareKey::new(expected), Ok(key));
    }
}

#[test]
fn derivation_refuses_what_has_no_key() {
    let ring = sample::ring(7);
    let keys = ring.current().unwrap();
    let backend = BackendId::new("a").unwrap();
    let derive = |namespace: &str, index| {
        ShareKey::derive(namespace, Lane::Manifest, keys, sample::sharing(0), index, 0, &backend)
    };
    for namespace in ["", "-a", "a/b", "A", &"n".repeat(65)] {
        assert_eq!(derive(namespace, 0), Err(Problem::Namespace), "{namespace:?}");
    }
    assert_eq!(derive("ns", 64), Err(Problem::OutOfRange { value: 64, min: 0, max: 63 }));
}
