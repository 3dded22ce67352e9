//! No path of a repair or a migration computes the plaintext.

/// Everything that repairs and migrations are made of, besides what only moves bytes.
const SOURCES: [(&str, &str); 7] = [
    ("change.rs", include_str!("../../src/change.rs")),
    ("change/part.rs", include_str!("../../src/change/part.rs")),
    ("change/scan.rs", include_str!("../../src/change/scan.rs")),
    ("change/send.rs", include_str!("../../src/change/send.rs")),
    ("change/target.rs", include_str!("../../src/change/target.rs")),
    ("change/finish.rs", include_str!("../../src/change/finish.rs")),
    ("rebuild.rs", include_str!("../../../xstore-share/src/rebuild.rs")),
];

/// What decodes: whoever wants one of these in a repair has to think of something else.
const DECODERS: [&str; 6] = ["Decoder", "CombinePlan", "WholePart", "Plans", "get::whole", "range::read"];

#[test]
fn nothing_that_repairs_can_decode() {
    for (name, source) in SOURCES {
        for decoder in DECODERS {
            assert!(!source.contains(decoder), "{name} mentions {decoder}");
        }
    }
}
