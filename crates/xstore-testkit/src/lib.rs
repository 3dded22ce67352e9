#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod case;
pub mod cases;
mod check;
mod conformance;
pub mod faulty;
mod fixture;
mod namespace;
mod polls;
mod stop;

#[doc(hidden)]
pub use case::{__FixtureFuture, __test};
pub use case::{Case, REQUIRE};
pub use fixture::{Fixture, Hook, IntoFixture};
pub use polls::{drop_after_polls, poll_times};
pub use stop::{CaseResult, Failure, Skip, Stop};
