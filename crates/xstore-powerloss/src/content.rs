//! The bytes of a file, by page.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Bytes of a page: the unit in which a page cache writes.
pub(crate) const BLOCK: u32 = 4096;
/// The same, to count with.
pub(crate) const PAGE: usize = BLOCK as usize;
/// Bytes of a sector: the unit that a disk writes as a whole.
pub(crate) const SECTOR: usize = 512;

/// One page; none where it was never written, which reads as zeros.
pub(crate) type Page = Option<Arc<[u8; PAGE]>>;

/// A file's bytes at one time. A clone shares its pages.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    size: u64,
    pages: BTreeMap<u64, Arc<[u8; PAGE]>>,
}

impl Content {
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Pages that take room.
    pub(crate) fn pages(&self) -> u64 {
        self.pages.len() as u64
    }

    pub(crate) fn page(&self, number: u64) -> Page {
        self.pages.get(&number).cloned()
    }

    pub(crate) fn set_page(&mut self, number: u64, page: Page) {
        match page {
            Some(page) => self.pages.insert(number, page),
            None => self.pages.remove(&number),
        };
    }

    /// Up to `len` bytes from `offset`, fewer at the end.
    pub(crate) fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let end = self.size.min(offset.saturating_add(len as u64));
        let mut bytes = Vec::with_capacity(len);
        for piece in pieces(offset, end) {
            match self.pages.get(&piece.page) {
                Some(page) => bytes.extend_from_slice(&page[piece.from..piece.to]),
                None => bytes.resize(bytes.len() + piece.len(), 0),
            }
        }
        bytes
    }

    /// Writes one piece of a page, which may lie behind the end.
    pub(crate) fn write(&mut self, piece: &Piece, data: &[u8]) {
        let page = self.pages.entry(piece.page).or_insert_with(|| Arc::new([0; PAGE]));
        Arc::make_mut(page)[piece.from..piece.to].copy_from_slice(data);
        self.size = self.size.max(piece.end());
    }

    /// Cuts or lengthens, with zeros; returns the numbers of the pages that changed.
    pub(crate) fn resize(&mut self, size: u64) -> Vec<u64> {
        let mut changed = Vec::new();
        if size < self.size {
            let first = size.div_ceil(PAGE as u64);
            let gone = self.pages.split_off(&first);
            changed.extend(gone.keys());
            let kept = within(size);
            if kept > 0
                && let Some(page) = self.pages.get_mut(&(size / PAGE as u64))
            {
                Arc::make_mut(page)[kept..].fill(0);
                changed.push(size / PAGE as u64);
            }
        }
        self.size = size;
        changed
    }
}

/// Shows no bytes.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes, {} pages)", self.size, self.pages.len())
    }
}

/// A part of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) page: u64,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Piece {
    pub(crate) const fn len(&self) -> usize {
        self.to - self.from
    }

    /// Where it ends in the file.
    pub(crate) const fn end(&self) -> u64 {
        self.page * PAGE as u64 + self.to as u64
    }
}

/// The pieces of the pages that the bytes from `start` to `end` lie in.
pub(crate) fn pieces(start: u64, end: u64) -> impl Iterator<Item = Piece> {
    let mut at = start;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let from = within(at);
            let len = ((PAGE - from) as u64).min(end - at);
            let piece = Piece { page: at / PAGE as u64, from, to: from + within(len - 1) + 1 };
            at += len;
            piece
        })
    })
}

/// Where in its page a place is.
#[expect(clippy::cast_possible_truncation, reason = "less than a page")]
const fn within(place: u64) -> usize {
    (place % PAGE as u64) as usize
}
