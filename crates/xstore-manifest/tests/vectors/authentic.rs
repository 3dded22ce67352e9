//! Valid manifests that this reader must not accept: tags, keys, names, time.

use serde_json::{Value, json};
use xstore_keys::{KeyState, RingError};
use xstore_manifest::{Error, Timestamp};

use crate::canonical::canonical;
use crate::case::{Case, changed, edited, good, sample_value};
use crate::sample;

pub(crate) fn cases() -> Vec<Case> {
    let id = sample::ring(1).current().unwrap().id();
    let since = |text: &str| Error::Expired { since: text.parse::<Timestamp>().unwrap() };
    vec![
        Case::bad(
            "bad-tampered-past",
            "A past place was added after signing",
            "Everything is consistent but the tag.",
            edited("\"past\":[],\"shares\"", "\"past\":[{\"backendId\":\"evil\",\"index\":0}],\"shares\""),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tampered-backend",
            "A share was moved to another backend after signing",
            "The new backend would be asked for the share.",
            edited("\"backendId\":\"disk\"", "\"backendId\":\"evil\""),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tampered-ext",
            "A note was changed after signing",
            "ext is authenticated, too.",
            edited("\"empty\":\"\"", "\"empty\":\" \""),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tag",
            "One bit of the tag is flipped",
            "The lowest bit of its last byte.",
            flipped(),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tag-over-text",
            "The tag of the text as it stands",
            "Computed over pretty-printed JSON instead of the canonical form.",
            over_text(),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tag-without-key-id",
            "The tag of a text without integrity",
            "Only integrity.hmac is left out when the tag is computed; integrity.keyId is covered.",
            without_key_id(),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tag-of-other-purpose",
            "The tag under the name key",
            "Each purpose has a key of its own.",
            of_other_purpose(),
            Error::NotAuthentic,
        ),
        Case::bad(
            "bad-tag-of-other-key",
            "Signed with one key, naming another",
            "The reader trusts both; the named one decides.",
            of_other_key(),
            Error::NotAuthentic,
        )
        .keys(&[(1, KeyState::Current), (2, KeyState::Retired)]),
        Case::bad(
            "bad-key-unknown",
            "The reader lacks the key",
            "Not the same as tampering.",
            good(),
            Error::KeyUnavailable { id, source: RingError::UnknownKey { id } },
        )
        .keys(&[(2, KeyState::Current)]),
        Case::bad(
            "bad-key-revoked",
            "The key is revoked",
            "A revoked key verifies nothing, not even what it signed before.",
            good(),
            Error::KeyUnavailable { id, source: RingError::RevokedKey { id } },
        )
        .keys(&[(2, KeyState::Current), (1, KeyState::Revoked)]),
        Case::bad(
            "bad-key-none",
            "The reader has no key at all",
            "Not the same as tampering.",
            good(),
            Error::KeyUnavailable { id, source: RingError::UnknownKey { id } },
        )
        .keys(&[]),
        Case::bad(
            "bad-expired",
            "The first millisecond of expiry",
            "now >= created + ttl.",
            good(),
            since("2026-03-01T23:59:59.999Z"),
        )
        .now("2026-03-01T23:59:59.999Z"),
        Case::bad(
            "bad-expired-at-once",
            "A time to live of zero",
            "It is over when it begins.",
            changed(|v| v["ttl"] = json!(0)),
            since("2026-02-28T23:59:59.999Z"),
        )
        .now("2026-02-28T23:59:59.999Z"),
        Case::bad(
            "bad-other-name",
            "The manifest of another object",
            "Authentic, and not what the reader asked for.",
            good(),
            Error::OtherObject,
        )
        .name("doc-002"),
        Case::bad(
            "bad-name-normalized",
            "The wanted name is the same only after normalization",
            "Names are compared byte for byte: here e with a combining accent.",
            good(),
            Error::OtherObject,
        )
        .name("doc-001/e\u{301}"),
    ]
}

fn tag(number: u8, purpose: fn(&xstore_keys::Keys) -> &xstore_keys::MacKey, text: &str) -> Value {
    let ring = sample::ring(number);
    let tag = purpose(ring.current().unwrap()).tag(&[text.as_bytes()]).into_bytes();
    json!(tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The sample without its tag.
fn untagged() -> Value {
    let mut value = sample_value();
    value["integrity"].as_object_mut().unwrap().remove("hmac");
    value
}

fn tagged(mut value: Value, tag: Value) -> String {
    value["integrity"]["hmac"] = tag;
    canonical(&value)
}

fn flipped() -> String {
    let tag = sample_value()["integrity"]["hmac"].as_str().unwrap().to_owned();
    let last = tag.chars().last().unwrap().to_digit(16).unwrap();
    edited(&tag, &format!("{}{:x}", &tag[..63], last ^ 1))
}

fn over_text() -> String {
    let value = untagged();
    let spaced = canonical(&value).replace("\":", "\": ");
    let tag = tag(1, |keys| keys.manifest(), &spaced);
    tagged(value, tag).replace("\":", "\": ")
}

fn without_key_id() -> String {
    let mut value = untagged();
    value.as_object_mut().unwrap().remove("integrity");
    tagged(untagged(), tag(1, |keys| keys.manifest(), &canonical(&value)))
}

fn of_other_purpose() -> String {
    tagged(untagged(), tag(1, |keys| keys.name(), &canonical(&untagged())))
}

fn of_other_key() -> String {
    tagged(untagged(), tag(2, |keys| keys.manifest(), &canonical(&untagged())))
}
