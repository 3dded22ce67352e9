//! The strict form, rule by rule: an edit of a good text and the error that it must give.

use xstore_manifest::{Error, Problem, Syntax, Unverified};

use crate::sample;

fn good() -> String {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    String::from_utf8(sample::body(keys).sign(keys).unwrap().to_json()).unwrap()
}

/// The good text with the first `from` replaced.
fn edited(from: &str, to: &str) -> String {
    let good = good();
    assert!(good.contains(from), "{from} isn't in {good}");
    good.replacen(from, to, 1)
}

fn invalid(at: &str, problem: Problem) -> Error {
    Error::Invalid { at: at.into(), problem }
}

fn check(text: &str, expected: &Error) {
    assert_eq!(Unverified::parse(text.as_bytes()).as_ref(), Err(expected), "{text}");
    assert_eq!(expected.code(), "MANIFEST_INVALID");
}

#[test]
fn the_text_itself() {
    let syntax = |kind, line, column| Error::Syntax { kind, line, column };
    let good = good();
    check("", &syntax(Syntax::Truncated, 1, 0));
    check(" \n ", &syntax(Syntax::Truncated, 2, 1));
    check(&good[..good.len() - 1], &syntax(Syntax::Truncated, 1, good.len() - 1));
    check(&format!("{good}\n{{"), &syntax(Syntax::Trailing, 2, 1));
    check(&format!("{good}\0"), &syntax(Syntax::Trailing, 1, good.len() + 1));
    check("{\n  'created':1}", &syntax(Syntax::Unexpected, 2, 3));
    check("{\"created\":\"2026-02-28T23:59:59.999Z\",}", &syntax(Syntax::Unexpected, 1, 39));
    check("// note\n{}", &syntax(Syntax::Unexpected, 1, 1));
    check(&format!("\u{feff}{good}"), &Error::ByteOrderMark);
    assert!(Unverified::parse(format!(" {good}\r\n\t").as_bytes()).is_ok());

    let mut bytes = good.clone().into_bytes();
    bytes[20] = 0xff;
    assert_eq!(Unverified::parse(&bytes), Err(Error::NotUtf8 { offset: 20 }));
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Unverified::parse(&utf16).is_err());
}

#[test]
fn strings() {
    let unexpected = |text: &str| {
        let error = Unverified::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Syntax { kind: Syntax::Unexpected, .. }), "{text}: {error:?}");
    };
    // Lone surrogates, either half, and a pair in the wrong order.
    for escape in ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\ud83dx", "\\ud83d\\n", "\\uD83D\\uD83D"] {
        unexpected(&edited("\"empty\":\"\"", &format!("\"empty\":\"{escape}\"")));
    }
    for escape in ["\\x41", "\\u00g0", "\\u12", "\\'", "\\0", "\n", "\u{1}", "\t"] {
        unexpected(&edited("\"empty\":\"\"", &format!("\"empty\":\"{escape}\"")));
    }
    check(&edited("\"key\":\"doc", "\"key\":\"\\u0007doc"), &invalid("key", Problem::Name));
    check(&edited("\"key\":\"doc", "\"key\":\"\\u0085doc"), &invalid("key", Problem::Name));
}

#[test]
fn integers() {
    for number in [
        "3.0",
        "3e0",
        "3E0",
        "0.3e1",
        "-3",
        "-0",
        "0.0",
        "9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999999999",
        "1e300",
        "-9223372036854775809",
    ] {
        for (from, at) in [
            ("\"p\":3", "p"),
            ("\"generation\":3", "generation"),
            ("\"bytes\":1002", "parts[0].bytes"),
            ("\"index\":0", "parts[0].shares[0].index"),
            ("\"ttl\":86400", "ttl"),
            ("\"version\":1", "version"),
        ] {
            let member = &from[..=from.find(':').unwrap()];
            check(&edited(from, &format!("{member}{number}")), &invalid(at, Problem::Integer));
        }
    }
    let kind = Problem::Type { expected: "an integer" };
    for other in ["null", "true", "\"3\"", "[3]", "{}", "[]"] {
        check(&edited("\"p\":3", &format!("\"p\":{other}")), &invalid("p", kind.clone()));
    }
    for malformed in ["03", "+3", ".3", "3.", "0x3", "NaN", "Infinity", "3_0", "1e400", "- 3", "-"] {
        let text = edited("\"ttl\":86400", &format!("\"ttl\":{malformed}"));
        let error = Unverified::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Syntax { kind: Syntax::Unexpected, .. }), "{malformed}: {error:?}");
    }
}

