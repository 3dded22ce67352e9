//! The whole object: that its parts are all there, in order, and none is from elsewhere.

use crate::decoder::FinishedPart;
use crate::error::DecodeError;

/// Follows a full read from part to part.
#[derive(Debug)]
pub struct ObjectCheck {
    part: u64,
    length: u64,
    tags: Vec<[u8; 32]>,
}

impl ObjectCheck {
    /// For an object whose parts hold `part` payload bytes, but the last one.
    #[must_use]
    pub fn new(part: u32) -> Self {
        Self { part: u64::from(part), length: 0, tags: Vec::new() }
    }

    /// Adds the next part. For the last one it also checks length, number of parts and the object's tag; do so
    /// before the last bytes are handed on.
    ///
    /// # Errors
    /// [`DecodeError::Trailer`] where a part holds another number of bytes than its place allows,
    /// [`DecodeError::ObjectTag`].
    pub fn add(&mut self, finished: &FinishedPart) -> Result<(), DecodeError> {
        let trailer = &finished.trailer;
        let fits = match trailer.last {
            None => trailer.length == self.part,
            // Only an empty object has an empty last part.
            Some(_) => trailer.length <= self.part && (trailer.length > 0 || self.tags.is_empty()),
        };
        if !fits {
            return Err(DecodeError::Trailer("payload length"));
        }
        self.length += trailer.length;
        if let Some(last) = &trailer.last {
            let tag = finished.payload_key.object_tag(&self.tags, self.length);
            let agrees = last.metadata.length == self.length
                && u64::from(last.metadata.parts) == self.tags.len() as u64 + 1
                && tag.matches(&last.metadata.object_tag);
            if !agrees {
                return Err(DecodeError::ObjectTag);
            }
        }
        self.tags.push(finished.payload_tag.into_bytes());
        Ok(())
    }

    /// Payload bytes of all parts so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }
}
