//! The command as its users meet it: the real binary, in folders of its own, judged by exit code, output and files.
#![forbid(unsafe_code)]

mod support;

mod damage;
mod demo;
mod errors;
mod inspect;
mod json;
mod keys;
mod manifest;
mod output;
mod pages;
mod placement;
mod readme;
mod roundtrip;
mod store;
mod strangers;
mod streams;
mod too_many;
mod usage;

#[cfg(unix)]
mod full_disk;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod special;
#[cfg(unix)]
mod terminal;