#[test]
fn objects_are_objects_and_lists_are_lists() {
    let type_of = |at: &str, expected| invalid(at, Problem::Type { expected });
    check("[]", &type_of("$", "an object"));
    check("null", &type_of("$", "an object"));
    check("\"manifest\"", &type_of("$", "an object"));
    for other in ["[2,3]", "null", "\"2\"", "2", "true"] {
        let text = edited("{\"k\":2,\"n\":3}", other);
        check(&text, &type_of("threshold", "an object"));
    }
    check(&edited("\"ext\":{", "\"ext\":[],\"x\":{"), &type_of("ext", "an object"));
    check(&edited("\"ext\":{", "\"ext\":null,\"x\":{"), &type_of("ext", "an object"));
    check(
        &edited("\"integrity\":{", "\"integrity\":[\"\",\"\"],\"x\":{"),
        &type_of("integrity", "an object"),
    );
    check(&edited("\"parts\":[", "\"parts\":{},\"x\":["), &type_of("parts", "an array"));
    check(&edited("\"parts\":[", "\"parts\":null,\"x\":["), &type_of("parts", "an array"));
    check(&edited("\"parts\":[{", "\"parts\":[null,{"), &type_of("parts[0]", "an object"));
    check(&edited("\"parts\":[{", "\"parts\":[[1002,[],[],\"\",512],{"), &type_of("parts[0]", "an object"));
    check(&edited("\"shares\":[", "\"shares\":{},\"x\":["), &type_of("parts[0].shares", "an array"));
    check(&edited("\"shares\":[", "\"shares\":[[\"a\"],"), &type_of("parts[0].shares[0]", "an object"));
    check(&edited("\"past\":[]", "\"past\":null"), &type_of("parts[0].past", "an array"));
    check(&edited("\"past\":[]", "\"past\":[null]"), &type_of("parts[0].past[0]", "an object"));
    check(&edited("\"past\":[]", "\"past\":[[\"a\",0]]"), &type_of("parts[0].past[0]", "an object"));
}

#[test]
fn no_null_but_where_it_is_named() {
    assert!(Unverified::parse(edited("\"ttl\":86400", "\"ttl\":null").as_bytes()).is_ok());
    let text = || Problem::Type { expected: "a string" };
    for (from, to, at) in [
        ("\"created\":\"2026-02-28T23:59:59.999Z\"", "\"created\":null", "created"),
        ("\"empty\":\"\"", "\"empty\":null", "ext[\"empty\"]"),
        ("\"key\":\"doc-001/\u{e9}\"", "\"key\":null", "key"),
        ("\"origin\":\"put\"", "\"origin\":null", "origin"),
        ("\"state\":\"degraded\"", "\"state\":null", "state"),
        ("\"backendId\":\"disk\"", "\"backendId\":null", "parts[0].shares[2].backendId"),
        ("\"backendId\":\"gcs-2\"", "\"backendId\":7", "parts[1].past[2].backendId"),
        ("\"sharing\":\"73686172696e67206e756d6265722e00\"", "\"sharing\":null", "parts[0].sharing"),
    ] {
        check(&edited(from, to), &invalid(at, text()));
    }
}

