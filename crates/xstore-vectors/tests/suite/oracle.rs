//! Two writers that share no code write the same bytes, and the reader gives back what both wrote.

use crate::sample::{draft, numbers, own_ring, payload, read_all};
use xstore_keys::Keys;
use xstore_vectors::book::crypto::{aes_256_ctr, expand, extract, hmac, sha256};
use xstore_vectors::book::keys::Derived;
use xstore_vectors::book::{Draft, text};
use xstore_vectors::{hex, unhex};

/// Objects of many shapes: schemes, primes with room, every edge of the padding, several parts, fill, metadata.
fn drafts() -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (k, n, p) in
        [(2, 2, 3), (2, 3, 3), (3, 3, 3), (2, 3, 7), (3, 5, 5), (4, 6, 7), (5, 5, 13), (2, 9, 11)]
    {
        let segment = (u32::from(p) - 1) * 8;
        for length in [0, 1, usize::from(p) - 2, usize::from(p) - 1, usize::from(p), 100] {
            drafts.push(draft(k, n, p, segment, length));
        }
        let full = segment as usize;
        for length in [full - 1, full, full + 1, 2 * full - 1, 2 * full, 5 * full + 3] {
            drafts.push(draft(k, n, p, segment, length));
        }
    }
    for length in [49, 50, 51, 100, 149] {
        let mut parts = draft(2, 3, 3, 16, length);
        parts.numbers.part = 50;
        drafts.push(parts);
    }
    for fill in [1, 15, 16, 40, 100] {
        drafts.push(Draft { fill, ..draft(3, 4, 5, 16, 33) });
    }
    let mut rich = Draft::new(numbers(2, 3, 3, 32, 200), payload(70));
    rich.name = "Übersicht/2026 \u{1f600}".to_owned();
    rich.user =
        [("app.type".to_owned(), "text/plain; \"x\"\n\u{1}".to_owned()), ("z_-1".to_owned(), String::new())]
            .into();
    rich.ttl = Some(86_400);
    rich.generation = 1 << 40;
    drafts.push(rich);
    drafts
}

#[test]
fn the_reader_gives_back_what_the_page_writes() {
    for draft in drafts() {
        let drafted = draft.write().unwrap();
        let reading = read_all(&drafted.text, &drafted.values);
        assert_eq!(reading.payload(), Ok(&draft.payload[..]), "{:?}", draft.numbers);
        assert_eq!(reading.faults, []);
    }
}

#[cfg(xstore_inject)]
#[test]
fn the_encoder_writes_what_the_page_writes() {
    use crate::sample::layout;
    use xstore_vectors::{Spec, scripted, write};

    let ring = own_ring();
    let keys = ring.current().unwrap();
    for draft in drafts() {
        let spec = Spec {
            name: draft.name.clone(),
            user: draft.user.clone(),
            created: draft.created,
            ttl: draft.ttl,
            object: draft.object,
            generation: draft.generation,
            fill: draft.fill,
            ..Spec::new(layout(&draft.numbers), draft.numbers.part)
        };
        let written = write(&spec, &draft.payload, &[keys], &mut scripted(draft.randomness())).unwrap();
        let drafted = draft.write().unwrap();
        assert_eq!(written.values, drafted.values, "{:?}", draft.numbers);
        assert_eq!(String::from_utf8(written.manifest.to_json()).unwrap(), drafted.text);
    }
}

#[test]
fn both_derive_the_same_keys() {
    let ring = own_ring();
    let keys: &Keys = ring.current().unwrap();
    let derived = Derived::of(&crate::sample::key_bytes(0));
    assert_eq!(keys.id().as_bytes(), &derived.id);
    assert_eq!(
        [keys.share(), keys.payload(), keys.hedge()],
        [&derived.share, &derived.payload, &derived.hedge]
    );
    assert_eq!(keys.manifest().tag(&[b"x"]).as_bytes(), &hmac(&derived.manifest, &[b"x"]));
    assert_eq!(keys.name().tag(&[b"x"]).as_bytes(), &hmac(&derived.name, &[b"x"]));
}

/// The oracle's own primitives against published values, or it would be no oracle.
#[test]
fn the_primitives_are_the_published_ones() {
    assert_eq!(
        hex(&sha256(&[b"a", b"bc"])),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "FIPS 180-4"
    );
    assert_eq!(
        hex(&hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "RFC 4231, case 2"
    );
    let prk = extract(&unhex("000102030405060708090a0b0c").unwrap(), &[0x0b; 22]);
    let okm: [u8; 42] = expand(&prk, &[&unhex("f0f1f2f3f4f5f6f7f8").unwrap(), b"\xf9"]);
    assert_eq!(
        hex(&okm),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        "RFC 5869, A.1"
    );
    // AES-256 under the zero key: the block 0 is the first of NIST's known answers (all-zero key and text), the
    // later ones follow from the counter alone.
    let stream = aes_256_ctr(&[0; 32], 40);
    assert_eq!(hex(&stream[..16]), "dc95c078a2408989ad48a21492842087", "FIPS 197");
    assert_eq!(hex(&stream[16..32]), "530f8afbc74536b9a963b4f1c4cb738b", "block 1");
    assert_eq!(stream.len(), 40);
}

#[test]
fn times_are_those_of_the_calendar() {
    for (millis, expected) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_827_696_789, "2000-02-29T12:34:56.789Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(text::timestamp(millis), expected);
    }
}
