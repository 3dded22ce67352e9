//! One authentic thing in the place of another: manifests, and trailers by whoever holds the key.

use crate::sample::{draft, own_ring, payload, read_all};
use serde_json::json;
use xstore_share::DecodeError;
use xstore_vectors::book::trailer::Fields;
use xstore_vectors::book::{Draft, Drafted, Stage};
use xstore_vectors::{ReadError, Request, read};

fn two_parts() -> Draft {
    let mut two = draft(2, 3, 3, 16, 60);
    two.numbers.part = 40;
    two
}

/// The object with one field of the trailer of part `part` changed before everything is tagged.
fn with_field(part: u32, change: impl Fn(&mut Fields) + 'static) -> Drafted {
    let hook = move |number, stage: Stage<'_>| {
        if let Stage::Fields(fields) = stage
            && number == part
        {
            change(fields);
        }
    };
    two_parts().hook(hook).write().unwrap()
}

#[track_caller]
fn refused(drafted: &Drafted, part: u32, error: DecodeError) {
    let reading = read_all(&drafted.text, &drafted.values);
    assert_eq!(reading.result, Err(ReadError::Part { part, source: error }));
    assert_eq!(reading.released, payload(60)[..if part == 0 { 0 } else { 40 }]);
    assert_eq!(reading.faults, []);
}

#[test]
fn a_manifest_for_another_name() {
    let object = draft(2, 3, 3, 16, 40).write().unwrap();
    let wanted = Request { name: Some("another"), ..Request::default() };
    let reading = read(object.text.as_bytes(), &object.values, &own_ring(), &wanted);
    assert_eq!(reading.result, Err(ReadError::Manifest(xstore_manifest::Error::OtherObject)));
    assert_eq!((reading.code(), reading.released.len()), ("MANIFEST_INVALID", 0));
    let wanted = Request { name: Some("object"), ..Request::default() };
    assert_eq!(read(object.text.as_bytes(), &object.values, &own_ring(), &wanted).code(), "ok");
}

/// The manifest says something else than the trailer does, and both are authentic.
#[test]
fn a_manifest_that_claims_another_object() {
    for (member, value, field) in [
        ("key", json!("another"), "name"),
        ("key", json!("objecT"), "name"),
        ("object", json!("00".repeat(16)), "object"),
        ("generation", json!(2), "generation"),
        ("created", json!("2026-01-01T00:00:00.124Z"), "created"),
    ] {
        let draft = draft(2, 3, 3, 16, 60).hook(move |_, stage| {
            if let Stage::Manifest(manifest) = stage {
                manifest[member] = value.clone();
            }
        });
        refused(&draft.write().unwrap(), 0, DecodeError::Identity(field));
    }
}

#[test]
fn parts_in_another_order_or_number() {
    let reorder = |change: fn(&mut Vec<serde_json::Value>)| {
        let mut drafts = two_parts();
        drafts.payload = payload(80);
        drafts.hook(move |_, stage| {
            if let Stage::Manifest(manifest) = stage {
                let parts = manifest["parts"].as_array_mut().unwrap();
                change(parts);
                manifest["length"] =
                    parts.iter().map(|part| part["bytes"].as_u64().unwrap()).sum::<u64>().into();
            }
        })
    };
    type Change = fn(&mut Vec<serde_json::Value>);
    let cases: [(Change, &str); 3] = [
        (|parts| parts.reverse(), "part"),
        // The first part alone, as if it were the whole object, and the last part alone.
        (|parts| parts.truncate(1), "last part"),
        (|parts| drop(parts.remove(0)), "part"),
    ];
    for (change, field) in cases {
        let drafted = reorder(change).write().unwrap();
        let reading = read_all(&drafted.text, &drafted.values);
        let source = DecodeError::Identity(field);
        assert_eq!(reading.result, Err(ReadError::Part { part: 0, source }));
        assert!(reading.released.is_empty());
    }
}

#[test]
fn every_field_of_the_trailer_is_compared() {
    refused(&with_field(0, |fields| fields.object[15] ^= 1), 0, DecodeError::Identity("object"));
    refused(&with_field(1, |fields| fields.object[0] ^= 1), 1, DecodeError::Identity("object"));
    refused(&with_field(0, |fields| fields.generation += 1), 0, DecodeError::Identity("generation"));
    refused(&with_field(0, |fields| fields.part = 1), 0, DecodeError::Identity("part"));
    refused(&with_field(1, |fields| fields.part = 0), 1, DecodeError::Identity("part"));
    refused(&with_field(1, |fields| fields.created -= 1), 1, DecodeError::Identity("created"));
    for kind in [1, 2, 3, 255] {
        let drafted = with_field(0, move |fields| fields.kind = kind);
        refused(&drafted, 0, DecodeError::Identity("kind"));
    }
    refused(&with_field(1, |fields| fields.name[0] = b'O'), 1, DecodeError::Identity("name"));
    // The last part without its flag and all that goes with it.
    let bare =
        |fields: &mut Fields| (fields.flags, fields.name, fields.metadata) = (0, Vec::new(), Vec::new());
    refused(&with_field(1, bare), 1, DecodeError::Identity("last part"));
}

#[test]
fn the_trailer_is_of_this_sharing() {
    refused(&with_field(0, |fields| fields.sharing[3] ^= 1), 0, DecodeError::Trailer("sharing id"));
}

#[test]
fn n_may_have_grown_since_and_nothing_else() {
    for n in [0, 1, 4, 64, 255] {
        refused(&with_field(0, move |fields| fields.n = n), 0, DecodeError::Trailer("n"));
    }
    let grown = with_field(0, |fields| fields.n = 2);
    assert_eq!(read_all(&grown.text, &grown.values).payload(), Ok(&payload(60)[..]));
}
