//! Any bytes as a key file: no panic; what is accepted is written and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xstore_keys::key_file;

fuzz_target!(|data: &[u8]| {
    let Ok(ring) = key_file::parse(data) else { return };
    let text = key_file::to_text(&ring);
    let again = key_file::parse(text.as_bytes()).expect("what was written is read");
    assert!(
        ring.entries()
            .map(|e| (e.id, e.state, e.changed))
            .eq(again.entries().map(|e| (e.id, e.state, e.changed)))
    );
    assert_eq!(*key_file::to_text(&again), *text);
});
