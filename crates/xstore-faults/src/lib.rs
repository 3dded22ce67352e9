#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answers;
mod disk;
pub mod document;
mod fault;
mod kind;
mod mix;
mod plan;
pub mod proxy;
pub mod ratio;
mod redis;
mod tally;
mod trial;

pub use fault::{Fault, Injury, Means, Objects};
pub use kind::{Kind, Trouble};
pub use mix::Mix;
pub use plan::{Extent, beyond, carry_out, within};
pub use tally::{Row, Tally};
pub use trial::{Finding, K, Stock, Verdict, run as try_out};
