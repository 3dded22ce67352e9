//! A payload as the service's client takes it.

use google_cloud_storage::streaming_source::{SizeHint, StreamingSource};
use std::convert::Infallible;
use xstore_backend::{Bytes, Payload};

/// The pieces of a payload one after the other, none of them copied.
pub(super) struct Pieces {
    payload: Payload,
    at: usize,
}

impl Pieces {
    pub(super) fn of(payload: Payload) -> Self {
        Self { payload, at: 0 }
    }
}

impl StreamingSource for Pieces {
    type Error = Infallible;

    async fn next(&mut self) -> Option<Result<Bytes, Infallible>> {
        loop {
            let piece = self.payload.chunks().get(self.at)?;
            self.at += 1;
            // An empty one would be an end where bytes are sent in chunks.
            if !piece.is_empty() {
                return Some(Ok(piece.clone()));
            }
        }
    }

    async fn size_hint(&self) -> Result<SizeHint, Infallible> {
        Ok(SizeHint::with_exact(self.payload.len() as u64))
    }
}