#[test]
fn members_are_known_and_stand_once() {
    let unknown = |at: &str, name: &str| invalid(at, Problem::UnknownMember { name: name.into() });
    check(&edited("{\"created\"", "{\"Created\":1,\"created\""), &unknown("$", "Created"));
    check(&edited("{\"created\"", "{\"\":1,\"created\""), &unknown("$", ""));
    check(&edited("\"hmac\"", "\"alg\":\"none\",\"hmac\""), &unknown("integrity", "alg"));
    check(&edited("{\"k\":2", "{\"m\":2,\"k\":2"), &unknown("threshold", "m"));
    check(&edited("\"trailer\":1024", "\"trailer\":1024,\"fill\":0"), &unknown("parts[1]", "fill"));
    check(
        &edited("{\"backendId\":\"disk\"", "{\"salt\":0,\"backendId\":\"disk\""),
        &unknown("parts[0].shares[2]", "salt"),
    );
    check(
        &edited("{\"backendId\":\"gcs-2\"", "{\"key\":0,\"backendId\":\"gcs-2\""),
        &unknown("parts[1].past[2]", "key"),
    );
    // The value of an unknown member is never looked at, so it can't be too deep.
    let deep = format!("\"x\":{},", "[".repeat(50_000));
    check(&edited("{\"created\"", &format!("{{{deep}\"created\"")), &unknown("$", "x"));

    let repeated = |at: &str| invalid(at, Problem::RepeatedMember);
    check(&edited("\"p\":3", "\"p\":3,\"p\":3"), &repeated("p"));
    check(&edited("\"p\":3", "\"p\":3,\"\\u0070\":5"), &repeated("p"));
    check(&edited("\"version\":1", "\"version\":1,\"version\":1"), &repeated("version"));
    check(&edited("\"k\":2", "\"k\":2,\"k\":2"), &repeated("threshold.k"));
    check(&edited("\"empty\":\"\"", "\"empty\":\"\",\"empty\":\"\""), &repeated("ext[\"empty\"]"));
    check(&edited("\"index\":2", "\"index\":2,\"index\":2"), &repeated("parts[0].shares[2].index"));
    check(&edited("\"trailer\":512", "\"trailer\":512,\"bytes\":1002"), &repeated("parts[0].bytes"));
    check(&edited(",\"keyId\"", ",\"hmac\":\"\",\"keyId\""), &repeated("integrity.hmac"));

    let missing = |at: &str| invalid(at, Problem::MissingMember);
    check("{}", &missing("created"));
    check(&edited("\"generation\":3,", ""), &missing("generation"));
    check(&edited("\"ttl\":86400,", ""), &missing("ttl"));
    check(&edited(",\"version\":1", ""), &missing("version"));
    check(&edited("{\"k\":2,\"n\":3}", "{\"k\":2}"), &missing("threshold.n"));
    check(&edited("\"past\":[],", ""), &missing("parts[0].past"));
    check(&edited("{\"backendId\":\"disk\",", "{"), &missing("parts[0].shares[2].backendId"));
    check(&edited("{\"backendId\":\"gcs-2\",\"index\":1}", "{}"), &missing("parts[1].past[2].backendId"));
}

#[test]
fn every_member_of_every_object_is_needed() {
    let value: serde_json::Value = serde_json::from_str(&good()).unwrap();
    let mut tried = 0;
    for pointer in [
        "",
        "/integrity",
        "/threshold",
        "/parts/0",
        "/parts/1/past/1",
        "/parts/1/shares/0",
        "/parts/0/shares/2",
    ] {
        let members = value.pointer(pointer).unwrap().as_object().unwrap();
        for name in members.keys() {
            let mut without = value.clone();
            without.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
            let error = Unverified::parse(without.to_string().as_bytes()).unwrap_err();
            let place = format!("{pointer}/{name}")[1..].replace('/', ".");
            let place = ["0", "1", "2"]
                .iter()
                .fold(place, |place, digit| place.replace(&format!(".{digit}."), &format!("[{digit}].")));
            assert_eq!(error, invalid(&place, Problem::MissingMember));
            tried += 1;
        }
    }
    assert_eq!(tried, 18 + 2 + 2 + 5 + 2 + 5 + 5);
}

