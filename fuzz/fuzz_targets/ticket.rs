//! Any text as a put's ticket: no panic; what is accepted is written and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use xstore_core::Ticket;
use xstore_core::keys::{Date, IntegrityKey, KeyRing};

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let mut key = [0; 32];
    for (byte, i) in key.iter_mut().zip(0_u8..) {
        *byte = i.wrapping_mul(37).wrapping_add(11);
    }
    let mut ring = KeyRing::default();
    let key = IntegrityKey::from_bytes(&key).expect("a key");
    ring.add(key, Date::new(2026, 1, 1).expect("a day")).expect("the first key");
    ring
});

fuzz_target!(|text: &str| {
    let Ok(ticket) = Ticket::from_text(text, &RING) else { return };
    let again = Ticket::from_text(&ticket.to_text(), &RING).expect("what was written is read");
    assert_eq!((again.object(), again.name()), (ticket.object(), ticket.name()));
});
