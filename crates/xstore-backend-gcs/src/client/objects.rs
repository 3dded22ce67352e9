//! What the JSON API says about objects.

use super::names::Names;
use crate::error;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::SystemTime;
use xstore_backend::{Cursor, Entry, Error, Page, Prefix, Stat};

/// The size of an object and when it was made.
pub(super) fn stat(body: &[u8]) -> Result<Stat, Error> {
    parse::<Object>(body)?.stat()
}

/// Whether this is a listing, as of a bucket that is there.
pub(super) fn check(body: &[u8]) -> Result<(), Error> {
    listing(body).map(drop)
}

/// A page of a listing.
pub(super) fn page(body: &[u8], names: &Names, prefix: &Prefix) -> Result<Page, Error> {
    let objects = listing(body)?;
    let mut entries = Vec::with_capacity(objects.items.len());
    for object in objects.items {
        if let Some(key) = names.key_of(&object.name, prefix) {
            entries.push(Entry::new(key, object.stat()?));
        }
    }
    Ok(Page::new(entries, objects.next_page_token.filter(|token| !token.is_empty()).map(Cursor::new)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Objects {
    kind: String,
    next_page_token: Option<String>,
    #[serde(default)]
    items: Vec<Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    #[serde(default)]
    name: String,
    /// A number as text, since it may be more than JSON's readers take.
    size: String,
    time_created: Option<String>,
}

impl Object {
    fn stat(&self) -> Result<Stat, Error> {
        let size = self.size.parse().map_err(|_| error::senseless())?;
        let made = self.time_created.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        Ok(Stat::new(size).with_modified(made.and_then(|time| SystemTime::try_from(time).ok())))
    }
}

/// Any object of JSON would be a page without names, if it didn't say what it is.
fn listing(body: &[u8]) -> Result<Objects, Error> {
    let objects: Objects = parse(body)?;
    if objects.kind == "storage#objects" { Ok(objects) } else { Err(error::senseless()) }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|cause| error::senseless().with_source(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use xstore_backend::{ErrorKind, Key};

    #[test]
    fn an_object() {
        let found =
            stat(br#"{"size": "18446744073709551615", "timeCreated": "1970-01-01T00:00:01.5Z"}"#).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        assert_eq!((found.size, found.modified), (u64::MAX, Some(modified)));
        let found = stat(br#"{"size": "0", "timeCreated": "yesterday", "name": "x", "more": []}"#).unwrap();
        assert_eq!((found.size, found.modified), (0, None));
    }

    #[test]
    fn what_makes_no_sense_is_no_value_and_no_empty_page() {
        for body in
            [&b""[..], b"[]", b"null", b"{}", br#"{"size": 5}"#, br#"{"size": "-1"}"#, b"<html>", b"\xff"]
        {
            assert_eq!(stat(body).unwrap_err().kind(), ErrorKind::Other);
        }
        let (names, all) = (Names::below(""), Prefix::all());
        for body in [
            &b""[..],
            b"null",
            b"<html>",
            b"{}",
            br#"{"items": []}"#,
            br#"{"error": {"code": 500}}"#,
            br#"{"kind": "storage#object", "name": "a", "size": "1"}"#,
            br#"{"kind": "storage#objects", "items": 5}"#,
            br#"{"kind": "storage#objects", "items": [{"name": "a"}]}"#,
        ] {
            assert_eq!(page(body, &names, &all).unwrap_err().kind(), ErrorKind::Other);
        }
        assert!(check(b"{}").is_err() && check(br#"{"kind": "storage#objects"}"#).is_ok());
    }

    #[test]
    fn a_page_has_keys_only() {
        let body = br#"{"kind": "storage#objects", "nextPageToken": "next", "items": [
            {"name": "p/a/1", "size": "3"}, {"name": "p/a/", "size": "0"}, {"name": "p/A", "size": "1"},
            {"name": "q/a/1", "size": "4"}, {"name": "p/b/1", "size": "5"}]}"#;
        let (names, prefix) = (Names::below("p"), Prefix::new("a").unwrap());
        let found = page(body, &names, &prefix).unwrap();
        assert_eq!(found.entries, [Entry::new(Key::new("a/1").unwrap(), Stat::new(3))]);
        assert_eq!(found.next, Some(Cursor::new("next")));
        let last = page(br#"{"kind": "storage#objects", "nextPageToken": ""}"#, &names, &prefix).unwrap();
        assert_eq!(last, Page::default());
    }
}