#[test]
fn words_ids_and_times() {
    for (from, to, at, problem) in [
        (
            "\"state\":\"degraded\"",
            "\"state\":\"Degraded\"",
            "state",
            Problem::Word { allowed: "\"committed\" or \"degraded\"" },
        ),
        (
            "\"origin\":\"put\"",
            "\"origin\":\"\"",
            "origin",
            Problem::Word { allowed: "\"put\" or \"recover\"" },
        ),
        ("23:59:59.999Z", "23:59:60.000Z", "created", Problem::Timestamp),
        ("2026-02-28", "2026-02-29", "created", Problem::Timestamp),
        ("2026-02-28T23:59:59.999Z", "2026-02-28T23:59:59Z", "created", Problem::Timestamp),
        ("\"object\":\"6f", "\"object\":\"6F", "object", Problem::Hex { digits: 32 }),
        ("\"object\":\"6f", "\"object\":\"f", "object", Problem::Hex { digits: 32 }),
        ("\"sharing\":\"73", "\"sharing\":\"0x73", "parts[0].sharing", Problem::Hex { digits: 32 }),
        ("\"hmac\":\"", "\"hmac\":\"00", "integrity.hmac", Problem::Hex { digits: 64 }),
        (
            "\"shares\":[{\"backendId\":\"s3.eu_west-1\",\"hmac\":\"",
            "\"shares\":[{\"backendId\":\"s3.eu_west-1\",\"hmac\":\"g",
            "parts[0].shares[0].hmac",
            Problem::Hex { digits: 64 },
        ),
        (
            "\"backendId\":\"disk\"",
            "\"backendId\":\"Disk\"",
            "parts[0].shares[2].backendId",
            Problem::BackendId,
        ),
        ("\"key\":\"ns-7q/m/", "\"key\":\"ns-7q/x/", "parts[0].shares[0].key", Problem::ShareKey),
        ("\"empty\":", "\"Empty\":", "ext", Problem::ExtName),
        ("\"empty\":", "\"\":", "ext", Problem::ExtName),
        ("\"suite\":1", "\"suite\":2", "suite", Problem::Suite { found: 2 }),
        ("\"suite\":1", "\"suite\":0", "suite", Problem::Suite { found: 0 }),
        ("\"length\":1012", "\"length\":1010", "length", Problem::Length { found: 1010, sum: 1012 }),
    ] {
        check(&edited(from, to), &invalid(at, problem));
    }
}

#[test]
fn another_version_is_named_whatever_else_it_changed() {
    let version = |found| invalid("version", Problem::Version { found });
    check(&edited("\"version\":1", "\"version\":2"), &version(2));
    check(&edited("\"version\":1", "\"version\":0"), &version(0));
    check("{\"anew\":[{\"deep\":[]}],\"version\":2}", &version(2));
    check("{\"version\":7}", &version(7));
    check(&edited("\"version\":1", "\"version\":2").replace("\"p\":3", "\"p\":null"), &version(2));
    // A version that isn't a number explains nothing.
    check("{\"created\":0,\"version\":2.0}", &invalid("created", Problem::Type { expected: "a string" }));
}

#[test]
fn limits_of_ext() {
    let ext = |entries: usize, name: &str, value: &str| {
        let list: Vec<_> = (0..entries).map(|number| format!("\"e{number}\":\"\"")).collect();
        edited("\"ext\":{", &format!("\"ext\":{{{},\"{name}\":\"{value}\",", list.join(",")))
    };
    assert!(Unverified::parse(ext(61, &"n".repeat(64), &"\u{e9}".repeat(2048)).as_bytes()).is_ok());
    check(&ext(62, "one-more", ""), &invalid("ext", Problem::Count { min: 0, max: 64 }));
    check(&ext(1, &"n".repeat(65), ""), &invalid("ext", Problem::ExtName));
    check(&ext(1, "with space", ""), &invalid("ext", Problem::ExtName));
    check(&ext(1, "n\u{e9}", ""), &invalid("ext", Problem::ExtName));
    check(
        &ext(1, "v", &format!("{}x", "\u{e9}".repeat(2048))),
        &invalid("ext[\"v\"]", Problem::ExtValue { length: 4097 }),
    );
}
