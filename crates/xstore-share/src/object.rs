//! The whole object: that its parts are all there, in order, and none is from elsewhere.

use crate::decoder::FinishedPart;
use crate::error::DecodeError;
use core::fmt;

/// Follows a full read from part to part.
pub struct ObjectCheck {
    part: u32,
    length: u64,
    tags: Vec<[u8; 32]>,
}

impl fmt::Debug for ObjectCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectCheck")
            .field("part", &self.part)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl ObjectCheck {
    /// For an object whose parts hold `part` payload bytes, but the last one.
    #[must_use]
    pub fn new(part: u32) -> Self {
        Self { part, length: 0, tags: Vec::new() }
    }

    /// Adds the next part. For the last one it also checks length, number of parts and the object's tag; do so
    /// before the last bytes are handed on.
    ///
    /// # Errors
    /// [`DecodeError::Trailer`] where a part holds another number of bytes than its place allows, or the last one
    /// says another length or number of parts of the object; [`DecodeError::ObjectTag`].
    pub fn add(&mut self, finished: &FinishedPart) -> Result<(), DecodeError> {
        let trailer = &finished.trailer;
        trailer.fits(self.part)?;
        self.length += trailer.length;
        if let Some(last) = &trailer.last {
            if last.metadata.length != self.length {
                return Err(DecodeError::Trailer("object length"));
            }
            if u64::from(last.metadata.parts) != self.tags.len() as u64 + 1 {
                return Err(DecodeError::Trailer("number of parts"));
            }
            let tag = finished.payload_key.object_tag(&self.tags, self.length);
            if !tag.matches(&last.metadata.object_tag) {
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
