//! An object vector before it is a file.

use crate::sample::{key_bytes, ring};
use serde_json::{Value, json};
use xstore_keys::KeyState;
use xstore_share::{DecodeError, ShareFault};
use xstore_vectors::book::text::canonical;
use xstore_vectors::book::{Draft, Drafted};
use xstore_vectors::vector::{FaultNote, Key, ObjectVector, Payload, Vector};
use xstore_vectors::{Fault, FaultKind, ReadError, Reading, Request, hex, read};

/// One case.
pub(crate) struct Case {
    /// The file's name without `.json`.
    pub(crate) file: &'static str,
    title: &'static str,
    comment: &'static str,
    draft: Draft,
    drafted: Drafted,
    keys: Vec<(u8, KeyState)>,
    now: Option<&'static str>,
    name: Option<&'static str>,
    range: Option<[u64; 2]>,
    /// What this reader finds wrong with shares.
    pub(crate) faults: Vec<Fault>,
    /// What this reader says; nothing where it accepts.
    pub(crate) error: Option<ReadError>,
    notes: bool,
    /// The encoder writes the same.
    #[cfg(xstore_inject)]
    encoded: bool,
}

impl Case {
    /// An object that is read.
    pub(crate) fn ok(file: &'static str, title: &'static str, comment: &'static str, draft: Draft) -> Self {
        let drafted = draft.write().unwrap();
        Self {
            file,
            title,
            comment,
            draft,
            drafted,
            keys: vec![(0, KeyState::Current)],
            now: None,
            name: None,
            range: None,
            faults: Vec::new(),
            error: None,
            notes: false,
            #[cfg(xstore_inject)]
            encoded: false,
        }
    }

    /// One that isn't.
    pub(crate) fn bad(
        file: &'static str,
        title: &'static str,
        comment: &'static str,
        draft: Draft,
        error: ReadError,
    ) -> Self {
        Self { error: Some(error), ..Self::ok(file, title, comment, draft) }
    }

    /// One whose part 0 is refused.
    pub(crate) fn refused(
        file: &'static str,
        title: &'static str,
        comment: &'static str,
        draft: Draft,
        source: DecodeError,
    ) -> Self {
        Self::bad(file, title, comment, draft, ReadError::Part { part: 0, source })
    }

    /// With intermediate values, and as the encoder writes it.
    pub(crate) fn encoded(self) -> Self {
        Self {
            notes: true,
            #[cfg(xstore_inject)]
            encoded: true,
            ..self
        }
    }

    /// With another key ring.
    pub(crate) fn keys(self, keys: &[(u8, KeyState)]) -> Self {
        Self { keys: keys.to_vec(), ..self }
    }

    pub(crate) fn now(self, now: &'static str) -> Self {
        Self { now: Some(now), ..self }
    }

    pub(crate) fn name(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    pub(crate) fn range(self, start: u64, end: u64) -> Self {
        Self { range: Some([start, end]), ..self }
    }

    /// Changes the value of a share after everything was written.
    pub(crate) fn change(mut self, part: usize, index: usize, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        change(self.drafted.values.get_mut(&self.drafted.keys[part][index]).unwrap());
        self
    }

    /// Serves `value` for a share.
    pub(crate) fn serve(self, part: usize, index: usize, value: Vec<u8>) -> Self {
        self.change(part, index, |old| *old = value)
    }

    /// Changes the manifest after it was signed.
    pub(crate) fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut manifest = serde_json::from_str(&self.drafted.text).unwrap();
        change(&mut manifest);
        self.drafted.text = canonical(&manifest);
        self
    }

    /// Takes values of part 0 away.
    pub(crate) fn lost(mut self, indexes: &[u8]) -> Self {
        for index in indexes {
            self.drafted.values.remove(&self.drafted.keys[0][usize::from(*index)]);
            self.faults.push(Fault { part: 0, index: *index, kind: FaultKind::Missing });
        }
        self.sorted()
    }

    /// Expects a share to be refused.
    pub(crate) fn fault(mut self, part: u32, index: u8, fault: ShareFault) -> Self {
        self.faults.push(Fault { part, index, kind: FaultKind::Refused(fault) });
        self.sorted()
    }

    fn sorted(mut self) -> Self {
        self.faults.sort_by_key(|fault| (fault.part, fault.index));
        self
    }

    pub(crate) fn drafted(&self) -> &Drafted {
        &self.drafted
    }

    /// Reads it.
    pub(crate) fn read(&self) -> Reading {
        let request = Request {
            now: self.now.map(|now| now.parse().unwrap()),
            name: self.name,
            range: self.range.map(|[start, end]| start..end),
        };
        read(self.drafted.text.as_bytes(), &self.drafted.values, &ring(&self.keys), &request)
    }

    /// The file.
    pub(crate) fn vector(&self) -> Vector {
        let values = self.drafted.keys.iter().flatten();
        let whole = &self.draft.payload;
        let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(whole.len());
        let payload = match self.range {
            None => &whole[..],
            Some([start, end]) => &whole[within(start)..within(end)],
        };
        Vector::Object(ObjectVector {
            title: self.title.to_owned(),
            comment: self.comment.to_owned(),
            expect: self.error.as_ref().map_or("ok", ReadError::code).to_owned(),
            keys: keys(&self.keys),
            manifest: self.drafted.text.clone(),
            now: self.now.map(str::to_owned),
            name: self.name.map(str::to_owned),
            range: self.range,
            values: values
                .map(|key| (key.clone(), self.drafted.values.get(key).map(|value| hex(value))))
                .collect(),
            payload: self.error.is_none().then(|| Payload::of(payload)),
            faults: FaultNote::of(&self.faults),
            intermediates: self.notes.then(|| json!(self.drafted.notes)),
        })
    }

    /// Whether it is to be written by the encoder, after comparing that.
    #[cfg(xstore_inject)]
    pub(crate) fn encode(&self) -> bool {
        use xstore_vectors::{Spec, scripted, write};

        if !self.encoded {
            return false;
        }
        let draft = &self.draft;
        let spec = Spec {
            name: draft.name.clone(),
            user: draft.user.clone(),
            created: draft.created,
            ttl: draft.ttl,
            object: draft.object,
            generation: draft.generation,
            fill: draft.fill,
            ..Spec::new(crate::sample::layout(&draft.numbers), draft.numbers.part)
        };
        let ring = ring(&self.keys);
        let mut entropy = scripted(draft.randomness());
        let written = write(&spec, &draft.payload, &[ring.current().unwrap()], &mut entropy).unwrap();
        assert!(written.values == self.drafted.values, "{}", self.file);
        assert_eq!(written.manifest.to_json(), self.drafted.text.as_bytes(), "{}", self.file);
        true
    }
}

/// Keys as a vector holds them.
pub(crate) fn keys(keys: &[(u8, KeyState)]) -> Vec<Key> {
    let key =
        |(number, state): &(u8, KeyState)| Key { key: hex(&key_bytes(*number)), state: state.to_string() };
    keys.iter().map(key).collect()
}

/// The usual object: 2 of 3, S = 16, two segments.
pub(crate) fn usual() -> Draft {
    crate::sample::draft(2, 3, 3, 16, 20)
}

/// Fewer than k shares for a segment of part 0.
pub(crate) fn too_few(segment: u64, verified: usize, needed: usize) -> ReadError {
    ReadError::Part { part: 0, source: DecodeError::TooFewShares { segment, verified, needed } }
}
