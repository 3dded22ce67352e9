//! The shares of one part: found in the folders, opened, read run by run.

use super::folders::Folders;
use super::part::Context;
use crate::failure::Failure;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use xorida_core::ShareIndex;
use xstore_manifest::Share;
use xstore_share::{
    ExpectedShare, HEADER_LEN, PartShape, RunFault, SegmentRun, ShareFault, ShareVerifier, TAG_LEN,
};

/// A share of the part that is authentic so far.
struct Source {
    folder: usize,
    verifier: ShareVerifier,
    file: File,
    bytes: Vec<u8>,
    /// Segments that failed. The others are as good as any: the share goes on serving them.
    failed: BTreeSet<u64>,
}

/// The shares of one part.
pub(super) struct Shares<'a> {
    waiting: core::iter::Flatten<core::slice::Iter<'a, Option<Share>>>,
    sources: Vec<Source>,
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
            let found = folders.file(folder, context.number, share.key.as_str(), share.index);
            let Some((mut file, length)) = found else { continue };
            match verifier(context, share, &mut file, length) {
                Ok(Ok(verifier)) => {
                    self.sources.push(Source {
                        folder,
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

    /// Segments `first .. first + count` of every share; one that can't be read any more is dropped.
    pub(super) fn read(
        &mut self,
        context: &Context<'_>,
        folders: &mut Folders,
        first: u64,
        count: u64,
    ) -> Vec<SegmentRun<'_>> {
        let place = context.shape.place(first);
        let offset = place.map_or(0, |place| place.offset);
        let data = context.shape.stored_run(first, count);
        let len = data.or(place.map(|place| place.stored())).unwrap_or(0);
        self.sources.retain_mut(|source| {
            source.bytes.resize(len, 0);
            let read = source
                .file
                .seek(SeekFrom::Start(offset))
                .and_then(|_| source.file.read_exact(&mut source.bytes));
            if let Err(error) = &read {
                folders.problem(source.folder, "BACKEND_UNAVAILABLE", unreadable("its share", error));
            }
            read.is_ok()
        });
        // Where too few are left the decoder says so, segment by segment.
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
    pub(super) fn done(&self, context: &Context<'_>, folders: &mut Folders) {
        for share in self.waiting.clone() {
            folders.unneeded(context.number, share.key.as_str(), share.index);
        }
        for source in self.sources.iter().filter(|source| source.failed.is_empty()) {
            folders.good(source.folder);
        }
    }
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
