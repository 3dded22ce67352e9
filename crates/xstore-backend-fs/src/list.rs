//! Listing: a walk through the tree in the order of the names, in pages.
//!
//! A folder is read as a whole for each [`LOOKAHEAD`] names of it, and only the smallest names that are still to come
//! are kept. So the memory is bounded however many values there are, and what was shown last is all that a cursor has
//! to say. What was read ahead is kept between two pages; it serves only the listing that read it, and whoever comes
//! with another cursor, or after a restart, reads anew.

use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xstore_backend::{Cursor, Entry, Key, Page, Prefix, Result};

use crate::error::refused;
use crate::folder::{Folder, Kind, TEMPORARY, join};
use crate::root::Root;

#[cfg(test)]
mod tests;

/// How much is done at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Keys of a page.
    page: usize,
    /// Files and folders that a page looks at, whether or not they make keys of it.
    visits: usize,
    /// Names that are kept.
    lookahead: usize,
}

impl Limits {
    /// A page takes milliseconds, or some seconds where every file is a seek of a slow disk; the names are a few MiB.
    pub(crate) const USUAL: Self = Self { page: 1000, visits: 4000, lookahead: 32 * 1024 };
}

/// The listings of one backend.
#[derive(Debug)]
pub(crate) struct Lists {
    limits: Limits,
    serial: AtomicU64,
    /// The walk of the listing that was here last, where it goes on.
    paused: Mutex<Option<Walk>>,
}

impl Lists {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, serial: AtomicU64::new(0), paused: Mutex::new(None) }
    }

    /// One page of the keys below `prefix`.
    pub(crate) fn page(&self, root: &Root, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        root.with(false, || {
            let mut walk = self.walk(root, prefix, cursor)?;
            let (entries, is_over) = walk.page(root)?;
            if is_over {
                return Ok(Page::new(entries, None));
            }
            let next = Cursor::new(format!("{:x}:{}", walk.serial, walk.done));
            *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = Some(walk);
            Ok(Page::new(entries, Some(next)))
        })
    }

    fn walk(&self, root: &Root, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Walk> {
        let Some(cursor) = cursor else { return self.begin(root, prefix, None) };
        let (serial, done) = parse(cursor, prefix)
            .ok_or_else(|| refused("the cursor isn't one of this backend for this prefix"))?;
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let continued = paused
            .take_if(|walk| walk.serial == serial && walk.prefix == *prefix && walk.done == done.as_str());
        drop(paused);
        match continued {
            Some(walk) => Ok(walk),
            None => self.begin(root, prefix, Some(&done)),
        }
    }

    fn begin(&self, root: &Root, prefix: &Prefix, after: Option<&Key>) -> Result<Walk> {
        let mut walk = Walk {
            limits: self.limits,
            serial: self.serial.fetch_add(1, Ordering::Relaxed),
            prefix: prefix.clone(),
            levels: Vec::new(),
            done: after.map(|key| key.as_str().to_owned()).unwrap_or_default(),
            opened: None,
        };
        walk.descend(root, after)?;
        Ok(walk)
    }
}

/// What the cursor says: whose listing it is, and what was done last.
fn parse(cursor: &Cursor, prefix: &Prefix) -> Option<(u64, Key)> {
    let (serial, done) = cursor.as_str().split_once(':')?;
    let done = Key::new(done).ok().filter(|done| done.is_below(prefix))?;
    Some((u64::from_str_radix(serial, 16).ok()?, done))
}

/// A walk that can be interrupted after every name.
#[derive(Debug)]
struct Walk {
    limits: Limits,
    serial: u64,
    prefix: Prefix,
    /// From the folder of the prefix down to the one that is being walked through.
    levels: Vec<Level>,
    /// The path of the file or folder that was done last, from the root.
    done: String,
    /// The folder that was looked into last. Closed between two pages.
    opened: Option<Arc<Folder>>,
}

/// A folder on the way.
#[derive(Debug)]
struct Level {
    /// From the root.
    path: String,
    /// What is still to come, backwards.
    names: Vec<(Box<str>, Kind)>,
    /// There are more behind these names: behind this one, which is the last of them.
    more_behind: Option<Box<str>>,
}

