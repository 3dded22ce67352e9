//! The adapter on real servers: WebDAV and SSH, and what goes wrong between here and there.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

mod answers;
mod canary;
mod connections;
mod proxy;
mod sftp;
mod sshd;
mod stacked;
mod stub;
mod webdav;
