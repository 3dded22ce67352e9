//! A file as processes see it, and as the disk has it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::content::{Content, PAGE, Page, Piece, SECTOR, pieces};
use crate::survival::Fate;

/// Versions of a page that are remembered between two syncs. An older one is forgotten, the last one never.
const VERSIONS: usize = 12;

/// A file. Which of its pages differ between memory and disk isn't compared but remembered, as a system does: what
/// a failed sync has forgotten stays unwritten until somebody writes it again.
#[derive(Clone, Default)]
pub(crate) struct File {
    /// What processes read.
    seen: Content,
    /// What the disk has for sure.
    stored: Content,
    /// What was written since the last sync, page by page, the oldest version first.
    pages: BTreeMap<u64, Vec<Page>>,
    /// The sizes since the last sync.
    sizes: Vec<u64>,
}

impl File {
    pub(crate) const fn seen(&self) -> &Content {
        &self.seen
    }

    /// Whether a write of this piece takes the room of a new page.
    pub(crate) fn takes_room(&self, piece: &Piece) -> bool {
        self.seen.page(piece.page).is_none()
    }

    /// Writes all of the data.
    pub(crate) fn write(&mut self, offset: u64, data: &[u8]) {
        let size = self.seen.size();
        let mut rest = data;
        for piece in pieces(offset, offset.saturating_add(data.len() as u64)) {
            let (now, after) = rest.split_at(piece.len());
            rest = after;
            self.seen.write(&piece, now);
            self.note_page(piece.page);
        }
        if self.seen.size() != size {
            self.note_size();
        }
    }

    pub(crate) fn resize(&mut self, size: u64) {
        if size != self.seen.size() {
            for page in self.seen.resize(size) {
                self.note_page(page);
            }
            self.note_size();
        }
    }

    /// All that was noted gets to the disk.
    pub(crate) fn sync(&mut self) {
        let reaches = self.pages.last_key_value().map_or(0, |(page, _)| (page + 1) * PAGE as u64);
        for (page, versions) in std::mem::take(&mut self.pages) {
            if let Some(last) = versions.into_iter().next_back() {
                self.stored.set_page(page, last);
            }
        }
        // Without a note, the size is one that a failed sync forgot: it follows the data, no further.
        let size = match std::mem::take(&mut self.sizes).last() {
            Some(size) => *size,
            None => self.stored.size().max(reaches.min(self.seen.size())),
        };
        self.stored.resize(size);
    }

    /// A sync fails: the pages count as written and are not.
    pub(crate) fn forget(&mut self) {
        self.pages.clear();
        self.sizes.clear();
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.stored == other.stored && self.seen == other.seen
    }

    /// The power is gone. What is left is what the disk has, and what fate adds.
    pub(crate) fn settle(&mut self, fate: &mut Fate) {
        for (page, versions) in std::mem::take(&mut self.pages) {
            let stored = self.stored.page(page);
            let page_now = draw_page(&stored, &versions, fate);
            self.stored.set_page(page, page_now);
        }
        let sizes = std::mem::take(&mut self.sizes);
        let size = match fate.version(sizes.len()) {
            0 => self.stored.size(),
            number => sizes[number - 1],
        };
        // A page behind the end is invisible, and must not come back by a later growth: lengthen, then cut.
        self.stored.resize(u64::MAX);
        self.stored.resize(size);
        self.seen = self.stored.clone();
    }

    fn note_page(&mut self, page: u64) {
        let versions = self.pages.entry(page).or_default();
        if versions.len() == VERSIONS {
            versions.remove(VERSIONS / 2);
        }
        versions.push(self.seen.page(page));
    }

    fn note_size(&mut self) {
        if self.sizes.len() == VERSIONS {
            self.sizes.remove(VERSIONS / 2);
        }
        self.sizes.push(self.seen.size());
    }
}

/// Shows no bytes.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending: Vec<_> = self.pages.iter().map(|(page, versions)| (page, versions.len())).collect();
        f.debug_struct("File")
            .field("seen", &self.seen)
            .field("stored", &self.stored)
            .field("pages", &pending)
            .field("sizes", &self.sizes)
            .finish()
    }
}

fn draw_page(stored: &Page, versions: &[Page], fate: &mut Fate) -> Page {
    let pick = |fate: &mut Fate| match fate.version(versions.len()) {
        0 => stored.clone(),
        number => versions[number - 1].clone(),
    };
    let page = pick(fate);
    if !fate.is_torn() {
        return page;
    }
    let mut torn = page.unwrap_or_else(|| Arc::new([0; PAGE]));
    let bytes = Arc::make_mut(&mut torn);
    for (sector, at) in bytes.chunks_exact_mut(SECTOR).zip((0..).step_by(SECTOR)) {
        match pick(fate) {
            Some(other) => sector.copy_from_slice(&other[at..at + SECTOR]),
            None => sector.fill(0),
        }
    }
    Some(torn)
}

#[cfg(test)]
mod tests;
