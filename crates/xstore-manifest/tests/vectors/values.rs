//! Single values that the format doesn't have, each signed as it stands.

use serde_json::json;
use xstore_manifest::Problem;

use crate::case::{Case, changed, edited, invalid, part, share};

pub(crate) fn cases() -> Vec<Case> {
    let hex = |digits| Problem::Hex { digits };
    vec![
        Case::bad(
            "bad-upper-case-hex",
            "The tag in upper case",
            "The same bytes, in the form that isn't written.",
            upper_case_tag(),
            invalid("integrity.hmac", hex(64)),
        ),
        Case::bad(
            "bad-object-id-short",
            "An object id of 15 bytes",
            "Ids have 32 digits.",
            changed(|v| v["object"] = json!("ab".repeat(15))),
            invalid("object", hex(32)),
        ),
        Case::bad(
            "bad-sharing-id-upper-case",
            "A sharing id with an upper-case digit",
            "Hex is lower-case everywhere.",
            changed(|v| part(v, 0)["sharing"] = json!("A".repeat(32))),
            invalid("parts[0].sharing", hex(32)),
        ),
        Case::bad(
            "bad-share-hmac-long",
            "A share end of 33 bytes",
            "It has 64 digits.",
            changed(|v| share(v, 0, 0)["hmac"] = json!("ab".repeat(33))),
            invalid("parts[0].shares[0].hmac", hex(64)),
        ),
        Case::bad(
            "bad-created-form",
            "A time without milliseconds",
            "There is one form of a time.",
            changed(|v| v["created"] = json!("2026-02-28T23:59:59Z")),
            invalid("created", Problem::Timestamp),
        ),
        Case::bad(
            "bad-created-day",
            "29 February in a common year",
            "There is no such day.",
            changed(|v| v["created"] = json!("2026-02-29T00:00:00.000Z")),
            invalid("created", Problem::Timestamp),
        ),
        Case::bad(
            "bad-created-leap-second",
            "Second 60",
            "Times have no leap seconds.",
            changed(|v| v["created"] = json!("2016-12-31T23:59:60.000Z")),
            invalid("created", Problem::Timestamp),
        ),
        Case::bad(
            "bad-created-year",
            "A time before 1970",
            "Years are 1970 to 9999.",
            changed(|v| v["created"] = json!("1969-12-31T23:59:59.999Z")),
            invalid("created", Problem::Timestamp),
        ),
        Case::bad(
            "bad-state",
            "An unknown state",
            "Words are compared as they are.",
            changed(|v| v["state"] = json!("Degraded")),
            invalid("state", Problem::Word { allowed: "\"committed\" or \"degraded\"" }),
        ),
        Case::bad(
            "bad-origin",
            "An unknown origin",
            "put and recover are all there are.",
            changed(|v| v["origin"] = json!("copy")),
            invalid("origin", Problem::Word { allowed: "\"put\" or \"recover\"" }),
        ),
        Case::bad(
            "bad-name-empty",
            "An empty name",
            "A name has 1 to 1,024 bytes.",
            changed(|v| v["key"] = json!("")),
            invalid("key", Problem::Name),
        ),
        Case::bad(
            "bad-name-long",
            "A name of 1,025 bytes in 513 characters",
            "The limit counts bytes.",
            changed(|v| v["key"] = json!(format!("{}x", "\u{e9}".repeat(512)))),
            invalid("key", Problem::Name),
        ),
        Case::bad(
            "bad-name-control",
            "A C1 control character in a name",
            "U+0085 is of category Cc as well.",
            changed(|v| v["key"] = json!("doc\u{85}001")),
            invalid("key", Problem::Name),
        ),
        Case::bad(
            "bad-backend-id",
            "A backend id that begins with a dot",
            "It begins with a letter or digit.",
            changed(|v| share(v, 0, 0)["backendId"] = json!(".s3")),
            invalid("parts[0].shares[0].backendId", Problem::BackendId),
        ),
        Case::bad(
            "bad-backend-id-in-past",
            "A backend id of 65 characters in past",
            "The rule is the same there.",
            changed(|v| part(v, 0)["past"] = json!([{"backendId": "b".repeat(65), "index": 0}])),
            invalid("parts[0].past[0].backendId", Problem::BackendId),
        ),
        Case::bad(
            "bad-share-key-lane",
            "An unknown lane",
            "Lanes are m, v and c.",
            changed(|v| share(v, 0, 0)["key"] = json!(format!("ns/x/{}", "a".repeat(32)))),
            invalid("parts[0].shares[0].key", Problem::ShareKey),
        ),
        Case::bad(
            "bad-share-key-path",
            "A key that leaves its folder",
            "The grammar has no dots.",
            changed(|v| share(v, 0, 0)["key"] = json!(format!("../m/{}", "a".repeat(32)))),
            invalid("parts[0].shares[0].key", Problem::ShareKey),
        ),
        Case::bad(
            "bad-share-key-name",
            "A name with a digit that base32 lacks",
            "0, 1, 8 and 9 aren't in its alphabet.",
            changed(|v| share(v, 0, 0)["key"] = json!(format!("ns/m/{}1", "a".repeat(31)))),
            invalid("parts[0].shares[0].key", Problem::ShareKey),
        ),
        Case::bad(
            "bad-ext-name",
            "An upper-case letter in a name of ext",
            "Names have a-z 0-9 . _ - only.",
            changed(|v| v["ext"] = json!({"App": ""})),
            invalid("ext", Problem::ExtName),
        ),
        Case::bad(
            "bad-ext-value-type",
            "A number in ext",
            "Values are strings.",
            changed(|v| v["ext"] = json!({"size": 1})),
            invalid("ext[\"size\"]", Problem::Type { expected: "a string" }),
        ),
        Case::bad(
            "bad-ext-value-long",
            "A value of 4,097 bytes in ext",
            "The limit counts bytes.",
            changed(|v| v["ext"] = json!({"note": format!("{}x", "\u{e9}".repeat(2048))})),
            invalid("ext[\"note\"]", Problem::ExtValue { length: 4097 }),
        ),
        Case::bad(
            "bad-ext-count",
            "Sixty-five entries of ext",
            "There are at most 64.",
            changed(|v| {
                v["ext"] = (0..65)
                    .map(|number| (format!("e{number}"), json!("")))
                    .collect::<serde_json::Map<_, _>>()
                    .into();
            }),
            invalid("ext", Problem::Count { min: 0, max: 64 }),
        ),
    ]
}

fn upper_case_tag() -> String {
    let value = crate::case::sample_value();
    let tag = value["integrity"]["hmac"].as_str().unwrap();
    edited(tag, &tag.to_uppercase())
}
