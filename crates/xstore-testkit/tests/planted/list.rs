//! Listing, with bugs.

use crate::backend::Planted;
use crate::bug::Bug;
use xstore_backend::{Cursor, Entry, ErrorKind, Key, Operation, Page, Prefix, Result, Stat};

/// Keys on a page.
const PAGE: usize = 3;

impl Planted {
    pub(crate) async fn page(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        if self.has(Bug::UnsupportedIsEmpty) {
            return Ok(Page::default());
        }
        if self.has(Bug::NoPlaceIsEmpty) && self.any_place().is_missing {
            return Ok(Page::default());
        }
        if self.has(Bug::WritesHideKeys) {
            self.wait_until(|place| place.flaws.writing > 0).await;
            if self.any_place().flaws.writing > 0 {
                return Ok(Page::default());
            }
        }
        let all = self.below(prefix, cursor)?;
        if all.is_empty() && self.has(Bug::NothingIsAnError) {
            return Err(self.error(ErrorKind::NotFound, Operation::List, None));
        }
        let start = self.start(&all, cursor)?;
        let mut entries: Vec<Entry> = all[start..].iter().take(PAGE).cloned().collect();
        let end = start + entries.len();
        let is_own = |cursor: &Cursor| all.iter().any(|entry| entry.key.as_str() == cursor.as_str());
        let is_foreign = cursor.is_some_and(|cursor| !is_own(cursor));
        let mut next = match (self.bug, entries.last()) {
            _ if end == all.len() => None,
            (Some(Bug::ForeignCursorIsEndless), _) if is_foreign => cursor.cloned(),
            (Some(Bug::CursorCounts), _) => Some(Cursor::new(end.to_string())),
            (Some(Bug::CursorCountsFromEnd), _) => Some(Cursor::new((all.len() - end).to_string())),
            (_, last) => last.map(|last| Cursor::new(last.key.as_str())),
        };
        match self.bug {
            Some(Bug::DropsLastOfPage) if entries.len() == PAGE => drop(entries.pop()),
            Some(Bug::DropsPages) if cursor.is_some() => next = None,
            Some(Bug::OneListingOnly) => {
                let position = next.as_ref().map_or("", |next| next.as_str()).to_owned();
                self.any_place().flaws.position = position;
            }
            _ => {}
        }
        Ok(Page::new(entries, next))
    }

    /// All that a listing may show, in order.
    fn below(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Vec<Entry>> {
        let place = self.place(Operation::List, None)?;
        let is_below = |key: &Key| match self.bug {
            Some(Bug::PrefixIsText) => key.as_str().starts_with(prefix.as_str()),
            Some(Bug::EmptyPrefixIsEmpty) => !prefix.as_str().is_empty() && key.is_below(prefix),
            Some(Bug::CursorForgetsPrefix) => cursor.is_some() || key.is_below(prefix),
            Some(Bug::LongIsNotListed) => key.as_str().len() <= 255 && key.is_below(prefix),
            Some(Bug::TemporaryIsHidden) => !key.as_str().ends_with(".tmp") && key.is_below(prefix),
            _ => key.is_below(prefix),
        };
        let local = self.local.lock().unwrap();
        let mut entries = Vec::new();
        for (name, slot) in &place.values {
            let is_shown = match self.bug {
                Some(Bug::ListsPerHandle) => slot.handle == self.handle,
                Some(Bug::DeletionLivesInHandle) => !local.contains_key(name),
                _ => true,
            };
            if is_shown && is_below(&slot.key) {
                let size = if self.has(Bug::ListedSizeIsZero) { 0 } else { slot.bytes.len() as u64 };
                entries.push(Entry::new(slot.key.clone(), Stat::new(size)));
            }
        }
        if self.has(Bug::DeletedIsListed) {
            let deleted = place.flaws.deleted.iter().filter_map(|name| Key::new(name).ok());
            entries.extend(deleted.filter(&is_below).map(|key| Entry::new(key, Stat::new(0))));
        }
        entries.sort_by(|one, two| one.key.cmp(&two.key));
        Ok(entries)
    }

    /// Where the page begins.
    fn start(&self, all: &[Entry], cursor: Option<&Cursor>) -> Result<usize> {
        let Some(cursor) = cursor else { return Ok(0) };
        let mut text = cursor.as_str().to_owned();
        match self.bug {
            Some(Bug::ForeignCursorPanics) => drop(Key::new(&text).unwrap()),
            Some(Bug::CursorWorksOnce) if !self.any_place().flaws.used_cursors.insert(text.clone()) => {
                return Err(self.error(ErrorKind::Other, Operation::List, None));
            }
            Some(Bug::OneListingOnly) => text = self.any_place().flaws.position.clone(),
            Some(Bug::CursorCounts) => return Ok(text.parse().unwrap_or(0).min(all.len())),
            Some(Bug::CursorCountsFromEnd) => {
                return Ok(all.len().saturating_sub(text.parse().unwrap_or(0)));
            }
            _ => {}
        }
        Ok(all.iter().position(|entry| *entry.key.as_str() > *text).unwrap_or(all.len()))
    }
}
