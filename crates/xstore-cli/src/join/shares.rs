//! The shares of one part: found in the folders, opened, read run by run.

use super::folders::Folders;
use super::part::Context;
use crate::failure::Failure;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use xorida_core::ShareIndex;
use xstore_manifest::{Share, ShareKey};
use xstore_share::{
    ExpectedShare, HEADER_LEN, PartShape, Place, RunFault, SegmentRun, ShareFault, ShareVerifier, TAG_LEN,
};

/// Files that are kept open: all that a usual object needs, and far fewer than a process may have.
const KEPT_OPEN: usize = 128;

/// A share of the part that is authentic so far.
struct Source<'a> {
    folder: usize,
    key: &'a ShareKey,
    verifier: ShareVerifier,
    /// None where so many are open that this one is opened for each read.
    file: Option<File>,
    bytes: Vec<u8>,
    /// Segments that failed. The others are as good as any: the share goes on serving them.
    failed: BTreeSet<u64>,
}

/// The shares of one part.
pub(super) struct Shares<'a> {
    waiting: core::iter::Flatten<core::slice::Iter<'a, Option<Share>>>,
    sources: Vec<Source<'a>>,
}

impl<'a> Shares<'a> {
    /// Looks for shares until `wanted` are open or none is left.
    pub(super) fn find(context: &Context<'a>, folders: &mut Folders, wanted: usize) -> Result<Self, Failure> {
        let shares = &context.part.shares;
        let k = usize::from(context.shape.layout().scheme().k());
        let with_key = shares.iter().flatten().filter(|share| context.ring.verifying(&share.key_id).is_ok());
        if with_key.count() < k {
            return Err(Failure::new(
                "KEY_UNAVAILABLE",
                format!(
                    "part {}: too many of its shares were made with keys that are unknown or revoked",
                    context.number
                ),
            )
            .help("give the key file that holds them: --key-file FILE; a revoked key verifies nothing"));
        }
        let mut this = Self { waiting: shares.iter().flatten(), sources: Vec::new() };
        while this.sources.len() < wanted && this.next(context, folders) {}
        Ok(this)
    }

    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// Brings in one more share, or fails: there is none.
    pub(super) fn another(
        &mut self,
        context: &Context<'_>,
        folders: &mut Folders,
        verified: usize,
    ) -> Result<(), Failure> {
        let before = self.sources.len();
        while self.sources.len() == before {
            if !self.next(context, folders) {
                let k = usize::from(context.shape.layout().scheme().k());
                return Err(folders.insufficient(context.number, verified, k));
            }
        }
        Ok(())
    }

    /// Tries the next share of the manifest; false where that was the last.
    fn next(&mut self, context: &Context<'_>, folders: &mut Folders) -> bool {
        let Some(share) = self.waiting.next() else { return false };
        // Several folders may hold copies of one share. All are opened: which of them is good, the segments tell.
        for folder in 0..folders.len() {
            let found = folders.file(folder, share.key.as_str(), share.index);
            let Some((mut file, length)) = found else { continue };
            match verifier(context, share, &mut file, length) {
                Ok(Ok(verifier)) => {
                    let file = (self.sources.len() < KEPT_OPEN).then_some(file);
                    self.sources.push(Source {
                        folder,
                        key: &share.key,
                        verifier,
                        file,
                        bytes: Vec::new(),
                        failed: BTreeSet::new(),
                    });
                }
                Ok(Err(fault)) => folders.problem(folder, fault.code(), context.tell(&fault)),
                Err(error) => {
                    folders.problem(folder, "BACKEND_UNAVAILABLE", unreadable(share.key.as_str(), &error));
                }
            }
        }
        true
    }

