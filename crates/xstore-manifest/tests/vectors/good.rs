//! What must be accepted.

use serde_json::{Value, json};
use xstore_keys::KeyState;

use crate::canonical::quote;
use crate::case::{Case, changed, edited, fit_length, good, part, refit, sample_value, share};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::ok(
            "ok-degraded",
            "Two parts, the second without share 1",
            "The canonical form itself. The second part has a past: two backends were sent index 1 and one was sent index 0.",
            good(),
        ),
        Case::ok(
            "ok-committed",
            "One part, all three shares",
            "The usual manifest of a small object, without expiry.",
            changed(|v| {
                v["parts"].as_array_mut().unwrap().truncate(1);
                (v["state"], v["ttl"], v["ext"]) = (json!("committed"), Value::Null, json!({}));
                fit_length(v);
            }),
        ),
        Case::ok(
            "ok-degraded-complete",
            "Degraded without a null",
            "A null requires the state degraded; the state requires no null.",
            changed(|v| {
                v["parts"].as_array_mut().unwrap().truncate(1);
                fit_length(v);
            }),
        ),
        Case::ok(
            "ok-pretty-reordered",
            "White space and another order of members",
            "Both are free in what is read. The tag is that of the canonical form.",
            reversed(&sample_value(), 0),
        ),
        Case::ok(
            "ok-escapes",
            "Other escapes for the same strings",
            "Escaped letters in names and values, an escaped slash, a surrogate pair: the same content, so the same tag.",
            edited("\"key\":\"doc-001/\u{e9}\"", r#""k\u0065y":"\u0064oc-001\/\u00E9""#)
                .replacen("\u{1f600}", "\\ud83D\\uDE00", 1)
                .replacen("\\t", "\\u0009", 1),
        ),
        Case::ok(
            "ok-unicode",
            "Characters that JCS leaves as they are",
            "DEL, a C1 control in ext, line separator, a character beyond the basic plane and a decomposed letter, none escaped, none normalized.",
            changed(|v| {
                v["ext"] = json!({"unicode": "\u{7f}\u{80}\u{2028}\u{ffff}\u{10ffff}e\u{301}/"});
                v["key"] = json!("e\u{301}\u{2028}\u{202e}\u{1f600}");
            }),
        )
        .name("e\u{301}\u{2028}\u{202e}\u{1f600}"),
        Case::ok(
            "ok-controls",
            "All control characters in a value of ext",
            "The five short escapes, and \\u00xx in lower case for the others.",
            changed(|v| v["ext"] = json!({"controls": ('\0'..=' ').collect::<String>() + "\"\\"})),
        ),
        Case::ok(
            "ok-ext-largest",
            "Sixty-four entries of ext",
            "One has a name of 64 characters and a value of 4,096 bytes in 2,048 characters.",
            changed(|v| {
                let mut entries: serde_json::Map<_, _> =
                    (0..63).map(|number| (format!("{number}_.-"), json!(""))).collect();
                entries.insert("n".repeat(64), json!("\u{e9}".repeat(2048)));
                v["ext"] = Value::Object(entries);
            }),
        ),
        Case::ok(
            "ok-name-longest",
            "A name of 1,024 bytes",
            "It has 512 characters: the limit counts bytes.",
            changed(|v| v["key"] = json!("\u{e9}".repeat(512))),
        )
        .name(longest_name()),
        Case::ok(
            "ok-scheme-smallest",
            "2 of 2 with p = 3, segments and a last part of p-1 bytes",
            "The smallest of everything; the trailer has just room for its digest.",
            changed(|v| {
                refit(v, 2, 2, 3);
                v["segment"] = json!(2);
                part(v, 0)["trailer"] = json!(168);
            }),
        ),
        Case::ok(
            "ok-scheme-largest",
            "64 of 64 with p = 67 and the longest trailer",
            "131,010 is the largest multiple of 66 in 128 KiB.",
            changed(|v| {
                refit(v, 64, 64, 67);
                part(v, 0)["trailer"] = json!(131_010);
            }),
        ),
        Case::ok(
            "ok-prime-to-spare",
            "2 of 3 with p = 67",
            "A larger prime than needed leaves room to add shares.",
            changed(|v| refit(v, 2, 3, 67)),
        ),
        Case::ok(
            "ok-part-largest",
            "Parts of 64 MiB in segments of 4 MiB",
            "A full part of 67,108,864 payload bytes takes 67,108,866.",
            changed(|v| {
                (v["part"], v["segment"]) = (json!(64 << 20), json!(4 << 20));
                part(v, 0)["bytes"] = json!((64 << 20) + 2);
                fit_length(v);
            }),
        ),
        Case::ok(
            "ok-fill",
            "A last part as long as a full one",
            "Fill hides the length of the last part, up to that of a full one.",
            changed(|v| {
                part(v, 1)["bytes"] = json!(1002);
                fit_length(v);
            }),
        ),
        Case::ok(
            "ok-recovered",
            "Made by recovery, a late revision",
            "The largest integers, and shares whose tags are under another key than the manifest's.",
            changed(|v| {
                v["origin"] = json!("recover");
                (v["generation"], v["revision"]) = (json!((1_u64 << 53) - 1), json!((1_u64 << 53) - 1));
                share(v, 0, 0)["keyId"] = json!("00".repeat(16));
            }),
        ),
        Case::ok(
            "ok-backend-other-index-in-other-part",
            "A backend with another index in each part",
            "One index for a backend is a rule of a part, since each part is a sharing of its own.",
            changed(|v| {
                share(v, 0, 0)["backendId"] = json!("disk");
                share(v, 0, 2)["backendId"] = json!("s3.eu_west-1");
            }),
        ),
        Case::ok(
            "ok-retired-key",
            "Signed with a retired key",
            "A retired key still verifies.",
            good(),
        )
        .keys(&[(2, KeyState::Current), (1, KeyState::Retired), (3, KeyState::Revoked)]),
        Case::ok(
            "ok-before-expiry",
            "The last millisecond before expiry",
            "Created 2026-02-28T23:59:59.999Z, a day to live.",
            good(),
        )
        .now("2026-03-01T23:59:59.998Z"),
        Case::ok(
            "ok-ttl-largest",
            "A time to live beyond all times",
            "created + ttl in milliseconds exceeds 2^53 and the year 9999; it must not wrap around.",
            changed(|v| v["ttl"] = json!((1_u64 << 53) - 1)),
        )
        .now("9999-12-31T23:59:59.999Z"),
        Case::ok(
            "ok-created-first",
            "Created at the beginning of 1970",
            "The first time that there is, read at that time.",
            changed(|v| v["created"] = json!("1970-01-01T00:00:00.000Z")),
        )
        .now("1970-01-01T00:00:00.000Z"),
        Case::ok(
            "ok-created-last",
            "Created at the end of the year 9999",
            "The last time that there is.",
            changed(|v| v["created"] = json!("9999-12-31T23:59:59.999Z")),
        ),
        Case::ok("ok-name", "The object that the reader wants", "The names are equal, byte for byte.", good())
            .name("doc-001/\u{e9}"),
    ]
}

/// The name in `ok-name-longest`.
fn longest_name() -> &'static str {
    const NAME: [u8; 1024] = {
        let mut bytes = [0xc3; 1024];
        let mut at = 1;
        while at < 1024 {
            bytes[at] = 0xa9;
            at += 2;
        }
        bytes
    };
    std::str::from_utf8(&NAME).unwrap()
}

/// Pretty-printed with the members from last to first.
fn reversed(value: &Value, depth: usize) -> String {
    let line = |depth: usize| format!("\r\n{}", "\t ".repeat(depth));
    let join = |entries: Vec<String>| entries.join(&format!(" ,{}", line(depth + 1)));
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|one, other| other.0.cmp(one.0));
            let members = sorted
                .into_iter()
                .map(|(name, value)| format!("{} : {}", quote(name), reversed(value, depth + 1)));
            format!("{{{}{}{}}}", line(depth + 1), join(members.collect()), line(depth))
        }
        Value::Array(entries) => {
            let entries = entries.iter().map(|entry| reversed(entry, depth + 1));
            format!("[{}{}{}]", line(depth + 1), join(entries.collect()), line(depth))
        }
        Value::String(text) => quote(text),
        other => other.to_string(),
    }
}
