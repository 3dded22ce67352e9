//! JSON of another form than the format's. Where it can be, the tag is that of what a lax reader would see.

use serde_json::{Value, json};
use xstore_manifest::Problem;

use crate::case::{Case, changed, edited, good, invalid, part, share};

pub(crate) fn cases() -> Vec<Case> {
    let kind = |expected| Problem::Type { expected };
    let unknown = |name: &str| Problem::UnknownMember { name: name.into() };
    vec![
        Case::bad(
            "bad-float",
            "An integer with a fraction of zero",
            "3.0 equals 3 and is refused.",
            edited("\"p\":3", "\"p\":3.0"),
            invalid("p", Problem::Integer),
        ),
        Case::bad(
            "bad-exponent",
            "An integer with an exponent",
            "1e3 equals 1000 and is refused.",
            edited("\"part\":1000", "\"part\":1e3"),
            invalid("part", Problem::Integer),
        ),
        Case::bad(
            "bad-negative-zero",
            "Minus zero as an index",
            "-0 equals 0 and is refused.",
            edited("\"index\":0", "\"index\":-0"),
            invalid("parts[0].shares[0].index", Problem::Integer),
        ),
        Case::bad(
            "bad-negative",
            "A negative time to live",
            "No integer of a manifest is below zero.",
            edited("\"ttl\":86400", "\"ttl\":-1"),
            invalid("ttl", Problem::Integer),
        ),
        Case::bad(
            "bad-integer-too-large",
            "2^53 as generation",
            "Readers that keep numbers as doubles can't tell it from its successor.",
            changed(|v| v["generation"] = json!(1_u64 << 53)),
            invalid("generation", Problem::Integer),
        ),
        Case::bad(
            "bad-integer-as-string",
            "An integer in quotes",
            "Signed as it stands.",
            changed(|v| v["p"] = json!("3")),
            invalid("p", kind("an integer")),
        ),
        Case::bad(
            "bad-null",
            "Null where the format has none",
            "Only ttl and entries of shares may be null.",
            changed(|v| v["ext"] = Value::Null),
            invalid("ext", kind("an object")),
        ),
        Case::bad(
            "bad-null-part",
            "Null for a part",
            "Signed as it stands.",
            changed(|v| *part(v, 1) = Value::Null),
            invalid("parts[1]", kind("an object")),
        ),
        Case::bad(
            "bad-array-for-object",
            "The threshold as a list of its values",
            "Some readers take a list for an object whose members are in order.",
            edited("{\"k\":2,\"n\":3}", "[2,3]"),
            invalid("threshold", kind("an object")),
        ),
        Case::bad(
            "bad-array-for-manifest",
            "A list with the manifest in it",
            "The text must be one object.",
            format!("[{}]", good()),
            invalid("$", kind("an object")),
        ),
        Case::bad(
            "bad-object-for-array",
            "An object in place of the parts",
            "Signed as it stands.",
            changed(|v| v["parts"] = json!({"0": v["parts"][0]})),
            invalid("parts", kind("an array")),
        ),
        Case::bad(
            "bad-duplicate-member",
            "A member twice, the last one being the signed one",
            "Readers that keep the last member see the signed content.",
            edited("\"revision\":7", "\"revision\":8,\"revision\":7"),
            invalid("revision", Problem::RepeatedMember),
        ),
        Case::bad(
            "bad-duplicate-member-first",
            "A member twice, the first one being the signed one",
            "Readers that keep the first member see the signed content.",
            edited("\"revision\":7", "\"revision\":7,\"revision\":8"),
            invalid("revision", Problem::RepeatedMember),
        ),
        Case::bad(
            "bad-duplicate-member-escaped",
            "A member twice, once with an escape in its name",
            "Names are compared after unescaping.",
            edited("\"p\":3", "\"\\u0070\":3,\"p\":3"),
            invalid("p", Problem::RepeatedMember),
        ),
        Case::bad(
            "bad-duplicate-in-ext",
            "An entry of ext twice",
            "The rule holds in every object.",
            edited("\"empty\":\"\"", "\"empty\":\"\",\"empty\":\"\""),
            invalid("ext[\"empty\"]", Problem::RepeatedMember),
        ),
        Case::bad(
            "bad-duplicate-in-share",
            "A share's backend twice",
            "The rule holds in every object.",
            edited("\"backendId\":\"disk\"", "\"backendId\":\"disk\",\"backendId\":\"disk\""),
            invalid("parts[0].shares[2].backendId", Problem::RepeatedMember),
        ),
        Case::bad(
            "bad-unknown-member",
            "A member that the format doesn't name",
            "Signed with it. Extensions belong into ext.",
            changed(|v| v["comment"] = json!("hello")),
            invalid("$", unknown("comment")),
        ),
        Case::bad(
            "bad-unknown-member-deep",
            "An unknown member with a value of 300 levels",
            "It is refused by its name; its value would overflow careless readers. Signed with it.",
            changed(|v| v["a"] = (0..300).fold(json!([]), |inner, _| json!([inner]))),
            invalid("$", unknown("a")),
        ),
        Case::bad(
            "bad-unknown-member-in-share",
            "A share with its salt",
            "A salt must not leave its share. Signed with it.",
            changed(|v| share(v, 0, 0)["salt"] = json!("00".repeat(32))),
            invalid("parts[0].shares[0]", unknown("salt")),
        ),
        Case::bad(
            "bad-missing-member",
            "No ttl",
            "Null is written, not left out. Signed without it.",
            changed(|v| drop(v.as_object_mut().unwrap().remove("ttl"))),
            invalid("ttl", Problem::MissingMember),
        ),
        Case::bad(
            "bad-missing-past",
            "A part without past",
            "An empty past is written as []. Signed without it.",
            changed(|v| drop(part(v, 0).as_object_mut().unwrap().remove("past"))),
            invalid("parts[0].past", Problem::MissingMember),
        ),
        Case::bad(
            "bad-version",
            "Version 2",
            "A later format, signed as it stands.",
            changed(|v| v["version"] = json!(2)),
            invalid("version", Problem::Version { found: 2 }),
        ),
        Case::bad(
            "bad-suite",
            "Suite 2",
            "Another scheme, signed as it stands.",
            changed(|v| v["suite"] = json!(2)),
            invalid("suite", Problem::Suite { found: 2 }),
        ),
    ]
}
