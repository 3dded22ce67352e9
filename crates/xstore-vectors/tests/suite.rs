//! Objects in memory: the encoder against the page, and readers against whoever holds shares, keys and manifests.

#[path = "support/sample.rs"]
mod sample;

#[path = "suite/oracle.rs"]
mod oracle;
