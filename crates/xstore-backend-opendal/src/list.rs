//! Listings: a walk through folders, in the order of their names, that can go on at any name.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt, TryStreamExt};
use opendal_core::options::ListOptions;
use opendal_core::raw::Timestamp;
use opendal_core::{ErrorKind as Theirs, Metadata};
use xstore_backend::{Cursor, Entry, Error, ErrorKind, Key, Page, Prefix, Result, Stat};

use crate::client::{Client, to_stat};
use crate::error::{Doing, classify};
use crate::staged::{is_temporary, succeeded};

#[cfg(test)]
mod tests;

/// Names that a folder may have. All of them are held in memory while a page is made.
const MAX_NAMES: usize = 1_000_000;
/// After how long nobody writes to a temporary value any more, by the clock of the server.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);
/// Abandoned values that are removed with a page.
const MAX_REMOVED: usize = 16;

/// How far a page goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) keys: usize,
    pub(crate) folders: usize,
}

impl Limits {
    pub(crate) const USUAL: Self = Self { keys: 5000, folders: 64 };
}

/// What is in a folder, by name.
type Folder = BTreeMap<String, Found>;

#[derive(Debug, Clone)]
enum Found {
    Value(Stat),
    Folder,
}

/// One page.
pub(crate) async fn page(
    client: &Client,
    prefix: &Prefix,
    cursor: Option<&Cursor>,
    limits: Limits,
) -> Result<Page> {
    let mut walk = Walk { client, limits, entries: Vec::new(), levels: Vec::new(), removed: 0 };
    walk.begin(prefix, cursor).await?;
    let next = walk.go_on().await?;
    // A place that went away meanwhile looks like one that is empty.
    client.look_for_place().await?;
    Ok(Page::new(walk.entries, next.map(Cursor::new)))
}

/// A walk through the folders, each one's names in order.
struct Walk<'a> {
    client: &'a Client,
    limits: Limits,
    entries: Vec<Entry>,
    /// From the one that was asked for to the one that is being read.
    levels: Vec<Level>,
    removed: usize,
}

/// What is left of a folder.
struct Level {
    path: String,
    rest: Folder,
}

impl Walk<'_> {
    /// Goes to where the cursor says: behind a key that was listed, or before a folder, which has a slash.
    async fn begin(&mut self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<()> {
        let Some(cursor) = cursor else { return self.enter_first(prefix).await };
        let foreign = || Error::new(ErrorKind::Other, "the cursor isn't one of this listing");
        let (text, is_folder) = match cursor.as_str().strip_suffix('/') {
            Some(folder) => (folder, true),
            None => (cursor.as_str(), false),
        };
        let below = Key::new(text).ok().and_then(|key| key.strip(prefix)).ok_or_else(foreign)?;
        self.enter_first(prefix).await?;
        let mut names = below.segments().peekable();
        while let (Some(name), Some(level)) = (names.next(), self.levels.last_mut()) {
            level.rest = level.rest.split_off(name);
            let is_last = names.peek().is_none();
            match level.rest.get(name) {
                Some(Found::Value(_)) if is_last && !is_folder => drop(level.rest.remove(name)),
                Some(Found::Folder) if !is_last => {
                    level.rest.remove(name);
                    let path = join(&level.path, name);
                    self.enter(path).await?;
                }
                // What is there is listed now, or it is gone.
                _ => break,
            }
        }
        Ok(())
    }

    /// Lists until the page is full; returns where to go on.
    async fn go_on(&mut self) -> Result<Option<String>> {
        let mut folders = 0;
        while let Some(level) = self.levels.last_mut() {
            let Some((name, found)) = level.rest.pop_first() else {
                self.levels.pop();
                continue;
            };
            let path = join(&level.path, &name);
            // What is no key has none below it.
            let Ok(key) = Key::new(&path) else { continue };
            match found {
                Found::Value(stat) => {
                    self.entries.push(Entry::new(key, stat));
                    if self.entries.len() >= self.limits.keys {
                        return Ok(Some(path));
                    }
                }
                Found::Folder if folders >= self.limits.folders => return Ok(Some(format!("{path}/"))),
                Found::Folder => {
                    folders += 1;
                    self.enter(path).await?;
                }
            }
        }
        Ok(None)
    }

    /// Reads the folder that was asked for, which may be a value: nothing is below that.
    async fn enter_first(&mut self, prefix: &Prefix) -> Result<()> {
        if !prefix.as_str().is_empty()
            && self.client.is_value(&format!("{}{prefix}", self.client.prefix)).await?
        {
            return Ok(());
        }
        self.enter(prefix.as_str().to_owned()).await
    }

    /// Reads a folder, which may be gone.
    async fn enter(&mut self, path: String) -> Result<()> {
        let folder = if path.is_empty() {
            self.client.prefix.clone()
        } else {
            format!("{}{path}/", self.client.prefix)
        };
        // OpenDAL's listings panic over names that aren't UTF-8, and other surprises.
        let listing = AssertUnwindSafe(names(self.client, &folder)).catch_unwind();
        let (rest, abandoned) = listing.await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Other,
                "OpenDAL panicked over a folder: is there a name that isn't UTF-8?",
            ))
        })?;
        for name in abandoned {
            if self.removed < MAX_REMOVED {
                self.removed += 1;
                // Another listing will try again.
                let _ = self.client.remove(&format!("{folder}{name}")).await;
            }
        }
        self.levels.push(Level { path, rest });
        Ok(())
    }
}

