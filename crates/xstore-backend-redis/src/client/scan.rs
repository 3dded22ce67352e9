//! Listing by SCAN.

use crate::connection::unexpected;
use crate::wire::{Reply, Request};
use xstore_backend::{Cursor, Error, ErrorKind, Result};

#[cfg(test)]
mod tests;

/// Bytes of a name in the server that are looked at. Ours are shorter: prefix, colon and key.
pub(super) const MAX_NAME: usize = 2 << 10;

/// How many names the server looks at for one page, more or less.
const COUNT: &[u8] = b"1000";

/// Where a listing stands: in the hash table of one run of one server. Another run has its names in another order, so
/// that going on there would miss some.
pub(super) struct Position {
    run: String,
    at: u64,
}

impl Position {
    pub(super) fn first(run: &str) -> Self {
        Self { run: run.to_owned(), at: 0 }
    }

    /// From a cursor that [`next`](Self::next) made.
    pub(super) fn of(cursor: &Cursor, run: &str) -> Result<Self> {
        let parts = cursor.as_str().split_once(':');
        let parts = parts.and_then(|(run, at)| Some((run, at.parse().ok().filter(|&at| at > 0)?)));
        match parts {
            Some((of, at)) if of == run => Ok(Self { run: run.to_owned(), at }),
            Some(_) => {
                let message = "the server was started again during the listing: begin it anew";
                Err(Error::new(ErrorKind::Unavailable, message).with_retryable(false))
            }
            None => Err(Error::new(ErrorKind::Other, "the cursor is none of this backend")),
        }
    }

    /// The cursor of the next page, where there is one.
    pub(super) fn next(&self, at: u64) -> Option<Cursor> {
        (at > 0).then(|| Cursor::new(format!("{}:{at}", self.run)))
    }

    /// Asks for names that begin with `below` and are those of strings.
    pub(super) fn request(&self, below: &str) -> Request {
        let (at, pattern) = (self.at.to_string(), pattern(below));
        let words: [&[u8]; 8] =
            [b"SCAN", at.as_bytes(), b"MATCH", pattern.as_bytes(), b"COUNT", COUNT, b"TYPE", b"string"];
        Request::new().command(&words)
    }
}

/// Where the next page begins, 0 for nowhere, and the names of this one, as far as they may be ours.
pub(super) fn page(reply: Reply) -> Result<(u64, Vec<String>)> {
    let parts = match reply {
        Reply::List(parts) => <[Reply; 2]>::try_from(parts),
        other => return Err(unexpected(other)),
    };
    let Ok([Reply::Value(next), Reply::List(names)]) = parts else { return Err(unexpected(Reply::Nothing)) };
    let next = std::str::from_utf8(&next).ok().and_then(|next| next.parse().ok());
    let next = next.ok_or_else(|| unexpected(Reply::Nothing))?;
    let names = names.into_iter().filter_map(|name| match name {
        Reply::Value(name) => String::from_utf8(name.to_vec()).ok(),
        // Longer than any of ours.
        _ => None,
    });
    Ok((next, names.collect()))
}

/// The glob for all that begins with the text.
fn pattern(below: &str) -> String {
    let mut pattern = String::with_capacity(below.len() + 1);
    for letter in below.chars() {
        if "\\*?[]^-".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('*');
    pattern
}
