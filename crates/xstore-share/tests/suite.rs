//! Parts written, read and rebuilt through the public interface.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "support/rig.rs"]
mod rig;

#[path = "suite/decoder.rs"]
mod decoder;
#[path = "suite/encoder.rs"]
mod encoder;
#[path = "suite/grouping.rs"]
mod grouping;
#[path = "suite/layout.rs"]
mod layout;
#[path = "suite/object.rs"]
mod object;
#[path = "suite/quiet.rs"]
mod quiet;
#[path = "suite/rebuild.rs"]
mod rebuild;
#[path = "suite/roundtrip.rs"]
mod roundtrip;
#[path = "suite/unverified.rs"]
mod unverified;
