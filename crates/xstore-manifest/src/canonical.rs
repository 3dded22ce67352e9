//! The canonical bytes of a manifest: RFC 8785 (JCS), written straight from the model.
//!
//! JCS sorts members by the UTF-16 units of their names. All names here are ASCII (those in `ext` by their rule), for
//! which that is the order of the bytes; the order of the fixed members is spelled out below and proved in the tests
//! against an independent canonicalizer.

use xstore_keys::KeyId;

use crate::{Body, Part, Past, Share, hex};

/// The canonical text; with `hmac`, the whole manifest; without, what `integrity.hmac` is computed over.
pub(crate) fn write(body: &Body, key_id: KeyId, hmac: Option<&[u8; 32]>) -> Vec<u8> {
    // A share takes some 220 bytes and a part some 110 more: one allocation where the estimate holds.
    let mut out = Writer(Vec::with_capacity(1024 + 110 * body.parts.len() + 220 * body.entries()));
    out.raw("{\"created\":");
    out.plain(body.created);
    out.raw(",\"ext\":{");
    for (place, (name, value)) in body.ext.iter().enumerate() {
        out.comma(place);
        out.string(name);
        out.raw(":");
        out.string(value);
    }
    out.raw("},\"generation\":");
    out.number(body.generation);
    out.raw(",\"integrity\":{");
    if let Some(hmac) = hmac {
        out.raw("\"hmac\":");
        out.hex(hmac);
        out.raw(",");
    }
    out.raw("\"keyId\":");
    out.hex(key_id.as_bytes());
    out.raw("},\"key\":");
    out.string(body.key.as_str());
    out.raw(",\"length\":");
    out.number(body.length());
    out.raw(",\"object\":");
    out.hex(&body.object.to_bytes());
    out.raw(",\"origin\":");
    out.plain(body.origin.as_str());
    out.raw(",\"p\":");
    out.number(body.p);
    out.raw(",\"part\":");
    out.number(body.part);
    out.raw(",\"parts\":[");
    for (place, part) in body.parts.iter().enumerate() {
        out.comma(place);
        out.part(part);
    }
    out.raw("],\"revision\":");
    out.number(body.revision);
    out.raw(",\"segment\":");
    out.number(body.segment);
    out.raw(",\"state\":");
    out.plain(body.state.as_str());
    out.raw(",\"suite\":1,\"threshold\":{\"k\":");
    out.number(body.threshold.k);
    out.raw(",\"n\":");
    out.number(body.threshold.n);
    out.raw("},\"ttl\":");
    match body.ttl {
        Some(seconds) => out.number(seconds),
        None => out.raw("null"),
    }
    out.raw(",\"version\":1}");
    out.0
}

struct Writer(Vec<u8>);

impl Writer {
    fn part(&mut self, part: &Part) {
        self.raw("{\"bytes\":");
        self.number(part.bytes);
        self.raw(",\"past\":[");
        for (place, past) in part.past.iter().enumerate() {
            self.comma(place);
            self.past(past);
        }
        // "shares" sorts before "sharing": e before i.
        self.raw("],\"shares\":[");
        for (place, share) in part.shares.iter().enumerate() {
            self.comma(place);
            match share {
                Some(share) => self.share(share),
                None => self.raw("null"),
            }
        }
        self.raw("],\"sharing\":");
        self.hex(&part.sharing.to_bytes());
        self.raw(",\"trailer\":");
        self.number(part.trailer);
        self.raw("}");
    }

    fn past(&mut self, past: &Past) {
        self.raw("{\"backendId\":");
        self.plain(&past.backend);
        self.raw(",\"index\":");
        self.number(past.index);
        self.raw("}");
    }

    fn share(&mut self, share: &Share) {
        self.raw("{\"backendId\":");
        self.plain(&share.backend);
        self.raw(",\"hmac\":");
        self.hex(&share.hmac);
        self.raw(",\"index\":");
        self.number(share.index);
        self.raw(",\"key\":");
        self.plain(&share.key);
        self.raw(",\"keyId\":");
        self.hex(share.key_id.as_bytes());
        self.raw("}");
    }

    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn comma(&mut self, place: usize) {
        if place > 0 {
            self.raw(",");
        }
    }

    fn number(&mut self, value: impl Into<u64>) {
        let mut digits = [0; 20];
        let (mut rest, mut start) = (value.into(), digits.len());
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[start..]);
    }

    /// A string whose characters never need an escape.
    fn plain(&mut self, text: impl std::fmt::Display) {
        use std::io::Write as _;
        // Writing to a vector can't fail.
        let _ = write!(self.0, "\"{text}\"");
    }

    fn hex(&mut self, bytes: &[u8]) {
        self.raw("\"");
        hex::append(bytes, &mut self.0);
        self.raw("\"");
    }

    /// A string with the escapes of RFC 8785, section 3.2.2.2. Everything else stands as it is, DEL and non-ASCII
    /// included.
    fn string(&mut self, text: &str) {
        self.raw("\"");
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            self.raw(&rest[..at]);
            let byte = rest.as_bytes()[at];
            match byte {
                b'"' => self.raw("\\\""),
                b'\\' => self.raw("\\\\"),
                0x08 => self.raw("\\b"),
                b'\t' => self.raw("\\t"),
                b'\n' => self.raw("\\n"),
                0x0c => self.raw("\\f"),
                b'\r' => self.raw("\\r"),
                _ => {
                    self.raw("\\u00");
                    hex::append(&[byte], &mut self.0);
                }
            }
            rest = &rest[at + 1..];
        }
        self.raw(rest);
        self.raw("\"");
    }
}
