//! `docs/errors.md` says what the code says.

use std::collections::BTreeSet;
use xstore_core::Code;

#[test]
fn every_code_stands_on_the_page_with_what_to_do() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    let headings: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(headings, codes);
    for code in Code::ALL {
        let section =
            page.split("### ").find(|section| section.lines().next() == Some(code.as_str())).unwrap();
        assert!(section.contains(&format!("- **What to do**: {}.", code.guidance())), "{code}");
        let passes = if code.is_usually_retryable() { "yes" } else { "no" };
        assert!(section.contains(&format!("- **May pass by itself**: {passes}.")), "{code}");
    }
}

#[test]
fn the_fifteen_are_there() {
    let fixed = [
        "BACKEND_UNAVAILABLE",
        "BACKEND_QUOTA_EXCEEDED",
        "BACKEND_AUTH_FAILED",
        "INSUFFICIENT_BACKENDS",
        "BACKEND_TIMEOUT",
        "SHARE_INTEGRITY_FAILED",
        "SHARE_NOT_FOUND",
        "SHARE_UPLOAD_FAILED",
        "INSUFFICIENT_SHARES",
        "SHARE_VERSION_MISMATCH",
        "MANIFEST_INVALID",
        "MANIFEST_EXPIRED",
        "RECONSTRUCTION_FAILED",
        "PADDING_INVALID",
        "PAYLOAD_HMAC_FAILED",
    ];
    assert!(fixed.iter().all(|word| Code::from_word(word).is_some()));
}
