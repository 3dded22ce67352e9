//! Bytes to values: strict in form, bounded by the input.
//!
//! The tokens are `serde_json`'s. Derived readers won't do: they take arrays for objects, and the last of two equal
//! members. So each object here is a hand-written visitor that asks for one JSON type, knows its members and takes
//! each exactly once. A member that it doesn't know ends the reading before its value is looked at, so nothing is
//! nested deeper than the format is.

use serde::de::DeserializeSeed;
use serde_json::error::Category;
use xstore_keys::KeyId;

use crate::error::{Error, Problem, Syntax};
use crate::{Body, limits};

mod context;
mod members;
mod objects;
mod values;
mod version;

use context::Context;

/// A manifest's text as values: valid in form, its relations not yet checked.
pub(crate) struct Document {
    pub(crate) body: Body,
    pub(crate) length: u64,
    pub(crate) key_id: KeyId,
    pub(crate) hmac: [u8; 32],
}

/// Reads a manifest.
pub(crate) fn document(text: &[u8]) -> Result<Document, Error> {
    check_length(text.len(), limits::TEXT)?;
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(Error::ByteOrderMark);
    }
    let length = text.len();
    let text = std::str::from_utf8(text).map_err(|error| Error::NotUtf8 { offset: error.valid_up_to() })?;
    let document = parse(text)?;
    check_length(length, limits::text(document.body.parts.len(), document.body.entries()))?;
    Ok(document)
}

fn check_length(length: usize, limit: usize) -> Result<(), Error> {
    if length > limit { Err(Error::TooLong { length, limit }) } else { Ok(()) }
}

fn parse(text: &str) -> Result<Document, Error> {
    let context = Context::default();
    let mut tokens = serde_json::Deserializer::from_str(text);
    let document = objects::Document(&context)
        .deserialize(&mut tokens)
        .map_err(|error| refused(text, &error, context))?;
    tokens.end().map_err(|error| syntax(&error, Syntax::Trailing))?;
    Ok(document)
}

/// What went wrong: what the context has recorded, else what the tokens say.
fn refused(text: &str, error: &serde_json::Error, context: Context) -> Error {
    match (error.classify(), context.into_fault()) {
        (Category::Eof, _) => syntax(error, Syntax::Truncated),
        (Category::Syntax | Category::Io, _) => syntax(error, Syntax::Unexpected),
        (Category::Data, (at, problem)) => match version::declared(text) {
            // A later version may differ in anything, so its number explains the rest.
            Some(found) if found != 1 && found <= limits::INTEGER => {
                Error::invalid("version", Problem::Version { found })
            }
            _ => Error::invalid(at, problem),
        },
    }
}

fn syntax(error: &serde_json::Error, kind: Syntax) -> Error {
    Error::Syntax { kind, line: error.line(), column: error.column() }
}