impl Walk {
    /// One page, and whether it is the last one.
    fn page(&mut self, root: &Root) -> Result<(Vec<Entry>, bool)> {
        let mut entries = Vec::new();
        let mut visits = 0;
        while visits < self.limits.visits && entries.len() < self.limits.page {
            let Some(level) = self.levels.last_mut() else { return Ok((entries, true)) };
            let Some((name, kind)) = level.names.pop() else {
                let Some(Level { path, more_behind, .. }) = self.levels.pop() else { continue };
                if let Some(last) = more_behind {
                    self.enter(root, path, Some(&last))?;
                } else if !self.levels.is_empty() {
                    self.done = path;
                    visits += 1;
                }
                continue;
            };
            let path = join(&level.path, &name);
            if kind == Kind::Folder || self.visit(root, &path, &name, &mut entries)? {
                self.enter(root, path, None)?;
            } else {
                self.done = path;
                visits += 1;
            }
        }
        self.opened = None;
        Ok((entries, false))
    }

    /// Looks at what isn't known to be a folder; true if it is one.
    fn visit(&mut self, root: &Root, path: &str, name: &str, entries: &mut Vec<Entry>) -> Result<bool> {
        let folder_path = path.strip_suffix(name).unwrap_or(path).trim_end_matches('/');
        // Whatever vanished since its name was read isn't there any more.
        let Some(folder) = self.open(root, folder_path)? else { return Ok(false) };
        let Some(found) = folder.look(name)? else { return Ok(false) };
        if found.kind == Kind::File
            && let Ok(key) = Key::new(path)
        {
            entries.push(Entry::new(key, found.stat()));
        }
        Ok(found.kind == Kind::Folder)
    }

    fn open(&mut self, root: &Root, path: &str) -> Result<Option<Arc<Folder>>> {
        if self.opened.as_ref().is_none_or(|opened| opened.path() != path) {
            self.opened = root.folder(path)?;
        }
        Ok(self.opened.clone())
    }

    /// Goes to the first name, or behind `after` on every level.
    fn descend(&mut self, root: &Root, after: Option<&Key>) -> Result<()> {
        let mut path = self.prefix.as_str().to_owned();
        let Some(after) = after else { return self.enter(root, path, None) };
        let inner = after.as_str().strip_prefix(self.prefix.as_str()).unwrap_or_default();
        for name in inner.split('/').filter(|name| !name.is_empty()) {
            self.enter(root, path.clone(), Some(name))?;
            path = join(&path, name);
        }
        Ok(())
    }

    /// Reads the names behind `after` in a folder. One that isn't there any more has none.
    fn enter(&mut self, root: &Root, path: String, after: Option<&str>) -> Result<()> {
        let kept: usize = self.levels.iter().map(|level| level.names.len()).sum();
        // Deep trees share the room; a level needs some in any case.
        let room = self.limits.lookahead.saturating_sub(kept).max(self.limits.page).max(1);
        let Some(folder) = self.open(root, &path)? else { return Ok(()) };
        let mut smallest = BinaryHeap::new();
        let mut is_cut = false;
        folder.each(|name, kind| {
            if name.starts_with(TEMPORARY) {
                folder.sweep(name);
            }
            if after.is_some_and(|after| name <= after) || matches!(kind, Kind::Link | Kind::Special) {
                return;
            }
            // First what is cheap: most names of a large folder come later.
            let is_full = smallest.len() == room;
            if is_full && smallest.peek().is_some_and(|(largest, _): &(Box<str>, Kind)| name >= &**largest) {
                is_cut = true;
                return;
            }
            let len = path.len() + usize::from(!path.is_empty()) + name.len();
            if len > Key::MAX_LEN || Key::new(name).is_err() {
                return;
            }
            if is_full {
                is_cut = true;
                smallest.pop();
            }
            smallest.push((name.into(), kind));
        })?;
        let mut names = smallest.into_sorted_vec();
        let more_behind = names.last().filter(|_| is_cut).map(|(name, _)| name.clone());
        names.reverse();
        self.levels.push(Level { path, names, more_behind });
        Ok(())
    }
}
