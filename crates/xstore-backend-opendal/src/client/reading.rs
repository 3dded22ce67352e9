//! How a value is read: whole or in part, and never more of it than is wanted.

use opendal_core::raw::OpRead;
use opendal_core::raw::oio::{ReadDyn as _, ReadStream as _};
use opendal_core::{Buffer, BytesRange, ErrorKind as Theirs, Metadata};
use xstore_backend::buffers::{Buffers, Loan};
use xstore_backend::{Bytes, Error, ErrorKind, Payload, Result};

use super::{Client, contended};
use crate::error::{Doing, Refusal, Why, classify, find};
use crate::service::Place;

/// How often a value is looked for that others keep replacing.
const LOOKS: usize = 4;
/// Bytes up to which a service is believed how long a value will be, and memory is taken at once.
const BELIEVED: u64 = 128 << 20;

impl Client {
    pub(crate) async fn get(&self, path: &str, max: usize) -> Result<Bytes> {
        let too_large = || {
            let message = format!("the value has more than {max} bytes");
            Error::new(ErrorKind::TooLarge, message)
        };
        for _ in 0..LOOKS {
            let (at, expected) = self.locate(path).await?;
            if expected.is_some_and(|len| len > max as u64) {
                return Err(too_large());
            }
            match self.read(&at, BytesRange::from(..), expected, max).await {
                Err(Short::Error(error)) if error.kind() == Theirs::NotFound && expected.is_some() => {}
                Err(Short::Error(error)) => return Err(self.not_read(error).await),
                Err(Short::Max) => return Err(too_large()),
                Ok(value) => return Ok(value),
            }
        }
        Err(contended())
    }

    pub(crate) async fn get_range(&self, path: &str, start: u64, end: u64) -> Result<Bytes> {
        let Some(len) = end.checked_sub(start).filter(|len| *len > 0) else { return Ok(Bytes::new()) };
        let max = usize::try_from(len).unwrap_or(usize::MAX);
        // Past what any file system has, servers lose count.
        let size = i64::try_from(end).ok().map(|_| len);
        for _ in 0..LOOKS {
            let (at, expected) = self.locate(path).await?;
            if expected.is_some_and(|size| start >= size) {
                return Ok(Bytes::new());
            }
            let rest = expected.map(|size| size.min(end) - start);
            match self.read(&at, BytesRange::new(start, size), rest, max).await {
                Err(Short::Error(error)) if error.kind() == Theirs::NotFound && expected.is_some() => {}
                // The memory refuses a range that only begins in the value.
                Err(Short::Error(error)) if is_no_range(&error) || self.facts.place == Place::Sure => {
                    let whole =
                        self.get(path, usize::try_from(self.facts.max_put).unwrap_or(usize::MAX)).await?;
                    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(whole.len());
                    return Ok(whole.slice(at(start)..at(end)));
                }
                Err(Short::Error(error)) if error.kind() == Theirs::RangeNotSatisfied => {
                    return Ok(Bytes::new());
                }
                Err(Short::Error(error)) => return Err(self.not_read(error).await),
                Err(Short::Max) => {
                    return Err(Error::new(
                        ErrorKind::Unavailable,
                        "the service sent more than it was asked for",
                    ));
                }
                Ok(value) => return Ok(value),
            }
        }
        Err(contended())
    }

    /// Where to read a value, and its length where that is known.
    async fn locate(&self, path: &str) -> Result<(String, Option<u64>)> {
        if self.facts.place != Place::Folder {
            return Ok((path.to_owned(), None));
        }
        match self.look(path).await? {
            // A folder may be read as something, too.
            Some(found) if !found.metadata.is_dir() => {
                Ok((found.path, Some(found.metadata.content_length())))
            }
            _ => Err(self.not_there().await),
        }
    }

    /// Reads up to `max` bytes of a value. `expected` is how many there should be.
    async fn read(
        &self,
        path: &str,
        range: BytesRange,
        expected: Option<u64>,
        max: usize,
    ) -> Result<Bytes, Short> {
        // From the service itself: the operator takes a part that ends with the value for a failure.
        let context = self.operator.base_context();
        let reader = self.operator.base_service().read_dyn(context, path, OpRead::new())?;
        let (reply, mut stream) = reader.open_dyn(range).await?;
        let is_whole = range.is_full();
        let told = reply.metadata().filter(|_| is_whole).map(Metadata::content_length);
        if told.is_some_and(|len| len > max as u64) {
            return Err(Short::Max);
        }
        let mut value = Value::new(expected.or(told));
        loop {
            let piece = match stream.read().await {
                Ok(piece) => piece,
                // The value ended before the range did.
                Err(error) if error.kind() == Theirs::RangeNotSatisfied && !value.is_empty() => Buffer::new(),
                Err(error) => return Err(error.into()),
            };
            if piece.is_empty() {
                return Ok(value.finish());
            }
            if piece.len() > max - value.len() {
                return Err(Short::Max);
            }
            value.extend(piece);
        }
    }

    async fn not_read(&self, error: opendal_core::Error) -> Error {
        let error = classify(error, Doing::Reading);
        if error.kind() != ErrorKind::NotFound {
            return error;
        }
        match self.look_for_place().await {
            Ok(()) => error,
            Err(missing) => missing,
        }
    }
}

/// Why there is no value.
enum Short {
    /// There are more bytes than were wanted.
    Max,
    Error(opendal_core::Error),
}

impl From<opendal_core::Error> for Short {
    fn from(error: opendal_core::Error) -> Self {
        Self::Error(error)
    }
}

/// A value that is read: into one piece of memory where its length is known.
struct Value {
    loan: Option<Loan>,
    len: usize,
    pieces: Vec<Bytes>,
}

impl Value {
    fn new(expected: Option<u64>) -> Self {
        let len = expected.filter(|len| *len <= BELIEVED).and_then(|len| usize::try_from(len).ok());
        Self { loan: len.map(|len| Buffers::shared().take(len)), len: 0, pieces: Vec::new() }
    }

    const fn len(&self) -> usize {
        self.len
    }

    const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn extend(&mut self, piece: Buffer) {
        for bytes in piece {
            let end = self.len + bytes.len();
            match self.loan.as_mut().and_then(|loan| loan.bytes_mut().get_mut(self.len..end)) {
                Some(room) => room.copy_from_slice(&bytes),
                None => self.spill(bytes),
            }
            self.len = end;
        }
    }

    /// It is longer than it was said to be.
    fn spill(&mut self, bytes: Bytes) {
        if let Some(mut loan) = self.loan.take() {
            loan.truncate(self.len);
            self.pieces.push(loan.freeze());
        }
        self.pieces.push(bytes);
    }

    fn finish(self) -> Bytes {
        match self.loan {
            Some(mut loan) => {
                loan.truncate(self.len);
                loan.freeze()
            }
            None => Payload::from_chunks(self.pieces).to_bytes(),
        }
    }
}

fn is_no_range(error: &opendal_core::Error) -> bool {
    find::<Refusal>(error).is_some_and(|refusal| refusal.why == Why::NoRange)
}
