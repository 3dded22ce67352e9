//! Any bytes as a manifest: no panic, bounded memory; what is accepted is written and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xstore_keys::{Date, IntegrityKey, KeyRing};
use xstore_manifest::{Manifest, Timestamp, Unverified};

fuzz_target!(|data: &[u8]| {
    let Ok(parsed) = Unverified::parse(data) else { return };
    let mut ring = KeyRing::default();
    let key = IntegrityKey::from_bytes(&core::array::from_fn(|i| i as u8 + 1)).expect("not uniform");
    ring.add(key, Date::new(2026, 1, 1).expect("a date")).expect("the first key");

    // Signed anew, the same content must survive being written and read.
    let manifest =
        parsed.body().clone().sign(ring.current().expect("a key")).expect("what was parsed is valid");
    let text = manifest.to_json();
    let again = Manifest::from_json(&text, &ring).expect("what was written is read");
    assert_eq!(again, manifest);
    assert_eq!(again.to_json(), text);
    let _ = manifest.check_expiry(Timestamp::from_millis(0).expect("in range"));

    // Most inputs are signed by nobody; where one verifies, it is as it was parsed.
    let length = parsed.length();
    if let Ok(verified) = parsed.verify(&ring) {
        assert_eq!(verified.length(), length);
    }
});