/// The values and folders in a folder, and the temporary values that were abandoned.
async fn names(client: &Client, folder: &str) -> Result<(Folder, Vec<String>)> {
    let mut names = Folder::new();
    let (mut temporary, mut newest, mut is_answered) = (Vec::new(), None, false);
    let failed = |error| classify(error, Doing::Else);
    let options = ListOptions { limit: client.names_a_request(), ..Default::default() };
    let mut listing = match client.operator.lister_options(folder, options).await {
        Ok(listing) => listing,
        Err(error) if error.kind() == Theirs::NotFound => return Ok((names, Vec::new())),
        Err(error) => return Err(failed(error)),
    };
    loop {
        let entry = match listing.try_next().await {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            // It went away.
            Err(error) if error.kind() == Theirs::NotFound => break,
            Err(error) => return Err(failed(error)),
        };
        is_answered = true;
        let (path, metadata) = entry.into_parts();
        // The folder itself, or what isn't in it.
        let Some(name) = path.strip_prefix(folder).filter(|name| !name.is_empty()) else { continue };
        newest = newest.max(metadata.last_modified());
        add(&mut names, &mut temporary, name, &metadata);
        if names.len() + temporary.len() > MAX_NAMES {
            let message = format!("a folder has more than {MAX_NAMES} names");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
    }
    if !is_answered {
        client.expect_no_folder(folder).await?;
    }
    Ok((names, abandoned(temporary, newest)))
}

fn add(
    names: &mut Folder,
    temporary: &mut Vec<(String, Option<Timestamp>)>,
    name: &str,
    metadata: &Metadata,
) {
    if let Some(name) = name.strip_suffix('/') {
        names.insert(name.to_owned(), Found::Folder);
    } else if !metadata.is_file() {
    } else if is_temporary(name) {
        temporary.push((name.to_owned(), metadata.last_modified()));
    } else if let Some(name) = succeeded(name) {
        names.entry(name.to_owned()).or_insert_with(|| Found::Value(to_stat(metadata)));
    } else {
        names.insert(name.to_owned(), Found::Value(to_stat(metadata)));
    }
}

/// Those to which nobody has written for long, when the newest thing beside them was. So only one clock counts, which is
/// the server's.
fn abandoned(temporary: Vec<(String, Option<Timestamp>)>, newest: Option<Timestamp>) -> Vec<String> {
    let is_old = |modified: Option<Timestamp>| modified.is_some_and(|time| Some(time + ABANDONED) < newest);
    temporary.into_iter().filter(|(_, modified)| is_old(*modified)).map(|(name, _)| name).collect()
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
