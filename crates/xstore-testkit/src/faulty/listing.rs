//! Listings that are odd, in part, or of another time.

use crate::faulty::{Behaviour, FaultyBackend, Plan};
use xstore_backend::{Cursor, Entry, Page, Prefix, Result, Stat, StorageBackend};

/// What a cursor begins with that follows an empty page. No key and no number begins so.
const BEHIND_EMPTY: &str = "\u{1}behind an empty page: ";

impl<B: StorageBackend> FaultyBackend<B> {
    pub(crate) async fn page(&self, prefix: &Prefix, cursor: Option<&Cursor>, plan: &Plan) -> Result<Page> {
        let mut page = match plan.behaviour() {
            Some(Behaviour::OddPages) if !is_behind_empty(cursor) => {
                Page::new(Vec::new(), Some(behind_empty(cursor)))
            }
            Some(Behaviour::RolledBack(mark)) => {
                let found = self.faults().state().history.below(prefix, *mark);
                let entries = found.into_iter().map(|(key, len)| Entry::new(key, Stat::new(len as u64)));
                Page::new(entries.collect(), None)
            }
            // Also where the pages aren't odd any more.
            _ => self.inner().list(prefix, real(cursor).as_ref()).await?,
        };
        match &plan.rule {
            Some(rule) if matches!(rule.behaviour, Behaviour::NotFound) => {
                page.entries.retain(|entry| !rule.is_for(&entry.key));
            }
            Some(rule) if matches!(rule.behaviour, Behaviour::OddPages) => {
                page.entries.reverse();
                page.entries.extend(page.entries.first().cloned());
            }
            _ => {}
        }
        self.faults().note_page(prefix, page.next.as_ref(), plan.page + 1);
        Ok(page)
    }
}

fn is_behind_empty(cursor: Option<&Cursor>) -> bool {
    cursor.is_some_and(|cursor| cursor.as_str().starts_with(BEHIND_EMPTY))
}

/// Leads to the page of this cursor, after an empty one.
fn behind_empty(cursor: Option<&Cursor>) -> Cursor {
    Cursor::new(format!("{BEHIND_EMPTY}{}", cursor.map_or("", Cursor::as_str)))
}

/// The cursor that the backend below knows.
fn real(cursor: Option<&Cursor>) -> Option<Cursor> {
    match cursor?.as_str().strip_prefix(BEHIND_EMPTY) {
        Some("") => None,
        Some(text) => Some(Cursor::new(text)),
        None => cursor.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backend_below_sees_its_own_cursors_only() {
        let own = Cursor::new("a/b");
        assert_eq!(real(Some(&own)), Some(own.clone()));
        assert_eq!(real(Some(&behind_empty(Some(&own)))), Some(own.clone()));
        assert_eq!((real(None), real(Some(&behind_empty(None)))), (None, None));
        assert!(is_behind_empty(Some(&behind_empty(None))) && !is_behind_empty(Some(&own)));
    }
}