    /// The trailer segment of every share.
    pub(super) fn read_trailer(
        &mut self,
        context: &Context<'_>,
        folders: &mut Folders,
    ) -> Vec<SegmentRun<'_>> {
        self.read(context, folders, context.shape.data_segments(), 1)
    }

    /// Segments `first .. first + count` of every share. What can't be read is left zero, so that it fails like any
    /// other damage, and costs no more than the segments it is in.
    pub(super) fn read(
        &mut self,
        context: &Context<'_>,
        folders: &mut Folders,
        first: u64,
        count: u64,
    ) -> Vec<SegmentRun<'_>> {
        let places: Vec<Place> = (first..first + count).filter_map(|m| context.shape.place(m)).collect();
        let len = places.iter().map(Place::stored).sum();
        for source in &mut self.sources {
            source.bytes.resize(len, 0);
            source.fill(context, folders, first, &places);
        }
        self.sources
            .iter()
            .map(|source| SegmentRun { share: &source.verifier, bytes: &source.bytes })
            .collect()
    }

    /// Remembers faults, each once.
    pub(super) fn note(&mut self, context: &Context<'_>, folders: &mut Folders, faults: &[RunFault]) {
        for RunFault { run, fault, .. } in faults {
            let Some(source) = self.sources.get_mut(*run) else { continue };
            let segment = if let ShareFault::Segment(segment) = fault { *segment } else { u64::MAX };
            if source.failed.insert(segment) {
                folders.problem(source.folder, fault.code(), context.tell(fault));
            }
        }
    }

    /// The part is joined.
    pub(super) fn done(&self, folders: &mut Folders) {
        for share in self.waiting.clone() {
            folders.unneeded(share.key.as_str(), share.index);
        }
        for source in self.sources.iter().filter(|source| source.failed.is_empty()) {
            folders.good(source.folder);
        }
    }
}

impl Source<'_> {
    /// Reads these segments, the first of which is number `first`; where that fails, one by one.
    fn fill(&mut self, context: &Context<'_>, folders: &mut Folders, first: u64, places: &[Place]) {
        let mut reopened = None;
        let file = match &mut self.file {
            Some(file) => file,
            None => match folders.reopen(self.folder, self.key.as_str()) {
                Ok(file) => reopened.insert(file),
                Err(error) => {
                    self.bytes.fill(0);
                    let segments = first..first + places.len() as u64;
                    let new = segments.filter(|m| self.failed.insert(*m)).count() > 0;
                    if new {
                        let text = unreadable("its share", &error);
                        folders.problem(self.folder, "BACKEND_UNAVAILABLE", text);
                    }
                    return;
                }
            },
        };
        let offset = places.first().map_or(0, |place| place.offset);
        if read_at(file, offset, &mut self.bytes).is_ok() {
            return;
        }
        let mut rest = &mut self.bytes[..];
        for (place, m) in places.iter().zip(first..) {
            let (bytes, after) = rest.split_at_mut(place.stored());
            rest = after;
            if let Err(error) = read_at(file, place.offset, bytes) {
                bytes.fill(0);
                if self.failed.insert(m) {
                    let text = unreadable(&format!("part {}: segment {m}", context.number), &error);
                    folders.problem(self.folder, "BACKEND_UNAVAILABLE", text);
                }
            }
        }
    }
}

fn read_at(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

fn unreadable(what: &str, error: &io::Error) -> String {
    format!("{what} can't be read: {error}")
}

/// Opens a share: header, then all tags against the share end that the manifest pins.
fn verifier(
    context: &Context<'_>,
    share: &Share,
    file: &mut File,
    length: u64,
) -> io::Result<Result<ShareVerifier, ShareFault>> {
    if length < HEADER_LEN as u64 {
        return Ok(Err(ShareFault::Length { expected: context.shape.share_len(), actual: length }));
    }
    let mut header = [0; HEADER_LEN];
    file.read_exact(&mut header)?;
    let sharing = context.part.sharing.to_bytes();
    let Ok(index) = ShareIndex::new(share.index, context.shape.layout().scheme()) else {
        return Ok(Err(ShareFault::HeaderField("index")));
    };
    let expected = ExpectedShare { index, key_id: share.key_id, hmac: share.hmac };
    let opened = ShareVerifier::open(context.shape, &sharing, &expected, context.ring, length, &header);
    let mut verifier = match opened {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(Err(fault)),
    };
    let (tags, end) = tags(file, &context.shape)?;
    Ok(verifier.admit(tags, &end).map(|()| verifier))
}

/// All segment tags and the share end, by their places.
fn tags(file: &mut File, shape: &PartShape) -> io::Result<(Vec<[u8; TAG_LEN]>, [u8; TAG_LEN])> {
    let mut tags = Vec::new();
    for place in (0..=shape.data_segments()).filter_map(|m| shape.place(m)) {
        file.seek(SeekFrom::Start(place.offset + place.body as u64))?;
        let mut tag = [0; TAG_LEN];
        file.read_exact(&mut tag)?;
        tags.push(tag);
    }
    let mut end = [0; TAG_LEN];
    file.read_exact(&mut end)?;
    Ok((tags, end))
}
