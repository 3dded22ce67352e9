#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod batch;
mod decoder;
mod digest;
mod encoder;
mod error;
mod header;
mod layout;
mod metadata;
mod object;
mod opening;
mod pads;
mod plans;
mod rebuild;
mod seal;
mod trailer;
pub mod unverified;
mod verifier;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Scratch as EncodeScratch, Sealed};
pub use decoder::{Decoder, ExpectedPart, FinishedPart, Identity, Opened};
pub use encoder::{Encoder, PartInfo, SealedPart};
pub use error::{DecodeError, EncodeError, LayoutError, ShareFault};
pub use header::{FORMAT, HEADER_LEN, Header, SUITE};
pub use layout::{Kind, Layout, MAX_PART, MAX_SEGMENT, MAX_TRAILER, PartShape, Place, TAG_LEN};
pub use metadata::{MAX_METADATA, Metadata};
pub use object::ObjectCheck;
pub use opening::{Outcome, RunFault, Scratch as DecodeScratch};
pub use pads::PadSource;
pub use plans::Plans;
pub use rebuild::Rebuilder;
pub use trailer::{LastPart, MAX_NAME, ObjectKind, PayloadKey, Trailer};
pub use verifier::{ExpectedShare, SegmentRun, ShareVerifier};
