#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bits;
mod check;
mod combine;
mod error;
mod kernel;
pub mod naive;
mod plan;
mod rebuild;
mod ring;
mod scheme;
mod share;
mod split;
mod strip;
mod threshold;

pub use self::combine::CombinePlan;
pub use self::error::Error;
pub use self::kernel::{Kernel, kernel_name};
pub use self::rebuild::RebuildPlan;
pub use self::scheme::Scheme;
pub use self::share::ShareIndex;
pub use self::split::SplitPlan;
pub use self::threshold::Threshold;
